package flow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/flow/machine"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// cursor is how far a list is read: a place in a stream, or a number of values.
type cursor struct {
	Epoch int64 `json:"epoch,omitempty"`
	Seq   int64 `json:"seq,omitempty"`
	Begun bool  `json:"begun,omitempty"`
	N     int64 `json:"n,omitempty"`
}

// found is what a list holds: an item to be, or one that has failed already.
type found struct {
	key   string
	n     int64 // its place in a list of values; -1: it is a record of a stream
	input json.RawMessage
	fault *problem.Error
}

const (
	fewItems     = 100 // are read ahead at least
	recordsAPage = 500
	pagesAtOnce  = 20 // without an item among them
	bytesOfAPage = 4 << 20
	bytesAhead   = 4 << 20 // of items are enough, however few they are: a batch of long ones is a smaller one
)

// readOn takes the next items of a list in.
func (w *work) readOn(r *reading, e *lang.Each) error {
	next, read, items, err := w.items(r, e)
	if err != nil {
		var p *problem.Error
		if !errors.As(err, &p) {
			return err
		}
		return w.unreadableList(r, p)
	}
	return w.keep(r, func(ctx context.Context, tx *store.Tx) error {
		r.Cursor, r.Read, r.Ahead = next, read, r.Ahead+bytesOf(items)
		return w.takeIn(ctx, tx, r.Step, items)
	})
}

func bytesOf(items []found) (n int) {
	for _, it := range items {
		n += len(it.input)
	}
	return n
}

// unreadableList ends an each whose list cannot be read: the step fails.
func (w *work) unreadableList(r *reading, p *problem.Error) error {
	return w.keep(r, func(ctx context.Context, tx *store.Tx) error {
		r.Stopped, r.Fault = true, w.hidden(problem.Document(p))
		return w.cancelItems(ctx, tx, &r.Step)
	})
}

// items reads on in the list of an each.
func (w *work) items(r *reading, e *lang.Each) (next cursor, read bool, items []found, err error) {
	env := w.prog.Env(w.main.frame, &w.main.state.Thread)
	if e.In != "" {
		return w.records(r, e, w.prog.Flow().Step(e.In).List, env)
	}
	list, err := w.values(r.Step, e, env)
	if err != nil {
		return next, false, nil, err
	}
	next = r.Cursor
	for bytes := 0; next.N < int64(len(list)) && len(items) < max(fewItems, e.BatchSize) && bytes < bytesAhead-r.Ahead; next.N++ {
		text, err := lang.Encode(list[next.N])
		if err != nil {
			return next, false, nil, fmt.Errorf("write item %d: %w", next.N, err)
		}
		bytes += len(text)
		items = append(items, w.found(e, env, list[next.N], text, next.N))
	}
	if read = next.N >= int64(len(list)); read {
		items = append(items, w.unreadable(e)...)
	}
	return next, read, items, nil
}

// listed are the values of the list of an each.
type listed struct {
	step   string
	values []any
	first  map[string]int64 // by key: the place of the first with it, from 1; nil: not made yet
}

// values gives the list of an each over values. It is calculated once while a turn has the run: what it is made of stays the same until the each has ended.
func (w *work) values(step string, e *lang.Each, env lang.Env) ([]any, error) {
	if w.listed.step == step {
		return w.listed.values, nil
	}
	v, err := e.Over.Eval(env)
	if err != nil {
		return nil, machine.FailureOf(err)
	}
	list, ok := v.([]any)
	if v == nil {
		return nil, problem.Newf(problem.ExpressionFailed, "%s: wants a list, and this is null. Where that means an empty list, write (…) ?? [].", e.Over.Path)
	}
	if !ok {
		return nil, problem.Newf(problem.ExpressionFailed, "%s: wants a list, and this is %s.", e.Over.Path, lang.Describe(v))
	}
	w.listed = listed{step: step, values: list}
	return list, nil
}

// unreadable are, of an each over the changes that began the run, those for which the trigger's condition could not be calculated: they are items that have failed.
func (w *work) unreadable(e *lang.Each) (items []found) {
	if w.run.TriggerKind != lang.Change || !e.OverChanges() {
		return nil
	}
	var in changesInput
	if err := json.Unmarshal(w.run.Input, &in); err != nil {
		return nil
	}
	for _, c := range in.Unreadable {
		text, err := json.Marshal(c)
		if err != nil {
			continue
		}
		items = append(items, found{key: fmt.Sprintf("unreadable %d", c.Seq), input: text, fault: problem.New(problem.ExpressionFailed, "Nobody knows whether the change is for this flow: "+c.Failed)})
	}
	return items
}

// records reads on in a stream, until it is read to where it ends now: what changes meanwhile comes again there, and is known by its key. Records that came after the run began are left out.
func (w *work) records(r *reading, e *lang.Each, l *lang.List, env lang.Env) (next cursor, read bool, items []found, err error) {
	conn := w.conns[l.Connection]
	budget := bytesAhead - r.Ahead
	if next, err = w.from(r.Cursor, l, env); err != nil {
		return next, false, nil, err
	}
	seen := maps.Clone(env)
	for page := 0; page < pagesAtOnce && len(items) < max(fewItems, e.BatchSize) && bytesOf(items) < budget; page++ {
		recs, more, err := w.Store.Page(w.turn.work, conn.Scope(), l.Entity, store.Range{After: next.Seq, Limit: recordsAPage, Bytes: budget - bytesOf(items), Deleted: l.Deleted})
		if err != nil {
			return next, false, nil, fmt.Errorf("read %s of connection %s: %w", l.Entity, conn.ID, err)
		}
		for _, rec := range recs {
			next.Seq = rec.Seq
			it, wanted, err := w.record(e, l, seen, rec.JSON)
			if err != nil {
				return next, false, nil, err
			}
			if wanted {
				items = append(items, it)
			}
		}
		if !more {
			return next, true, items, nil
		}
	}
	return next, false, items, nil
}

// from gives where a list goes on: at its beginning, or after a reset of the stream there again.
func (w *work) from(at cursor, l *lang.List, env lang.Env) (cursor, error) {
	conn := w.conns[l.Connection]
	p, err := w.Store.Position(w.turn.work, conn.Scope(), l.Entity)
	if errors.Is(err, store.ErrNotFound) {
		return at, problem.Newf(problem.EntityNotEnabled, "The connection for %s does not sync %s. Add it to the connection's entities.", l.Connection, l.Entity)
	}
	if err != nil {
		return at, fmt.Errorf("look where %s of connection %s stands: %w", l.Entity, conn.ID, err)
	}
	if at.Begun && at.Epoch == p.Epoch {
		return at, nil
	}
	next := cursor{Epoch: p.Epoch, Begun: true}
	if l.ChangedAfter == nil {
		return next, nil
	}
	v, err := l.ChangedAfter.Eval(env)
	if err != nil {
		return at, machine.FailureOf(err)
	}
	text, _ := v.(string)
	since, err := time.Parse(time.RFC3339Nano, text)
	if v == nil {
		return next, nil
	}
	if err != nil {
		return at, problem.Newf(problem.ExpressionFailed, "%s: wants a time such as 2026-11-30T06:00:00Z, and this is %s.", l.ChangedAfter.Path, lang.Describe(v))
	}
	next.Seq, err = w.Store.SeqBefore(w.turn.work, conn.Scope(), l.Entity, since)
	return next, err
}

// record makes an item of a record that the list wants.
func (w *work) record(e *lang.Each, l *lang.List, env lang.Env, text string) (it found, wanted bool, err error) {
	v, err := lang.Decode([]byte(text))
	if err != nil {
		return it, false, fmt.Errorf("read a record: %w", err)
	}
	members, _ := v.(map[string]any)
	if text, _ := members["created_at"].(string); after(text, w.run.CreatedAt) {
		return it, false, nil
	}
	if l.Where != nil {
		env["record"] = v
		ok, err := l.Where.True(env)
		delete(env, "record")
		if err != nil {
			id, _ := members["id"].(string)
			return found{key: id, n: -1, input: json.RawMessage(text), fault: machine.FailureOf(err)}, true, nil
		}
		if !ok {
			return it, false, nil
		}
	}
	return w.found(e, env, v, json.RawMessage(text), -1), true, nil
}

func after(text string, t time.Time) bool {
	at, err := time.Parse(time.RFC3339Nano, text)
	return err == nil && at.After(t)
}

// found makes an item of a value; n is its place in a list of values.
func (w *work) found(e *lang.Each, env lang.Env, v any, text json.RawMessage, n int64) found {
	it := found{input: text, n: n}
	members, _ := v.(map[string]any)
	id, _ := members["id"].(string)
	if it.key = id; id == "" {
		it.key = "#" + strconv.FormatInt(n, 10)
	}
	if e.Key == nil {
		return it
	}
	own := maps.Clone(env)
	own["item"], own["index"] = v, n
	key, err := e.Key.Eval(own)
	switch k := key.(type) {
	case string:
		it.key = k
	case int64, bool, float64:
		text, _ := lang.Encode(k)
		it.key = string(text)
	default:
		if err == nil {
			err = problem.Newf(problem.ExpressionFailed, "%s: wants a text that tells the item from others, and this is %s.", e.Key.Path, lang.Describe(key))
		}
	}
	if err != nil {
		it.fault = machine.FailureOf(err)
	}
	return it
}
