package engine

import (
	"testing"

	"github.com/busbar-dev/busbar/internal/store"
)

func TestRequestRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if _, err := w.service.Request(acting(t.Context()), w.conn, []string{"assets"}, store.Full, "manual"); code(err) != "entity-not-enabled" {
		t.Errorf("an entity that is not synced: %v", err)
	}
	for _, tt := range []struct {
		state store.ConnectionState
		want  string
	}{
		{store.ConnectionPaused, "connection-paused"}, {store.ConnectionNeedsReauth, "connection-needs-reauthorization"},
		{store.ConnectionDisconnected, "connection-disconnected"},
	} {
		w.must(w.store.Write(t.Context(), func(tx *store.Tx) error {
			if tt.state == store.ConnectionDisconnected {
				return tx.Disconnect(acting(t.Context()), w.conn.Scope(), w.clock)
			}
			return tx.SetConnectionState(t.Context(), w.conn.Scope(), tt.state, "", "", w.clock)
		}))
		if _, err := w.service.Request(acting(t.Context()), w.conn, nil, store.Full, "manual"); code(err) != tt.want {
			t.Errorf("%s: %v; want %s", tt.state, err, tt.want)
		}
	}
	bad, never := "every now and then", "P-1D"
	if _, err := w.service.Settings(acting(t.Context()), w.conn, "vendors", Settings{Schedule: &bad, History: &never}); code(err) != "validation-failed" {
		t.Errorf("bad settings: %v", err)
	}
	if _, err := w.service.Cancel(acting(t.Context()), w.conn, "0192f0c1-a7b8-7c3e-9d2f-4b5a6c7d8e9f"); code(err) != "not-found" {
		t.Errorf("no such run: %v", err)
	}
}
