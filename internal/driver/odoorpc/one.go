package odoorpc

import (
	"context"
	"strconv"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// ReadOne implements driver.Writer: the record is read as a page reads it.
func (c *client) ReadOne(ctx context.Context, e *manifest.Entity, remoteID string) ([]byte, error) {
	r := c.readings[e.Name]
	if r == nil {
		return nil, invalid("The manifest does not say how to read " + e.Name + ".")
	}
	id, err := idFrom(remoteID)
	if err != nil {
		return nil, err
	}
	return c.one(ctx, r, r.tree, id)
}

func (c *client) one(ctx context.Context, r *reading, n *node, id int64) ([]byte, error) {
	records, err := c.list(ctx, r, n, append(append([]any{}, r.Domain...), []any{"id", "=", id}), 2)
	if err != nil || len(records) == 0 {
		return nil, lasting(err)
	}
	return records[0], nil
}

// there tells whether there is a record of that id that the user may see.
func (c *client) there(ctx context.Context, r *reading, id int64) (bool, error) {
	record, err := c.one(ctx, r, &node{}, id)
	return record != nil, err
}

// foundMax is how many records a search gives.
const foundMax = 50

// Search implements driver.Writer.
func (c *client) Search(ctx context.Context, s driver.Search) ([][]byte, error) {
	r := c.readings[s.Entity.Name]
	if r == nil || s.Rung == nil {
		return nil, invalid("The manifest does not say how to find " + s.Entity.Name + ".")
	}
	var find searching
	if problems := s.Rung.Find.Decode(&find); len(problems) > 0 {
		return nil, &driver.Error{Kind: driver.Invalid, Detail: "The manifest has mistakes in how " + s.Entity.Name + " are found.", Err: problems}
	}
	found, err := c.list(ctx, r, r.tree, append(append([]any{}, r.Domain...), wanted(find.Domain, s.Value, s.Since)...), foundMax)
	return found, lasting(err)
}

// wanted puts the value and the instant in their places.
func wanted(domain []any, value string, since time.Time) []any {
	out := make([]any, len(domain))
	for i, v := range domain {
		out[i] = replace(v, value, since)
	}
	return out
}

func replace(v any, value string, since time.Time) any {
	switch v := v.(type) {
	case string:
		switch v {
		case "$value":
			return value
		case "$since":
			return since.UTC().Format(odooTime)
		}
	case []any:
		return wanted(v, value, since)
	}
	return v
}

func idFrom(remoteID string) (int64, error) {
	id, err := strconv.ParseInt(remoteID, 10, 64)
	if err != nil {
		return 0, invalid("Odoo's ids are whole numbers; this is none: " + strconv.Quote(remoteID) + ".")
	}
	return id, nil
}
