package connection_test

import (
	"context"
	"testing"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// reserve stores a pending connection.
func (w *world) reserve() *store.Connection {
	w.t.Helper()
	var c *store.Connection
	err := w.store.Write(acting(w.t.Context()), func(tx *store.Tx) (err error) {
		c, err = w.Reserve(acting(w.t.Context()), tx, w.project, connection.Reservation{System: "acme"})
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// What was never connected cannot come back: it has no entities that could sync.
func TestReconnectWhatWasNeverConnected(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.reserve()
	if err := w.Disconnect(acting(t.Context()), c); err != nil {
		t.Fatal(err)
	}
	for _, same := range []bool{false, true} {
		_, err := w.Reconnect(acting(t.Context()), w.stored(c), connection.Renewal{Credentials: w.login(), SameInstance: same}, "", nil)
		wantProblem(t, err, problem.Conflict, "", "")
	}
	w.wantState(c, store.ConnectionDisconnected)
}

// Two who reconnect at once make one token, and who deletes the data meanwhile and who reconnects do not both win.
func TestReconnectOnceAndNotWhileDataAreDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.create().Connection
	if err := w.Disconnect(acting(t.Context()), c); err != nil {
		t.Fatal(err)
	}
	one, two, third := w.stored(c), w.stored(c), w.stored(c)
	renewal := connection.Renewal{Credentials: w.login()}
	if _, err := w.Reconnect(acting(t.Context()), one, renewal, "", nil); err != nil {
		t.Fatal(err)
	}
	_, err := w.Reconnect(acting(t.Context()), two, renewal, "", nil)
	wantProblem(t, err, problem.Conflict, "", "")
	if err := w.DeleteData(acting(t.Context()), third); err == nil {
		t.Error("the data of a connection that came back are deleted")
	}
	tokens, err := w.store.Tokens(t.Context(), c.Scope())
	if err != nil || len(tokens) != 2 || tokens[1].RevokedAt.IsZero() || !tokens[0].RevokedAt.IsZero() {
		t.Errorf("tokens %+v, %v", tokens, err)
	}
	runs, err := w.store.RunnableRuns(t.Context(), c.Scope(), w.clock())
	if err != nil || len(runs) != 3 {
		t.Errorf("%d runs, %v", len(runs), err)
	}
	if err := w.Disconnect(acting(t.Context()), one); err != nil {
		t.Fatal(err)
	}
	late := w.stored(c)
	renewal.With = func(context.Context, *store.Tx, *store.Connection) error {
		t.Error("it came back")
		return nil
	}
	if err := w.DeleteData(acting(t.Context()), w.stored(c)); err != nil {
		t.Fatal(err)
	}
	_, err = w.Reconnect(acting(t.Context()), late, renewal, "", nil)
	wantProblem(t, err, problem.Conflict, "", "")
}

// The deletion of data is noted once, however many ask for it.
func TestDeletionIsNotedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.create().Connection
	if err := w.Disconnect(acting(t.Context()), c); err != nil {
		t.Fatal(err)
	}
	one, two := w.stored(c), w.stored(c)
	for _, c := range []*store.Connection{one, two} {
		if err := w.DeleteData(acting(t.Context()), c); err != nil {
			t.Fatal(err)
		}
	}
	noted, err := w.store.AuditLog(t.Context(), []string{w.project}, store.AuditFilter{Action: "connection.data_deletion_asked", Limit: 10})
	if err != nil || len(noted) != 1 {
		t.Errorf("%d entries, %v", len(noted), err)
	}
}
