package faulttest

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/sim/erp"
)

var checks = flag.Int("histories", 6, "how many histories TestAnything makes up; make soak asks for many")

// TestMain also finds goroutines that outlive the tests.
func TestMain(m *testing.M) {
	flag.Parse()
	_ = flag.Set("rapid.checks", fmt.Sprint(*checks))
	code := m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// history is a world to which anything happens.
type history struct {
	*world
	rt      *rapid.T
	faults  []erp.Fault // that this history knows
	acts    []string    // likewise
	deleted int
	made    int
}

// TestAnything makes up histories: edits of all kinds, faults, syncs, restarts, clocks that jump; each knows only some of them, so that rare
// combinations come about. At the end everything is healed, and source, store and reader must agree.
func TestAnything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		data, err := os.MkdirTemp("", "busbar-anything-")
		if err != nil {
			rt.Fatal(err)
		}
		rt.Cleanup(func() { _ = os.RemoveAll(data) })
		s := rapid.SampledFrom([]setup{
			{}, {read: unordered}, {read: byLink, lists: erp.Lists{Style: erp.ByLink}}, {read: byOffset, lists: erp.Lists{Style: erp.ByOffset}}, {lists: erp.Lists{Cap: 10}},
		}).Draw(rt, "setup")
		s.calls = egress.ClientConfig{IdleTimeout: 50 * time.Millisecond, Deadline: 200 * time.Millisecond, MaxBody: 4 << 20, Attempts: 1}
		h := &history{world: newWorldIn(rt, s, data), rt: rt}
		h.begin()
		for range rapid.IntRange(5, 30).Draw(rt, "steps") {
			h.act(rapid.SampledFrom(h.acts).Draw(rt, "act"))
			if len(h.feed.faults) > 0 {
				rt.Fatalf("the feed: %v", h.feed.faults)
			}
		}
		h.even()
	})
}

// begin draws what this history knows.
func (h *history) begin() {
	h.acts = append(some(h.rt, "acts", []string{"insert", "delete", "recreate", "silent", "late", "bulk", "poison", "break", "mid-read", "restart", "jump", "reset"}),
		"update", "follow", "incremental", "full", "wait", "heal")
	h.faults = some(h.rt, "faults", []erp.Fault{
		{Status: 500}, {Status: 429}, {Status: 410}, {LoginPage: true}, {Body: `[]`}, {Body: allGone}, {Body: `{"error":{"code":"E","message":"m"}}`}, {Cut: 3000}, {Longer: 9},
		{Stall: 2000}, {Again: true}, {Delay: 5 * time.Millisecond}, {Gzip: true}, {Make: erp.Huge(8 << 20), Gzip: true}, {Status: 302}, {Status: 403},
	})
}

// some draws a subset that is not empty.
func some[T any](rt *rapid.T, what string, all []T) (subset []T) {
	mask := rapid.Uint32Range(1, 1<<len(all)-1).Draw(rt, what)
	for i, v := range all {
		if mask&(1<<i) != 0 {
			subset = append(subset, v)
		}
	}
	return subset
}

func (h *history) act(name string) {
	switch name {
	case "break":
		f := rapid.SampledFrom(h.faults).Draw(h.rt, "fault")
		h.plan.Set(erp.Rule{Path: "vendors", After: rapid.IntRange(0, 4).Draw(h.rt, "after"), Times: rapid.IntRange(0, 3).Draw(h.rt, "times"), Fault: f})
	case "mid-read":
		e := h.edit("update")
		h.plan.Set(erp.Rule{Path: "vendors", After: rapid.IntRange(1, 3).Draw(h.rt, "after"), Times: 1, Fault: erp.Fault{Before: func() { h.check(h.sim.Edit(e...)) }}})
	case "heal":
		h.plan.Set()
	case "wait":
		h.clock.add(time.Duration(rapid.IntRange(1, 7200).Draw(h.rt, "seconds")) * time.Second)
		h.step()
	case "jump":
		h.shift.Add(int64(rapid.IntRange(-5400, 5400).Draw(h.rt, "jump")) * int64(time.Second))
	case "restart":
		h.restart()
	case "follow":
		h.follow()
	case "incremental", "full", "reset":
		h.clock.add(time.Second)
		h.ask(h.token, http.MethodPost, "/v1/syncs", map[string]any{"entities": []string{"vendors"}, "mode": name})
		h.step()
		h.follow()
	default:
		h.clock.add(time.Second)
		h.check(h.sim.Edit(h.edit(name)...))
	}
}

// edit draws an edit of that kind.
func (h *history) edit(kind string) []erp.Edit {
	id := fmt.Sprintf("%06d", rapid.IntRange(1, 90).Draw(h.rt, "id"))
	h.made++
	e := edit(id, fmt.Sprintf("Edit %d", h.made))
	switch kind {
	case "insert":
		e.ID = fmt.Sprintf("%06d", 2000+h.made)
	case "delete", "recreate":
		if h.deleted++; h.deleted > 9 { // more at once are held back for a person
			return nil
		}
		e.ID = fmt.Sprintf("%06d", 90+h.deleted)
		if kind == "recreate" {
			return []erp.Edit{remove(e.ID), e}
		}
		return []erp.Edit{remove(e.ID)}
	case "silent":
		e.Silent = true
	case "late": // nobody else edits what a transaction holds
		e.ID = fmt.Sprintf("%06d", 3000+h.made)
		e.Visible = h.sourceTime().Add(time.Duration(rapid.IntRange(1, 7000).Draw(h.rt, "late")) * time.Second)
	case "bulk":
		var all []erp.Edit
		for i := range 30 {
			all = append(all, edit(fmt.Sprintf("%06d", 60+i), e.Set["name"].(string)))
		}
		return all
	case "poison":
		e.ID, e.Set["name"] = fmt.Sprintf("%06d", 110+h.made%5), map[string]any{"no": "text"}
	}
	return []erp.Edit{e}
}
