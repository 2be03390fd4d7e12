package envelope

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

func find(doc []byte, path manifest.Path) []byte { return rawjson.At(doc, path...) }

func text(raw []byte) string { return rawjson.Text(raw) }

// elements takes a list apart. Where an answer is sparse, nothing is an empty list and anything else a list of one; else only null is empty.
func elements(list []byte, sparse bool) ([][]byte, bool) {
	switch {
	case string(list) == "null" || sparse && len(list) == 0:
		return nil, true
	case len(list) == 0:
		return nil, false
	case list[0] == '[':
		records, err := rawjson.Split(list)
		return records, err == nil
	}
	return [][]byte{list}, sparse
}

// misses tells whether what is not at a path may have another name now: the nearest element around it that is there holds something besides texts.
func misses(doc []byte, path manifest.Path) bool {
	for n := len(path) - 1; n > 0; n-- {
		around := find(doc, path[:n])
		if around == nil {
			continue
		}
		var members map[string]json.RawMessage
		return json.Unmarshal(around, &members) == nil && holds(members, func(raw []byte) bool { return raw[0] == '{' || raw[0] == '[' })
	}
	return true
}

func holds(members map[string]json.RawMessage, is func(raw []byte) bool) bool {
	for _, raw := range members {
		if len(raw) > 0 && is(raw) {
			return true
		}
	}
	return false
}

// saysNothing tells whether an answer has nothing in it that could mean that something was done.
func saysNothing(doc []byte, sparse bool) bool {
	var members map[string]json.RawMessage
	return json.Unmarshal(doc, &members) != nil || !holds(members, func(raw []byte) bool { return sparse || string(raw) != "null" })
}

// remoteID gives the key of a record as text, as package mapping writes it; it is empty when a part is.
func remoteID(record []byte, paths []manifest.Path) string {
	parts := make([]string, len(paths))
	for i, path := range paths {
		raw := find(record, path)
		if parts[i] = text(raw); parts[i] == "" || raw[0] == '{' || raw[0] == '[' || parts[i] == "true" || parts[i] == "false" {
			return ""
		}
	}
	return manifest.JoinID(parts...)
}

// identify puts a remote id and its parts among the values.
func (v Values) identify(id string) {
	if id == "" {
		return
	}
	v["id"] = id
	for i, part := range manifest.SplitID(id, 0) {
		v["id."+strconv.Itoa(i+1)] = part
	}
}

// isReserved tells the placeholders that are not fields of the login.
func isReserved(name string) bool {
	switch name {
	case "since", "history", "cursor", "offset", "page", "size", "id", "members", "mark", "version", "value":
		return true
	}
	return strings.HasPrefix(name, "id.")
}

// Fill puts values into a text; a value keeps to the quotes that its place begins with. It is not ok when one is absent.
func (v Values) Fill(template string) (text string, ok bool) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(template, "{")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			b.WriteString(template)
			return b.String(), true
		}
		value, ok := v[name]
		if !ok {
			return "", false
		}
		b.WriteString(before + within(before, Plain(value)))
		template = after
	}
}

// Plain gives a value as text.
func Plain(value any) string {
	switch x := value.(type) {
	case string:
		return x
	case int64:
		return strconv.FormatInt(x, 10)
	case json.RawMessage:
		return string(x)
	}
	return ""
}

// within keeps a value inside the quotes that its place begins with.
func within(before, value string) string {
	switch {
	case strings.HasSuffix(before, "'"):
		return strings.ReplaceAll(value, "'", "''")
	case strings.HasSuffix(before, `"`):
		return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value)
	}
	return value
}

// Text gives a scalar as text: a string without its quotes, null as nothing.
func Text(raw []byte) string { return text(raw) }

// Find gives the value at a path, nil when there is none.
func Find(doc []byte, path ...string) []byte { return find(doc, path) }
