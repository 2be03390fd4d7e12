package flow

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/busbar-dev/busbar/internal/flow/machine"
	"github.com/busbar-dev/busbar/internal/store"
)

// Secrets names the secret parameters that are set for a flow, in their order.
func (s *Service) Secrets(ctx context.Context, f *store.Flow) ([]string, error) {
	known, err := s.open(ctx, f, f.Sealed)
	if err != nil {
		return nil, err
	}
	names := slices.Clone(known.Names())
	slices.Sort(names)
	return names, nil
}

// Progress is how far a thread has come.
type Progress struct {
	Steps []StepTrace // those that have a result, in the order of the document
	Next  string      // id of the step that comes next, or failed; empty: none does
}

// Progress tells how far an item of a run has come.
func (s *Service) Progress(ctx context.Context, r *store.FlowRun, it *store.FlowItem) (Progress, error) {
	p, err := s.program(ctx, r.FlowID, r.Version)
	if err != nil {
		return Progress{}, err
	}
	th := state{Thread: machine.Begin()}
	known, err := s.runSecrets(ctx, r)
	if err != nil {
		return Progress{}, err
	}
	mask := known.Mask()
	if len(it.Thread) > 0 {
		if err := json.Unmarshal(known.Veil().Lift(it.Thread), &th); err != nil {
			return Progress{}, fmt.Errorf("read item %d of step %q: %w", it.N, it.Step, err)
		}
	}
	out := Progress{Steps: []StepTrace{}}
	for _, step := range p.Steps(it.Step) {
		if result, has := th.Results[step.ID]; has {
			out.Steps = append(out.Steps, StepTrace{ID: step.ID, Kind: step.Kind, Result: mask.JSON(result)})
		}
	}
	if it.Status != store.FlowItemOK && it.Status != store.FlowItemSkipped {
		out.Next = p.At(it.Step, &th.Thread)
	}
	return out, nil
}

// Open counts a flow's runs that have not ended.
type Open struct{ Queued, Running, Waiting int64 }

// mostOpen bounds what is counted: nobody tells more from as many.
const mostOpen = 1000

// Open counts the runs of a flow that have not ended, up to a thousand.
func (s *Service) Open(ctx context.Context, f *store.Flow) (n Open, err error) {
	runs, err := s.Store.FlowRunsOpen(ctx, f.ID, mostOpen)
	for i := range runs {
		switch runs[i].State {
		case store.FlowRunQueued:
			n.Queued++
		case store.FlowRunRunning:
			n.Running++
		default:
			n.Waiting++
		}
	}
	return n, err
}

// Next gives when a flow's trigger is looked at next; zero: it does nothing by itself.
func Next(f *store.Flow) time.Time {
	if f.Paused {
		return time.Time{}
	}
	return f.DueAt
}

// Run gives a run of a flow by their names. The error is a *problem.Error where there is none.
func (s *Service) Run(ctx context.Context, project, name, run string) (*store.Flow, *store.FlowRun, error) {
	return s.runOf(ctx, project, name, run)
}

// Threads lists the steps that a run takes items in for, in the order of its document; the first is "", the steps on top.
func (s *Service) Threads(ctx context.Context, r *store.FlowRun) ([]string, error) {
	p, err := s.program(ctx, r.FlowID, r.Version)
	if err != nil {
		return nil, err
	}
	all := []string{""}
	for _, step := range p.Steps("") {
		if step.Each != nil {
			all = append(all, step.ID)
		}
	}
	return all, nil
}
