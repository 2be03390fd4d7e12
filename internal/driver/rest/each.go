package rest

import (
	"context"
	"net/url"
	"sync"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// fixed are the parameters that every request of a list has.
func (c *client) fixed(o *listOptions) url.Values {
	q := c.parameters(o.Query)
	c.repeat(q, o.Repeat)
	return q
}

// repeat adds parameters that stand in a query more than once.
func (c *client) repeat(q url.Values, r repeated) {
	for name, values := range r {
		for _, value := range values {
			q.Add(name, c.expand(value))
		}
	}
}

// each reads the records of a page one by one, where their list shows only part of them. One that is gone by then is none of the page's, which proves no deletion then.
func (c *client) each(ctx context.Context, o *readOptions, e *manifest.Entity, listed [][]byte) ([][]byte, error) {
	if o.Each == 0 {
		return listed, nil
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	whole := make([][]byte, len(listed))
	places := make(chan int)
	var readers sync.WaitGroup
	for range min(o.Each, len(listed)) {
		readers.Go(func() {
			for i := range places {
				var err error
				if whole[i], err = c.listedOne(ctx, e, listed[i]); err != nil {
					stop(err)
				}
			}
		})
	}
	for i := range listed {
		places <- i
	}
	close(places)
	readers.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	records := make([][]byte, 0, len(whole))
	for _, record := range whole {
		if record != nil {
			records = append(records, record)
		}
	}
	return records, nil
}

func (c *client) listedOne(ctx context.Context, e *manifest.Entity, row []byte) ([]byte, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	id := remoteID(row, e.ID)
	if id == "" {
		return row, nil // what is wrong with it is for the mapping to say
	}
	return c.ReadOne(ctx, e, id)
}
