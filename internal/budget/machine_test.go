package budget

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// peer is a process of the model: what it really has under way and who really waits there.
type peer struct {
	ask   Ask
	dead  bool
	until time.Duration // its lease, as the model counts it
}

// world runs peers against one state on a clock of its own and writes down every call that reaches the system.
type world struct {
	t      *rapid.T
	terms  terms
	state  State
	now    time.Duration // real time
	skew   time.Duration // of the keeper's clock
	peers  []*peer
	calls  []time.Duration
	random float64
	made   int
}

func (w *world) add() *peer {
	w.made++
	p := &peer{ask: Ask{Holder: fmt.Sprint(w.made), Lease: placeLease, terms: w.terms,
		Late:  time.Duration(rapid.SampledFrom([]int{20, 20, 300}).Draw(w.t, "late")) * time.Millisecond,
		Ahead: time.Duration(rapid.SampledFrom([]int{0, 20}).Draw(w.t, "ahead")) * time.Millisecond}}
	w.peers = append(w.peers, p)
	return p
}

// clock is the keeper's.
func (w *world) clock() time.Time { return time.Unix(1e9, 0).Add(w.now + w.skew) }

// turn lets a peer ask. lost: the keeper changed its state, but the peer never hears of it.
func (w *world) turn(p *peer, lost bool) Answer {
	if p.dead {
		return Answer{}
	}
	waiting := p.ask.Waiting
	p.ask.Chance = w.random
	out := w.state.Step(&p.ask, w.clock())
	p.until = w.now + placeLease
	w.inOrder(waiting, out)
	if lost {
		return out
	}
	p.ask.Outcomes = nil
	for _, g := range out.Grants {
		at := w.now + time.Duration(g.At-out.At)*time.Microsecond
		late := time.Duration(rapid.Int64Range(0, int64(p.ask.Late)).Draw(w.t, "comes late by"))
		w.calls = append(w.calls, at+late)
		p.ask.Held++
		p.ask.Waiting[g.Priority]--
		p.ask.Probing = p.ask.Probing || out.Probe
	}
	for q, r := range out.Refuse {
		if r.After > 0 {
			p.ask.Waiting[q] = 0
		}
	}
	w.noMoreAtOnce()
	return out
}

// inOrder: a grant goes past somebody more urgent of the same holder only as the turn that was owed.
func (w *world) inOrder(waiting [priorities]int, out Answer) {
	past := 0
	for _, g := range out.Grants {
		for q := range g.Priority {
			if waiting[q] > 0 && !out.Probe {
				past++
				break
			}
		}
		waiting[g.Priority]--
	}
	if past > 1+len(out.Grants)/agedTurns {
		w.t.Fatalf("%d of %v went past somebody more urgent", past, out.Grants)
	}
}

func (w *world) noMoreAtOnce() {
	n := 0
	for _, p := range w.peers {
		if !p.dead || w.now < p.until {
			n += p.ask.Held
		}
	}
	if n > w.terms.width {
		w.t.Fatalf("%d calls at once, %d granted", n, w.terms.width)
	}
}

func (w *world) noWindowTooFull() {
	slices.Sort(w.calls)
	for _, win := range w.terms.windows {
		n := int(win.limit)
		for i := n; n > 0 && i < len(w.calls); i++ {
			if gap := w.calls[i] - w.calls[i-n]; gap < win.length {
				w.t.Fatalf("%d calls within %s, %d granted in %s", n+1, gap, n, win.length)
			}
		}
	}
}

// TestNeverAboveALimit lets processes call, wait, give up, die and come back, answers get lost and the clock go back, and counts what reaches
// the system.
func TestNeverAboveALimit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := &world{t: t, terms: termsOf(manifest.Limits{
			Concurrency: rapid.IntRange(1, 6).Draw(t, "concurrency"),
			PerSecond:   rapid.SampledFrom([]float64{0, 0.5, 1, 2.5, 20, 100, 500}).Draw(t, "second"),
			PerMinute:   rapid.SampledFrom([]float64{0, 30, 1000}).Draw(t, "minute"),
		})}
		w.add()
		any := func() *peer { return rapid.SampledFrom(w.peers).Draw(t, "peer") }
		t.Repeat(map[string]func(*rapid.T){
			"ask":  func(*rapid.T) { w.turn(any(), false) },
			"ask ": func(*rapid.T) { w.turn(any(), false) },
			"lost": func(*rapid.T) { w.turn(any(), true) },
			"want": func(*rapid.T) {
				any().ask.Waiting[rapid.IntRange(0, int(priorities)-1).Draw(t, "p")] += rapid.IntRange(1, 40).Draw(t, "n")
			},
			"give up": func(*rapid.T) { any().ask.Waiting = [priorities]int{} },
			"end": func(*rapid.T) {
				if p := any(); !p.dead && p.ask.Held > 0 {
					p.ask.Held--
					o := Outcome{Kind: Kind(rapid.IntRange(0, 4).Draw(t, "outcome")), Granted: w.state.At, Probe: p.ask.Probing && p.ask.Held == 0}
					o.Pause = time.Duration(rapid.IntRange(0, 2000).Draw(t, "pause")) * time.Millisecond
					p.ask.Probing = p.ask.Probing && !o.Probe
					p.ask.Outcomes = append(p.ask.Outcomes, o)
				}
			},
			"die":   func(*rapid.T) { any().dead = true; w.add() },
			"join":  func(*rapid.T) { w.add() },
			"pass":  func(*rapid.T) { w.pass(time.Duration(rapid.IntRange(0, 50).Draw(t, "ms")) * time.Millisecond) },
			"pass ": func(*rapid.T) { w.pass(time.Duration(rapid.IntRange(0, 50).Draw(t, "s")) * time.Second) },
			"rush":  func(*rapid.T) { w.rush(any(), rapid.IntRange(1, 300).Draw(t, "turns")) },
			"back":  func(*rapid.T) { w.skew -= time.Duration(rapid.IntRange(0, 4000).Draw(t, "s")) * time.Second },
			"":      func(*rapid.T) { w.noWindowTooFull() },
		})
		w.drain()
		w.noWindowTooFull()
	})
}

// pass lets time pass; whoever lives and calls tells so in time, as a Budget does.
func (w *world) pass(d time.Duration) {
	for d > 0 {
		step := min(d, longestWait)
		w.now, d = w.now+step, d-step
		for _, p := range w.peers {
			if p.until-w.now <= longestWait {
				w.turn(p, false)
			}
		}
	}
}

// rush lets a peer call as fast as it may.
func (w *world) rush(p *peer, turns int) {
	p.ask.Waiting[Backfill] += turns
	for range turns {
		for ; !p.dead && p.ask.Held > 0; p.ask.Held-- {
			p.ask.Outcomes = append(p.ask.Outcomes, Outcome{Kind: Answered, Granted: w.state.At, Probe: p.ask.Probing})
			p.ask.Probing = false
		}
		w.pass(w.turn(p, false).Wait)
	}
}

// drain heals everything: whoever waits gets leave in the end.
func (w *world) drain() {
	for range 100_000 {
		waits := false
		for _, p := range w.peers {
			if p.dead {
				continue
			}
			for ; p.ask.Held > 0; p.ask.Held-- {
				p.ask.Outcomes = append(p.ask.Outcomes, Outcome{Kind: Answered, Granted: w.state.At, Probe: p.ask.Probing})
				p.ask.Probing = false
			}
			w.turn(p, false)
			waits = waits || p.ask.Held > 0 || p.ask.Waiting != [priorities]int{}
		}
		if !waits {
			return
		}
		w.now += time.Second
	}
	w.t.Fatalf("somebody waits for ever: %+v", w.state)
}
