package sqldb

import (
	"context"
	"database/sql"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// finding is the `find:` section of a rung.
type finding struct {
	Column string `yaml:"column"` // W2, W3: that holds the key or the mark
	Since  string `yaml:"since"`  // W4: a column with the time at which a row was made
}

// keyOf takes the key of a record apart.
func keyOf(remoteID string, n int) ([]string, error) {
	parts := manifest.SplitID(remoteID, n)
	if len(parts) != n {
		return nil, invalid("This is no key of such a record: " + remoteID + ".")
	}
	return parts, nil
}

// ReadOne implements driver.Writer.
func (c *client) ReadOne(ctx context.Context, e *manifest.Entity, remoteID string) ([]byte, error) {
	s := c.session(ctx)
	defer s.end()
	return c.one(ctx, s, e, remoteID)
}

func (c *client) one(ctx context.Context, from reader, e *manifest.Entity, remoteID string) ([]byte, error) {
	r := c.readings[e.Name]
	if r == nil {
		return nil, invalid("The manifest does not say how to read " + e.Name + ".")
	}
	shape, err := c.shape(ctx, from, e, false)
	if err != nil {
		return nil, err
	}
	key, err := keyOf(remoteID, len(shape.key))
	if err != nil {
		return nil, err
	}
	records, err := c.some(ctx, from, r, r.Where, shape, 2, func(q *statement) { q.among(shape.key, [][]string{key}) })
	switch {
	case err != nil || len(records) == 0:
		return nil, err
	case len(records) > 1:
		return nil, invalid("Several rows of " + r.called() + " have the key " + c.config.Quote(remoteID, 60) + ".")
	}
	return records[0], nil
}

// some reads rows that fit where and one more condition.
func (c *client) some(ctx context.Context, from reader, r *reading, where map[string][]any, shape *shape, limit int, wanted condition) ([][]byte, error) {
	f := &fetching{session: &session{client: c}, r: r, shape: shape}
	q := c.statement("SELECT ", c.dialect.top(limit)).choose(shape.columns).from(r.source)
	q.where(append(f.filters(where), wanted)).add(" ORDER BY ")
	for i, k := range shape.key {
		if i > 0 {
			q.add(", ")
		}
		q.add("q.", c.dialect.quote(k.name))
	}
	var records [][]byte
	err := from.query(ctx, q.add(c.dialect.limit(limit)), func(_ []*sql.ColumnType, values []any) error {
		record, err := object(c.dialect, shape.columns, values)
		if err != nil {
			return &driver.Error{Kind: driver.Torn, Detail: "A row of " + r.called() + " cannot be read.", Err: err}
		}
		records = append(records, record)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return c.nestIn(ctx, from, r, shape, records)
}

const foundMax = 50

// Search implements driver.Writer.
func (c *client) Search(ctx context.Context, q driver.Search) ([][]byte, error) {
	r := c.readings[q.Entity.Name]
	if r == nil || q.Rung == nil {
		return nil, invalid("The manifest does not say how to find " + q.Entity.Name + ".")
	}
	var find finding
	if problems := q.Rung.Find.Decode(&find); len(problems) > 0 {
		return nil, &driver.Error{Kind: driver.Invalid, Detail: "The manifest has mistakes in how " + q.Entity.Name + " are found.", Err: problems}
	}
	s := c.session(ctx)
	defer s.end()
	shape, err := c.shape(ctx, s, q.Entity, false)
	if err != nil {
		return nil, err
	}
	name := find.Column + find.Since
	col := shape.find(c.dialect, name)
	if col == nil {
		return nil, noColumn(r.source, name)
	}
	where := r.Where
	if q.Rung.Class == manifest.W3 { // a mark is of one write only, and its row counts though it has left the listing
		where = nil
	}
	return c.some(ctx, s, r, where, shape, foundMax, func(st *statement) {
		if find.Since == "" {
			st.among([]column{*col}, [][]string{{q.Value}})
			return
		}
		since := q.Since.UTC().Format(time.RFC3339Nano)
		if col.class != zoned {
			since = lowest(q.Since, c.config.TimeZone)
		}
		st.add("q.", c.dialect.quote(col.name), " >= ").bind(*col, since)
	})
}

// Job implements driver.Writer: a database does no jobs.
func (c *client) Job(context.Context, driver.Command, string) (driver.Job, error) {
	return driver.Job{}, invalid("A database takes no write as a job.")
}
