package flow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/audit"
	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// Start begins a run for whoever asks. The error is a *problem.Error where there can be none.
func (s *Service) Start(ctx context.Context, project, name string, b Begin) (r *store.FlowRun, err error) {
	f, err := s.Flow(ctx, project, name)
	if err != nil {
		return nil, err
	}
	if b.Kind == "" {
		b.Kind = lang.Manual
	}
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		now, err := tx.LockFlow(ctx, f.ID)
		if err != nil {
			return err
		}
		p, err := s.program(ctx, now.ID, now.Version)
		if err != nil {
			return err
		}
		if r, err = s.admit(ctx, tx, now, p.Flow(), b); err != nil {
			return err
		}
		if r == nil {
			return problem.Newf(problem.Conflict, "%s The flow says to skip others meanwhile.", NoteOf(now).Detail)
		}
		if err := tx.SetFlow(ctx, now); err != nil {
			return err
		}
		return audit.Note(ctx, tx, audit.Act{Action: "flow.started", Target: "flow", TargetID: f.ID})
	})
	if err != nil {
		return nil, fmt.Errorf("begin a run of flow %s: %w", name, err)
	}
	return r, nil
}

// Pause lets a flow's trigger begin nothing more. Runs that are under way go on.
func (s *Service) Pause(ctx context.Context, project, name string) (*store.Flow, error) {
	return s.change(ctx, project, name, "flow.paused", func(f *store.Flow, _ *lang.Flow) error {
		f.Paused = true
		return nil
	})
}

// Where a trigger goes on whose stream was reset.
const (
	FromNow       = "now"
	FromBeginning = "start"
)

// Resume lets a flow's trigger go on; from says where in the stream, where that was reset.
func (s *Service) Resume(ctx context.Context, project, name, from string) (*store.Flow, error) {
	return s.change(ctx, project, name, "flow.resumed", func(f *store.Flow, doc *lang.Flow) error {
		n := NoteOf(f)
		if n.Code == problem.ReasonStreamReset && from == "" {
			return problem.New(problem.Conflict, n.Detail+" Say `from: now` or `from: start`.")
		}
		if from != "" && doc.Trigger.Change != nil {
			follow := *doc.Trigger.Change
			follow.FromStart, f.Cursor = from == FromBeginning, ""
			if err := s.beginToFollow(ctx, f, &follow); err != nil {
				return err
			}
		}
		f.Paused, n.Code, n.Detail = false, "", ""
		return errors.Join(setNote(f, n), s.due(f, doc))
	})
}

// due sets when the trigger is looked at next; one that does nothing by itself never is.
func (s *Service) due(f *store.Flow, doc *lang.Flow) (err error) {
	f.DueAt = time.Time{}
	switch t := doc.Trigger; {
	case t.Schedule != nil:
		f.DueAt, err = nextTime(t.Schedule, s.Now())
	case t.Change != nil:
		f.DueAt = s.Now()
	}
	return err
}

// change does something to a flow, and notes it if it is not as before then.
func (s *Service) change(ctx context.Context, project, name, action string, do func(f *store.Flow, doc *lang.Flow) error) (*store.Flow, error) {
	f, err := s.Flow(ctx, project, name)
	if err != nil {
		return nil, err
	}
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		if f, err = tx.LockFlow(ctx, f.ID); err != nil {
			return err
		}
		p, err := s.program(ctx, f.ID, f.Version)
		if err != nil {
			return err
		}
		before := *f
		if err := do(f, p.Flow()); err != nil {
			return err
		}
		if err := tx.SetFlow(ctx, f); err != nil || sameTrigger(&before, f) {
			return err
		}
		return audit.Note(ctx, tx, audit.Act{Action: action, Target: "flow", TargetID: f.ID})
	})
	if err != nil {
		return nil, fmt.Errorf("change flow %s: %w", name, err)
	}
	return f, nil
}

// sameTrigger says that nothing was changed of what a person says about a trigger.
func sameTrigger(a, b *store.Flow) bool {
	return a.Paused == b.Paused && a.Cursor == b.Cursor && NoteOf(a).Code == NoteOf(b).Code
}

// Delete forgets a flow with its versions and runs. Runs that have not ended are to be cancelled before.
func (s *Service) Delete(ctx context.Context, project, name string) error {
	f, err := s.Flow(ctx, project, name)
	if err != nil {
		return err
	}
	return s.Store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.LockFlow(ctx, f.ID); err != nil {
			return err
		}
		open, err := tx.FlowRunsOpen(ctx, f.ID, 1)
		if err != nil {
			return err
		}
		if len(open) > 0 {
			return problem.Newf(problem.Conflict, "The run %s of this flow is %s. Cancel what is under way first, or pause the flow.", open[0].ID, open[0].State)
		}
		if err := tx.DeleteFlow(ctx, f); err != nil {
			return err
		}
		return audit.Note(ctx, tx, audit.Act{Action: "flow.deleted", Target: "flow", TargetID: f.ID})
	})
}

// Cancel asks a run to end: what was not begun is left out, what was sent is waited for. One that is asked again goes on to end.
func (s *Service) Cancel(ctx context.Context, project, name, run string) (*store.FlowRun, error) {
	return s.changeRun(ctx, project, name, run, "flow.run-cancelled", func(tx *store.Tx, r *store.FlowRun) (changed bool, err error) {
		return !r.CancelRequested, s.requestCancel(ctx, tx, r.FlowID, r.ID)
	})
}

// PauseRun lets a run begin nothing more until ResumeRun; what is under way ends.
func (s *Service) PauseRun(ctx context.Context, project, name, run string) (*store.FlowRun, error) {
	return s.changeRun(ctx, project, name, run, "flow.run-paused", func(tx *store.Tx, r *store.FlowRun) (changed bool, err error) {
		if r.Paused {
			return false, nil
		}
		r.Paused, r.State, r.ReasonCode, r.ReasonDetail = true, begun(r, store.FlowRunWaiting), problem.ReasonPaused, "Somebody paused the run."
		return true, tx.SetFlowRun(ctx, r, s.Now())
	})
}

// begun gives a run's state where it has begun; one that has not is still queued.
func begun(r *store.FlowRun, state store.FlowRunState) store.FlowRunState {
	if r.StartedAt.IsZero() {
		return store.FlowRunQueued
	}
	return state
}

// ResumeRun lets a paused run go on.
func (s *Service) ResumeRun(ctx context.Context, project, name, run string) (*store.FlowRun, error) {
	return s.changeRun(ctx, project, name, run, "flow.run-resumed", func(tx *store.Tx, r *store.FlowRun) (changed bool, err error) {
		if !r.Paused {
			return false, nil
		}
		r.Paused, r.State, r.ReasonCode, r.ReasonDetail, r.DueAt = false, begun(r, store.FlowRunRunning), "", "", s.Now()
		r.Faults = 0
		if err := tx.SetFlowRun(ctx, r, s.Now()); err != nil {
			return false, err
		}
		return true, s.Waker.Wake(ctx, tx, store.LaneFlows, r.FlowID)
	})
}

// changeRun does something to a run that has not ended, and notes it if it changed something.
func (s *Service) changeRun(ctx context.Context, project, name, run, action string, do func(tx *store.Tx, r *store.FlowRun) (changed bool, err error)) (*store.FlowRun, error) {
	f, r, err := s.runOf(ctx, project, name, run)
	if err != nil {
		return nil, err
	}
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.WakeFlow(ctx, f.ID, s.Now()); err != nil {
			return err
		}
		if r, err = tx.FlowRun(ctx, f.ID, run); err != nil {
			return err
		}
		if r.State.Ended() {
			return problem.Newf(problem.Conflict, "The run has ended: it is %s.", r.State)
		}
		changed, err := do(tx, r)
		if err != nil || !changed {
			return err
		}
		return audit.Note(ctx, tx, audit.Act{Action: action, Target: "flow-run", TargetID: run})
	})
	if err != nil {
		return nil, fmt.Errorf("change run %s: %w", run, err)
	}
	return s.Store.FlowRun(ctx, f.ID, run)
}
