package storetest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

var flowTests = []test{
	{"a flow has a version for each document that differs from the one before", func(t *testing.T, w *world) {
		a, b := w.connect(), w.connect()
		made := w.flow("mirror", map[string]store.Scope{"from": a.Scope(), "to": b.Scope()})
		f := must[*store.Flow](w)(w.Store.Flow(t.Context(), project, "mirror"))
		w.equal("as given", f, made)
		w.equal("it", words(f.Name, f.Title, f.Version, f.Paused, string(f.Settings), string(f.Sealed), f.TriggerKind, string(f.TriggerNote), f.DueAt.IsZero(), f.CreatedAt),
			words("mirror", "Title", 1, false, `{"parameters":{}}`, "sealed", "schedule", "{}", true, w.now))
		w.tick(time.Second)
		w.equal("again", w.flow("mirror", map[string]store.Scope{"to": b.Scope()}).Version, 1)
		n := store.NewFlow{ID: "other", ProjectID: project, Name: "mirror", Document: "flow: mirror\ntitle: x", Format: "yaml", By: "m", TriggerKind: "manual"}
		w.write(func(tx *store.Tx) (err error) { made, err = tx.PutFlow(t.Context(), n, w.now); return err })
		w.equal("changed", words(made.ID, made.Version, made.Title == "", string(made.Settings), made.Sealed == nil, made.TriggerKind, made.CreatedAt, made.UpdatedAt),
			words(f.ID, 2, true, "{}", true, "manual", f.CreatedAt, w.now))
		v := must[*store.FlowVersion](w)(w.Store.FlowVersion(t.Context(), f.ID, 2))
		w.equal("version", *v, store.FlowVersion{Flow: f.ID, Version: 2, Document: n.Document, Format: "yaml", MadeAt: w.now, MadeBy: "m"})
		all := must[[]store.FlowVersion](w)(w.FlowVersions(t.Context(), f.ID, 0, 0))
		w.equal("versions", words(len(all), all[0].Version, all[1].Version), "2 2 1")
		w.equal("older", len(must[[]store.FlowVersion](w)(w.FlowVersions(t.Context(), f.ID, 2, 10))), 1)
		w.is(second(w.Store.FlowVersion(t.Context(), f.ID, 3)), store.ErrNotFound)
		w.is(second(w.Store.Flow(t.Context(), "p2", "mirror")), store.ErrNotFound)
		w.is(second(w.FlowByID(t.Context(), "other")), store.ErrNotFound)
	}},
	{"flows are listed by name, and by the connections that have a role in them", func(t *testing.T, w *world) {
		a, b := w.connect(), w.connect()
		w.flow("c", map[string]store.Scope{"from": a.Scope(), "to": a.Scope()})
		w.flow("a", map[string]store.Scope{"from": a.Scope(), "to": b.Scope()})
		w.flow("b", map[string]store.Scope{"from": a.Scope()})
		w.flow("b", map[string]store.Scope{"from": b.Scope()})
		for name, tt := range map[string]struct {
			project string
			filter  store.FlowFilter
			want    []string
		}{
			"all":        {project, store.FlowFilter{}, []string{"a", "b", "c"}},
			"page":       {project, store.FlowFilter{After: "a", Limit: 1}, []string{"b"}},
			"connection": {project, store.FlowFilter{Connection: a.Scope()}, []string{"a", "c"}},
			"other":      {project, store.FlowFilter{Connection: b.Scope()}, []string{"a", "b"}},
			"of no one":  {"p2", store.FlowFilter{}, []string{}},
		} {
			w.equal(name, flowNames(must[[]store.Flow](w)(w.Flows(t.Context(), tt.project, tt.filter))), tt.want)
		}
	}},
	{"what the trigger has come to is kept when the flow is applied again", func(t *testing.T, w *world) {
		f := w.flow("a", nil)
		w.write(func(tx *store.Tx) error {
			f, err := tx.LockFlow(t.Context(), f.ID)
			w.ok(err)
			f.TriggerNote, f.DueAt, f.Cursor = json.RawMessage(`{"fired":1}`), w.now.Add(time.Minute), "17"
			f.HookHash, f.HookSealed, f.UpdatedAt = []byte("hash"), []byte("hook"), w.now
			return tx.SetFlow(t.Context(), f)
		})
		f = w.flow("a", nil)
		w.equal("kept", words(string(f.TriggerNote), f.DueAt, f.Cursor, string(f.HookHash), string(f.HookSealed)), words(`{"fired":1}`, w.now.Add(time.Minute), "17", "hash", "hook"))
		w.equal("by hook", must[*store.Flow](w)(w.FlowByHook(t.Context(), []byte("hash"))), f)
		w.is(second(w.FlowByHook(t.Context(), []byte("other"))), store.ErrNotFound)
		due := func() []string { return flowNames(must[[]store.Flow](w)(w.DueFlows(t.Context(), w.now, 10))) }
		w.equal("not due", due(), []string{})
		w.tick(time.Minute)
		w.equal("due", due(), []string{"a"})
		f.Paused = true
		w.write(func(tx *store.Tx) error { return tx.SetFlow(t.Context(), f) })
		w.equal("paused", due(), []string{})
		f.ID = "gone"
		w.is(w.Write(t.Context(), func(tx *store.Tx) error { return tx.SetFlow(t.Context(), f) }), store.ErrNotFound)
	}},
	{"one works on a flow, and who lost it writes nothing", func(t *testing.T, w *world) {
		f := w.flow("a", nil)
		w.equal("nothing to do", w.flowBacklog(), []string{})
		w.flowRun(f)
		w.equal("a run", w.flowBacklog(), []string{f.ID})
		first := w.holdFlow(f)
		w.equal("taken", w.flowBacklog(), []string{})
		w.is(second(w.AcquireFlow(t.Context(), f.ID, "other", w.now.Add(time.Minute), w.now)), store.ErrConflict)
		w.is(second(w.AcquireFlow(t.Context(), "gone", "other", w.now.Add(time.Minute), w.now)), store.ErrConflict)
		hold := func(f *store.Flow) error {
			return w.Write(t.Context(), func(tx *store.Tx) error { return tx.HoldFlow(t.Context(), f) })
		}
		w.ok(hold(first))
		w.ok(w.RenewFlow(t.Context(), first, w.now.Add(2*time.Minute)))
		w.tick(time.Minute)
		w.equal("renewed", w.flowBacklog(), []string{})
		w.tick(time.Minute)
		w.equal("over", w.flowBacklog(), []string{f.ID})
		next := w.holdFlow(f)
		w.is(hold(first), store.ErrFenced)
		w.is(w.RenewFlow(t.Context(), first, w.now.Add(time.Minute)), store.ErrFenced)
		w.is(w.releaseFlow(first, w.now), store.ErrFenced)
		w.is(w.releaseFlow(first, time.Time{}), store.ErrFenced)
		w.ok(hold(next))
		w.ok(w.releaseFlow(next, time.Time{}))
		w.is(hold(next), store.ErrFenced)
		w.equal("left", w.flowBacklog(), []string{})
		next = w.holdFlow(f)
		w.ok(w.ClearLeases(t.Context()))
		w.is(hold(next), store.ErrFenced)
		w.equal("nobody knows when it goes on", w.flowBacklog(), []string{f.ID})
	}},
	{"who wakes a flow that is worked on is heard when it is let go", func(t *testing.T, w *world) {
		f := w.flow("a", nil)
		wake := func(after time.Duration) {
			w.write(func(tx *store.Tx) error { return tx.WakeFlow(t.Context(), f.ID, w.now.Add(after)) })
		}
		for _, tt := range []struct {
			wake    []time.Duration
			release time.Duration // -1: not by itself
			want    time.Duration
		}{
			{nil, time.Hour, time.Hour},
			{[]time.Duration{time.Minute}, time.Hour, time.Minute},
			{[]time.Duration{time.Minute, time.Hour}, -1, time.Minute},
			{[]time.Duration{2 * time.Hour}, time.Hour, time.Hour},
			{nil, -1, -1},
		} {
			held := w.holdFlow(f)
			for _, d := range tt.wake {
				wake(d)
			}
			at, want := w.now.Add(tt.release), w.now.Add(tt.want)
			if tt.release < 0 {
				at = time.Time{}
			}
			if tt.want < 0 {
				want = time.Time{}
			}
			w.ok(w.releaseFlow(held, at))
			w.equal("woken at", held.WakeAt, want)
			w.equal("stored", must[*store.Flow](w)(w.FlowByID(t.Context(), f.ID)), held)
		}
		w.is(w.Write(t.Context(), func(tx *store.Tx) error { return tx.WakeFlow(t.Context(), "gone", w.now) }), store.ErrNotFound)
	}},
}

func (w *world) flowBacklog() []string {
	w.t.Helper()
	return append([]string{}, must[[]string](w)(w.FlowBacklog(w.t.Context(), w.now, 10))...)
}

func flowNames(flows []store.Flow) []string {
	out := []string{}
	for _, f := range flows {
		out = append(out, f.Name)
	}
	return out
}
