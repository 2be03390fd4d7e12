package trytonrpc

import (
	"context"
	"encoding/json"
	"slices"
)

// complete adds what Tryton's form fills in and the write does not give: the address and terms of a vendor, the taxes and unit of an item. around names the record
// and its holder. create and write themselves fill in nothing of the sort.
func (c *client) complete(ctx context.Context, model string, f *form, values, around map[string]any) error {
	if f == nil || !slices.ContainsFunc(f.On, func(name string) bool { return given(values, name) }) {
		return nil
	}
	wanted := slices.DeleteFunc(slices.Clone(f.Take), func(name string) bool { _, ok := values[name]; return ok })
	if len(wanted) == 0 {
		return nil
	}
	changed, err := c.onChange(ctx, model, f.On, values, around)
	if err != nil {
		return err
	}
	for _, name := range wanted {
		if raw, ok := changed[name]; ok {
			if values[name], err = valueOf(raw); err != nil {
				return err
			}
		}
	}
	return nil
}

func given(values map[string]any, name string) bool {
	v, ok := values[name]
	raw, isRaw := v.(json.RawMessage)
	return ok && v != nil && !(isRaw && string(raw) == "null")
}

// onChange asks Tryton what the form of a record with these values fills in when the fields are entered.
func (c *client) onChange(ctx context.Context, model string, fields []string, values, around map[string]any) (members, error) {
	record := map[string]any{}
	for k, v := range around {
		record[k] = v
	}
	for k, v := range values {
		record[k] = v
	}
	raw, err := c.call(ctx, nil, "model."+model+".on_change", record, fields)
	if err != nil {
		return nil, err
	}
	var changed []members
	if json.Unmarshal(raw, &changed) != nil || len(changed) != 1 {
		return nil, torn(nil)
	}
	return changed[0], nil
}

// valueOf turns what a form says into what create and write take: of a list it tells which records come and go.
func valueOf(raw json.RawMessage) (any, error) {
	var list struct {
		Class  string              `json:"__class__"`
		Add    [][]json.RawMessage `json:"add"`
		Remove []int64             `json:"remove"`
		Delete []int64             `json:"delete"`
	}
	if len(raw) == 0 || raw[0] != '{' || json.Unmarshal(raw, &list) != nil || list.Class != "" {
		return raw, nil
	}
	ids, made := []int64{}, []any{}
	for _, add := range list.Add {
		if len(add) != 2 {
			return nil, torn(nil)
		}
		if id, err := idOf(add[1]); err == nil {
			ids = append(ids, id)
		} else {
			made = append(made, add[1])
		}
	}
	commands := []any{}
	if len(list.Remove) > 0 {
		commands = append(commands, []any{"remove", list.Remove})
	}
	if len(list.Delete) > 0 {
		commands = append(commands, []any{"delete", list.Delete})
	}
	if len(ids) > 0 {
		commands = append(commands, []any{"add", ids})
	}
	if len(made) > 0 {
		commands = append(commands, []any{"create", made})
	}
	return commands, nil
}
