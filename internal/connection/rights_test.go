package connection_test

import (
	"context"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// May is what the system of these tests tells: nobody creates vendors there.
func (c *acmeClient) May(ctx context.Context, entities []*manifest.Entity) (manifest.Rights, error) {
	if _, err := c.call(ctx, "/rights"); err != nil {
		return nil, err
	}
	return manifest.Rights{"vendors": {manifest.Read: true, manifest.Create: false}}, nil
}

// What the login may is asked once in a while, by however many callers, and is not known while the system does not tell it.
func TestRightsAreAskedOnceInAWhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.create().Connection
	before := w.system.calls()
	asked := func() int { return w.system.calls() - before }
	rights, at := w.Rights(t.Context(), c)
	if rights == nil || rights["vendors"][manifest.Create] || !at.Equal(w.clock()) || asked() != 1 {
		t.Fatalf("%v at %s after %d calls", rights, at, asked())
	}
	w.pass(14 * time.Minute)
	if _, again := w.Rights(t.Context(), c); !again.Equal(at) || asked() != 1 {
		t.Errorf("at %s, first %s, after %d calls", again, at, asked())
	}
	w.pass(time.Minute)
	w.system.set("fault", canary)
	if rights, at = w.Rights(t.Context(), c); rights != nil || !at.IsZero() || asked() != 2 {
		t.Errorf("a system that fails: %v at %s after %d calls", rights, at, asked())
	}
	w.system.set("", canary)
	if rights, _ = w.Rights(t.Context(), c); rights != nil || asked() != 2 {
		t.Errorf("right after: %v, %d calls", rights, asked())
	}
	w.pass(time.Minute)
	if rights, _ = w.Rights(t.Context(), c); rights == nil || asked() != 3 {
		t.Errorf("a minute later: %v, %d calls", rights, asked())
	}
}

// A login that the system refuses twice is not tried again for the sake of its rights.
func TestRightsOfARefusedLoginAreNotAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.create().Connection
	before := w.system.calls()
	w.system.set("", renewed)
	for range 5 {
		if rights, _ := w.Rights(t.Context(), c); rights != nil {
			t.Errorf("got %v", rights)
		}
		w.pass(time.Hour)
	}
	if n := w.system.calls() - before; n != 2 {
		t.Errorf("%d calls with a login that is refused", n)
	}
}

// Whoever goes away while the system is asked does not keep the others from its answer.
func TestRightsOutliveTheirCaller(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.create().Connection
	gone, leave := context.WithCancel(t.Context())
	leave()
	if rights, _ := w.Rights(gone, c); rights == nil {
		t.Error("nothing told")
	}
}
