package odoorpc

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/busbar-dev/busbar/internal/rawjson"
)

// specFrom is the first version whose forms are told which fields they have by a specification, and fill in by themselves what a create lacks.
const specFrom = 17

// complete adds what Odoo's form fills in and the write does not give: the unit, description and taxes of an item. around names the holder. Up to version 16 create itself fills in
// little of the sort; from 17 on it does.
func (c *client) complete(ctx context.Context, model string, f *form, values, around map[string]any) error {
	if f == nil || !slices.ContainsFunc(f.On, func(name string) bool { return given(values, name) }) {
		return nil
	}
	s, err := c.obtain(ctx)
	if err != nil || s.major == 0 || s.major >= specFrom {
		return err
	}
	wanted := slices.DeleteFunc(slices.Clone(f.Take), func(name string) bool { _, ok := values[name]; return ok })
	if len(wanted) == 0 {
		return nil
	}
	has, err := c.fields(ctx, model, wanted)
	if err != nil {
		return err
	}
	changed, err := c.onChange(ctx, model, f, values, around)
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
func (c *client) onChange(ctx context.Context, model string, f *form, values, around map[string]any) (members, error) {
	record, spec := map[string]any{}, map[string]string{}
	maps.Copy(record, around)
	maps.Copy(record, values)
	for _, name := range slices.Concat(f.On, f.Take, slices.Collect(maps.Keys(record))) {
		spec[name] = "1"
	}
	raw, err := c.call(ctx, call{model: model, method: "onchange", ids: []int64{}, named: map[string]any{"values": record, "field_name": []string{}, "field_onchange": spec}})
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

// formValue turns what a form says into what create takes: of a reference it tells the name too.
func formValue(raw json.RawMessage, f field) any {
	if f.Type == "many2one" && len(raw) > 0 && raw[0] == '[' {
		if id, ok, err := rawjson.Find(raw, "0"); err == nil && ok {
			return json.RawMessage(id)
		}
	}
	return raw
}
