package faulttest

import (
	"bytes"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// style is a way to read a list. Pages by number prove nothing about what is not in them, so what is deleted stays (docs/connectors/rest.md).
type style struct {
	name   string
	setup  setup
	proves bool
}

func styles() []style {
	return []style{
		{"cursor", setup{}, true},
		{"cursor without total", setup{lists: erp.Lists{NoTotal: true}}, true},
		{"cursor, capped", setup{lists: erp.Lists{Cap: 10}}, true},
		{"cursor, not in order of modification", setup{read: unordered}, true},
		{"link", setup{read: byLink, lists: erp.Lists{Style: erp.ByLink}}, true},
		{"offset", setup{read: byOffset, lists: erp.Lists{Style: erp.ByOffset}}, true},
		{"offset, capped", setup{read: byOffset, lists: erp.Lists{Style: erp.ByOffset, Cap: 10}}, true},
		{"offset without total", setup{read: byOffsetEnd, lists: erp.Lists{Style: erp.ByOffset, NoTotal: true}}, true},
		{"page", setup{read: byPage, lists: erp.Lists{Style: erp.ByPage}}, false},
		{"page without total", setup{read: byPageEnd, lists: erp.Lists{Style: erp.ByPage, NoTotal: true}}, false},
	}
}

// TestListsThatMove is rows 3, 4 and 5: what others do between two pages.
func TestListsThatMove(t *testing.T) {
	t.Parallel()
	moves := map[string]func(w *world) []erp.Edit{
		"nothing": func(*world) []erp.Edit { return nil },
		"03 update of a read record": func(w *world) []erp.Edit {
			return []erp.Edit{{Resource: "vendors", ID: w.oldest(3), Set: map[string]any{"name": "Moved"}}}
		},
		"03 update of one to come": func(w *world) []erp.Edit {
			return []erp.Edit{{Resource: "vendors", ID: w.oldest(100), Set: map[string]any{"name": "Moved"}}}
		},
		"04 deletion of a read record": func(w *world) []erp.Edit {
			return []erp.Edit{{Resource: "vendors", ID: w.oldest(3), Delete: true}}
		},
		"04 deletion of one to come": func(w *world) []erp.Edit {
			return []erp.Edit{{Resource: "vendors", ID: w.oldest(100), Delete: true}}
		},
		"05 insertion at the end": func(*world) []erp.Edit {
			return []erp.Edit{{Resource: "vendors", ID: "000990", Set: map[string]any{"name": "New"}}}
		},
		"05 insertion before": func(w *world) []erp.Edit {
			return []erp.Edit{{Resource: "vendors", ID: "000991", Set: map[string]any{"name": "New"}, Stamp: w.start.AddDate(-9, 0, 0)}}
		},
		"04, 05 one goes, another comes": func(w *world) []erp.Edit {
			return []erp.Edit{{Resource: "vendors", ID: w.oldest(3), Delete: true}, {Resource: "vendors", ID: "000990", Set: map[string]any{"name": "New"}}}
		},
	}
	for _, s := range styles() {
		for name, move := range moves {
			t.Run(name+"/"+s.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, s.setup)
				w.clock.add(time.Hour)
				w.plan.Set(erp.Rule{Path: "vendors", After: 2, Times: 1, Fault: erp.Fault{Before: func() { w.check(w.sim.Edit(move(w)...)) }}})
				w.sync("full")
				w.follow()
				w.nothingLost(name)
				w.plan.Set()
				w.quiesce()
				c := w.count()
				if !s.proves {
					c.ghost, c.doubled = nil, nil
				}
				w.none(c)
			})
		}
	}
}

// oldest gives the id of the record at that place of the order of modification.
func (w *world) oldest(place int) string {
	return w.places[place]
}

// nothingLost fails the test when a record that was there before and is there still was taken for deleted.
func (w *world) nothingLost(when string) {
	w.Helper()
	stored := w.stored()
	for id := range w.sim.Truth("vendors") {
		if _, ok := stored[id]; !ok && id < "000990" {
			w.Errorf("%s: vendor %s was deleted falsely", when, id)
		}
	}
}

// TestPagesTwiceAndLate is rows 1 and 2.
func TestPagesTwiceAndLate(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]erp.Fault{
		"01 records of the page before come again": {Rewrite: (&repeater{}).again},
		"02 every other page is late":              {Delay: 20 * time.Millisecond},
	} {
		for _, s := range []style{{"cursor", setup{}, true}, {"unordered", setup{read: unordered}, true}} {
			t.Run(name+"/"+s.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, s.setup)
				w.change()
				w.plan.Set(listAfter(1, f))
				w.sync("full")
				w.follow()
				w.nothingLost(name)
				w.even()
			})
		}
	}
}

// repeater puts the records of the list before into each list.
type repeater struct {
	mu   sync.Mutex
	last []byte
}

func (r *repeater) again(body []byte) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	end := bytes.LastIndex(body, []byte(`],"nextCursor"`))
	records := bytes.Clone(body[len(`{"data":[`):end])
	out := body
	if len(r.last) > 0 && len(records) > 0 {
		out = []byte(`{"data":[` + string(r.last) + "," + string(body[len(`{"data":[`):]))
	}
	r.last = records
	return out
}

// TestOneStampForAll is row 6: a bulk load stamps 5,000 records with one instant, across page edges.
func TestOneStampForAll(t *testing.T) {
	t.Parallel()
	for _, s := range styles() {
		if s.setup.lists.Cap > 0 || s.setup.lists.NoTotal {
			continue // ten at a time takes its time
		}
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.setup.page = 500
			w := newWorld(t, s.setup)
			w.clock.add(time.Hour)
			var bulk []erp.Edit
			for i := range 5000 {
				bulk = append(bulk, erp.Edit{Resource: "vendors", ID: fmt.Sprintf("%06d", 1000+i), Set: map[string]any{"name": "Loaded"}, Stamp: w.clock.Now()})
			}
			w.check(w.sim.Edit(bulk...))
			before := w.sim.Ledger()["list vendors"]
			w.clock.add(time.Minute)
			w.settled("incremental")
			w.follow()
			if n := w.sim.Ledger()["list vendors"] - before; n > 25 {
				t.Errorf("%d pages were asked for; 5,120 records fit into 11", n)
			}
			w.balanced()
			w.even()
		})
	}
}

// TestPageTokens is row 21: tokens that expire and tokens that lead in a circle.
func TestPageTokens(t *testing.T) {
	t.Parallel()
	invalid := erp.Fault{Status: 400, Body: `{"error":{"code":"invalid_cursor","message":"expired"}}`}
	for _, c := range []struct {
		name, read    string
		rule          erp.Rule
		state, reason string
	}{
		{"expired once, 410", byCursor, erp.Rule{Path: "vendors", After: 2, Times: 1, Fault: erp.Fault{Status: 410}}, "queued", "page-token-gone"},
		{"expired once, 400", byCursor, erp.Rule{Path: "vendors", After: 2, Times: 1, Fault: invalid}, "queued", "page-token-gone"},
		{"expired always", byCursor, erp.Rule{Path: "vendors", When: hasCursor, Fault: invalid}, "queued", "page-token-gone"},
		{"a circle", unordered, erp.Rule{Path: "vendors", When: isPage, Fault: erp.Fault{Rewrite: (&circle{}).turn}}, "incomplete", "page-token-loop"},
		{"a circle, in order", byCursor, list(erp.Fault{Rewrite: (&circle{}).turn}), "queued", "answer-damaged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{read: c.read})
			w.change()
			before, asked := w.stream().get("cursor_at"), w.sim.Ledger()["list vendors"]
			w.plan.Set(c.rule)
			run := w.sync("full")
			w.ends(run, c.state, c.reason)
			for run.get("state") == "queued" && c.rule.Times == 0 {
				run = w.retry(run)
			}
			if n := w.sim.Ledger()["list vendors"] - asked; n > 60 {
				t.Errorf("%d pages were asked for", n)
			}
			if got := w.stream(); got.get("cursor_at") != before && c.rule.Times == 0 || got.get("counts", "deleted") != "0" && c.rule.Times == 0 {
				t.Errorf("%s", got)
			}
			w.even()
		})
	}
}

var nextCursor = regexp.MustCompile(`"nextCursor":"([^"]*)"`)

// circle leads from the third page back to the second.
type circle struct {
	mu   sync.Mutex
	seen []string
}

func (c *circle) turn(body []byte) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := nextCursor.FindSubmatch(body)
	if found == nil {
		return body
	}
	if c.seen = append(c.seen, string(found[1])); len(c.seen) < 3 || string(found[1]) != c.seen[2] {
		return body
	}
	return bytes.Replace(body, found[1], []byte(c.seen[0]), 1)
}

func hasCursor(r *http.Request) bool { return r.URL.Query().Get("cursor") != "" }

// isPage leaves out the question for the newest record.
func isPage(r *http.Request) bool { return r.URL.Query().Get("sort") == "" }

// TestWrongTotals is row 13: a source that counts wrongly, or not what it gives, makes no record look deleted and hides none.
func TestWrongTotals(t *testing.T) {
	t.Parallel()
	for _, s := range styles() {
		if s.setup.lists.NoTotal {
			continue
		}
		for _, off := range []int{-30, 5} {
			t.Run(fmt.Sprintf("%s/%+d", s.name, off), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, s.setup)
				w.clock.add(time.Hour)
				w.check(w.sim.Edit(edit("000990", "New")))
				w.plan.Set(list(erp.Fault{Rewrite: func(body []byte) []byte { return miscount(body, off) }}))
				w.sync("full")
				w.follow()
				w.nothingLost("a wrong total")
				w.even()
			})
		}
	}
}

var total = regexp.MustCompile(`"total":(\d+)`)

func miscount(body []byte, off int) []byte {
	return total.ReplaceAllFunc(body, func(found []byte) []byte {
		n, _ := strconv.Atoi(string(found[len(`"total":`):]))
		return fmt.Appendf(nil, `"total":%d`, max(n+off, 0))
	})
}
