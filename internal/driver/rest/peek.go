package rest

import (
	"context"
	"strconv"

	"github.com/busbar-dev/busbar/internal/driver"
)

// peeked is an answer that was read ahead.
type peeked struct {
	*taken
	where string
}

// Size implements driver.Peeked.
func (p *peeked) Size() int { return p.body }

// where names the place that a page number or an offset asks for.
func (p pagingOptions) where(at place) string {
	if p.Style == "page" {
		return strconv.Itoa(at.Page)
	}
	return strconv.FormatInt(at.Offset, 10)
}

// ahead gives the places of the pages to come: page numbers and offsets can be told without the pages between, as far as the count reaches, or
// as far as is allowed where there is none. A page that is shorter than those before it is near the end: nothing is told.
func (c *client) ahead(o *readOptions, r driver.Request, next place, t *taken) []driver.Place {
	step := next.Span
	if o.Paging.Style == "offset" {
		step-- // each page begins with the last record of the one before
	}
	if o.Paging.Concurrent < 2 || next.Proof || step < 1 {
		return nil
	}
	places := make([]driver.Place, o.left(next, t, step))
	for i := range places {
		at := place{Page: next.Page + i, Offset: next.Offset + int64(i*step)}
		places[i] = driver.Place{Key: o.Paging.where(at), Peek: c.peek(o, r, at)}
	}
	return places
}

// left is how many of the pages to come may be read ahead.
func (o *readOptions) left(next place, t *taken, step int) int {
	n := o.Paging.Concurrent
	pages, err := strconv.Atoi(text(find(t.around, o.Paging.Pages)))
	switch {
	case next.Doubt || t.total < 0 && err != nil:
		if t.given() < next.Span {
			return 0
		}
	case t.total >= 0:
		n = min(n, int(max(0, (t.total-next.Offset+int64(step)-1)/int64(step))))
	default:
		n = min(n, max(0, pages-next.Page+o.Paging.First))
	}
	return n
}

func (c *client) peek(o *readOptions, r driver.Request, at place) func(context.Context) (driver.Peeked, error) {
	r.Token, r.Peeked = []byte("{}"), nil // never the first page
	if o.Paging.Style == "offset" {
		at.Offset--
	}
	return func(ctx context.Context) (driver.Peeked, error) {
		t, err := c.readAt(ctx, o, r, at)
		if err != nil {
			return nil, err
		}
		return &peeked{t, o.Paging.where(at)}, nil
	}
}
