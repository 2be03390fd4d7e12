package soap

import (
	"bytes"
	"encoding/json"
	"slices"
	"sort"

	"github.com/busbar-dev/busbar/internal/driver"
)

// members writes the members of a JSON object as elements, in the order that the call gives, the others by name. A list is its element again and again, an object an element
// with elements in it, null an element that is nil; @name is an attribute, and #text the text beside attributes.
func (w *writer) members(raw []byte) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var object map[string]any
	if err := d.Decode(&object); err != nil {
		return &driver.Error{Kind: driver.Invalid, Detail: "What is to be written is not a JSON object.", Err: err}
	}
	return w.object(object)
}

func (w *writer) object(object map[string]any) error {
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	place := func(name string) int {
		if i := slices.Index(w.call.Sequence, name); i >= 0 {
			return i
		}
		return len(w.call.Sequence)
	}
	sort.Slice(names, func(i, j int) bool {
		a, b := place(names[i]), place(names[j])
		return a < b || a == b && names[i] < names[j]
	})
	for _, name := range names {
		if name[:min(1, len(name))] == "@" || name == "#text" {
			continue
		}
		if err := w.member(name, object[name]); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) member(name string, value any) error {
	if !isName(name) {
		return &driver.Error{Kind: driver.Invalid, Detail: "The member " + name + " cannot be the name of an element."}
	}
	if w.call.Prefix != "" {
		name = w.call.Prefix + ":" + name
	}
	switch x := value.(type) {
	case []any:
		for _, inner := range x {
			if err := w.element(name, inner); err != nil {
				return err
			}
		}
		return nil
	default:
		return w.element(name, x)
	}
}

func (w *writer) element(name string, value any) error {
	switch x := value.(type) {
	case nil:
		w.WriteString("<" + name + ` xsi:nil="true"/>`)
	case map[string]any:
		return w.inner(name, x)
	case []any:
		return &driver.Error{Kind: driver.Invalid, Detail: "A list in a list cannot be written as elements."}
	default:
		w.WriteString("<" + name + ">" + w.escape(scalar(x)) + "</" + name + ">")
	}
	return nil
}

func (w *writer) inner(name string, object map[string]any) error {
	w.WriteString("<" + name)
	var attributes []string
	for member := range object {
		if member[:min(1, len(member))] == "@" {
			attributes = append(attributes, member)
		}
	}
	sort.Strings(attributes)
	for _, member := range attributes {
		if !isName(member[1:]) {
			return &driver.Error{Kind: driver.Invalid, Detail: "The member " + member + " cannot be the name of an attribute."}
		}
		w.WriteString(" " + member[1:] + `="` + w.escape(scalar(object[member])) + `"`)
	}
	w.WriteString(">")
	if text, ok := object["#text"]; ok {
		w.WriteString(w.escape(scalar(text)))
	}
	if err := w.object(object); err != nil {
		return err
	}
	w.WriteString("</" + name + ">")
	return nil
}

func scalar(value any) string {
	switch x := value.(type) {
	case string:
		return x
	case json.Number:
		return x.String()
	case bool:
		if x {
			return "true"
		}
		return "false"
	}
	return ""
}
