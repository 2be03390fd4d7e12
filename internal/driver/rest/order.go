package rest

import (
	"context"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
)

// byModification is the order in which the newest record of a page tells how far the list has come.
const byModification = "modified"

// newest asks for the newest modification before the first page, where the list itself does not tell.
func (c *client) newest(ctx context.Context, o *readOptions, r driver.Request) (time.Time, error) {
	if o.Newest == nil || o.Order == byModification || r.Token != nil {
		return time.Time{}, nil
	}
	q := &asking{c.fixed(&o.listOptions), o.Joined}
	q.setAll(c.parameters(o.Newest.Query))
	p, err := c.list(ctx, o, c.address(o.Path, q.query()), true)
	if err != nil || len(p.records) == 0 {
		return time.Time{}, err
	}
	at, err := c.modified(o, p.records[0])
	return at.earliest, err
}

// modified reads when a record was changed: the first of updated_at that is not null.
func (c *client) modified(o *readOptions, record []byte) (reading, error) {
	for _, path := range o.updatedAt {
		raw := find(record, path)
		if isEmpty(raw) {
			continue
		}
		if t, ok := readTime(raw, c.zone(), o.ChangedSince.countsUnix()); ok {
			return t, nil
		}
	}
	return reading{}, &driver.Error{Kind: driver.Torn, Detail: "A record does not say when it was changed, though the list is sorted by that."}
}

// inOrder checks that records come in the order of modification, behind those of the page before, and gives the newest in its earliest reading: a cursor that is
// too early repeats records, one that is too late loses them. A record in the midst that says nothing is for the mapping.
func (c *client) inOrder(o *readOptions, at place, records [][]byte) (time.Time, error) {
	newest := reading{earliest: at.Newest}
	for i, record := range records {
		changed, err := c.modified(o, record)
		switch {
		case err != nil && i > 0 && i < len(records)-1:
			continue
		case err != nil:
			return time.Time{}, err
		case changed.latest.Before(newest.earliest):
			return time.Time{}, torn("The list is not in the order of modification that was asked for, so nothing tells how far it has come.")
		}
		newest = changed
	}
	return newest.earliest, nil
}

// keep carries the newest change along, so that the next page can be checked against it.
func (p *place) keep(o *readOptions, newest time.Time) {
	if o.Order == byModification {
		p.Newest = newest
	}
}
