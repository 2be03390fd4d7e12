package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

// path gives a history as text, newest first.
func (w *world) path(c *store.Connection) (out []string) {
	w.t.Helper()
	for _, s := range must[[]store.StateChange](w)(w.States(w.t.Context(), c.Scope(), 0, 10)) {
		out = append(out, fmt.Sprintf("%d %s %s", s.N, s.State, s.Code))
	}
	return out
}

func (w *world) state(c *store.Connection, state store.ConnectionState, code string) {
	w.t.Helper()
	w.tick(time.Minute)
	w.write(func(tx *store.Tx) error {
		return tx.SetConnectionState(w.t.Context(), c.Scope(), state, code, "detail", w.now)
	})
}

var stateTests = []test{
	{"every state and code is a row, from the first to the last", func(t *testing.T, w *world) {
		c := w.connect()
		w.state(c, store.ConnectionUnreachable, "timeout")
		w.state(c, store.ConnectionUnreachable, "timeout")
		w.state(c, store.ConnectionUnreachable, "dns")
		w.state(c, store.ConnectionActive, "")
		w.write(func(tx *store.Tx) error { return tx.Disconnect(t.Context(), c.Scope(), w.now) })
		w.write(func(tx *store.Tx) error { return tx.Disconnect(t.Context(), c.Scope(), w.now) })
		w.equal("history", w.path(c), []string{"5 disconnected ", "4 active ", "3 unreachable dns", "2 unreachable timeout", "1 active "})
	}},
	{"a row ends when the next begins", func(t *testing.T, w *world) {
		c := w.connect()
		began := w.now
		w.state(c, store.ConnectionPaused, "paused")
		rows := must[[]store.StateChange](w)(w.States(t.Context(), c.Scope(), 0, 10))
		w.equal("rows", rows, []store.StateChange{
			{N: 2, State: store.ConnectionPaused, Code: "paused", Detail: "detail", Since: w.now},
			{N: 1, State: store.ConnectionActive, Since: began, Until: w.now},
		})
		w.equal("a page", must[[]store.StateChange](w)(w.States(t.Context(), c.Scope(), 2, 10)), rows[1:])
	}},
	{"what is undone leaves no row", func(t *testing.T, w *world) {
		c := w.connect()
		w.is(w.Write(t.Context(), func(tx *store.Tx) error {
			w.ok(tx.SetConnectionState(t.Context(), c.Scope(), store.ConnectionPaused, "", "", w.now))
			return store.ErrConflict
		}), store.ErrConflict)
		w.equal("history", w.path(c), []string{"1 active "})
	}},
	{"only the latest rows are kept", func(t *testing.T, w *world) {
		c := w.connect()
		w.write(func(tx *store.Tx) error {
			for i := range store.KeptStates + 10 {
				if err := tx.SetConnectionState(t.Context(), c.Scope(), store.ConnectionDegraded, fmt.Sprint(i), "", w.now); err != nil {
					return err
				}
			}
			return nil
		})
		rows := must[[]store.StateChange](w)(w.States(t.Context(), c.Scope(), 0, 2*store.KeptStates))
		w.equal("rows", len(rows), store.KeptStates)
		w.equal("newest", rows[0].Code, fmt.Sprint(store.KeptStates+9))
	}},
	{"histories of connections are apart, and go with their data", func(t *testing.T, w *world) {
		a, b := w.connect(), w.connect()
		w.state(a, store.ConnectionPaused, "")
		w.equal("b", w.path(b), []string{"1 active "})
		w.write(func(tx *store.Tx) error {
			w.ok(tx.Disconnect(t.Context(), a.Scope(), w.now))
			return tx.AskDeleteData(t.Context(), a.Scope(), w.now)
		})
		for done := false; !done; {
			done = must[bool](w)(w.DeleteDataStep(t.Context(), a.Scope(), 2))
		}
		w.equal("a", len(w.path(a)), 0)
		w.equal("b", w.path(b), []string{"1 active "})
	}},
}
