package odata

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// place is a page token: where the next page begins.
type place struct {
	Key   []string `json:"key,omitempty"`   // keyset: of the last record
	Stamp string   `json:"stamp,omitempty"` // keyset in order of modification: likewise
	Link  string   `json:"link,omitempty"`  // path and query of the next page
	Total int64    `json:"total"`           // what the system counted before the first page; -1 unknown
	Given int64    `json:"given,omitempty"` // records so far
	Most  int      `json:"most,omitempty"`  // records of the longest page so far
}

const defaultLimit = 500

func placeGone(err error) error {
	return &driver.Error{Kind: driver.TokenGone, Detail: "The stored place in the list cannot be read.", Err: err}
}

// Fetch implements driver.Client.
func (c *client) Fetch(ctx context.Context, q driver.Request) (*driver.Page, error) {
	r := c.readings[q.Entity.Name]
	if r == nil {
		return nil, unfit("The connector does not say how to read " + q.Entity.Name + ".")
	}
	at := place{Total: -1}
	if q.Token != nil {
		if err := json.Unmarshal(q.Token, &at); err != nil {
			return nil, placeGone(err)
		}
	}
	if q.Limit <= 0 {
		q.Limit = defaultLimit
	}
	page := &driver.Page{Total: -1}
	page.Ordered = r.Order == byModification && r.Paging.Style == keyset && !q.Since.IsZero()
	if q.Token == nil && q.Entity.Cursor != nil && !page.Ordered && !q.Hot {
		var err error
		if page.HighWater, err = c.newest(ctx, r); err != nil {
			return nil, err
		}
	}
	return page, c.fill(ctx, r, q, at, page)
}

// fill reads the records of a page and finds out where the next one begins.
func (c *client) fill(ctx context.Context, r *reading, q driver.Request, at place, page *driver.Page) error {
	t, next, err := c.step(ctx, r, q, at, page.Ordered)
	if err != nil {
		return err
	}
	for _, record := range t.records {
		if record, err = c.whole(ctx, r, t.from, record); err != nil {
			return err
		}
		page.Records = append(page.Records, record)
	}
	if page.Ordered && next != nil && next.Stamp != "" {
		if page.HighWater, err = time.Parse(time.RFC3339Nano, next.Stamp); err != nil {
			return torn("A record does not say when it was changed, though the list is sorted by that.")
		}
	}
	if q.Token == nil {
		page.Total = t.total
	}
	if r.Paging.Style == byLink && !r.Stable && (q.Token != nil || t.next != "") {
		page.Unproved, page.HighWater = true, time.Time{}
	}
	return c.turn(ctx, r, q, t, at, next, page)
}

// turn decides whether a page is the last, and writes the token of the next.
func (c *client) turn(ctx context.Context, r *reading, q driver.Request, t *taken, at place, next *place, page *driver.Page) error {
	if next.Link == "" && r.isEnd(t, at, *next) {
		if next.Given < next.Total {
			count, err := c.count(ctx, r, q)
			if err != nil {
				return err
			}
			page.Total = min(next.Total, count)
		}
		return nil
	}
	var err error
	page.Next, err = json.Marshal(next)
	return err
}

// isEnd tells whether nothing follows. A page that is shorter than asked for and leads nowhere is the last, as the protocol says; where that is not what the system counted, only an empty page
// is believed. Behind the first page records may have been added since the count, so a page that is as long as the one before may be cut too.
func (r *reading) isEnd(t *taken, at, next place) bool {
	n := len(t.records)
	if n == 0 || t.over || r.Paging.Style == byLink {
		return true
	}
	counted := next.Total >= 0 && (next.Given == next.Total || at.Given > 0 && next.Given > next.Total)
	return counted && n < t.asked && t.next == "" && (at.Given == 0 || n < at.Most)
}

// leastCap is the smallest number of records to which a system is believed to cap its pages.
const leastCap = 10

// mostTop bounds how far a page grows when all records of one share a place in the list.
const mostTop = 1 << 14

// step reads the page at a place. Stamps that the system shows less exactly than it keeps lead a page back to where it begins: then a longer one is asked for.
func (c *client) step(ctx context.Context, r *reading, q driver.Request, at place, modified bool) (*taken, *place, error) {
	for top := q.Limit; ; top *= 4 {
		t, err := c.page(ctx, r, q, at, modified, top)
		if err != nil {
			return nil, nil, err
		}
		next, err := c.after(r, at, t, modified)
		if err != nil {
			return nil, nil, err
		}
		n := len(t.records)
		switch {
		case !r.repeats(at, *next, t), modified && next.Stamp != at.Stamp:
			return t, next, nil
		case modified && n < top && t.next == "" && (n < leastCap || next.Total >= 0 && next.Given >= next.Total):
			t.over = true // the last records again, and nothing behind them
			return t, next, nil
		case !modified || n < top || top >= mostTop:
			return nil, nil, torn("The system leads back to the page that was just read, so its pages never end.")
		}
	}
}

// repeats tells whether a page leads to itself, or holds the record that it was to begin behind.
func (r *reading) repeats(at, next place, t *taken) bool {
	if next.Link != "" || len(at.Key) == 0 {
		return next.Link != "" && next.Link == at.Link
	}
	return slices.ContainsFunc(t.records, func(record []byte) bool {
		key, _ := r.keyOf(record)
		return slices.Equal(key, at.Key) && (at.Stamp == "" || plain(find(record, r.stampPaths()[0]...)) == at.Stamp)
	})
}

// page asks for the records at a place.
func (c *client) page(ctx context.Context, r *reading, q driver.Request, at place, modified bool, top int) (*taken, error) {
	if at.Link != "" {
		return c.follow(ctx, r, at.Link)
	}
	l := list{filters: r.filtersOf(q, c.zone()), order: r.orderOf(modified), top: top, count: r.counts && q.Token == nil}
	if len(at.Key) > 0 {
		behind, err := r.behind(at)
		if err != nil {
			return nil, err
		}
		l.filters = append(l.filters, behind)
	}
	if r.Paging.Style == byLink {
		l.top = 0
	}
	t, err := c.list(ctx, r, l)
	if err != nil {
		return nil, err
	}
	t.asked = top
	return t, nil
}

// after gives the place behind a page; that of the page itself when it holds nothing.
func (c *client) after(r *reading, at place, t *taken, modified bool) (*place, error) {
	next := &place{Key: at.Key, Stamp: at.Stamp, Total: at.Total, Given: at.Given + int64(len(t.records)), Most: max(at.Most, len(t.records))}
	if t.total >= 0 && at.Given == 0 && at.Total < 0 {
		next.Total = t.total
	}
	if n := len(t.records); n > 0 && r.Paging.Style == keyset {
		key, ok := r.keyOf(t.records[n-1])
		if !ok {
			return nil, torn("The last record of a page has no key to go on from.")
		}
		next.Key = key
		if modified {
			if err := next.stamp(r, at, t.records); err != nil {
				return nil, err
			}
		}
	}
	if t.next != "" && (r.Paging.Style == byLink || len(t.records) == 0) {
		link, err := c.linkOf(t)
		if err != nil {
			return nil, err
		}
		next.Key, next.Stamp, next.Link = nil, "", link
	}
	return next, nil
}

// stamp notes how far the changes have come, and checks that the records of the page are in their order. One in the midst that says nothing is for the mapping.
func (p *place) stamp(r *reading, at place, records [][]byte) error {
	reached, _ := time.Parse(time.RFC3339Nano, at.Stamp)
	for i, record := range records {
		p.Stamp = plain(find(record, r.stampPaths()[0]...))
		now, err := time.Parse(time.RFC3339Nano, p.Stamp)
		switch {
		case err != nil && i > 0 && i < len(records)-1:
			continue
		case err != nil:
			return torn("A record does not say when it was changed, though the list is sorted by that.")
		case now.Before(reached):
			return torn("The list is not in the order of modification that was asked for, so nothing tells how far it has come.")
		}
		reached = now
	}
	return nil
}

// newest gives the latest stamp of a set; zero when it is empty. It is asked before the first page of a list that has another order.
func (c *client) newest(ctx context.Context, r *reading) (latest time.Time, err error) {
	for _, path := range r.stampPaths() {
		names, dated := r.taken(path), path.String()
		if r.Times[dated] != nil {
			dated = r.Times[dated][0]
		}
		kind := r.typeOf(dated, map[bool]string{true: typeDate, false: typeInstant}[r.Times[path.String()] != nil])
		first, _ := literal(r.Protocol, kind, moment(kind, time.Unix(0, 0), time.UTC))
		t, err := c.list(ctx, r, list{filters: append(r.always(), dated+" gt "+first), order: strings.Join(names, " desc,") + " desc", top: 1})
		if err != nil {
			return time.Time{}, err
		}
		if len(t.records) == 0 {
			continue
		}
		at, err := r.instant(r.shaped(t.records[0]), path, c.zone())
		if err != nil {
			return time.Time{}, err
		}
		if at.After(latest) {
			latest = at
		}
	}
	return latest, nil
}

// instant reads a stamp, in its earliest reading: a cursor that is too early repeats records, one that is too late loses them.
func (r *reading) instant(record []byte, path []string, zone *time.Location) (time.Time, error) {
	value := plain(find(record, path...))
	if at, err := time.Parse(time.RFC3339Nano, value); err == nil {
		return at.UTC(), nil
	}
	for _, form := range []string{"2006-01-02T15:04:05", time.DateOnly} {
		if wall, err := time.Parse(form, value); err == nil {
			return earliestInstant(wall, zone), nil
		}
	}
	return time.Time{}, torn("The newest record does not say when it was changed.")
}

// count asks how many records there are now.
func (c *client) count(ctx context.Context, r *reading, q driver.Request) (int64, error) {
	l := list{filters: r.filtersOf(q, c.zone()), order: r.orderOf(false), top: 1, count: true}
	t, err := c.list(ctx, r, l)
	if err != nil {
		return 0, err
	}
	return t.total, nil
}

func (c *client) zone() *time.Location {
	if c.config.TimeZone == nil {
		return time.UTC
	}
	return c.config.TimeZone
}

// numbered reads a count, which version 2 writes as a text.
func numbered(raw []byte) (int64, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return -1, nil
	}
	n, err := strconv.ParseInt(text(raw), 10, 64)
	if err != nil || n < 0 {
		return -1, torn("The count of records is not a number.")
	}
	return n, nil
}

// splitList takes the elements of a list apart, each checked to be well-formed.
func splitList(raw []byte) ([][]byte, error) {
	records, err := rawjson.Split(raw)
	if err != nil {
		return nil, notJSON(err)
	}
	return records, nil
}
