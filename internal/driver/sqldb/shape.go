package sqldb

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// shape is what the database says of the columns of a reading.
type shape struct {
	columns  []column // that are read
	key      []column
	modified []column
	history  column
	all      []column // binary ones too
	with     map[string]*shape
}

// shapes are kept until a listing starts anew or the database complains.
type shapes struct {
	mu sync.Mutex
	of map[string]*shape
}

func (s *shapes) get(entity string) *shape {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.of[entity]
}

func (s *shapes) put(entity string, one *shape) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.of[entity] = one
}

// shape gives that of an entity, asked anew where fresh.
func (c *client) shape(ctx context.Context, from reader, e *manifest.Entity, fresh bool) (*shape, error) {
	if known := c.shapes.get(e.Name); known != nil && !fresh {
		return known, nil
	}
	r := c.readings[e.Name]
	own, err := c.describe(ctx, from, r.source, r.wanted, slices.Concat(slices.Sorted(maps.Keys(r.Where)), slices.Sorted(maps.Keys(r.hot))))
	if err != nil {
		return nil, err
	}
	own.key, own.modified, own.with = own.named(c.dialect, r.key), own.named(c.dialect, r.modified), map[string]*shape{}
	if err := c.orderly(r, own); err != nil {
		return nil, err
	}
	if r.history != "" {
		own.history = own.named(c.dialect, []string{r.history})[0]
	}
	for member, with := range r.With {
		if own.with[member], err = c.describeWith(ctx, from, with, r.within[member]); err != nil {
			return nil, err
		}
		if missing := own.missing(c.dialect, slices.Collect(maps.Values(with.On))); missing != "" {
			return nil, noColumn(r.source, missing)
		}
	}
	c.shapes.put(e.Name, own)
	return own, nil
}

// orderly makes sure that rows can be ordered by the columns of the key and of changes as they are shown.
func (c *client) orderly(r *reading, s *shape) error {
	for _, col := range slices.Concat(s.key, s.modified) {
		if col.class == binary {
			return invalid("The column " + c.dialect.member(col.name) + " of " + r.called() + " is binary: rows cannot be told apart by it; make a view that shows it as text.")
		}
	}
	for _, col := range s.modified {
		if col.native != s.modified[0].native {
			return invalid("The columns of " + r.called() + " that tell of changes are of different types (" + s.modified[0].native + ", " + col.native + "); make a view in which they are of one.")
		}
	}
	return nil
}

func (c *client) describeWith(ctx context.Context, from reader, r related, wanted []string) (*shape, error) {
	one, err := c.describe(ctx, from, r.source, wanted, slices.Concat(slices.Sorted(maps.Keys(r.On)), r.Key))
	if err == nil {
		one.key = one.named(c.dialect, r.Key)
	}
	return one, err
}

// describe asks for the columns of a source, and finds those that the manifest names: wanted are read, the others need only be there.
func (c *client) describe(ctx context.Context, from reader, src source, wanted, others []string) (*shape, error) {
	q := c.statement("SELECT q.*").from(src).add(" WHERE 1 = 0")
	q.describes = true
	out := &shape{}
	err := from.query(ctx, q, func(types []*sql.ColumnType, _ []any) error {
		for _, t := range types {
			out.all = append(out.all, c.columnOf(src, t))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	chosen := slices.Concat(src.Columns, wanted, src.JSON, src.Base64)
	if missing := out.missing(c.dialect, slices.Concat(chosen, others)); missing != "" {
		return nil, noColumn(src, missing)
	}
	for _, col := range out.all {
		name := c.dialect.member(col.name)
		switch {
		case col.class == binary && !slices.Contains(src.Base64, name):
			if slices.Contains(wanted, name) {
				return nil, &driver.Error{Kind: driver.Invalid, Detail: "The column " + name + " of " + src.called() + " is binary; name it in base64, or read another."}
			}
		case src.Columns == nil || slices.Contains(chosen, name):
			out.columns = append(out.columns, col)
		}
	}
	return out, nil
}

func (c *client) columnOf(src source, t *sql.ColumnType) column {
	col := column{name: t.Name(), native: strings.TrimPrefix(strings.ToUpper(t.DatabaseTypeName()), "UNSIGNED ")}
	col.class = c.dialect.classes[col.native]
	if strings.HasPrefix(col.native, "_") {
		col.class = array
	}
	if slices.Contains(src.JSON, c.dialect.member(col.name)) {
		col.class = document
	}
	return col
}

func (s source) called() string {
	if s.Table != "" {
		return s.Table
	}
	return "the query"
}

func noColumn(src source, name string) error {
	return &driver.Error{Kind: driver.Invalid,
		Detail: "There is no column " + name + " in " + src.called() + " (any more); add it, or take it out of the manifest."}
}

// missing gives the first name that no column has.
func (s *shape) missing(d *dialect, names []string) string {
	for _, name := range names {
		if s.find(d, name) == nil {
			return name
		}
	}
	return ""
}

func (s *shape) find(d *dialect, name string) *column {
	for i := range s.all {
		if d.member(s.all[i].name) == name {
			return &s.all[i]
		}
	}
	return nil
}

// named gives the columns of names that are there.
func (s *shape) named(d *dialect, names []string) (out []column) {
	for _, name := range names {
		if c := s.find(d, name); c != nil {
			out = append(out, *c)
		}
	}
	return out
}
