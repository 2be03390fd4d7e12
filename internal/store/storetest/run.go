package storetest

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

var runTests = []test{
	{"a request that is covered gives the run that covers it", coverage},
	{"an upgraded run forgets what the weaker one had begun", func(t *testing.T, w *world) {
		c := w.connect()
		w.sync(c, orders, store.Full, recs(2, "a"))
		r := w.begin(c, orders, store.Incremental)
		w.ok(w.PlanRun(t.Context(), r, w.now, w.now, json.RawMessage(`{"page":9}`)))
		w.apply(c, r, recs(2, "a"))
		w.finish(r, store.Finish{State: store.RunFailed, RetryAt: w.now.Add(time.Hour)})
		up, created := w.request(c, orders, store.Full)
		w.equal("created", created, false)
		w.equal("run", up.ID, r.ID)
		w.equal("fresh", []any{up.Mode, up.Counts, string(up.Checkpoint), up.Since.IsZero(), up.RetryAt.IsZero(), up.Attempt}, []any{store.Full, store.Counts{}, "", true, true, 0})
	}},
	{"a queued run waits for its retry unless a person asks", func(t *testing.T, w *world) {
		c := w.connect()
		r := w.begin(c, orders, store.Full)
		w.finish(r, store.Finish{State: store.RunFailed, ReasonCode: "timeout", RetryAt: w.now.Add(time.Hour)})
		w.equal("state", r.State, store.RunQueued)
		w.equal("runnable", len(w.runnable(c)), 0)
		w.write(func(tx *store.Tx) error {
			_, _, err := tx.RequestRun(t.Context(), c.Scope(), orders, store.Full, store.TriggerSchedule, w.id(), w.now)
			return err
		})
		w.equal("runnable after the schedule asks", len(w.runnable(c)), 0)
		w.request(c, orders, store.Incremental)
		w.equal("runnable after a person asks", w.runnable(c), []string{r.ID})
		again := w.acquire(r)
		w.equal("attempt", again.Attempt, 2)
	}},
	{"runnable runs come in the order of the streams, one per stream", func(t *testing.T, w *world) {
		c := w.connect()
		o, _ := w.request(c, orders, store.Incremental)
		v, _ := w.request(c, vendors, store.Incremental)
		w.equal("runnable", w.runnable(c), []string{v.ID, o.ID})
		w.equal("connections nobody waits for", len(must[[]store.Scope](w)(w.Backlog(t.Context(), store.LaneScheduled, w.now, 10))), 0)
		w.equal("connections somebody waits for", must[[]store.Scope](w)(w.Backlog(t.Context(), store.LaneAsked, w.now, 10)), []store.Scope{c.Scope()})
		r := w.acquire(o)
		behind, _ := w.request(c, orders, store.Full)
		w.equal("leased", w.runnable(c), []string{v.ID})
		_, err := w.AcquireRun(t.Context(), behind, "x", w.now.Add(time.Minute), w.now)
		w.is(err, store.ErrConflict)
		w.ok(w.ReleaseRun(t.Context(), r))
		w.equal("released", w.runnable(c), []string{v.ID, o.ID})
		w.complete(w.acquire(o))
		w.equal("ended", w.runnable(c), []string{v.ID, behind.ID})
		w.write(func(tx *store.Tx) error {
			return tx.SetConnectionState(t.Context(), c.Scope(), store.ConnectionPaused, "", "", w.now)
		})
		w.equal("paused", len(must[[]store.Scope](w)(w.Backlog(t.Context(), store.LaneAsked, w.now, 10))), 0)
	}},
	{"a lease is taken over when it is over, and the old holder is fenced", takeOver},
	{"who let go of a lease may not write any more", func(t *testing.T, w *world) {
		c := w.connect()
		r := w.begin(c, orders, store.Full)
		w.ok(w.ReleaseRun(t.Context(), r))
		w.is(w.ReleaseRun(t.Context(), r), store.ErrFenced)
		w.is(w.ApplyPage(t.Context(), r, w.classify(c, orders, recs(1, "a")), w.now), store.ErrFenced)
	}},
	{"clearing leases frees them and fences their holders", func(t *testing.T, w *world) {
		c := w.connect()
		r := w.begin(c, orders, store.Full)
		w.ok(w.ClearLeases(t.Context()))
		w.is(w.RenewRun(t.Context(), r, w.now), store.ErrFenced)
		w.acquire(r)
	}},
	{"cancelling ends a queued run at once and marks a running one", func(t *testing.T, w *world) {
		c := w.connect()
		cancel := func(id string) (r *store.Run) {
			w.write(func(tx *store.Tx) (err error) { r, err = tx.CancelRun(t.Context(), c.Scope(), id, w.now); return err })
			return r
		}
		queued, _ := w.request(c, vendors, store.Full)
		w.equal("queued", cancel(queued.ID).State, store.RunCancelled)
		r := w.begin(c, orders, store.Full)
		w.equal("running", []any{cancel(r.ID).State, cancel(r.ID).CancelRequested}, []any{store.RunRunning, true})
		w.is(w.RenewRun(t.Context(), r, w.now.Add(time.Minute)), store.ErrCancelled)
		w.is(w.ApplyPage(t.Context(), r, w.classify(c, orders, recs(2, "a")), w.now), store.ErrCancelled)
		w.equal("records", len(w.list(c, orders, store.Range{})), 0)
		next, created := w.request(c, orders, store.Full)
		w.equal("a new request is not covered by it", created, true)
		w.finish(r, store.Finish{State: store.RunFailed, RetryAt: w.now.Add(time.Hour)})
		w.equal("no retry", must[*store.Run](w)(w.Run(t.Context(), c.Scope(), r.ID)).State, store.RunCancelled)
		w.equal("ended run", cancel(r.ID).State, store.RunCancelled)
		w.equal("next", w.runnable(c), []string{next.ID})
		err := w.Write(t.Context(), func(tx *store.Tx) error { _, err := tx.CancelRun(t.Context(), c.Scope(), "none", w.now); return err })
		w.is(err, store.ErrNotFound)
	}},
	{"finishing updates the stream", finishes},
	{"a run that failed behind a stronger request leaves it the retry", func(t *testing.T, w *world) {
		c := w.connect()
		r := w.begin(c, orders, store.Incremental)
		full, _ := w.request(c, orders, store.Full)
		w.finish(r, store.Finish{State: store.RunFailed, RetryAt: w.now.Add(time.Hour)})
		w.equal("state", must[*store.Run](w)(w.Run(t.Context(), c.Scope(), r.ID)).State, store.RunFailed)
		w.equal("runnable now", len(w.runnable(c)), 0)
		w.tick(time.Hour)
		w.equal("runnable later", w.runnable(c), []string{full.ID})
	}},
	{"a run that is to wait is not taken by who saw it ready before", waitsForItsTime},
	{"runs are listed newest first, filtered and paged", func(t *testing.T, w *world) {
		c := w.connect()
		var ids []string
		for i := range 4 {
			ids = append(ids, w.sync(c, []string{orders, vendors}[i%2], store.Incremental).ID)
		}
		list := func(f store.RunFilter) (out []string) {
			for _, r := range must[[]store.Run](w)(w.Runs(t.Context(), c.Scope(), f)) {
				out = append(out, r.ID)
			}
			return out
		}
		w.equal("all", list(store.RunFilter{}), []string{ids[3], ids[2], ids[1], ids[0]})
		w.equal("page", list(store.RunFilter{Before: ids[3], Limit: 2}), []string{ids[2], ids[1]})
		w.equal("entity", list(store.RunFilter{Entity: vendors}), []string{ids[3], ids[1]})
		w.equal("state", len(list(store.RunFilter{State: store.RunFailed})), 0)
	}},
}

// coverage goes through every mode against every run under way.
func coverage(t *testing.T, w *world) {
	modes := []store.Mode{store.Incremental, store.Full, store.Reset}
	for i, first := range modes {
		for j, second := range modes {
			name := fmt.Sprintf("%s, then %s", first, second)
			c := w.connect()
			queued, _ := w.request(c, vendors, first)
			got, created := w.request(c, vendors, second)
			w.equal(name+": queued", []any{got.ID, created, got.Mode}, []any{queued.ID, false, modes[max(i, j)]})

			running := w.begin(c, orders, first)
			got, created = w.request(c, orders, second)
			w.equal(name+": running", []any{got.ID == running.ID, created}, []any{j <= i, j > i})
			if j > i {
				again, created := w.request(c, orders, second)
				w.equal(name+": behind", []any{again.ID, created}, []any{got.ID, false})
			}
		}
	}
	err := w.Write(t.Context(), func(tx *store.Tx) error {
		_, _, err := tx.RequestRun(t.Context(), w.connect0(tx).Scope(), "assets", store.Full, "manual", w.id(), w.now)
		return err
	})
	w.is(err, store.ErrNotFound)
}

func waitsForItsTime(t *testing.T, w *world) {
	c := w.connect()
	r, _ := w.request(c, orders, store.Full)
	seen := must[[]store.Run](w)(w.RunnableRuns(t.Context(), c.Scope(), w.now))
	take := func() error {
		_, err := w.AcquireRun(t.Context(), &seen[0], "late", w.now.Add(time.Minute), w.now)
		return err
	}
	w.finish(w.acquire(r), store.Finish{State: store.RunFailed, RetryAt: w.now.Add(time.Hour)})
	w.is(take(), store.ErrConflict)
	w.tick(time.Hour)
	hold := store.Hold{Until: w.now.Add(time.Hour), Code: "blackout"}
	w.ok(w.HoldRun(t.Context(), w.acquire(r), hold))
	w.is(take(), store.ErrConflict)
	w.tick(time.Hour)
	w.ok(take())
}

func takeOver(t *testing.T, w *world) {
	c := w.connect()
	w.sync(c, orders, store.Full, recs(2, "old"))
	r := w.begin(c, orders, store.Full)
	w.apply(c, r, recs(5, "a"))
	w.equal("start", []any{r.StartSeq, r.StartedAt, r.Attempt}, []any{2, w.now, 1})
	_, err := w.AcquireRun(t.Context(), r, "other", w.now.Add(time.Minute), w.now)
	w.is(err, store.ErrConflict)
	w.ok(w.RenewRun(t.Context(), r, w.now.Add(2*time.Minute)))
	w.tick(time.Minute)
	w.equal("runnable while renewed", len(w.runnable(c)), 0)
	w.tick(time.Minute)
	w.equal("runnable when over", w.runnable(c), []string{r.ID})

	taken := w.acquire(r)
	w.equal("kept", []any{taken.StartSeq, taken.StartedAt, taken.Attempt, taken.Counts.Created}, []any{2, r.StartedAt, 1, 3})
	late := w.classify(c, orders, recs(9, "late"))
	for what, err := range map[string]error{
		"apply":   w.ApplyPage(t.Context(), r, late, w.now),
		"renew":   w.RenewRun(t.Context(), r, w.now),
		"release": w.ReleaseRun(t.Context(), r),
		"plan":    w.PlanRun(t.Context(), r, w.now, w.now, nil),
		"finish": w.Write(t.Context(), func(tx *store.Tx) error {
			return tx.FinishRun(t.Context(), r, store.Finish{State: store.RunComplete}, w.now)
		}),
	} {
		t.Log(what)
		w.is(err, store.ErrFenced)
	}
	_, err = w.BeginReset(t.Context(), r, 10)
	w.is(err, store.ErrFenced)
	w.equal("records", len(w.list(c, orders, store.Range{})), 5)
	w.complete(taken)
	w.is(w.RenewRun(t.Context(), taken, w.now), store.ErrFenced)
}

func finishes(t *testing.T, w *world) {
	c := w.connect()
	cursor, next := w.now.Add(-time.Hour), w.now.Add(time.Hour)
	w.finish(w.begin(c, orders, store.Full), store.Finish{State: store.RunComplete, CursorAt: cursor, Full: true, NextRunAt: next})
	st := w.stream(c, orders)
	w.equal("complete", []any{st.CursorAt, st.LastSuccessAt, st.LastFullAt, st.NextRunAt, st.Failures}, []any{cursor, w.now, w.now, next, 0})
	w.equal("connection", must[*store.Connection](w)(w.ConnectionByScope(t.Context(), c.Scope())).LastSuccessAt, w.now)
	done := w.now
	w.tick(time.Minute)
	for n := 1; n <= 2; n++ {
		w.finish(w.begin(c, orders, store.Incremental), store.Finish{State: store.RunFailed, ReasonCode: "timeout", ReasonDetail: "It is slow.", CursorAt: w.now})
		st = w.stream(c, orders)
		w.equal("failed", []any{st.CursorAt, st.LastSuccessAt, st.Failures, st.ErrorCode, st.ErrorDetail, st.NextRunAt.IsZero()}, []any{cursor, done, n, "timeout", "It is slow.", true})
		w.equal("reason", st.LastRun.ReasonCode, "timeout")
	}
	w.finish(w.begin(c, orders, store.Incremental), store.Finish{State: store.RunComplete})
	st = w.stream(c, orders)
	w.equal("recovered", []any{st.CursorAt, st.LastFullAt, st.Failures, st.ErrorCode}, []any{cursor, done, 0, ""})
}

// runnable gives the ids of runnable runs.
func (w *world) runnable(c *store.Connection) (ids []string) {
	w.t.Helper()
	for _, r := range must[[]store.Run](w)(w.RunnableRuns(w.t.Context(), c.Scope(), w.now)) {
		ids = append(ids, r.ID)
	}
	return ids
}

// connect0 makes a connection without streams.
func (w *world) connect0(tx *store.Tx) *store.Connection {
	w.t.Helper()
	c := &store.Connection{ID: w.id(), ProjectID: project, State: store.ConnectionActive, CreatedAt: w.now}
	w.ok(tx.InsertConnection(w.t.Context(), c))
	return c
}
