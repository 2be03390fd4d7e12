package odoorpc

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
)

// schema remembers which fields the models of this Odoo have, as far as they were asked for.
type schema struct {
	mu sync.Mutex
	at map[string]told // by model and what was asked
}

// told is what Odoo said of a model, and when.
type told struct {
	fields map[string]field
	since  time.Time
}

// fieldsKept is for how long that counts: another version, a new module or group may come at any time.
const fieldsKept = 10 * time.Minute

// field is what Odoo says of one of its fields.
type field struct {
	Type     string `json:"type"`
	Relation string `json:"relation"`
}

// fields asks what a model's fields are; those that it lacks are absent.
func (c *client) fields(ctx context.Context, model string, names []string) (map[string]field, error) {
	key := schemaKey(model, names)
	c.columns.mu.Lock()
	known, ok := c.columns.at[key]
	c.columns.mu.Unlock()
	if ok && c.config.Now().Sub(known.since) < fieldsKept {
		return known.fields, nil
	}
	var found map[string]field
	raw, err := c.call(ctx, call{model: model, method: "fields_get", named: map[string]any{"allfields": names, "attributes": []string{"type", "relation"}}})
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, &found); err != nil || found == nil {
		return nil, torn(err)
	}
	c.columns.mu.Lock()
	defer c.columns.mu.Unlock()
	if c.columns.at == nil {
		c.columns.at = map[string]told{}
	}
	c.columns.at[key] = told{found, c.config.Now()}
	return found, nil
}

func schemaKey(model string, names []string) string { return model + "\x00" + strings.Join(names, ",") }

// forget lets the fields of a model be asked for again.
func (s *schema) forget(model string, names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.at, schemaKey(model, names))
}

// actual is a column as this Odoo has it.
type actual struct {
	*column
	field
	name string
}

// actuals gives the columns of a node that this Odoo has. Columns that no version may lack are an error when they are missing: a record without them would look as if they were empty.
func (c *client) actuals(ctx context.Context, model string, n *node) ([]actual, error) {
	has, err := c.fields(ctx, model, n.candidates())
	if err != nil {
		return nil, err
	}
	var out []actual
	var missing []string
	for _, col := range n.columns {
		name, ok := firstOf(has, col.names)
		switch {
		case ok:
			out = append(out, actual{column: col, field: has[name], name: name})
		case !col.optional:
			missing = append(missing, col.member())
		}
	}
	if len(missing) > 0 {
		c.columns.forget(model, n.candidates())
		return nil, &driver.Error{Kind: driver.Invalid, Detail: "In this Odoo the user sees no field " + strings.Join(missing, ", ") + " of " + model +
			": a module is not installed, a group of the user is missing, or the version is another."}
	}
	return out, nil
}

func firstOf(has map[string]field, names []string) (string, bool) {
	for _, name := range names {
		if _, ok := has[name]; ok {
			return name, true
		}
	}
	return "", false
}
