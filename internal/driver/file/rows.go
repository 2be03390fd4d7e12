package file

import (
	"errors"
	"io"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/busbar-dev/busbar/internal/rawjson"
)

// rows gives the rows of a file from a place in it. The error is io.EOF at the end, or says that the file cannot be read.
type rows interface {
	next() (row, error)
}

// row is one row, or one record of a file that holds records.
type row struct {
	line   int64
	last   int64  // the line in which it ends
	behind int64  // where the next one begins
	object []byte // a JSON object as it stands there; nil: cells
	cells  []cell
	flaw   string // what is wrong with the row; empty: nothing
}

// cell is the value of a column.
type cell struct {
	column string
	text   []byte // of a text; empty is no value
	json   []byte // another value, as JSON; nil: text
	plain  bool   // the text is a number or date, and written as JSON has it
}

// mark is a place in a file: behind it the next row begins.
type mark struct {
	Offset int64 `json:"offset,omitempty"` // bytes; of a workbook rows
	Line   int64 `json:"line,omitempty"`   // in which the row before ends
}

// reading is a file that is open for reading its rows.
type reading struct {
	file    entry
	options *readOptions
	format  format
	content content
	books   *books
	path    string
}

// The endings of names, and what they say of the content.
const (
	kindCSV  = "csv"
	kindJSON = "jsonl"
	kindXLSX = "xlsx"
)

// kindOf tells from its name what a file holds; "" for other files.
func kindOf(name string) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".csv", ".txt", ".tsv":
		return kindCSV
	case ".jsonl", ".ndjson":
		return kindJSON
	case ".xlsx":
		return kindXLSX
	}
	return ""
}

// rowsFrom reads from a mark.
func (r *reading) rowsFrom(at mark) (found rows, err error) {
	if r.file.Size == 0 {
		return nil, badFile(r.file.Name, "it is empty; a list without rows still has its header")
	}
	switch kindOf(r.file.Name) {
	case kindJSON:
		return newLines(r, at)
	case kindXLSX:
		found, err = newSheet(r, at)
	default:
		found, err = newTable(r, at)
	}
	if err != nil {
		return nil, err
	}
	found = &tidied{found, r}
	if r.options.Group != nil {
		return &grouped{rows: found, options: r.options.Group, file: r.file.Name}, nil
	}
	return found, nil
}

// header checks the names of columns.
func (r *reading) header(names []string) error {
	seen := map[string]bool{}
	for i, n := range names {
		names[i] = strings.TrimSpace(n)
		switch n = names[i]; {
		case n == "":
			return badFile(r.file.Name, "column %d has no name in the header", i+1)
		case !utf8.ValidString(n):
			return badFile(r.file.Name, "its header is not encoded as the login says")
		case strings.HasPrefix(n, "_"):
			return badFile(r.file.Name, "the name of the column %s begins with _, which is kept for where a record comes from", n)
		case seen[n]:
			return badFile(r.file.Name, "the column %s stands twice in the header", n)
		}
		seen[n] = true
	}
	for _, n := range r.options.Required {
		if !seen[n] {
			return badFile(r.file.Name, "its header has no column %s (is the delimiter the right one?)", n)
		}
	}
	return nil
}

// origin is where a record comes from, which it carries beside its columns.
type origin struct {
	file string
	at   time.Time // of the file
}

// record makes a record of a row. One with a flaw has no columns, so that it is never taken for a record.
func (w row) record(o origin) []byte {
	var out []byte
	switch {
	case w.flaw != "":
		out = append(out, `{"_problem":`...)
		out, _ = rawjson.Quote(out, strings.ToValidUTF8(w.flaw, "�"))
	case w.object != nil:
		out = append(out, w.object[:len(w.object)-1]...)
	default:
		out = members(out, w.cells)
	}
	if len(out) > 1 {
		out = append(out, ',')
	}
	out = append(out, `"_file":`...)
	out, _ = rawjson.Quote(out, strings.ToValidUTF8(o.file, "�"))
	out = append(out, `,"_line":`...)
	out = appendInt(out, w.line)
	out = append(out, `,"_at":"`...)
	out = o.at.UTC().AppendFormat(out, "2006-01-02T15:04:05.000000Z")
	return append(out, `"}`...)
}

// members opens an object with a member for each cell.
func members(out []byte, cells []cell) []byte {
	out = append(out, '{')
	for i, c := range cells {
		if i > 0 {
			out = append(out, ',')
		}
		out, _ = rawjson.Quote(out, c.column)
		out = append(out, ':')
		out = c.append(out)
	}
	return out
}

// append writes the value. Bytes that are no text stay as they are, so that the record is refused where it is mapped.
func (c cell) append(out []byte) []byte {
	if c.json != nil {
		return append(out, c.json...)
	}
	if len(c.text) == 0 {
		return append(out, "null"...)
	}
	if utf8.Valid(c.text) {
		out, _ = rawjson.Quote(out, c.text)
		return out
	}
	out = append(out, '"')
	for _, b := range c.text {
		if b >= ' ' && b != '"' && b != '\\' {
			out = append(out, b)
		}
	}
	return append(out, '"')
}

func atEnd(err error) bool { return errors.Is(err, io.EOF) }
