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

const (
	changesEvery = 2 * time.Second
	mostQueued   = 20   // runs of a flow that follow a stream: then its changes wait in the stream
	forgotten    = 1000 // at most of what a pass has seen, at each look after it
)

// position is how far a trigger has followed a stream.
type position struct {
	Connection string `json:"connection"`
	Entity     string `json:"entity"`
	Epoch      int64  `json:"epoch"`
	Seq        int64  `json:"seq"`
	Since      int64  `json:"since"` // where the stream ended when it was last read to its end
	Pass       int64  `json:"pass"`  // one of its kind, from there on
}

func (p position) pass(f *store.Flow, sc store.Scope) store.FlowPass {
	return store.FlowPass{Scope: sc, Flow: f.ID, N: p.Pass, Since: p.Since}
}

// beginToFollow sets where a trigger begins to follow a stream; one that follows it already goes on.
func (s *Service) beginToFollow(ctx context.Context, f *store.Flow, t *lang.ChangeTrigger) error {
	set, err := SettingsOf(f.Settings)
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
	at = position{Connection: conn.ID, Entity: t.Entity, Epoch: stands.Epoch, Pass: s.Now().UnixMicro()}
	if !t.FromStart {
		at.Seq, at.Since = stands.Seq, stands.Seq
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
	n, err := w.changes(ctx, f, conn, t, params, at)
	if err != nil {
		return err
	}
	if n.quiet(f, at) {
		return errQuiet
	}
	return w.locked(ctx, f, func(tx *store.Tx, now *store.Flow) error {
		if now.Cursor != f.Cursor || now.Version != f.Version { // another replica was first
			return nil
		}
		return w.follow(ctx, tx, now, p, n)
	})
}

// news is what a trigger has read on in its stream.
type news struct {
	input   *changesInput
	next    position
	more    bool // there is more to read
	pass    store.FlowPass
	entries []store.FeedEntry // without their records
}

// quiet says that nothing is new, and nothing else is to be stored of the trigger.
func (n *news) quiet(f *store.Flow, at position) bool {
	return len(n.entries) == 0 && !n.more && at.Since == at.Seq && NoteOf(f).Code == ""
}

// follow begins a run with the news, and moves on in the stream.
func (w *Worker) follow(ctx context.Context, tx *store.Tx, f *store.Flow, p *machine.Program, n *news) error {
	if len(n.input.Changes)+len(n.input.Unreadable) > 0 {
		open, err := tx.FlowRunsAhead(ctx, f.ID, mostQueued)
		if err != nil {
			return err
		}
		if len(open) == mostQueued {
			f.DueAt = w.Now().Add(changesEvery)
			return tx.SetFlow(ctx, f)
		}
		text, err := json.Marshal(n.input)
		if err != nil {
			return fmt.Errorf("write the input of a run: %w", err)
		}
		if _, err := w.admit(ctx, tx, f, p.Flow(), Begin{Kind: lang.Change, Input: text, Caller: "change"}); err != nil {
			return err
		}
	}
	if note := NoteOf(f); note.Code != "" && note.SkippedAt.IsZero() { // it follows again
		note.Code, note.Detail = "", ""
		if err := setNote(f, note); err != nil {
			return err
		}
	}
	if f.DueAt = w.Now(); n.more {
		if err := tx.KeepCreated(ctx, n.pass, n.entries); err != nil {
			return err
		}
	} else {
		f.DueAt = f.DueAt.Add(changesEvery)
		n.next.Since, n.next.Pass = n.next.Seq, n.next.Pass+1
	}
	if err := errors.Join(tx.DropCreated(ctx, n.pass, forgotten), setPosition(f, n.next)); err != nil {
		return err
	}
	return tx.SetFlow(ctx, f)
}

// changes reads on in a stream.
func (w *Worker) changes(ctx context.Context, f *store.Flow, conn *store.Connection, t *lang.ChangeTrigger, params map[string]any, at position) (*news, error) {
	n := &news{input: &changesInput{Connection: conn.ID, Entity: t.Entity, Changes: []change{}}, next: at, more: true, pass: at.pass(f, conn.Scope())}
	for page := 0; n.more && page < pagesAtOnce && n.input.room(t.Batch) > 0; page++ {
		entries, more, err := w.Store.Feed(ctx, conn.Scope(), t.Entity, store.Range{After: n.next.Seq, Limit: n.input.room(t.Batch), Bytes: bytesOfAPage, JSON: true})
		if err != nil {
			return nil, err
		}
		if err := w.Store.MarkCreated(ctx, n.pass, n.entries, entries); err != nil {
			return nil, err
		}
		n.more = more
		for _, e := range entries {
			n.next.Seq = e.Seq
			n.input.take(t, params, e)
			e.JSON = ""
			n.entries = append(n.entries, e)
		}
	}
	return n, nil
}

// room is how many changes more the input of one run takes: no more than the document says, nor many long ones.
func (in *changesInput) room(most int) int {
	size := 0
	for _, c := range slices.Concat(in.Changes, in.Unreadable) {
		size += len(c.Record)
	}
	if size >= bytesOfAPage {
		return 0
	}
	return most - len(in.Changes) - len(in.Unreadable)
}

// take takes a change in, if it is for the flow, in place of one of the same record that was read a page before.
func (in *changesInput) take(t *lang.ChangeTrigger, params map[string]any, e store.FeedEntry) {
	if i := slices.IndexFunc(in.Changes, func(c change) bool { return c.ID == e.ID.String() }); i >= 0 {
		if in.Changes[i].Type == "created" && e.Type == "updated" {
			e.Type = in.Changes[i].Type
		}
		in.Changes = slices.Delete(in.Changes, i, i+1)
	}
	if !slices.Contains(t.Types, e.Type) {
		return
	}
	c := change{Type: e.Type, Entity: t.Entity, ID: e.ID.String(), RemoteID: e.RemoteID, Seq: e.Seq, Version: e.Version, ChangedAt: e.ChangedAt.UTC(), Record: json.RawMessage(orNull([]byte(e.JSON)))}
	switch ok, err := matches(t.Where, c, params); {
	case err != nil:
		c.Failed = err.Error()
		in.Unreadable = append(in.Unreadable, c)
	case ok:
		in.Changes = append(in.Changes, c)
	}
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
		n := NoteOf(now)
		n.Code = problem.ReasonStreamReset
		n.Detail = fmt.Sprintf("The stream %s was reset. Resume the flow from now on, or from the beginning of the stream.", t.Entity)
		now.Paused = true
		return errors.Join(setNote(now, n), tx.SetFlow(ctx, now))
	})
}
