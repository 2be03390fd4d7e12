package odata

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/rawjson"
)

// bodyOf writes the members of a write as the version does, with those that every call has.
func (r *reading) bodyOf(members []byte, fixed map[string]any, zone *time.Location) ([]byte, error) {
	object := map[string]json.RawMessage{}
	if len(members) > 0 {
		if err := json.Unmarshal(members, &object); err != nil {
			return nil, unfit("What is to be written is not a JSON object.")
		}
	}
	for name, value := range fixed {
		raw, err := encode(value)
		if err != nil {
			return nil, err
		}
		object[name] = raw
	}
	if err := r.takeApart(object, zone); err != nil {
		return nil, err
	}
	delete(object, keyMember)
	raw, err := encode(object)
	if err != nil {
		return nil, err
	}
	var index rawjson.Index
	value, err := index.Parse(raw)
	if err != nil {
		return nil, unfit("What is to be written is not JSON.")
	}
	return r.written(nil, value, false), nil
}

// putBack writes a value where a pick takes it from, with what says of which kind it is.
func (p pick) putBack(object map[string]json.RawMessage, name string) {
	raw, given := object[name]
	if !given {
		return
	}
	delete(object, name)
	object[p.Member] = raw
	for kind, word := range p.Where {
		if string(raw) != "null" {
			object[kind] = quote(word)
		}
	}
}

// takeApart makes a date and a time of what the driver joins when it reads.
func (r *reading) takeApart(object map[string]json.RawMessage, zone *time.Location) error {
	for _, at := range sortedKeys(r.Picks) {
		name, inner, nested := strings.Cut(at, "/")
		if !nested {
			r.Picks[at].putBack(object, at)
			continue
		}
		var list []map[string]json.RawMessage
		if json.Unmarshal(object[name], &list) != nil || len(list) == 0 {
			continue
		}
		for _, element := range list {
			r.Picks[at].putBack(element, inner)
		}
		raw, err := encode(list)
		if err != nil {
			return err
		}
		object[name] = raw
	}
	for _, name := range sortedKeys(r.Times) {
		raw, given := object[name]
		if !given {
			continue
		}
		delete(object, name)
		parts := r.Times[name]
		if string(raw) == "null" {
			object[parts[0]], object[parts[1]] = raw, raw
			continue
		}
		at, err := time.Parse(time.RFC3339Nano, plain(raw))
		if err != nil {
			return unfit(name + " is not a time.")
		}
		wall := at.In(zone)
		object[parts[0]] = dialect{}.Wrap("date", quote(wall.Format(time.DateOnly)))
		object[parts[1]] = quote(wall.Format(map[string]string{v2: "PT15H04M05S", v4: time.TimeOnly}[r.Protocol]))
	}
	return nil
}

// written appends a value as the version writes it: version 2 wraps lists of records, version 4 has plain times.
func (r *reading) written(out []byte, v rawjson.Value, inside bool) []byte {
	switch v.Kind() {
	case rawjson.Object:
		out = append(out, '{')
		for m := v.First(); m.Kind() != rawjson.Missing; m = m.Next() {
			if out[len(out)-1] != '{' {
				out = append(out, ',')
			}
			out = append(append(out, quote(string(m.Name()))...), ':')
			out = r.written(out, m, true)
		}
		return append(out, '}')
	case rawjson.Array:
		wrapped := r.Protocol == v2 && inside && v.First().Kind() == rawjson.Object
		if wrapped {
			out = append(out, `{"results":`...)
		}
		out = append(out, '[')
		for e := v.First(); e.Kind() != rawjson.Missing; e = e.Next() {
			if out[len(out)-1] != '[' {
				out = append(out, ',')
			}
			out = r.written(out, e, true)
		}
		out = append(out, ']')
		if wrapped {
			out = append(out, '}')
		}
		return out
	case rawjson.String:
		if r.Protocol == v4 {
			return append(out, plainly(v.Raw())...)
		}
	}
	return append(out, v.Raw()...)
}

// encode writes JSON as it is, without escapes for HTML.
func encode(value any) ([]byte, error) {
	var out bytes.Buffer
	to := json.NewEncoder(&out)
	to.SetEscapeHTML(false)
	if err := to.Encode(value); err != nil {
		return nil, unfit("What is to be written is not JSON.")
	}
	return bytes.TrimSpace(out.Bytes()), nil
}
