package trytonrpc

import (
	"context"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// ReadOne implements driver.Writer: the record is read as a page reads it.
func (c *client) ReadOne(ctx context.Context, e *manifest.Entity, remoteID string) ([]byte, error) {
	r := c.readings[e.Name]
	if r == nil || r.Partition != nil {
		return nil, invalid("One record of " + e.Name + " cannot be read.")
	}
	id, err := idFrom(remoteID)
	if err != nil {
		return nil, err
	}
	return c.one(ctx, r, id, r.Fields)
}

func (c *client) one(ctx context.Context, r *reading, id int64, fields []string) ([]byte, error) {
	records, err := c.some(ctx, r, []any{"id", "=", id}, fields, 2)
	if err != nil || len(records) == 0 {
		return nil, err
	}
	return records[0], nil
}

// some reads the records of the listing that fit one more condition.
func (c *client) some(ctx context.Context, r *reading, condition any, fields []string, limit int) ([][]byte, error) {
	domain := append(all(r.Domain, r.Archived), condition)
	raw, err := c.call(ctx, r.Context, "model."+r.Model+".search_read", domain, 0, limit, byID(), fields)
	if err != nil {
		return nil, err
	}
	records, err := rawjson.Split(raw)
	if err != nil {
		return nil, torn(err)
	}
	for _, record := range records {
		if _, err := idOf(record); err != nil {
			return nil, err
		}
	}
	return c.enrich(ctx, r, records)
}

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
	return c.some(ctx, r, wanted(find.Domain, s.Value, s.Since), r.Fields, foundMax)
}

// wanted puts the value and the instant in their places.
func wanted(domain []any, value string, since time.Time) any {
	return replace(domain, func(text string) any {
		switch text {
		case "$value":
			return value
		case "$since":
			return datetime(since)
		}
		return text
	})
}
