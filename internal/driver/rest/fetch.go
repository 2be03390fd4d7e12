package rest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/web"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// Fetch implements driver.Client.
func (c *client) Fetch(ctx context.Context, r driver.Request) (*driver.Page, error) {
	o := c.readings[r.Entity.Name]
	if o == nil {
		return nil, fmt.Errorf("fetch %s: the client was opened for a system that does not map it", r.Entity.Name)
	}
	at, err := o.Paging.start(r.Token)
	if err != nil {
		return nil, err
	}
	newest, err := c.newest(ctx, o, r)
	if err != nil {
		return nil, err
	}
	return c.page(ctx, o, r, at, newest)
}

// page asks for one page and takes it apart.
func (c *client) page(ctx context.Context, o *readOptions, r driver.Request, at place, newest time.Time) (*driver.Page, error) {
	p, err := c.read(ctx, o, r, at)
	if outOfRange(at, err) {
		p, err = &taken{total: -1, header: http.Header{}}, nil
	}
	if err != nil {
		return nil, err
	}
	next, err := c.next(o, at, p)
	if err != nil {
		return nil, err
	}
	listed := p.records
	if p.records, err = c.each(ctx, o, r.Entity, listed); err != nil {
		return nil, err
	}
	if o.Order == byModification && len(listed) > 0 {
		if newest, err = c.inOrder(o, at, listed); err != nil {
			return nil, err
		}
	}
	page := &driver.Page{Records: p.records, Total: p.total, HighWater: newest, Unproved: o.Paging.mayHaveSkipped(at)}
	page.Ordered = o.Order == byModification && !page.Unproved
	page.Unproved = page.Unproved || len(p.records) < len(listed) // the list still names them
	if o.skips(at, next) {
		page.HighWater = time.Time{}
	}
	if next != nil {
		next.keep(o, newest)
		page.Next, err = json.Marshal(next)
		page.Ahead = c.ahead(o, r, *next, p)
	}
	return page, err
}

// skips tells whether the promise of a high water would be broken by records that are skipped: in order of modification those of this
// page, else also those of the pages to come.
func (o *readOptions) skips(at place, next *place) bool {
	return o.Paging.mayHaveSkipped(at) || o.Order != byModification && next != nil && o.Paging.mayHaveSkipped(*next)
}

// readAt asks for the records at a place, unchecked.
func (c *client) readAt(ctx context.Context, o *readOptions, r driver.Request, at place) (*taken, error) {
	asked := o.Paging.limit(r.Limit)
	if p, ok := r.Peeked.(*peeked); ok && p.where == o.Paging.where(at) && p.asked == asked {
		return p.taken, nil
	}
	u, err := c.pageAddress(o, r, at, asked)
	if err != nil {
		return nil, err
	}
	p, err := c.list(ctx, o, u, r.Token == nil)
	if err != nil {
		return nil, err
	}
	p.asked, p.url = asked, u
	return p, nil
}

// list asks for a list and takes the answer apart. Only a first page may be the status that means "no records".
func (c *client) list(ctx context.Context, o *readOptions, u *url.URL, first bool) (*taken, error) {
	a, err := c.ask(ctx, o.Method, u, o.Body)
	if err != nil && first && a != nil && a.status == o.Empty && c.isOwn(a) {
		return &taken{total: -1, header: http.Header{}}, nil
	}
	if err != nil {
		return nil, err
	}
	return o.take(a)
}

// isOwn tells whether the system itself answered, in the shape of its errors, and not something that stands before it.
func (c *client) isOwn(a *answer) bool {
	rules := c.options.Errors
	if rawjson.Valid(a.body) != nil || web.IsHTML(a.header, a.body) {
		return false
	}
	return !rules.speak() || text(find(a.body, rules.Code))+rules.said(a.body) != ""
}

// pageAddress makes the URL of a page: filters are repeated on every one.
func (c *client) pageAddress(o *readOptions, r driver.Request, at place, asked int) (*url.URL, error) {
	if at.URL != "" {
		return c.follow(at.URL)
	}
	q := &asking{c.fixed(&o.listOptions), o.Joined}
	if r.Hot {
		q.setAll(c.parameters(o.hot))
	}
	if o.ChangedSince != nil && !r.Since.IsZero() {
		q.set(o.ChangedSince.Param, o.ChangedSince.write(r.Since, c.zone()))
	}
	if o.History != nil && !r.HistoryFrom.IsZero() {
		q.set(o.History.Param, o.History.writeDay(r.HistoryFrom, c.zone()))
	}
	q.setAll(o.asked)
	if o.Paging.Size != "" && asked > 0 {
		q.set(o.Paging.Size, strconv.Itoa(asked))
	}
	o.Paging.ask(q, at)
	return c.address(o.Path, q.query()), nil
}

func (c *client) zone() *time.Location {
	if c.config.TimeZone == nil {
		return time.UTC
	}
	return c.config.TimeZone
}
