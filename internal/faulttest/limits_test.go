package faulttest

import (
	"fmt"
	"net/http"
	"runtime/metrics"
	"sync/atomic"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// TestRetryAfter is row 20: whatever a system writes into Retry-After, the next attempt lies between our own pause and a day, and nothing is lost.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, value string
		least, most time.Duration // until the next attempt
	}{
		{"seconds", "600", 10 * time.Minute, 11 * time.Minute},
		{"a date", noon().Add(2 * time.Hour).Format(http.TimeFormat), 110 * time.Minute, 2 * time.Hour},
		{"a date long past", "Wed, 21 Oct 2015 07:28:00 GMT", 30 * time.Second, time.Minute},
		{"the far future", "4102444800", 24 * time.Hour, 24 * time.Hour},
		{"the far future as a date", "Fri, 01 Jan 2100 00:00:00 GMT", 24 * time.Hour, 24 * time.Hour},
		{"negative", "-5", 30 * time.Second, time.Minute},
		{"garbage", "soon, perhaps", 30 * time.Second, time.Minute},
		{"not a number", "NaN", 30 * time.Second, time.Minute},
		{"beyond numbers", "1e999", 30 * time.Second, 24 * time.Hour},
		{"a fraction", "0.5", 30 * time.Second, time.Minute},
	} {
		for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
			t.Run(fmt.Sprintf("%s/%d", c.name, status), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, setup{})
				w.change()
				w.plan.Set(list(erp.Fault{Status: status, Header: map[string]string{"Retry-After": c.value, "Date": noon().Format(http.TimeFormat)}}))
				run := w.sync("full")
				reason := map[int]string{http.StatusTooManyRequests: "system-rate-limited", http.StatusServiceUnavailable: "system-error"}[status]
				w.ends(run, "queued", reason)
				at, err := time.Parse(time.RFC3339Nano, run.get("retry_at"))
				w.check(err)
				if wait := at.Sub(w.clock.Now()); wait < c.least || wait > c.most {
					t.Errorf("the next attempt is in %s, want %s to %s", wait, c.least, c.most)
				}
				w.restart()
				w.even()
			})
		}
	}
}

// TestStorm is row 20: a system that fails every third request is read to the end, and is never asked more than its limits allow.
func TestStorm(t *testing.T) {
	t.Parallel()
	const perSecond = 40
	w := newWorld(t, setup{vendors: 40, page: 5, limits: fmt.Sprintf("{concurrency: 4, per_second: %d}", perSecond), calls: egress.ClientConfig{Attempts: 3, MaxWait: time.Second}})
	w.change()
	var n atomic.Int64
	w.plan.Set(erp.Rule{Path: "vendors", When: func(*http.Request) bool { return n.Add(1)%3 == 0 }, Fault: erp.Fault{Status: 503}})
	w.settled("full")
	w.follow()
	w.balanced()
	for second, requests := range w.sim.Arrivals() {
		if requests > perSecond {
			t.Errorf("%d requests in second %d; %d are allowed", requests, second, perSecond)
		}
	}
	w.even()
}

// TestSlotsAreFree is row 19: with one call at a time allowed, a call that hung leaves its place to the next.
func TestSlotsAreFree(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{limits: "{concurrency: 1}", calls: egress.ClientConfig{IdleTimeout: 50 * time.Millisecond, Deadline: 200 * time.Millisecond}})
	for _, f := range []erp.Fault{{Stall: 100}, {Delay: time.Minute}, {Cut: 100}, {Slow: 30 * time.Millisecond}, {Status: 500}, {Make: erp.Huge(1 << 30)}} {
		w.change()
		w.plan.Set(list(f))
		w.sync("full")
		w.plan.Set()
		w.clock.add(time.Hour)
		w.settled("full")
		w.follow()
		w.check(w.sim.Edit(edit("000006", "Again"), remove("000998")))
	}
	w.even()
}

// TestMemory is row 22: hostile bodies do not grow the process. It runs alone.
func TestMemory(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault erp.Fault
	}{
		{"gzip bomb", erp.Fault{Make: erp.Huge(1 << 30), Gzip: true}},
		{"a hundred thousand deep", erp.Fault{Make: erp.Nested(100_000)}},
		{"ten million deep", erp.Fault{Make: erp.Nested(10_000_000)}},
		{"two gigabytes", erp.Fault{Make: erp.Huge(2 << 30)}},
		{"a member of 50 MB", erp.Fault{Make: erp.Huge(50 << 20)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, setup{})
			w.plan.Set(list(c.fault))
			var run string
			grown := peak(func() { run = w.sync("full").get("state") })
			if w.plan.Hits() == 0 || run == "complete" {
				t.Errorf("the run is %s", run)
			}
			t.Logf("%d MiB more at the peak", grown>>20)
			if grown > maxGrowth {
				t.Errorf("%d MiB more at the peak; %d are allowed", grown>>20, maxGrowth>>20)
			}
			w.even()
		})
	}
}

// maxGrowth is what one hostile answer may add: the answer itself, which is read whole, twice over while its buffer grows.
const maxGrowth = 64 << 20

// peak gives how much more memory was in use at the worst moment of f.
func peak(f func()) (grown int64) {
	read := func() int64 {
		s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(s)
		return int64(s[0].Value.Uint64())
	}
	before, stop, done := read(), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			grown = max(grown, read()-before)
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	}()
	f()
	close(stop)
	<-done
	return grown
}
