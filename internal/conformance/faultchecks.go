package conformance

import (
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/sim/fault"
)

// wrong is a way in which one answer to a read goes wrong.
type wrong struct {
	name  string
	fault fault.Fault
}

func wrongs() []wrong {
	return []wrong{
		{"429 that asks to wait", fault.Fault{Status: 429, RetryAfter: 2 * time.Second}},
		{"503", fault.Fault{Status: 503}},
		{"a torn body", fault.Fault{Cut: 40}},
		{"a torn head", fault.Fault{Torn: 9}},
		{"a login page in a 200", fault.Fault{LoginPage: true}},
		{"an empty object in a 200", fault.Fault{Body: "{}"}},
		{"no answer", fault.Fault{Drop: true}},
	}
}

// subject is the entity with the fewest records that come in several pages; without one, the first.
func (s *suite) subject() (best string) {
	for _, e := range s.main.entities() {
		if s.counts[e] >= 6 && (best == "" || s.counts[e] < s.counts[best]) {
			best = e
		}
	}
	if best == "" {
		best = s.main.entities()[0]
	}
	return best
}

// faults spoils one answer of a full run in each way: no record may be lost or deleted, and a later run is complete.
func (c *checking) faults() {
	e := c.subject()
	b := c.newBench(c.ctx, c.small)
	defer b.close()
	b.begin([]string{e})
	if c.cutter != nil {
		c.cuts(b, e)
		return
	}
	for i, w := range wrongs() {
		c.spoilt(b, e, w, i%2) // the first call of a run, or a later one
		c.spoilt(b, e, w, 2)
	}
}

// spoilt makes one full run of which one answer goes wrong, and the run after it.
func (c *checking) spoilt(b *bench, e string, w wrong, after int) {
	c.proxy.plan.Set(reads(after, 1, w.fault))
	run := b.sync("full", []string{e})[e]
	if c.proxy.plan.Hits() == 0 {
		c.proxy.plan.Set()
		return // the run needs fewer calls
	}
	c.proxy.plan.Set()
	c.afterwards(b, e, w.name, run)
}

// afterwards holds what is stored after a spoilt run, and after the next one, against the truth.
func (c *checking) afterwards(b *bench, e, what string, run object) {
	if d := differs(c.main.image(e), b.image(e)); d != "" {
		c.failed(e, "%s, and the run ends %s: what is stored %s", what, run.text("state"), d)
		return
	}
	if why := b.mended(); why != "" {
		c.failed(e, "%s once, and the connection does not come back: %s", what, why)
		return
	}
	if why := ended(b.sync("full", []string{e})[e]); why != "" {
		c.failed(e, "%s once, and the run after it: %s", what, why)
		return
	}
	c.same(b, e, "after "+what)
}

// mended waits until the connection works again, and says why it does not.
func (b *bench) mended() string {
	for range patience {
		state := b.call(b.token, "GET", "/v1/connection", nil).text("status")
		if state == "active" || state == "degraded" {
			return ""
		}
		if state == "needs_reauthorization" {
			return "it is " + state
		}
		b.Clock.Forward(20 * time.Minute)
		b.settle()
	}
	return "it is " + b.call(b.token, "GET", "/v1/connection", nil).text("status")
}

// cuts ends the connections of a full run at several bytes of the system's answers.
func (c *checking) cuts(b *bench, e string) {
	for _, n := range []int64{0, 1, 100, 1000, 5000, 20000} {
		c.cutter.after(n)
		c.cutter.cut()
		b.request("full", []string{e})
		b.step()
		c.cutter.after(-1)
		c.cutter.cut()
		c.afterwards(b, e, "a connection cut in the midst of an answer", b.settle()[e])
	}
}

// stuck lets the system answer one page for ever: the run has to end.
func (c *checking) stuck() {
	e := c.subject()
	if c.counts[e] < 3 {
		stopf("no entity has several pages")
	}
	b := c.newBench(c.ctx, c.small)
	defer b.close()
	b.begin([]string{e})
	fetches := 0
	b.tap.around(func(driver.Request) error {
		if fetches++; fetches > 60 {
			return errStopped
		}
		return nil
	}, nil)
	c.proxy.plan.Set(reads(1, 0, fault.Fault{Again: true}))
	b.request("full", []string{e})
	b.step()
	b.tap.around(nil, nil)
	c.proxy.plan.Set()
	if fetches > 60 {
		c.failed(e, "one answer came again and again, and more than 60 pages were asked for: %s. A token that leads where it came from must be an error", c.place(e))
	}
	b.settle()
	c.afterwards(b, e, "one answer again and again", b.runs()[e])
}

// lostLogin lets the system refuse one call, as it does when a session is over.
func (c *checking) lostLogin() {
	e := c.subject()
	b := c.newBench(c.ctx, c.small)
	defer b.close()
	b.begin([]string{e})
	c.spoilt(b, e, wrong{"401", fault.Fault{Status: 401}}, 1)
}
