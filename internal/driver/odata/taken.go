package odata

import (
	"bytes"
	"context"
	"net/url"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// taken is an answer taken apart: the records, and what stands around them.
type taken struct {
	records [][]byte
	next    string // where the system itself goes on; "" at its end
	total   int64
	asked   int
	over    bool // it leads nowhere
	from    *url.URL
}

// list asks for records and takes the answer apart.
func (c *client) list(ctx context.Context, r *reading, l list) (*taken, error) {
	return c.take(ctx, r, c.listAddress(r, l))
}

func (c *client) take(ctx context.Context, r *reading, u *url.URL) (*taken, error) {
	a, err := c.ask(ctx, r.Protocol, u)
	if err != nil {
		return nil, err
	}
	if err := rawjson.Valid(a.body); err != nil {
		return nil, notJSON(err)
	}
	t := &taken{from: u}
	list, next, count := find(a.body, "value"), find(a.body, "@odata.nextLink"), find(a.body, "@odata.count")
	if r.Protocol == v2 {
		data := find(a.body, "d")
		list, next, count = find(data, "results"), find(data, "__next"), find(data, "__count")
		if list == nil && len(data) > 0 && data[0] == '[' {
			list = data
		}
	}
	if list == nil || bytes.TrimSpace(list)[0] != '[' {
		return nil, &driver.Error{Kind: driver.Torn, Status: a.status, Detail: "The answer has no list of records where OData " + r.Protocol + " has one; is this the right version?"}
	}
	if t.records, err = splitList(list); err != nil {
		return nil, err
	}
	t.next = text(next)
	t.total, err = numbered(count)
	return t, err
}

// linkOf reads the address of the next page, absolute or relative to the page. It must lead to the same host; only its path and query are kept.
func (c *client) linkOf(t *taken) (string, error) {
	u, err := t.from.Parse(t.next)
	switch {
	case err != nil:
		return "", torn("The address of the next page is not one.")
	case u.Scheme != c.base.Scheme || u.Host != c.base.Host || u.User != nil:
		return "", torn("The address of the next page leads to another host; it is not followed.")
	case strings.HasPrefix(u.Path, "//"):
		return "", torn("The address of the next page is not one.")
	case u.Path == t.from.Path && u.RawQuery == t.from.RawQuery:
		return "", torn("The system leads back to the page that was just read, so its pages never end.")
	}
	return (&url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery}).String(), nil
}

// follow reads the page at a stored link.
func (c *client) follow(ctx context.Context, r *reading, stored string) (*taken, error) {
	u, err := url.Parse(stored)
	if err != nil || u.Host != "" || u.Scheme != "" {
		return nil, placeGone(err)
	}
	return c.take(ctx, r, c.base.ResolveReference(u))
}
