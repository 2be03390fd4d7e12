package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
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
	asked := o.Paging.limit(r.Limit)
	u, err := c.pageAddress(o, r, at, asked)
	if err != nil {
		return nil, err
	}
	p, err := c.list(ctx, o, u)
	if err != nil {
		return nil, err
	}
	p.asked, p.url = asked, u
	page := &driver.Page{Records: p.records, Total: p.total, HighWater: newest}
	next, err := c.next(o, at, p)
	if err != nil {
		return nil, err
	}
	if o.Order == byModification && len(p.records) > 0 {
		if page.HighWater, err = c.inOrder(o, at, p.records); err != nil {
			return nil, err
		}
	}
	if next != nil {
		next.keep(o, page.HighWater)
		page.Next, err = json.Marshal(next)
	}
	return page, err
}

// list asks for a list and takes the answer apart.
func (c *client) list(ctx context.Context, o *readOptions, u *url.URL) (*taken, error) {
	a, err := c.ask(ctx, o.Method, u, o.Body)
	if isNone(err, o.Empty) {
		return &taken{total: -1, header: http.Header{}}, nil
	}
	if err != nil {
		return nil, err
	}
	return o.take(a)
}

// isNone tells whether an error is the system's way of saying that there are no records.
func isNone(err error, status int) bool {
	var e *driver.Error
	return status != 0 && errors.As(err, &e) && e.Status == status
}

// pageAddress makes the URL of a page: filters are repeated on every one.
func (c *client) pageAddress(o *readOptions, r driver.Request, at place, asked int) (*url.URL, error) {
	if at.URL != "" {
		return c.follow(at.URL)
	}
	q := c.parameters(o.Query)
	if o.ChangedSince != nil && !r.Since.IsZero() {
		q.Set(o.ChangedSince.Param, o.ChangedSince.write(r.Since, c.zone()))
	}
	if o.History != nil && !r.HistoryFrom.IsZero() {
		q.Set(o.History.Param, o.History.write(r.HistoryFrom, time.UTC))
	}
	if o.Paging.Size != "" && asked > 0 {
		q.Set(o.Paging.Size, strconv.Itoa(asked))
	}
	o.Paging.ask(q, at)
	return c.address(o.Path, q), nil
}

func (c *client) zone() *time.Location {
	if c.config.TimeZone == nil {
		return time.UTC
	}
	return c.config.TimeZone
}
