package conformance

import (
	"fmt"

	"github.com/busbar-dev/busbar/internal/driver"
)

// changes lets another user add, change and delete records: an incremental run finds what is new and changed, a full one what is gone, and both the same as a fresh reading.
func (c *checking) changes() {
	var names []string
	c.each(func(e string) {
		if !contains(c.Touches, e) && !contains(c.Adds, e) && !contains(c.Removes, e) {
			c.notChecked(e, "the stand has no hands for it")
			return
		}
		names = append(names, e)
	})
	c.main.sync("full", names)
	for _, e := range names {
		c.guarded(e, func() { c.changesOf(e) })
	}
	c.fresh("after changes", names)
}

func (c *checking) changesOf(e string) {
	ids := c.main.stored(e)
	if contains(c.Touches, e) && len(ids) > 0 {
		before := c.main.image(e)[ids[0]]
		must(c.Hands.Touch(c.ctx, e, ids[0]))
		c.found(e, "touched", func(now map[string]string) bool { return now[ids[0]] != before })
	}
	made := ""
	if contains(c.Adds, e) {
		id, err := c.Hands.Add(c.ctx, e)
		must(err)
		made = id
		c.found(e, "added", func(now map[string]string) bool { return now[id] != "" })
	}
	if !contains(c.Removes, e) {
		return
	}
	if made == "" && len(ids) > 1 {
		made = ids[len(ids)-1]
	}
	must(c.Hands.Remove(c.ctx, e, made))
	if why := ended(c.main.sync("full", []string{e})[e]); why != "" {
		c.failed(e, "%s", why)
	}
	if _, there := c.main.image(e)[made]; there {
		c.failed(e, "record %s was deleted by another user, and a full run still shows it (%s)", made, c.place(e))
		return
	}
	c.seen[[2]string{e, "deletions"}] = true
}

// found runs an incremental sync, which has to find a change.
func (c *checking) found(e, what string, is func(map[string]string) bool) {
	run := c.main.sync("incremental", []string{e})[e]
	if why := ended(run); why != "" {
		c.failed(e, "%s", why)
		return
	}
	if !is(c.main.image(e)) {
		c.failed(e, "a record was %s by another user, and an incremental run does not find it: look at what changed_since asks for, and at updated_at (%s)", what, c.place(e))
		c.broken[[2]string{e, "incremental"}] = true
		return
	}
	if c.connector.Entity(e).Cursor != nil && run.text("since") != "" {
		c.seen[[2]string{e, "incremental"}] = true
	}
}

// fresh holds what the runs left against a reading from nothing.
func (c *checking) fresh(what string, names []string) {
	b := c.newBench(c.ctx, nil)
	defer b.close()
	b.begin(names)
	for _, e := range names {
		if d := differs(b.image(e), c.main.image(e)); d != "" {
			c.failed(e, "%s: what the runs left %s", what, d)
		}
	}
}

// betweenPages changes the first and the last record, and adds and deletes one, while the second page is asked for.
func (c *checking) betweenPages() {
	var names []string
	for _, e := range c.main.entities() {
		if contains(c.Touches, e) && c.counts[e] >= 3 {
			names = append(names, e)
		}
	}
	b := c.newBench(c.ctx, c.small)
	defer b.close()
	if len(names) > 0 {
		b.begin(names)
	}
	c.each(func(e string) {
		if !contains(names, e) {
			c.notChecked(e, "the stand has no hands for it, or it holds too few records")
			return
		}
		c.between(b, e)
	})
}

// between disturbs one full run.
func (c *checking) between(b *bench, e string) {
	ids, done := b.stored(e), false
	b.tap.around(func(r driver.Request) error {
		if done || r.Token == nil {
			return nil
		}
		done = true
		return c.mischief(e, ids)
	}, nil)
	run := b.sync("full", []string{e})[e]
	b.tap.around(nil, nil)
	if !done {
		c.notChecked(e, "it comes in one page")
		return
	}
	if s := run.text("state"); s != "complete" && s != "incomplete" {
		c.failed(e, "changes between pages: %s", ended(run))
	}
	b.sync("incremental", []string{e})
	if why := ended(b.sync("full", []string{e})[e]); why != "" {
		c.failed(e, "a run after changes between pages: %s", why)
	}
	c.main.sync("full", []string{e})
	c.same(b, e, fmt.Sprintf("changes between pages, run %s", run.text("state")))
}

func (c *checking) mischief(e string, ids []string) error {
	for _, id := range []string{ids[0], ids[len(ids)-1]} {
		if err := c.Hands.Touch(c.ctx, e, id); err != nil {
			return err
		}
	}
	if contains(c.Adds, e) {
		id, err := c.Hands.Add(c.ctx, e)
		if err != nil || !contains(c.Removes, e) {
			return err
		}
		return c.Hands.Remove(c.ctx, e, id)
	}
	return nil
}
