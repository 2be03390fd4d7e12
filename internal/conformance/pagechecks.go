package conformance

import (
	"context"
	"errors"
	"fmt"

	"github.com/busbar-dev/busbar/internal/driver"
)

// smallPages reads everything in pages of a few records, so that rows of one stamp fall on both sides of an edge.
func (c *checking) smallPages() {
	b := c.newBench(c.ctx, c.small)
	defer b.close()
	pages := map[string]int{}
	b.tap.around(nil, func(r driver.Request, _ *driver.Page) { pages[r.Entity.Name]++ })
	b.begin(b.entities())
	runs := b.runs()
	c.each(func(e string) {
		if why := ended(runs[e]); why != "" {
			c.failed(e, "in pages of %d: %s", c.small[e], why)
			return
		}
		c.same(b, e, fmt.Sprintf("in pages of %d", c.small[e]))
		if c.counts[e] >= 3 && pages[e] < 2 {
			c.failed(e, "%d records came in one page although %d were asked for: the size that the paging names does not reach the system", c.counts[e], c.small[e])
		}
	})
}

// resumes ends Busbar's process after each page, a few times for each entity, and goes on in another one.
func (c *checking) resumes() {
	b := c.newBench(c.ctx, c.small)
	defer b.close()
	names := b.entities()
	if r := b.connect(b.login(), names); r.status >= 300 {
		stopf("%s", r.problem())
	}
	lives, at := 0, &life{pages: 1, stops: map[string]int{}}
	for ; c.live(b, at); lives++ {
		if lives > 20+2*mostStops*len(names) {
			stopf("%d processes, each of which read a page, did not come to the end", lives)
		}
	}
	b.settle()
	runs := b.runs()
	c.each(func(e string) {
		if why := ended(runs[e]); why != "" {
			c.failed(e, "stopped after each of %d pages: %s", lives, why)
			return
		}
		c.same(b, e, "stopped after each page")
	})
}

// life is how long each process lives: until it has asked for one page more than it began with. Where it stored none of them before it ended, the next ones live for a page longer.
type life struct {
	pages int
	began string
	stops map[string]int // by entity
}

// mostStops bounds how often the reading of one entity is ended on the way.
const mostStops = 2

// live lets Busbar read on until it asks for one page more, and ends its process there; false: there was nothing more to stop.
func (c *checking) live(b *bench, l *life) bool {
	ctx, cancel := context.WithCancel(c.ctx)
	defer cancel()
	asked, began := 0, ""
	b.tap.around(func(r driver.Request) error {
		if asked++; asked == 1 {
			began = r.Entity.Name + string(r.Token)
		}
		if asked > l.pages && r.Token != nil && l.stops[r.Entity.Name] < mostStops {
			l.stops[r.Entity.Name]++
			cancel()
			return ctx.Err()
		}
		return nil
	}, nil)
	err := b.app.Step(ctx, b.id)
	b.tap.around(nil, nil)
	if err != nil && !errors.Is(err, context.Canceled) {
		must(err)
	}
	if ctx.Err() == nil {
		return false
	}
	if began == l.began {
		l.pages++
	}
	l.began = began
	b.reopen()
	return true
}
