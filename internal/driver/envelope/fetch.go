package envelope

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/web"
)

const byModification = "modified"

// Fetch implements driver.Client.
func (c *client) Fetch(ctx context.Context, r driver.Request) (*driver.Page, error) {
	o := c.readings[r.Entity.Name]
	if o == nil {
		return nil, fmt.Errorf("fetch %s: the client was opened for a system that does not map it", r.Entity.Name)
	}
	call := o.Call
	if r.Hot {
		if call = o.Hot; call == nil {
			return nil, unfit("The connector does not say how the hot records of " + r.Entity.Name + " are read.")
		}
	}
	v := Values{}
	if o.ChangedSince != nil && !r.Since.IsZero() {
		v["since"] = o.ChangedSince.write(r.Since, c.zone())
	}
	if o.History != nil && !r.HistoryFrom.IsZero() {
		v["history"] = o.History.day(r.HistoryFrom, c.zone())
	}
	at, err := o.Paging.start(r.Token)
	if err != nil {
		return nil, err
	}
	newest, err := c.newest(ctx, o, r)
	if err != nil {
		return nil, err
	}
	return c.page(ctx, &listing{Reading: o, call: call, values: v, limit: r.Limit, sparse: c.language.Sparse()}, at, newest)
}

// listing is one list that is being read.
type listing struct {
	*Reading
	call   Call
	values Values
	limit  int
	sparse bool
}

// page asks for one page and takes it apart.
func (c *client) page(ctx context.Context, l *listing, at place, newest time.Time) (*driver.Page, error) {
	t, err := c.overlapping(ctx, l, at)
	if err != nil {
		return nil, err
	}
	next, err := l.next(at, t)
	if err != nil {
		return nil, err
	}
	if l.Order == byModification {
		if newest, err = c.inOrder(l.Reading, at, t.records); err != nil {
			return nil, err
		}
	}
	skipped := func(p place) bool { return l.Paging.Style == "page" && p.Page > l.Paging.First }
	page := &driver.Page{Records: t.records, Total: t.total, HighWater: newest, Unproved: skipped(at) || t.unsure}
	page.Ordered = l.Order == byModification && !page.Unproved
	if page.Unproved || l.Order != byModification && next != nil && skipped(*next) {
		page.HighWater = time.Time{}
	}
	if next != nil {
		if l.Order == byModification {
			next.Newest = newest
		}
		page.Next, err = json.Marshal(next)
	}
	return page, err
}

// write gives an instant as the placeholder {since} stands for it.
func (m *Moment) write(t time.Time, zone *time.Location) any {
	return m.number(web.WriteTime(m.format(), t, zone))
}

func (m *Moment) day(day time.Time, zone *time.Location) any {
	return m.number(web.WriteDay(m.format(), day, zone))
}

func (m *Moment) format() string {
	if m == nil || m.Format == "" {
		return "rfc3339"
	}
	return string(m.Format)
}

func (m *Moment) countsUnix() bool { return m.format() == web.Unix || m.format() == web.UnixMilli }

func (m *Moment) number(text string) any {
	var n int64
	if m.countsUnix() && json.Unmarshal([]byte(text), &n) == nil {
		return n
	}
	return text
}

// newest asks for the newest modification before the first page, where the list itself does not tell.
func (c *client) newest(ctx context.Context, o *Reading, r driver.Request) (time.Time, error) {
	if o.Newest == nil || o.Order == byModification || r.Token != nil {
		return time.Time{}, nil
	}
	doc, err := c.ask(ctx, o.Newest, Values{"size": int64(1)})
	if err != nil {
		return time.Time{}, err
	}
	t, err := c.take(o, doc)
	if err != nil || len(t.records) == 0 {
		return time.Time{}, err
	}
	at, err := c.modified(o, t.records[0])
	return at.Earliest, err
}

// modified reads when a record was changed: the first of updated_at that is not null.
func (c *client) modified(o *Reading, record []byte) (web.Reading, error) {
	for _, path := range o.Dates {
		if raw := find(record, path); text(raw) != "" {
			if t, ok := web.ReadTime(raw, c.zone(), o.ChangedSince.countsUnix()); ok {
				return t, nil
			}
		}
	}
	return web.Reading{}, torn("A record does not say when it was changed, though the list is sorted by that.")
}

// inOrder checks that records come in the order of modification, and gives the newest in its earliest reading: a cursor that is too early repeats records, one that is too late
// loses them.
func (c *client) inOrder(o *Reading, at place, records [][]byte) (time.Time, error) {
	newest, reached := at.Newest, at.Newest
	for _, record := range records {
		t, err := c.modified(o, record)
		if err != nil {
			return newest, err
		}
		if t.Latest.Before(reached) {
			return newest, torn("The list is not in the order of modification that was asked for, so nothing tells how far it has come.")
		}
		if newest = t.Earliest; newest.After(reached) {
			reached = newest
		}
	}
	return newest, nil
}
