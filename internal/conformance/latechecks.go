package conformance

import (
	"fmt"
	"runtime"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
)

// lateCommits lets a transaction stamp a record, lets others change another one and Busbar read it, and commits then.
func (c *checking) lateCommits() {
	late, _ := c.Hands.(Committer)
	c.each(func(e string) {
		ids := c.main.stored(e)
		if !contains(c.Touches, e) || len(ids) < 2 {
			c.notChecked(e, "the stand has no hands for it, or it holds too few records")
			return
		}
		c.main.sync("incremental", []string{e})
		before := c.main.image(e)[ids[0]]
		commit, err := late.Late(c.ctx, e, ids[0])
		must(err)
		c.Clock.Forward(time.Second)
		must(c.Hands.Touch(c.ctx, e, ids[1]))
		c.main.sync("incremental", []string{e})
		must(commit())
		c.Clock.Forward(10 * time.Minute)
		c.main.sync("incremental", []string{e})
		if c.main.image(e)[ids[0]] == before {
			c.failed(e, "a change that was committed after a later one had been read is not found: look at cursor: lookback, and at what the high-water mark promises (%s)", c.place(e))
		}
	})
}

// manyRows are so many that a program which keeps them all is seen to.
const manyRows = 10_000

// mostGrowth is how much more memory may be in use on one page than on another.
const mostGrowth = 64 << 20

// memory reads an entity of many records and looks at what is in use on its way.
func (c *checking) memory() {
	for _, e := range c.main.entities() {
		if c.counts[e] < manyRows {
			continue
		}
		b := c.newBench(c.ctx, map[string]int{e: 500})
		defer b.close()
		least, most, pages := uint64(1<<62), uint64(0), 0
		b.tap.around(nil, func(driver.Request, *driver.Page) {
			if pages++; pages%4 != 0 {
				return
			}
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			least, most = min(least, m.HeapAlloc), max(most, m.HeapAlloc)
		})
		b.begin([]string{e})
		if most > least+mostGrowth {
			c.failed(e, "memory grows from %d to %d MiB over %d records in %d pages", least>>20, most>>20, c.counts[e], pages)
		}
		c.rows = append(c.rows, Row{c.name, e, OK, fmt.Sprintf("between %d and %d MiB over %d records", least>>20, most>>20, c.counts[e])})
	}
}
