package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/store"
)

// aheadPage is what the scripted source gives to who peeks.
type aheadPage struct {
	n    int
	list []order
	size int
}

func (p *aheadPage) Size() int { return p.size }

// desk is a scripted source of numbered pages that may be read side by side; it notes what it was asked.
type desk struct {
	mu          sync.Mutex
	pages       [][]order
	size        int                                    // of a page that was read ahead, in bytes
	peek        func(ctx context.Context, n int) error // before a page is read ahead; nil: nothing
	now, most   int                                    // pages being read ahead
	held, heavy int                                    // pages that were read ahead and not taken
	peeked      []int
	fetched     []int
	moved       bool // the last page's place is told wrong
}

// ahead scripts a source that gives these pages in turn and tells the places of the next n.
func (s *source) ahead(pages [][]order, n int) *desk {
	d := &desk{pages: pages, size: 100}
	s.fetch = func(r driver.Request) (*driver.Page, error) { return d.fetch(r, n) }
	return d
}

func (d *desk) fetch(r driver.Request, n int) (*driver.Page, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	at, _ := strconv.Atoi(string(r.Token))
	list := d.pages[at]
	if p, ok := r.Peeked.(*aheadPage); ok {
		d.held--
		if p.n == at {
			list = p.list
		}
	} else {
		d.fetched = append(d.fetched, at)
	}
	p := filteredPage(list)
	p.HighWater = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	if at+1 == len(d.pages) {
		return p, nil
	}
	p.Next = json.RawMessage(strconv.Itoa(at + 1))
	for i := at + 1; i < min(at+1+n, len(d.pages)); i++ {
		key := i
		if d.moved && i+1 == len(d.pages) && i > at+1 {
			key = -i
		}
		p.Ahead = append(p.Ahead, driver.Place{Key: strconv.Itoa(key), Peek: func(ctx context.Context) (driver.Peeked, error) { return d.look(ctx, i) }})
	}
	return p, nil
}

func (d *desk) look(ctx context.Context, n int) (driver.Peeked, error) {
	d.mu.Lock()
	d.now++
	d.most = max(d.most, d.now)
	d.peeked = append(d.peeked, n)
	list := d.pages[n]
	d.mu.Unlock()
	var err error
	if d.peek != nil {
		err = d.peek(ctx, n)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now--
	if err != nil {
		return nil, err
	}
	d.held++
	d.heavy = max(d.heavy, d.held)
	return &aheadPage{n, list, d.size}, nil
}

func bundles(n int) (pages [][]order) {
	for i := range n {
		pages = append(pages, orders(i*5, i*5+5))
	}
	return pages
}

func TestPagesAreReadSideBySideAndStoredInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.source.ahead(bundles(40), 4)
	together := make(chan struct{}, 4)
	d.peek = func(ctx context.Context, n int) error { // four must be under way before the first of them is answered
		if n <= 4 {
			together <- struct{}{}
			for len(together) < 4 {
				if ctx.Err() != nil {
					return ctx.Err()
				}
			}
		}
		return nil
	}
	w.ends(w.sync(store.Full), store.RunComplete, "")
	if d.most != 4 || len(d.fetched) != 1 || len(d.peeked) != 39 || len(w.notes()) != 200 {
		t.Errorf("%d at once, fetched %v, %d read ahead, %d stored; want 4, the first, 39 and 200", d.most, d.fetched, len(d.peeked), len(w.notes()))
	}
	for i, e := range w.feed(0) {
		if want := fmt.Sprintf("%04d", i); e.RemoteID != want {
			t.Fatalf("entry %d is %s; want the order of the pages", i, e.RemoteID)
		}
	}
}

// A page that is late lets none behind it be stored: the checkpoint stands in front of it.
func TestALatePageKeepsLaterOnesFromBeingStored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.source.ahead(bundles(6), 4)
	d.peek = func(_ context.Context, n int) error {
		if n == 3 {
			return errors.New("lost")
		}
		return nil
	}
	whole := w.source.fetch
	w.source.fetch = func(r driver.Request) (*driver.Page, error) {
		if string(r.Token) == "3" {
			return nil, &driver.Error{Kind: driver.Unreachable, Detail: "gone"}
		}
		return whole(r)
	}
	run := w.sync(store.Full)
	w.ends(run, store.RunQueued, "system-unreachable")
	if n := len(w.notes()); n != 15 {
		t.Fatalf("%d records stored; want those of the three pages in front", n)
	}
	w.source.fetch, w.clock = whole, run.RetryAt
	w.work()
	w.ends(w.run(run.ID), store.RunComplete, "")
	if n := len(w.notes()); n != 30 {
		t.Errorf("%d records stored, want 30", n)
	}
}

func TestAPeekThatFailsOrIsOfAnotherPlaceIsAskedForAnew(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*desk){
		"every one fails":            func(d *desk) { d.peek = func(context.Context, int) error { return errors.New("refused") } },
		"the places were told wrong": func(d *desk) { d.moved = true },
		"larger than what is kept":   func(d *desk) { d.size = aheadBytes + 1 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			d := w.source.ahead(bundles(12), 3)
			set(d)
			w.ends(w.sync(store.Full), store.RunComplete, "")
			if n := len(w.notes()); n != 60 || len(d.fetched)+len(d.peeked) <= 12 {
				t.Errorf("%d stored, fetched anew %v; want 60", n, d.fetched)
			}
		})
	}
}

// What is read ahead is bounded by bytes: large pages leave room for few.
func TestLargePagesAreReadAheadOneAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pages := bundles(4)
	for i := range pages {
		pages[i][0].note = longNote
	}
	d := w.source.ahead(pages, 4)
	d.size = len(longNote)
	w.ends(w.sync(store.Full), store.RunComplete, "")
	if d.most > 3 || d.heavy > 3 {
		t.Errorf("%d read at once, %d held, of %d MB each; want %d MB at most", d.most, d.heavy, len(longNote)>>20, aheadBytes>>20)
	}
}

var longNote = strings.Repeat("x", 12<<20)

// When the turn is over nothing that was read ahead is left behind, and the next turn goes on behind what is stored.
func TestATurnThatEndsThrowsAwayWhatWasReadAhead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.source.ahead(bundles(20), 4)
	whole, ctx := w.source.fetch, t.Context()
	turn, end := context.WithCancel(ctx)
	w.source.fetch = func(r driver.Request) (*driver.Page, error) {
		if string(r.Token) == "5" {
			end()
		}
		return whole(r)
	}
	runs, err := w.service.Request(acting(ctx), w.conn, []string{"purchase-orders"}, store.Full, "manual")
	w.must(err)
	run, err := w.store.AcquireRun(ctx, &runs[0], "x", w.clock.Add(time.Minute), w.clock)
	w.must(err)
	s := &runSlice{worker: w.worker, conn: w.conn, run: run, turn: turn}
	if err := s.advance(ctx); !errors.Is(err, errTurnOver) {
		t.Fatalf("%v; want the turn over", err)
	}
	if d.now != 0 {
		t.Errorf("%d pages are still being read", d.now)
	}
	w.clock = w.clock.Add(2 * time.Minute)
	w.work()
	w.ends(w.run(run.ID), store.RunComplete, "")
	if n := len(w.notes()); n != 100 {
		t.Errorf("%d stored, want 100", n)
	}
}
