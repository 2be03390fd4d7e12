package machine

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/problem"
)

// Program works a flow's steps. Safe for concurrent use.
type Program struct {
	flow *lang.Flow
}

// New gives the Program of a checked flow.
func New(f *lang.Flow) *Program { return &Program{flow: f} }

// Flow is what it works.
func (p *Program) Flow() *lang.Flow { return p.flow }

// Begin gives a thread before its first step.
func Begin() Thread { return Thread{At: []int{0}} }

// Advance does the steps that need nobody, and gives the effect that the thread wants next.
func (p *Program) Advance(f Frame, t *Thread) Effect {
	w := p.walk(f, t)
	for {
		s := w.step()
		if s == nil {
			return Effect{Kind: End, Status: OK, Result: t.Results[t.Last]}
		}
		if e, wanted := w.do(s); wanted {
			return e
		}
	}
}

// Resume takes what the effect of the step at hand came to. The next Advance goes on from there.
func (p *Program) Resume(f Frame, t *Thread, r Result) Effect {
	w := p.walk(f, t)
	s := w.step()
	if s == nil {
		return Effect{Kind: End, Status: OK, Result: t.Results[t.Last]}
	}
	if e, ended := w.take(s, r); ended {
		return e
	}
	return p.Advance(f, t)
}

// walk is one call's way through a thread.
type walk struct {
	*Thread
	flow  *lang.Flow
	frame Frame
	steps []lang.Step // of the thread
	env   lang.Env    // nil: not made yet
}

func (p *Program) walk(f Frame, t *Thread) *walk {
	w := &walk{Thread: t, flow: p.flow, frame: f, steps: p.flow.Steps}
	if f.Each != "" {
		w.steps = p.flow.Step(f.Each).Each.Steps
	}
	return w
}

// step gives the step at hand, nil behind the last. Behind the last of an arm comes what follows the branch.
func (w *walk) step() *lang.Step {
	for {
		steps := w.steps
		for i := 0; i+2 < len(w.At); i += 2 {
			steps = steps[w.At[i]].Branch[w.At[i+1]].Steps
		}
		last := len(w.At) - 1
		if w.At[last] < len(steps) {
			return &steps[w.At[last]]
		}
		if last == 0 {
			return nil
		}
		w.At = w.At[:last-1]
		w.At[len(w.At)-1]++
	}
}

// next leaves the step at hand with its result.
func (w *walk) next(s *lang.Step, result json.RawMessage) {
	w.keep(s, result)
	w.At[len(w.At)-1]++
}

// keep stores a step's result.
func (w *walk) keep(s *lang.Step, result json.RawMessage) {
	if result == nil {
		result = json.RawMessage("null")
	}
	if w.Results == nil {
		w.Results = map[string]json.RawMessage{}
	}
	w.Results[s.ID], w.Last, w.env = result, s.ID, nil
	w.Failed, w.Resting, w.Target, w.Many = 0, false, nil, nil
}

// do does a step, or tells the effect that it wants.
func (w *walk) do(s *lang.Step) (e Effect, wanted bool) {
	if w.Resting {
		return Effect{Kind: Wait, Step: s, For: w.again(s).Wait}, true
	}
	if s.If != nil && w.Target == nil && w.Many == nil {
		ok, err := s.If.True(w.names())
		if err != nil {
			return w.fail(s, Result{Failure: FailureOf(err)})
		}
		if !ok {
			w.next(s, nil)
			return Effect{}, false
		}
	}
	switch s.Kind {
	case lang.StepList: // it is read by the each that names it
		w.next(s, nil)
		return Effect{}, false
	case lang.StepTransform:
		return w.transform(s)
	case lang.StepFilter:
		return w.filter(s)
	case lang.StepBranch:
		return w.branch(s)
	}
	e, err := w.effect(s)
	if err != nil {
		return w.fail(s, Result{Failure: FailureOf(err)})
	}
	if w.Many.all() { // an empty list, or nothing but null
		w.next(s, w.Many.result())
		return Effect{}, false
	}
	return e, true
}

func (w *walk) transform(s *lang.Step) (Effect, bool) {
	v, err := w.json(s.Transform)
	if err != nil {
		return w.fail(s, Result{Failure: FailureOf(err)})
	}
	w.next(s, v)
	return Effect{}, false
}

func (w *walk) filter(s *lang.Step) (Effect, bool) {
	ok, err := s.Filter.True(w.names())
	switch {
	case err != nil:
		return w.fail(s, Result{Failure: FailureOf(err)})
	case !ok:
		return Effect{Kind: End, Step: s, Status: Skipped}, true
	}
	w.next(s, json.RawMessage("true"))
	return Effect{}, false
}

func (w *walk) branch(s *lang.Step) (Effect, bool) {
	for i, arm := range s.Branch {
		ok := arm.If == nil
		if !ok {
			var err error
			if ok, err = arm.If.True(w.names()); err != nil {
				return w.fail(s, Result{Failure: FailureOf(err)})
			}
		}
		if ok {
			w.keep(s, json.RawMessage(fmt.Sprintf(`{"branch":%d}`, i)))
			w.At = append(w.At, i, 0)
			return Effect{}, false
		}
	}
	w.next(s, json.RawMessage(`{"branch":null}`))
	return Effect{}, false
}

// take takes the result of the effect of the step at hand; ended: the thread goes no further.
func (w *walk) take(s *lang.Step, r Result) (e Effect, ended bool) {
	switch {
	case w.Resting:
		w.Resting = false
		return Effect{}, false
	case r.Skip:
		return Effect{Kind: End, Step: s, Status: Skipped}, true
	case r.Failure != nil:
		if !r.Unknown {
			w.Attempt++
		}
		return w.fail(s, r)
	case s.Kind == lang.StepWrite && s.Write.Op == lang.Upsert && w.Target == nil:
		w.Target = &Target{ID: idOf(r.Value)}
		return Effect{}, false
	}
	result, whole, failure := w.found(r.Value)
	switch {
	case failure != nil:
		return w.fail(s, Result{Failure: failure})
	case whole:
		w.next(s, result)
	}
	return Effect{}, false
}

func idOf(record json.RawMessage) string {
	var r struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal(record, &r) // null has none
	return r.ID
}

// fail lets the step at hand be tried again, passes it over, or ends the thread there.
func (w *walk) fail(s *lang.Step, r Result) (Effect, bool) {
	w.Failed++
	w.Target, w.Many, w.env = nil, nil, nil
	again := w.again(s)
	switch {
	case again != nil && w.Failed < again.Attempts && !pointless(r):
		w.Resting = true
		return Effect{Kind: Wait, Step: s, For: again.Wait, Failure: r.Failure}, true
	case s.OnError == lang.Continue:
		w.next(s, mustMarshal(map[string]any{"error": mustDecode(problem.Document(r.Failure))}))
		return Effect{}, false
	}
	return Effect{Kind: End, Step: s, Status: Failed, Failure: r.Failure.With("step", s.ID)}, true
}

// pointless says that another try would fail as this one did.
func pointless(r Result) bool {
	return r.Failure.Code == problem.ExpressionFailed || r.Failure.Code == problem.RequestUnusable || r.Unknown
}

// again gives how the step is tried again; nil: it is not.
func (w *walk) again(s *lang.Step) *lang.Again {
	if s.Retry != nil || w.frame.Each == "" {
		return s.Retry
	}
	if e := w.flow.Step(w.frame.Each).Each; e.OnError == lang.Retry {
		return e.Retry
	}
	return nil
}

// FailureOf makes the problem of an expression that failed.
func FailureOf(err error) *problem.Error {
	var failed *lang.EvalError
	var p *problem.Error
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &failed):
		return problem.New(problem.ExpressionFailed, failed.Detail).With("path", failed.Path).With("expression", failed.Text)
	}
	return problem.New(problem.ExpressionFailed, err.Error())
}
