package trytonrpc

import (
	"context"
	"encoding/json"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
)

var _ driver.Permitter = (*client)(nil)

// May implements driver.Permitter by the access rights that Tryton computes for its own client. Those of single records and buttons are not among them.
func (c *client) May(ctx context.Context, entities []*manifest.Entity) (manifest.Rights, error) {
	var models []string
	for _, e := range entities {
		models = append(models, c.readings[e.Name].Model)
		for _, op := range manifest.Ops() {
			models = append(models, c.written(e, op))
		}
	}
	raw, err := c.call(ctx, nil, "model.ir.model.access.get_access", distinct(models))
	if err != nil {
		return nil, err
	}
	var access map[string]struct{ Read, Write, Create, Delete flag }
	if json.Unmarshal(raw, &access) != nil {
		return nil, torn(nil)
	}
	rights := manifest.Rights{}
	for _, e := range entities {
		rights[e.Name] = map[manifest.Op]bool{}
		if a, ok := access[c.readings[e.Name].Model]; ok {
			rights[e.Name][manifest.Read] = bool(a.Read)
		}
		for op, o := range e.Operations {
			a, ok := access[c.written(e, op)]
			switch {
			case !ok:
			case op == manifest.Create:
				rights[e.Name][op] = bool(a.Create)
			case op == manifest.Delete && o.How == manifest.HowDelete:
				rights[e.Name][op] = bool(a.Delete)
			default:
				rights[e.Name][op] = bool(a.Write)
			}
		}
	}
	return rights, nil
}

// written names the model that an operation writes.
func (c *client) written(e *manifest.Entity, op manifest.Op) string {
	if s, problems := sendingOf(e, c.readings[e.Name], op); len(problems) == 0 && s.Model != "" {
		return s.Model
	}
	return c.readings[e.Name].Model
}

func distinct(names []string) []string {
	seen, out := map[string]bool{}, []string{}
	for _, name := range names {
		if !seen[name] {
			seen[name] = true
			out = append(out, name)
		}
	}
	return out
}

// flag is a boolean that Tryton writes as true or as 1.
type flag bool

// UnmarshalJSON implements json.Unmarshaler.
func (f *flag) UnmarshalJSON(text []byte) error {
	*f = string(text) == "true" || string(text) == "1"
	return nil
}
