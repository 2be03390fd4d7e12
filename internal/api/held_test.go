package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/store"
)

// miss ends a full run of purchase orders that saw none of them, and holds their deletions.
func (w *world) miss(c *store.Connection) string {
	w.t.Helper()
	ctx := w.t.Context()
	var run *store.Run
	w.ok(w.store.Write(ctx, func(tx *store.Tx) (err error) {
		run, _, err = tx.RequestRun(ctx, c.Scope(), orders, store.Full, store.TriggerManual, uuid.Must(uuid.NewV7()).String(), w.clock())
		return err
	}))
	run, err := w.store.AcquireRun(ctx, run, "test", w.clock().Add(time.Minute), w.clock())
	w.ok(err)
	sweep, err := w.store.OpenSweep(ctx, run)
	w.ok(err)
	_, _, err = sweep.Count(ctx)
	w.ok(err)
	w.finish(run, store.Finish{State: store.RunIncomplete, ReasonCode: "deletions-held", Full: true, Held: sweep.Hold(w.clock())})
	return run.ID
}

// held is what GET /v1/syncs shows of the held purchase orders.
func (w *world) held(token string) map[string]any {
	w.t.Helper()
	h, _ := w.call("GET", "/v1/syncs", token, "").data()[1]["held_deletions"].(map[string]any)
	return h
}

func TestHeldDeletionsAreShownAndDecidedOn(t *testing.T) {
	w := newWorld(t)
	c, token := w.connect("A")
	w.put(c, "PO-1", "PO-2")
	id := w.miss(c)
	w.ok(w.conns.Settled(t.Context(), c))
	path := "/v1/sync-runs/" + id
	for at, got := range map[string]any{"syncs": w.held(token), "run": w.call("GET", path, token, "").body["held_deletions"]} {
		h, ok := got.(map[string]any)
		if !ok || h["run"] != id || h["missing"] != 2.0 || h["of"] != 2.0 || h["decision"] != "pending" || h["confirmed_at"] != nil || h["since"] == nil {
			t.Errorf("%s: got %v", at, got)
		}
	}
	if list := w.call("GET", "/v1/sync-runs?entity=purchase-orders", token, ""); list.data()[0]["held_deletions"] == nil || list.data()[1]["held_deletions"] != nil {
		t.Errorf("got %s", list.text)
	}

	other := w.want(w.call("POST", path+"/pending-deletions/reject", token, ""), 200, "")
	if other.body["id"] != id || w.held(token)["decision"] != "rejected" {
		t.Errorf("got %s, %v", other.text, w.held(token))
	}
	first := w.want(w.call("POST", path+"/pending-deletions/approve", token, ""), 202, "")
	again := w.want(w.call("POST", path+"/pending-deletions/approve", token, ""), 202, "")
	if first.body["mode"] != "full" || first.body["state"] != "queued" || first.body["id"] == id || again.body["id"] != first.body["id"] || w.held(token)["decision"] != "approved" {
		t.Errorf("got %s, %s", first.text, again.text)
	}
	w.want(w.call("POST", "/v1/sync-runs/none/pending-deletions/approve", token, ""), 404, "not-found")
	w.want(w.call("POST", "/v1/sync-runs/"+first.body["id"].(string)+"/pending-deletions/reject", token, ""), 409, "conflict")
	w.want(w.call("POST", path+"/pending-deletions/defer", token, ""), 404, "not-found")
}

func TestHealthSaysWhatToDoAboutHeldDeletions(t *testing.T) {
	w := newWorld(t)
	c, token := w.connect("A")
	w.put(c, "PO-1", "PO-2")
	w.done(c, "vendors")
	id := w.miss(c)
	w.ok(w.conns.Settled(t.Context(), c))
	own := w.call("GET", "/v1/connection", token, "").body
	detail, _ := own["status_detail"].(string)
	if own["status"] != "degraded" || own["status_code"] != "deletions-held" || !strings.Contains(detail, "POST /v1/sync-runs/"+id+"/pending-deletions/approve") ||
		!strings.Contains(detail, "busbar sync approve "+id) {
		t.Errorf("status %v (%v): %s", own["status"], own["status_code"], detail)
	}
	w.want(w.call("POST", "/v1/sync-runs/"+id+"/pending-deletions/reject", token, ""), 200, "")
	if own = w.call("GET", "/v1/connection", token, "").body; own["status"] != "active" {
		t.Errorf("after the decision: %v (%v)", own["status"], own["status_code"])
	}
}

// done completes the first run of an entity.
func (w *world) done(c *store.Connection, entity string) {
	w.t.Helper()
	w.finish(w.begin(c, entity), store.Finish{State: store.RunComplete})
}

func TestOnlyTheSyncScopeDecides(t *testing.T) {
	w := newWorld(t)
	c, _ := w.connect("A")
	w.put(c, "PO-1")
	id := w.miss(c)
	tok, err := w.conns.IssueToken(acting(t.Context()), c, "reads", []string{connection.ScopeRead}, nil)
	w.ok(err)
	for _, act := range []string{"pending-deletions/approve", "pending-deletions/reject", "quarantine/retry"} {
		w.want(w.call("POST", "/v1/sync-runs/"+id+"/"+act, tok.Plain, ""), 403, "missing-scope")
	}
	if h := w.held(tok.Plain); h["decision"] != "pending" {
		t.Errorf("got %v", h)
	}
}
