package odoorpc

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/busbar-dev/busbar/internal/rawjson"
)

// specFrom is the first version whose forms are told by a specification which fields they have, and whose create fills in by itself what the lines of a record lack.
const specFrom = 17

// complete adds what Odoo's form fills in and the write does not give: terms and currency of a vendor, the unit, description and taxes of an item. around names the holder.
func (c *client) complete(ctx context.Context, model string, f *form, values, around map[string]any) error {
	if f == nil || !slices.ContainsFunc(f.On, func(name string) bool { return given(values, name) }) {
		return nil
	}
	s, err := c.obtain(ctx)
	if err != nil || s.major >= specFrom && around != nil {
		return err
	}
	has, err := c.fields(ctx, model, f.Take)
	if err != nil {
		return err
	}
	wanted := slices.DeleteFunc(slices.Clone(f.Take), func(name string) bool {
		_, is := has[name]
		_, isGiven := values[name]
		return !is || isGiven
	})
	if len(wanted) == 0 {
		return nil
	}
	changed, err := c.onChange(ctx, model, s, wanted, values, around)
	if err != nil {
		return err
	}
	for _, name := range wanted {
		if raw, ok := changed[name]; ok {
			values[name] = formValue(raw, has[name])
		}
	}
	return nil
}

// given tells whether a value is there and not none.
func given(values map[string]any, name string) bool {
	v, ok := values[name]
	raw, isRaw := v.(json.RawMessage)
	return ok && v != nil && v != false && !(isRaw && string(raw) == "null")
}

// onChange asks Odoo what the form of a new record fills in when these values are entered, its defaults included.
func (c *client) onChange(ctx context.Context, model string, s *session, wanted []string, values, around map[string]any) (members, error) {
	record, spec := map[string]any{}, map[string]any{}
	maps.Copy(record, around)
	maps.Copy(record, values)
	named := map[string]any{"values": record, "field_name": []string{}, "field_onchange": spec}
	var each any = "1"
	if s.major >= specFrom {
		named, each = map[string]any{"values": record, "field_names": []string{}, "fields_spec": spec}, map[string]any{}
	}
	for _, name := range slices.Concat(wanted, slices.Collect(maps.Keys(record))) {
		spec[name] = each
	}
	raw, err := c.call(ctx, call{model: model, method: "onchange", ids: []int64{}, named: named})
	if err != nil {
		return nil, err
	}
	var answer struct {
		Value members `json:"value"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return nil, torn(err)
	}
	return answer.Value, nil
}

// formValue turns what a form says into what create takes: of a reference it tells the name too, in one of two ways.
func formValue(raw json.RawMessage, f field) any {
	if f.Type != "many2one" {
		return raw
	}
	for _, at := range []string{"0", "id"} {
		if id, ok, err := rawjson.Find(raw, at); err == nil && ok {
			return json.RawMessage(id)
		}
	}
	return raw
}
