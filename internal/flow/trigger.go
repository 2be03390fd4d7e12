package flow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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

func noteOf(f *store.Flow) (n Note) {
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
	changesEvery  = 2 * time.Second
	mostQueued    = 20 // runs of a flow that follow a stream: then its changes wait in the stream
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
	for i := range due {
		if err := w.fire(ctx, &due[i]); err != nil && ctx.Err() == nil {
			w.Log.Error("the trigger of a flow failed; it is looked at again", "flow", due[i].Name, "error", err)
			if err := w.later(ctx, &due[i], w.Now().Add(lookAgain)); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

func (w *Worker) fire(ctx context.Context, f *store.Flow) error {
	p, err := w.program(ctx, f.ID, f.Version)
	if err != nil {
		return err
	}
	set, err := settingsOf(f.Settings)
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

// admit begins a run unless as many as may are under way and the flow's document says what then. nil: there is none, and the note says why.
func (s *Service) admit(ctx context.Context, tx *store.Tx, f *store.Flow, doc *lang.Flow, b Begin) (*store.FlowRun, error) {
	n := noteOf(f)
	if doc.Runs.More != lang.Queue {
		open, err := tx.FlowRunsOpen(ctx, f.ID, doc.Runs.AtOnce)
		if err != nil {
			return nil, err
		}
		switch full := len(open) >= doc.Runs.AtOnce; {
		case full && doc.Runs.More == lang.Skip:
			n.SkippedAt, n.Code, n.Detail = s.Now(), problem.ReasonOthersRun, fmt.Sprintf("The run %s was under way.", open[0].ID)
			return nil, setNote(f, n)
		case full:
			for _, r := range open {
				if err := s.requestCancel(ctx, tx, f.ID, r.ID); err != nil {
					return nil, err
				}
			}
		}
	}
	r, err := s.begin(ctx, tx, f, b)
	if err != nil {
		return nil, err
	}
	n.FiredAt, n.Run, n.Code, n.Detail = s.Now(), r.ID, "", ""
	return r, setNote(f, n)
}

// position is how far a trigger has followed a stream.
type position struct {
	Connection string `json:"connection"`
	Entity     string `json:"entity"`
	Epoch      int64  `json:"epoch"`
	Seq        int64  `json:"seq"`
}

// beginToFollow sets where a trigger begins to follow a stream; one that follows it already goes on.
func (s *Service) beginToFollow(ctx context.Context, f *store.Flow, t *lang.ChangeTrigger) error {
	set, err := settingsOf(f.Settings)
	if err != nil {
		return err
	}
	conn, err := s.Store.Connection(ctx, f.ProjectID, set.Connections[t.Connection])
	if err != nil {
		return fmt.Errorf("read connection %s: %w", t.Connection, err)
	}
	at, err := positionOf(f)
	if err != nil || at.Connection == conn.ID && at.Entity == t.Entity {
		return err
	}
	stands, err := s.Store.Position(ctx, conn.Scope(), t.Entity)
	if errors.Is(err, store.ErrNotFound) {
		return problem.Newf(problem.EntityNotEnabled, "The connection for %s does not sync %s. Add it to the connection's entities.", t.Connection, t.Entity)
	}
	if err != nil {
		return err
	}
	at = position{Connection: conn.ID, Entity: t.Entity, Epoch: stands.Epoch}
	if !t.FromStart {
		at.Seq = stands.Seq
	}
	return setPosition(f, at)
}

func positionOf(f *store.Flow) (at position, err error) {
	if f.Cursor == "" {
		return at, nil
	}
	if err := json.Unmarshal([]byte(f.Cursor), &at); err != nil {
		return at, fmt.Errorf("read how far flow %s has followed its stream: %w", f.Name, err)
	}
	return at, nil
}

func setPosition(f *store.Flow, at position) error {
	text, err := json.Marshal(at)
	if err != nil {
		return fmt.Errorf("write how far a stream is followed: %w", err)
	}
	f.Cursor = string(text)
	return nil
}

// change is an entry of a stream's feed as a flow sees it.
type change struct {
	Type      string          `json:"type"`
	Entity    string          `json:"entity"`
	ID        string          `json:"id"`
	RemoteID  string          `json:"remote_id"`
	Seq       int64           `json:"seq"`
	Version   string          `json:"version"`
	ChangedAt time.Time       `json:"changed_at"`
	Record    json.RawMessage `json:"record,omitempty"`
	Failed    string          `json:"failed,omitempty"` // why `where` could not be calculated
}

// changesInput is the input of a run that changes began.
type changesInput struct {
	Connection string   `json:"connection"`
	Entity     string   `json:"entity"`
	Changes    []change `json:"changes"`
	Unreadable []change `json:"unreadable,omitempty"` // for which `where` could not be calculated
}

// fireChanges begins a run with what has changed since the last one, and moves on in the stream, in one transaction.
func (w *Worker) fireChanges(ctx context.Context, f *store.Flow, p *machine.Program, set Settings) error {
	t := p.Flow().Trigger.Change
	conn, err := w.Store.Connection(ctx, f.ProjectID, set.Connections[t.Connection])
	if err != nil {
		return fmt.Errorf("read connection %s: %w", t.Connection, err)
	}
	stands, err := w.Store.Position(ctx, conn.Scope(), t.Entity)
	if errors.Is(err, store.ErrNotFound) {
		return w.noted(ctx, f, w.Now().Add(lookAgain), func(n *Note) {
			n.Code, n.Detail = problem.ReasonEntityNotEnabled, fmt.Sprintf("The connection for %s does not sync %s.", t.Connection, t.Entity)
		})
	}
	if err != nil {
		return err
	}
	at, err := positionOf(f)
	if err != nil {
		return err
	}
	if at.Epoch != stands.Epoch {
		return w.reset(ctx, f, t)
	}
	secrets, err := w.open(ctx, f, f.Sealed)
	if err != nil {
		return err
	}
	params, err := set.parameters(p.Flow(), secrets)
	if err != nil {
		return err
	}
	input, next, more, err := w.changes(ctx, conn, t, params, at)
	if err != nil {
		return err
	}
	due := w.Now()
	if !more {
		due = due.Add(changesEvery)
	}
	return w.locked(ctx, f, func(tx *store.Tx, now *store.Flow) error {
		if now.Cursor != f.Cursor || now.Version != f.Version { // another replica was first
			return nil
		}
		return w.follow(ctx, tx, now, p, input, next, due)
	})
}

func (w *Worker) follow(ctx context.Context, tx *store.Tx, f *store.Flow, p *machine.Program, input *changesInput, next position, due time.Time) error {
	if len(input.Changes)+len(input.Unreadable) > 0 {
		open, err := tx.FlowRunsOpen(ctx, f.ID, mostQueued)
		if err != nil {
			return err
		}
		if len(open) == mostQueued {
			f.DueAt = w.Now().Add(changesEvery)
			return tx.SetFlow(ctx, f)
		}
		text, err := json.Marshal(input)
		if err != nil {
			return fmt.Errorf("write the input of a run: %w", err)
		}
		if _, err := w.admit(ctx, tx, f, p.Flow(), Begin{Kind: lang.Change, Input: text, Caller: "change"}); err != nil {
			return err
		}
	}
	if err := setPosition(f, next); err != nil {
		return err
	}
	f.DueAt = due
	return tx.SetFlow(ctx, f)
}

// changes reads on in a stream. next is how far; more says that there is more.
func (w *Worker) changes(ctx context.Context, conn *store.Connection, t *lang.ChangeTrigger, params map[string]any, at position) (input *changesInput, next position, more bool, err error) {
	input, next, more = &changesInput{Connection: conn.ID, Entity: t.Entity, Changes: []change{}}, at, true
	for page := 0; more && page < pagesAtOnce && len(input.Changes) < t.Batch; page++ {
		var entries []store.FeedEntry
		entries, more, err = w.Store.Feed(ctx, conn.Scope(), t.Entity, store.Range{After: next.Seq, Limit: t.Batch - len(input.Changes), Bytes: bytesOfAPage, JSON: true})
		if err != nil {
			return nil, at, false, err
		}
		for _, e := range entries {
			next.Seq = e.Seq
			c := change{Type: e.Type, Entity: t.Entity, ID: e.ID.String(), RemoteID: e.RemoteID, Seq: e.Seq, Version: e.Version, ChangedAt: e.ChangedAt.UTC(), Record: json.RawMessage(orNull([]byte(e.JSON)))}
			if !slices.Contains(t.Types, e.Type) {
				continue
			}
			switch ok, err := matches(t.Where, c, params); {
			case err != nil:
				c.Failed = err.Error()
				input.Unreadable = append(input.Unreadable, c)
			case ok:
				input.Changes = append(input.Changes, c)
			}
		}
	}
	return input, next, more, nil
}

func matches(where *lang.Expr, c change, params map[string]any) (bool, error) {
	if where == nil {
		return true, nil
	}
	record, err := lang.Decode(c.Record)
	if err != nil {
		return false, err
	}
	return where.True(lang.Env{"params": params, "record": record, "change": map[string]any{"type": c.Type, "id": c.ID, "seq": c.Seq, "version": c.Version}})
}

// reset lets a trigger rest whose stream was reset: what it would miss or do twice is for a person to say.
func (w *Worker) reset(ctx context.Context, f *store.Flow, t *lang.ChangeTrigger) error {
	return w.locked(ctx, f, func(tx *store.Tx, now *store.Flow) error {
		n := noteOf(now)
		n.Code = problem.ReasonStreamReset
		n.Detail = fmt.Sprintf("The stream %s was reset. Resume the flow from now on, or from the beginning of the stream.", t.Entity)
		now.Paused = true
		return errors.Join(setNote(now, n), tx.SetFlow(ctx, now))
	})
}

func (w *Worker) noted(ctx context.Context, f *store.Flow, due time.Time, change func(*Note)) error {
	return w.locked(ctx, f, func(tx *store.Tx, now *store.Flow) error {
		n := noteOf(now)
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
