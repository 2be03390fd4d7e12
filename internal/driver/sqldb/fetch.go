package sqldb

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// token says where to go on: behind the row with these values of the columns of the order. Clock is the server's when the listing began.
type token struct {
	At      []string  `json:"at,omitempty"`
	Stamped bool      `json:"stamped,omitempty"` // the rows without a time of change have been given
	Clock   time.Time `json:"clock,omitzero"`
	Total   int64     `json:"total"`
	Given   int64     `json:"given,omitempty"`
}

const (
	defaultLimit = 500
	pageBytes    = 8 << 20  // a page ends behind the row that reaches it
	maxRow       = 16 << 20 // with what is nested in it
)

// fetching is one page in the making.
type fetching struct {
	*session
	q     driver.Request
	r     *reading
	shape *shape
	at    token
	size  int
	rows  []row
	full  bool // more rows follow
}

// row is one record, and where it stands in the order.
type row struct {
	record []byte
	at     []string
}

// Fetch implements driver.Client. A full listing goes in order of the key, so that no change moves a row out of sight; one of changes in order of change, where each change
// moves a row to the end. A row whose time of change is empty is in every listing.
func (c *client) Fetch(ctx context.Context, q driver.Request) (*driver.Page, error) {
	f := &fetching{session: c.session(ctx), q: q, r: c.readings[q.Entity.Name], at: token{Total: -1}}
	defer f.end()
	if f.r == nil {
		return nil, invalid("The manifest does not say how to read " + q.Entity.Name + ".")
	}
	if q.Token != nil {
		if err := json.Unmarshal(q.Token, &f.at); err != nil {
			return nil, &driver.Error{Kind: driver.TokenGone, Detail: "The page token is not one of this driver.", Err: err}
		}
	}
	if f.q.Limit <= 0 {
		f.q.Limit = defaultLimit
	}
	var err error
	if f.shape, err = c.shape(ctx, f.session, q.Entity, q.Token == nil); err != nil {
		return nil, err
	}
	page, err := f.page(ctx)
	if err != nil {
		c.shapes.put(q.Entity.Name, nil)
		return nil, err
	}
	return page, nil
}

// byChange tells a listing of changes.
func (f *fetching) byChange() bool { return !f.q.Since.IsZero() && !f.q.Hot && len(f.r.modified) > 0 }

func (f *fetching) page(ctx context.Context) (*driver.Page, error) {
	page := &driver.Page{Total: -1, Undated: true, Ordered: f.byChange()}
	if f.q.Token == nil {
		if err := f.survey(ctx, page); err != nil {
			return nil, err
		}
	}
	if err := f.read(ctx); err != nil {
		return nil, err
	}
	f.at.Given += int64(len(f.rows))
	if f.byChange() {
		page.HighWater = f.reached()
	}
	var err error
	if page.Records, err = f.nest(ctx); err != nil {
		return nil, err
	}
	switch {
	case f.full:
		f.at.At = f.rows[len(f.rows)-1].at
		page.Next, err = json.Marshal(f.at)
	case f.at.Total > f.at.Given:
		page.Total, err = f.recount(ctx)
	}
	return page, err
}

// recount tells rows that were deleted while the pages were read from those that the pages left out: the lesser count holds.
func (f *fetching) recount(ctx context.Context) (int64, error) {
	now, err := f.count(ctx)
	return min(f.at.Total, now), err
}

// reached is how far the changes have come: no farther than the server's clock, whatever the rows say.
func (f *fetching) reached() time.Time {
	if !f.at.Stamped || len(f.rows) == 0 || len(f.rows[len(f.rows)-1].at) <= len(f.shape.key) {
		return time.Time{}
	}
	return f.bounded(f.rows[len(f.rows)-1].at[0])
}

func (f *fetching) bounded(stamp string) time.Time {
	at := instant(f.shape.modified[0], stamp, f.client.config.TimeZone)
	if at.After(f.at.Clock) {
		return f.at.Clock
	}
	return at
}

// read reads rows until the page is full.
func (f *fetching) read(ctx context.Context) error {
	if f.byChange() && !f.at.Stamped {
		if err := f.rowsOf(ctx, f.q.Limit); err != nil || f.full {
			return err
		}
		f.at.Stamped, f.at.At = true, nil
		if len(f.rows) == f.q.Limit { // the rest is another page
			f.full, f.rows[len(f.rows)-1].at = true, nil
			return nil
		}
	}
	return f.rowsOf(ctx, f.q.Limit-len(f.rows))
}

// rowsOf reads up to limit rows behind the place at hand, and looks whether there is one more.
func (f *fetching) rowsOf(ctx context.Context, limit int) error {
	order := f.order()
	q := f.listing(order, limit+1)
	n := 0
	var last []string
	columns := len(f.shape.columns)
	return f.session.query(ctx, q, func(_ []*sql.ColumnType, values []any) error {
		if f.full {
			return nil
		}
		n++
		record, err := object(f.client.dialect, f.shape.columns, values[:columns])
		if err != nil {
			return &driver.Error{Kind: driver.Torn, Detail: "A row of " + f.r.called() + " cannot be read.", Err: err}
		}
		at, err := f.placeOf(order, values[columns:])
		if err != nil {
			return err
		}
		if last != nil && slices.Equal(last, at) {
			return invalid("Two rows of " + f.r.called() + " have the same key " + f.client.config.Quote(at[len(at)-1], 60) + "; the columns of the id must tell rows apart.")
		}
		last = at
		if n > limit || f.size >= pageBytes {
			f.full = true
			return nil
		}
		return f.take(row{record: record, at: at})
	})
}

func (f *fetching) take(r row) error {
	if len(r.record) > maxRow {
		return &driver.Error{Kind: driver.TooLarge, Detail: "A row of " + f.r.called() + " is larger than 16 MiB; name the columns that are wanted."}
	}
	f.size += len(r.record)
	f.rows = append(f.rows, r)
	return nil
}

// placeOf gives the values of the columns of the order.
func (f *fetching) placeOf(order []term, values []any) ([]string, error) {
	var at []string
	for i, c := range order {
		raw, err := render(c.column, values[i])
		if err == nil {
			if value, ok := plain(raw); ok {
				at = append(at, value)
				continue
			}
		}
		return nil, invalid("A row of " + f.r.called() + " has no value in the column " + f.client.dialect.member(c.name) + ", by which rows are told apart and ordered.")
	}
	return at, nil
}

func (r *reading) called() string { return r.source.called() }

// member gives the text of a member of a record.
func member(record []byte, name string) (string, bool, error) {
	raw, _, err := rawjson.Find(record, name)
	if err != nil {
		return "", false, &driver.Error{Kind: driver.Torn, Detail: "A row of the database cannot be read.", Err: err}
	}
	value, ok := plain(raw)
	return value, ok, nil
}
