package trytonrpc

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// members are those of one object, in the shape in which records are read: those of another record inside a member whose name ends with a dot.
type members map[string]json.RawMessage

// filler turns members into the values that Tryton's create and write take.
type filler struct {
	*client
	reading *reading
	sending *sending
	current []byte // the record as it is; nil: it is new
	id      int64
}

// header fills the record itself, then the records that belong to it.
func (f *filler) header(ctx context.Context, given members, isNew bool) (map[string]any, error) {
	if err := f.shared(ctx, given); err != nil {
		return nil, err
	}
	lists := members{}
	for name := range f.sending.Lists {
		if raw, ok := given[name+"."]; ok {
			lists[name] = raw
			delete(given, name+".")
		}
	}
	values, err := f.fill(ctx, f.sending.Model, f.sending.filling, given, f.own(isNew), isNew)
	if err != nil {
		return nil, err
	}
	commands := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(lists)) {
		if commands[name], err = f.list(ctx, name, lists[name], values); err != nil {
			return nil, err
		}
	}
	maps.Copy(values, commands)
	return values, nil
}

// own names the record to its form.
func (f *filler) own(isNew bool) map[string]any {
	if isNew {
		return nil
	}
	return map[string]any{"id": f.id}
}

// fill gives the values of one record. around is what its form is told besides.
func (f *filler) fill(ctx context.Context, model string, how filling, given members, around map[string]any, isNew bool) (map[string]any, error) {
	values := map[string]any{}
	if isNew {
		maps.Copy(values, how.Set)
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		field, other := strings.CutSuffix(name, ".")
		maps.Copy(values, how.Also[field])
		if !other {
			values[cmp.Or(how.Names[name], name)] = given[name]
			continue
		}
		l, ok := how.Lookups[field]
		if !ok {
			return nil, invalid("The manifest does not say how " + field + " of " + model + " is written.")
		}
		id, err := f.named(ctx, l, given[name])
		if err != nil {
			return nil, err
		}
		values[field] = id
	}
	return values, f.complete(ctx, model, how.Form, values, around)
}

// list gives the commands for the records that belong to this one. values are the holder's.
func (f *filler) list(ctx context.Context, name string, raw json.RawMessage, values map[string]any) ([]any, error) {
	l := f.sending.Lists[name]
	elements := []json.RawMessage{raw} // an object is a list of one new record
	if raw = json.RawMessage(strings.TrimSpace(string(raw))); len(raw) > 0 && raw[0] == '[' {
		if err := json.Unmarshal(raw, &elements); err != nil {
			return nil, invalid("The list " + name + " cannot be read.")
		}
	}
	if f.current != nil {
		return f.changes(ctx, l, elements, values)
	}
	var made []any
	for _, raw := range elements {
		one, err := f.element(ctx, l, raw, values, 0)
		if err != nil {
			return nil, err
		}
		made = append(made, one)
	}
	if made == nil {
		return []any{}, nil
	}
	return []any{[]any{"create", made}}, nil
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
func (f *filler) changes(ctx context.Context, l child, elements []json.RawMessage, values map[string]any) ([]any, error) {
	var gone []int64
	var written, made []any
	for _, raw := range elements {
		var ch change
		if err := json.Unmarshal(raw, &ch); err != nil || ch.Op == "" || ch.Op != "create" && ch.Key.ID == 0 {
			return nil, invalid("A list of " + l.Model + " is changed element by element; the manifest lacks `lists: changes`.")
		}
		if ch.Op == "delete" {
			gone = append(gone, ch.Key.ID)
			continue
		}
		one, err := f.element(ctx, l, ch.Data, values, ch.Key.ID)
		switch {
		case err != nil:
			return nil, err
		case ch.Op == "update":
			written = append(written, []any{"write", []int64{ch.Key.ID}, one})
		default:
			made = append(made, one)
		}
	}
	commands := []any{}
	if len(gone) > 0 {
		commands = append(commands, []any{"delete", gone})
	}
	commands = append(commands, written...)
	if len(made) > 0 {
		commands = append(commands, []any{"create", made})
	}
	return commands, nil
}

// element fills one record of a list; id is 0 for a new one.
func (f *filler) element(ctx context.Context, l child, raw json.RawMessage, values map[string]any, id int64) (map[string]any, error) {
	var given members
	if err := json.Unmarshal(raw, &given); err != nil || given == nil {
		return nil, invalid("An element of a list of " + l.Model + " is not an object.")
	}
	around := map[string]any{}
	if id != 0 {
		around["id"] = id
	}
	if l.Parent != nil {
		for _, name := range l.Parent.With {
			if v, ok := f.held(name, values); ok {
				around["_parent_"+l.Parent.Field+"."+name] = v
			}
		}
	}
	return f.fill(ctx, l.Model, l.filling, given, around, id == 0)
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
		return json.RawMessage(raw), true
	}
	id, err := idOfOther(f.current, name)
	return id, err == nil
}

// idOfOther gives the id of the record that a member leads to, of a record as it is read.
func idOfOther(record []byte, member string) (int64, error) {
	other, ok, err := rawjson.Find(record, member+".")
	if err == nil && ok && len(other) > 0 && other[0] == '{' {
		return idOf(other)
	}
	return 0, &driver.Error{Kind: driver.Invalid, Detail: "The record does not say which " + member + " it has.", Err: err}
}
