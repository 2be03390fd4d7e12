package file

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// compose makes the content of an outgoing file.
func (c *client) compose(o *sendOptions, read *readOptions, cmd driver.Command) ([]byte, error) {
	record, err := objectOf(cmd.Body)
	if err != nil {
		return nil, err
	}
	record[o.Mark], _ = json.Marshal(cmd.Mark)
	if o.As == asLines {
		text, err := json.Marshal(record)
		return append(text, '\n'), err
	}
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	w.Comma = c.format.delimiter
	rows, err := c.table(o, read, record)
	if err != nil {
		return nil, err
	}
	if err := w.WriteAll(append([][]string{o.Columns}, rows...)); err != nil {
		return nil, &driver.Error{Kind: driver.Invalid, Detail: "The record cannot be written as a row.", Err: err}
	}
	return c.encode(out.Bytes())
}

func objectOf(body []byte) (map[string]json.RawMessage, error) {
	var record map[string]json.RawMessage
	if err := json.Unmarshal(body, &record); err != nil || record == nil {
		return nil, &driver.Error{Kind: driver.Invalid, Detail: "The record is no JSON object."}
	}
	return record, nil
}

// table makes the rows of a record: one, or one for each element of its list.
func (c *client) table(o *sendOptions, read *readOptions, record map[string]json.RawMessage) (rows [][]string, err error) {
	elements := []map[string]json.RawMessage{nil}
	if g := read.Group; g != nil {
		if list := record[g.Into]; list != nil {
			if err := json.Unmarshal(list, &elements); err != nil {
				return nil, &driver.Error{Kind: driver.Invalid, Detail: "The member " + g.Into + " is no list of objects."}
			}
		}
		delete(record, g.Into)
	}
	for _, e := range elements {
		for name := range e {
			if !slices.Contains(o.Columns, name) {
				return nil, noColumn(name)
			}
		}
	}
	for name := range record {
		if !slices.Contains(o.Columns, name) {
			return nil, noColumn(name)
		}
	}
	for _, e := range elements {
		line := make([]string, len(o.Columns))
		for i, name := range o.Columns {
			value := record[name]
			if read.Group != nil && slices.Contains(read.Group.Columns, name) {
				value = e[name]
			}
			if line[i], err = c.value(read, name, value); err != nil {
				return nil, err
			}
		}
		rows = append(rows, line)
	}
	return rows, nil
}

func noColumn(name string) error {
	return &driver.Error{Kind: driver.Invalid, Detail: "The file has no column for " + name + "."}
}

// value writes a value as the login says.
func (c *client) value(read *readOptions, column string, raw json.RawMessage) (string, error) {
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return "", nil
	case raw[0] == '{' || raw[0] == '[':
		return "", &driver.Error{Kind: driver.Invalid, Detail: "The column " + column + " cannot hold a list or an object."}
	}
	text := string(raw)
	if raw[0] == '"' {
		plain, err := rawjson.Unquote(nil, raw)
		if err != nil {
			return "", &driver.Error{Kind: driver.Invalid, Detail: "The column " + column + " holds no text.", Err: err}
		}
		text = string(plain)
	}
	if c.format.comma && slices.Contains(read.Numbers, column) {
		text = strings.Replace(text, ".", ",", 1)
	}
	if slices.Contains(read.Dates, column) {
		if day, err := time.Parse(time.DateOnly, text); err == nil {
			text = day.Format(c.format.layout)
		}
	}
	return text, nil
}

// encode writes a text in the login's encoding. What that cannot write is refused, not replaced.
func (c *client) encode(text []byte) ([]byte, error) {
	if c.format.charset == nil {
		return text, nil
	}
	out, err := c.format.charset.NewEncoder().Bytes(text)
	if err != nil {
		return nil, &driver.Error{Kind: driver.Invalid, Detail: "The record holds characters that the encoding of the system's files cannot write.", Err: err}
	}
	return out, nil
}
