package machine_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/flow/machine"
	"github.com/busbar-dev/busbar/internal/problem"
)

// simulated is a thread whose process dies at any moment, between any two things that it does. What survives is what was stored, as JSON, and what was done outside.
type simulated struct {
	*rapid.T
	prog   *machine.Program
	frame  machine.Frame
	fates  map[string]fate // of effects by step, the same at every try with one attempt
	stored []byte          // the thread
	waits  machine.Kind    // the effect that was stored with it
	done   map[string]int  // effects outside, by step and attempt
	deaths int
	steps  int
}

// fate is what becomes of an effect each time it is tried.
type fate struct {
	fails int // so often at first; -1: for ever
	skip  bool
}

// document writes a random flow.
func document(t *rapid.T) (string, []string) {
	var effects []string
	var b strings.Builder
	onError := rapid.SampledFrom([]string{"continue", "stop", "retry"}).Draw(t, "on_error")
	b.WriteString("flow: random\nconnections: {erp: {}}\nsteps:\n  - id: items\n    each:\n      in: trigger.input\n      on_error: " + onError + "\n")
	if onError == "retry" {
		b.WriteString("      retry: {attempts: 2, wait: 5s}\n")
	}
	b.WriteString("      steps:\n        - {id: s0, find: {connection: erp, entity: items, by: {number: x}, none: empty}}\n")
	n := 0
	var steps func(depth int, indent string, before []string)
	steps = func(depth int, indent string, before []string) {
		for range rapid.IntRange(1, 4).Draw(t, "steps") {
			n++
			id := fmt.Sprintf("s%d", n)
			kinds := []string{"transform", "filter", "write", "request", "post", "wait", "find", "upsert"}
			if depth < 2 {
				kinds = append(kinds, "branch")
			}
			kind := rapid.SampledFrom(kinds).Draw(t, "kind")
			fmt.Fprintf(&b, "%s- id: %s\n", indent, id)
			if rapid.IntRange(0, 3).Draw(t, "if") == 0 {
				fmt.Fprintf(&b, "%s  if: item.n %% 2 == %d\n", indent, rapid.IntRange(0, 1).Draw(t, "parity"))
			}
			if may := slices.Contains([]string{"write", "request", "post", "find", "upsert"}, kind); may {
				if rapid.IntRange(0, 3).Draw(t, "pass") == 0 {
					fmt.Fprintf(&b, "%s  on_error: continue\n", indent)
				}
				if rapid.IntRange(0, 2).Draw(t, "retry") == 0 {
					fmt.Fprintf(&b, "%s  retry: {attempts: 3, wait: 1s}\n", indent)
				}
			}
			switch kind {
			case "transform":
				fmt.Fprintf(&b, "%s  transform: {twice: \"${item.n * 2}\", before: \"${steps.%s}\"}\n", indent, rapid.SampledFrom(before).Draw(t, "before"))
			case "filter":
				fmt.Fprintf(&b, "%s  filter: item.n != %d\n", indent, rapid.IntRange(0, 9).Draw(t, "not"))
			case "write":
				effects = append(effects, id)
				fmt.Fprintf(&b, "%s  write: {connection: erp, entity: items, op: create, data: {name: \"${item.n}\"}}\n", indent)
			case "upsert":
				effects = append(effects, id)
				fmt.Fprintf(&b, "%s  write: {connection: erp, entity: items, op: upsert, by: {number: \"${item.n}\"}, data: {name: x}}\n", indent)
			case "request":
				effects = append(effects, id)
				fmt.Fprintf(&b, "%s  request: {method: PUT, url: \"http://x.example/${item.n}\"}\n", indent)
			case "post":
				effects = append(effects, id)
				fmt.Fprintf(&b, "%s  request: {method: POST, url: \"http://x.example/${item.n}\", body: {n: \"${item.n}\"}}\n", indent)
			case "find":
				effects = append(effects, id)
				fmt.Fprintf(&b, "%s  find: {connection: erp, entity: items, by: {number: \"${item.n}\"}, none: %s}\n", indent, rapid.SampledFrom([]string{"fail", "skip", "empty"}).Draw(t, "none"))
			case "wait":
				fmt.Fprintf(&b, "%s  wait: {for: 10s}\n", indent)
			case "branch":
				fmt.Fprintf(&b, "%s  branch:\n%s    - if: item.n > 4\n%s      steps:\n", indent, indent, indent)
				steps(depth+1, indent+"        ", before)
				fmt.Fprintf(&b, "%s    - steps:\n", indent)
				steps(depth+1, indent+"        ", before)
			}
			before = append(before[:len(before):len(before)], id)
		}
	}
	steps(0, "        ", []string{"s0"})
	return b.String(), effects
}

// A thread whose process dies anywhere comes to the end that it would have come to without, and writes each thing once for each time that it may.
func TestSimulation(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text, effects := document(t)
		doc, err := lang.Parse("random.yaml", []byte(text))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		fates := map[string]fate{}
		for _, id := range effects {
			fates[id] = fate{fails: rapid.SampledFrom([]int{0, 0, 0, 1, 2, -1}).Draw(t, "fails of "+id), skip: rapid.IntRange(0, 9).Draw(t, "skips") == 0}
		}
		frame := machine.Frame{Each: "items", Item: map[string]any{"n": int64(rapid.IntRange(0, 9).Draw(t, "n"))}, Params: map[string]any{}, Trigger: map[string]any{}, Run: map[string]any{}}
		prog := machine.New(doc)
		calm := &simulated{T: t, prog: prog, frame: frame, fates: fates, done: map[string]int{}}
		end := calm.live(func() bool { return false })
		wild := &simulated{T: t, prog: prog, frame: frame, fates: fates, done: map[string]int{}}
		other := wild.live(func() bool { return wild.deaths < 20 && rapid.IntRange(0, 3).Draw(t, "dies") == 0 })
		for what, n := range wild.done {
			if n > 1 && !strings.HasSuffix(what, "repeatable") {
				t.Errorf("%s was done %d times", what, n)
			}
		}
		if unknown := other.Failure != nil && other.Failure.Code == problem.RequestOutcomeUnknown; !unknown && !wild.doubted() && (other.Status != end.Status || !same(calm, wild)) {
			t.Errorf("with deaths it is %s (%v) and without %s (%v)\n%v\n%v\n%s", other.Status, other.Failure, end.Status, end.Failure, wild.done, calm.done, text)
		} else if !unknown && !wild.doubted() && string(wild.stored) != string(calm.stored) {
			t.Errorf("with deaths it has come to\n%s\nand without to\n%s\n%s", wild.stored, calm.stored, text)
		}
	})
}

// same says that both did the same outside, but how often what may be repeated was.
func same(a, b *simulated) bool {
	keys := func(s *simulated) map[string]bool {
		out := map[string]bool{}
		for what := range s.done {
			out[what] = true
		}
		return out
	}
	return maps.Equal(keys(a), keys(b))
}

// doubted says that a step passed over an error for which nobody knows what became of a request.
func (s *simulated) doubted() bool {
	return strings.Contains(string(s.stored), problem.RequestOutcomeUnknown)
}

// live lets the thread come to its end; dies says whether the process does, right now.
func (s *simulated) live(dies func() bool) machine.Effect {
	for {
		if end, ended := s.life(dies); ended {
			return end
		}
		s.deaths++
	}
}

// life is one process: it goes on from what is stored.
func (s *simulated) life(dies func() bool) (end machine.Effect, ended bool) {
	th := machine.Begin()
	if s.stored != nil {
		if err := json.Unmarshal(s.stored, &th); err != nil {
			s.Fatal(err)
		}
	}
	e := s.wake(&th)
	for {
		if s.steps++; s.steps > 5000 {
			s.Fatal("it never ends")
		}
		if e.Kind == machine.Find {
			e = s.prog.Resume(s.frame, &th, s.outcome(e, &th))
			continue
		}
		if dies() {
			return e, false
		}
		s.store(&th, e)
		if e.Kind == machine.End {
			return e, true
		}
		if dies() {
			return e, false
		}
		if e.Kind == machine.Request {
			s.did(e, &th)
		}
		if dies() {
			return e, false
		}
		e = s.prog.Resume(s.frame, &th, s.outcome(e, &th))
	}
}

// wake lets a thread take what it waited for when the process before died.
func (s *simulated) wake(th *machine.Thread) machine.Effect {
	e := s.prog.Advance(s.frame, th)
	switch s.waits {
	case "":
		return e
	case machine.Write, machine.Wait: // the operation is there, and the time has come
		return s.prog.Resume(s.frame, th, s.outcome(e, th))
	}
	if e.Kind != s.waits {
		s.Fatalf("it was stored at a %s and wants a %s", s.waits, e.Kind)
	}
	if e.Repeatable {
		return e
	}
	return s.prog.Resume(s.frame, th, machine.Result{Unknown: true, Failure: problem.New(problem.RequestOutcomeUnknown, "")})
}

// store stores the thread with the intent of its effect. A write is done in that transaction.
func (s *simulated) store(th *machine.Thread, e machine.Effect) {
	text, err := json.Marshal(th)
	if err != nil {
		s.Fatal(err)
	}
	s.stored, s.waits = text, e.Kind
	if e.Kind == machine.Write {
		s.did(e, th)
	}
}

// did notes an effect outside.
func (s *simulated) did(e machine.Effect, th *machine.Thread) {
	what := fmt.Sprintf("%s %s of attempt %d", e.Kind, e.Step.ID, th.Attempt)
	if e.Repeatable {
		what += " repeatable"
	}
	s.done[what]++
}

// outcome gives what an effect comes to: it fails as often as its step's fate says, and then does not.
func (s *simulated) outcome(e machine.Effect, th *machine.Thread) machine.Result {
	if e.Kind == machine.Wait {
		return machine.Result{}
	}
	switch f := s.fates[e.Step.ID]; {
	case f.fails < 0 || th.Failed < f.fails:
		return machine.Result{Failure: problem.New(problem.UnexpectedAnswer, "no")}
	case f.skip && e.Kind == machine.Find:
		return machine.Result{Skip: true}
	}
	return machine.Result{Value: json.RawMessage(`{"id":"6f1c2a34-5b7e-5d21-9c0f-3e8a1b2c4d5e","status":200}`)}
}
