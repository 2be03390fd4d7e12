package odoorpc

import (
	"context"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
)

var _ driver.Permitter = (*client)(nil)

// hasAccessFrom is the first version with has_access; those before have check_access_rights.
const hasAccessFrom = 18

// May implements driver.Permitter by the access rights of the user's groups. Rules about single records, and what buttons want besides, are not among them.
func (c *client) May(ctx context.Context, entities []*manifest.Entity) (manifest.Rights, error) {
	known := map[[2]string]bool{}
	rights := manifest.Rights{}
	for _, e := range entities {
		rights[e.Name] = map[manifest.Op]bool{}
		if err := c.mayWith(ctx, known, e, rights[e.Name]); err != nil && driver.KindOf(err) != driver.Invalid { // Invalid: this Odoo has no such model
			return nil, err
		}
	}
	return rights, nil
}

// mayWith fills in what the user may do with one entity.
func (c *client) mayWith(ctx context.Context, known map[[2]string]bool, e *manifest.Entity, rights map[manifest.Op]bool) error {
	may, err := c.mayOne(ctx, known, c.readings[e.Name].Model, "read")
	if err != nil {
		return err
	}
	rights[manifest.Read] = may
	for op := range e.Operations {
		if may, err = c.mayOne(ctx, known, c.written(e, op), accessOf(e, op)); err != nil {
			return err
		}
		rights[op] = may
	}
	return nil
}

// accessOf is Odoo's word for what an operation does.
func accessOf(e *manifest.Entity, op manifest.Op) string {
	switch {
	case op == manifest.Create:
		return "create"
	case op == manifest.Delete && e.Operations[op].How == manifest.HowDelete:
		return "unlink"
	}
	return "write"
}

// written names the model that an operation writes.
func (c *client) written(e *manifest.Entity, op manifest.Op) string {
	if s, problems := sendingOf(e, c.readings[e.Name], op); len(problems) == 0 && s.Model != "" {
		return s.Model
	}
	return c.readings[e.Name].Model
}

func (c *client) mayOne(ctx context.Context, known map[[2]string]bool, model, access string) (bool, error) {
	key := [2]string{model, access}
	if may, ok := known[key]; ok {
		return may, nil
	}
	s, err := c.obtain(ctx)
	if err != nil {
		return false, err
	}
	k := call{model: model, method: "check_access_rights", named: map[string]any{"operation": access, "raise_exception": false}}
	if s.major >= hasAccessFrom {
		k = call{model: model, method: "has_access", ids: []int64{}, named: map[string]any{"operation": access}}
	}
	raw, err := c.callIn(ctx, s, k)
	if err != nil {
		return false, err
	}
	known[key] = string(raw) == "true"
	return known[key], nil
}
