package flow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/flow/machine"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// Note is what is known of a flow's trigger.
type Note struct {
	FiredAt   time.Time      `json:"fired_at,omitzero"`   // when it last began a run
	Run       string         `json:"run,omitempty"`       // that one
	SkippedAt time.Time      `json:"skipped_at,omitzero"` // when it last should have, and did not
	Code      problem.Reason `json:"code,omitempty"`      // why it rests or skipped; empty: it does not
	Detail    string         `json:"detail,omitempty"`
}

// NoteOf gives what is known of a flow's trigger.
func NoteOf(f *store.Flow) (n Note) {
	_ = json.Unmarshal(f.TriggerNote, &n) // as this program wrote it
	return n
}

func setNote(f *store.Flow, n Note) error {
	text, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("write what is known of a trigger: %w", err)
	}
	f.TriggerNote = text
	return nil
}

const (
	flowsAtOnce   = 200 // triggers in one look
	ticksPerPurge = 600
)

// Tick does what time brings: triggers that are due, flows with something to do that nobody works on, and now and then the deletion of old runs.
func (w *Worker) Tick(ctx context.Context) error {
	err := errors.Join(w.fireDue(ctx), w.wakeBacklog(ctx))
	if w.ticks.Add(1)%ticksPerPurge == 1 && w.Keep > 0 {
		err = errors.Join(err, w.purge(ctx))
	}
	return err
}

func (w *Worker) wakeBacklog(ctx context.Context) error {
	ids, err := w.Store.FlowBacklog(ctx, w.Now(), wakeAtOnce)
	if err != nil || len(ids) == 0 {
		return err
	}
	return w.Store.Write(ctx, func(tx *store.Tx) error { return w.Waker.Wake(ctx, tx, store.LaneFlows, ids...) })
}

func (w *Worker) purge(ctx context.Context) error {
	for more := true; more && ctx.Err() == nil; {
		var err error
		if more, err = w.Store.PurgeFlowRuns(ctx, w.Now().Add(-w.Keep), wakeAtOnce); err != nil {
			return fmt.Errorf("delete old runs: %w", err)
		}
	}
	return nil
}

// fireDue looks at the triggers that are due. One that fails is looked at again later; the others are not held up.
func (w *Worker) fireDue(ctx context.Context) error {
	due, err := w.Store.DueFlows(ctx, w.Now(), flowsAtOnce)
	if err != nil {
		return err
	}
	var quiet []*store.Flow
	for i := range due {
		err := w.fire(ctx, &due[i])
		if errors.Is(err, errQuiet) {
			quiet = append(quiet, &due[i])
			continue
		}
		if err != nil && ctx.Err() == nil {
			w.Log.Error("the trigger of a flow failed; it is looked at again", "flow", due[i].Name, "error", err)
			if err := w.later(ctx, &due[i], w.Now().Add(lookAgain)); err != nil {
				return err
			}
		}
	}
	return errors.Join(w.rest(ctx, quiet), ctx.Err())
}

// errQuiet says that nothing is new in the stream that a trigger follows.
var errQuiet = errors.New("nothing is new")

// rest says when triggers are looked at next that have found nothing new: all in one transaction, so that a thousand of them cost little more than one.
func (w *Worker) rest(ctx context.Context, quiet []*store.Flow) error {
	if len(quiet) == 0 {
		return nil
	}
	return w.Store.Write(ctx, func(tx *store.Tx) error {
		for _, f := range quiet {
			if err := tx.QuietFlow(ctx, f, w.Now().Add(changesEvery)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *Worker) fire(ctx context.Context, f *store.Flow) error {
	p, err := w.program(ctx, f.ID, f.Version)
	if err != nil {
		return err
	}
	set, err := SettingsOf(f.Settings)
	if err != nil {
		return err
	}
	_, rest, err := w.connections(ctx, f.ProjectID, p.Flow(), set)
	if err != nil {
		return err
	}
	switch t := p.Flow().Trigger; {
	case t.Schedule != nil:
		return w.fireSchedule(ctx, f, p, rest)
	case t.Change != nil && rest != nil:
		return w.noted(ctx, f, w.Now().Add(lookAgain), func(n *Note) { n.Code, n.Detail = rest.code, rest.detail })
	case t.Change != nil:
		return w.fireChanges(ctx, f, p, set)
	}
	return w.later(ctx, f, time.Time{})
}

// fireSchedule begins the run that is due. One that was missed is made up for once, however many were.
func (w *Worker) fireSchedule(ctx context.Context, f *store.Flow, p *machine.Program, rest *pause) error {
	next, err := nextAfter(p.Flow().Trigger.Schedule, f.DueAt, w.Now())
	if err != nil {
		return err
	}
	if rest != nil {
		return w.noted(ctx, f, next, func(n *Note) { n.SkippedAt, n.Code, n.Detail = w.Now(), rest.code, rest.detail })
	}
	return w.locked(ctx, f, func(tx *store.Tx, now *store.Flow) error {
		if now.DueAt.After(w.Now()) { // another replica was first
			return nil
		}
		now.DueAt = next
		_, err := w.admit(ctx, tx, now, p.Flow(), Begin{Kind: lang.Schedule, Caller: "schedule"})
		return errors.Join(err, tx.SetFlow(ctx, now))
	})
}

func (w *Worker) noted(ctx context.Context, f *store.Flow, due time.Time, change func(*Note)) error {
	return w.locked(ctx, f, func(tx *store.Tx, now *store.Flow) error {
		n := NoteOf(now)
		change(&n)
		now.DueAt = due
		return errors.Join(setNote(now, n), tx.SetFlow(ctx, now))
	})
}

func (w *Worker) later(ctx context.Context, f *store.Flow, due time.Time) error {
	return w.locked(ctx, f, func(tx *store.Tx, now *store.Flow) error {
		now.DueAt = due
		return tx.SetFlow(ctx, now)
	})
}

// locked changes a flow as it is now, of which others change nothing meanwhile. One that is gone or paused is left alone.
func (s *Service) locked(ctx context.Context, f *store.Flow, do func(tx *store.Tx, now *store.Flow) error) error {
	return s.Store.Write(ctx, func(tx *store.Tx) error {
		now, err := tx.LockFlow(ctx, f.ID)
		if errors.Is(err, store.ErrNotFound) || err == nil && now.Paused {
			return nil
		}
		if err != nil {
			return err
		}
		return do(tx, now)
	})
}
