package odoorpc

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/rawjson"
	"github.com/busbar-dev/busbar/model"
)

// members are those of one object, in the shape in which records are read: those of another record inside a member whose name ends with a dot.
type members map[string]json.RawMessage

// filler turns members into the values that Odoo's create and write take.
type filler struct {
	*client
	sending *sending
	current []byte // the record as it is; nil: it is new
}

// header fills the record itself, then the records that belong to it.
func (f *filler) header(ctx context.Context, n *node, given members) (map[string]any, error) {
	lists := members{}
	for name := range f.sending.Lists {
		if raw, ok := given[name+"."]; ok {
			lists[name] = raw
			delete(given, name+".")
		}
	}
	values, err := f.fill(ctx, f.sending.Model, n, f.sending.filling, given, nil, f.current == nil)
	if err != nil {
		return nil, err
	}
	commands := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(lists)) {
		if commands[name], err = f.list(ctx, name, n.under(name), lists[name], values); err != nil {
			return nil, err
		}
	}
	maps.Copy(values, commands)
	return values, nil
}

// under gives what is read of the records that a member leads to.
func (n *node) under(member string) *node {
	for _, c := range n.columns {
		if c.member() == member && c.within != nil {
			return c.within
		}
	}
	return &node{}
}

// fill gives the values of one record. around is what its form is told besides.
func (f *filler) fill(ctx context.Context, of string, n *node, how filling, given members, around map[string]any, isNew bool) (map[string]any, error) {
	values := map[string]any{}
	if isNew {
		maps.Copy(values, how.Set)
	}
	has, err := f.written(ctx, of, n, how, given)
	if err != nil {
		return nil, err
	}
	for _, member := range slices.Sorted(maps.Keys(given)) {
		own, other := strings.CutSuffix(member, ".")
		col := has[own]
		if !other {
			values[col.name] = valueFor(col.field, given[member])
			continue
		}
		l, ok := how.Lookups[own]
		if !ok {
			return nil, invalid("The manifest does not say how " + own + " of " + of + " is written.")
		}
		if values[col.name], err = f.named(ctx, l, given[member]); err != nil {
			return nil, err
		}
	}
	return values, f.complete(ctx, of, how.Form, values, around)
}

// written finds the fields of this Odoo that the members of a write are.
func (f *filler) written(ctx context.Context, of string, n *node, how filling, given members) (map[string]actual, error) {
	asked := &node{columns: slices.Clone(n.columns)}
	for member := range given {
		own, _ := strings.CutSuffix(member, ".")
		if !slices.ContainsFunc(asked.columns, func(c *column) bool { return c.member() == own }) {
			asked.columns = append(asked.columns, &column{names: []string{own}, optional: true})
		}
	}
	slices.SortFunc(asked.columns, func(a, b *column) int { return strings.Compare(a.member(), b.member()) })
	columns, err := f.actuals(ctx, of, asked)
	if err != nil {
		return nil, err
	}
	out := map[string]actual{}
	for _, c := range columns {
		out[c.member()] = c
	}
	for _, member := range slices.Sorted(maps.Keys(given)) {
		own, _ := strings.CutSuffix(member, ".")
		if _, ok := out[own]; !ok {
			return nil, invalid("This Odoo has no field " + own + " of " + of + " to write.")
		}
	}
	return out, nil
}

// valueFor makes a value as Odoo takes it: false for none, and noon for the day of a time, which is the same day nearly everywhere.
func valueFor(f field, raw json.RawMessage) any {
	if string(raw) == "null" {
		return false
	}
	if text, ok := unquote(raw); ok && f.Type == "datetime" {
		if _, err := time.Parse(time.DateOnly, text); err == nil {
			return text + " 12:00:00"
		}
	}
	return raw
}

// list gives the commands for the records that belong to this one. values are the holder's.
func (f *filler) list(ctx context.Context, name string, n *node, raw json.RawMessage, values map[string]any) ([]any, error) {
	l := f.sending.Lists[name]
	elements := []json.RawMessage{raw} // an object is a list of one new record
	if raw = json.RawMessage(strings.TrimSpace(string(raw))); len(raw) > 0 && raw[0] == '[' {
		if err := json.Unmarshal(raw, &elements); err != nil {
			return nil, invalid("The list " + name + " cannot be read.")
		}
	}
	if f.current != nil {
		return f.changes(ctx, l, n, elements, values)
	}
	commands := []any{}
	for _, raw := range elements {
		one, err := f.element(ctx, l, n, raw, values, true)
		if err != nil {
			return nil, err
		}
		commands = append(commands, []any{0, 0, one})
	}
	return commands, nil
}

// change is what is done with one element of a list.
type change struct {
	Op  string `json:"op"`
	Key struct {
		ID int64 `json:"id"`
	} `json:"key"`
	Data json.RawMessage `json:"data"`
}

// changes gives the commands that change a list: what goes first makes room for what comes.
func (f *filler) changes(ctx context.Context, l child, n *node, elements []json.RawMessage, values map[string]any) ([]any, error) {
	var gone, written, made []any
	for _, raw := range elements {
		var ch change
		if err := json.Unmarshal(raw, &ch); err != nil || ch.Op == "" || ch.Op != "create" && ch.Key.ID == 0 {
			return nil, invalid("A list of " + l.Model + " is changed element by element; the manifest lacks `lists: changes`.")
		}
		if ch.Op == "delete" {
			gone = append(gone, []any{2, ch.Key.ID, 0})
			continue
		}
		one, err := f.element(ctx, l, n, ch.Data, values, ch.Op == "create")
		switch {
		case err != nil:
			return nil, err
		case ch.Op == "update":
			written = append(written, []any{1, ch.Key.ID, one})
		default:
			made = append(made, []any{0, 0, one})
		}
	}
	return slices.Concat([]any{}, gone, written, made), nil
}

// element fills one record of a list.
func (f *filler) element(ctx context.Context, l child, n *node, raw json.RawMessage, values map[string]any, isNew bool) (map[string]any, error) {
	var given members
	if err := json.Unmarshal(raw, &given); err != nil || given == nil {
		return nil, invalid("An element of a list of " + l.Model + " is not an object.")
	}
	if !isNew {
		l.Form = nil // what an element has counts
	}
	around := map[string]any{}
	if l.Parent != nil {
		holder := map[string]any{}
		for _, name := range l.Parent.With {
			if v, ok := f.held(name, values); ok {
				holder[name] = v
			}
		}
		around[l.Parent.Field] = holder
	}
	return f.fill(ctx, l.Model, n, l.filling, given, around, isNew)
}

// held gives a member of the holder: as it is to be, else as it is.
func (f *filler) held(name string, values map[string]any) (any, bool) {
	if v, ok := values[name]; ok {
		return v, true
	}
	if f.current == nil {
		return nil, false
	}
	if raw, ok, err := rawjson.Find(f.current, name); err == nil && ok {
		return json.RawMessage(dialect{}.Wrap(model.Instant, raw)), true
	}
	raw, ok, err := rawjson.Find(f.current, name+".", "id")
	return json.RawMessage(raw), err == nil && ok
}
