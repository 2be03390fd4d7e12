package api_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/store"
)

const orders = "purchase-orders"

// put stores purchase orders under the connection's active run.
func (w *world) put(c *store.Connection, numbers ...string) {
	w.t.Helper()
	ctx := w.t.Context()
	run := w.begin(c, orders)
	page := store.PageResult{Pages: 1, Fetched: int64(len(numbers)), Expected: -1}
	ids := make([]uuid.UUID, len(numbers))
	for i, n := range numbers {
		ids[i] = recordID(c, n)
	}
	heads, err := w.store.Heads(ctx, c.Scope(), orders, ids)
	w.ok(err)
	for i, n := range numbers {
		fields := fmt.Sprintf(`{"display_id":%q,"number":%q,"notes":"stored %s"}`, n, n, w.clock().Format(time.RFC3339Nano))
		page.Changes = append(page.Changes, store.Change{ID: ids[i], RemoteID: n, Raw: fmt.Appendf(nil, `{"id":%q,"own":true}`, n),
			RawHash: [16]byte{byte(i), byte(w.clock().Second()), byte(w.clock().Minute())}, Fields: []byte(fields), Head: heads[i]})
	}
	w.ok(w.store.ApplyPage(ctx, run, page, w.clock()))
	w.finish(run, store.Finish{State: store.RunComplete, Full: run.Mode == store.Full})
}

// putLarge stores n orders whose source's objects have a size in bytes.
func (w *world) putLarge(c *store.Connection, n, size int) {
	w.t.Helper()
	run := w.begin(c, orders)
	page := store.PageResult{Pages: 1, Fetched: int64(n), Expected: -1}
	for i, number := range numbered(n) {
		page.Changes = append(page.Changes, store.Change{ID: recordID(c, number), RemoteID: number, RawHash: [16]byte{byte(i), byte(i >> 8)},
			Raw: fmt.Appendf(nil, `{"pad":%q}`, strings.Repeat("x", size)), Fields: fmt.Appendf(nil, `{"number":%q}`, number)})
	}
	w.ok(w.store.ApplyPage(w.t.Context(), run, page, w.clock()))
	w.finish(run, store.Finish{State: store.RunComplete, Full: run.Mode == store.Full})
}

// begin takes up the run of an entity, asking for an incremental one when there is none.
func (w *world) begin(c *store.Connection, entity string) *store.Run {
	w.t.Helper()
	ctx := w.t.Context()
	var run *store.Run
	w.ok(w.store.Write(ctx, func(tx *store.Tx) (err error) {
		run, _, err = tx.RequestRun(ctx, c.Scope(), entity, store.Incremental, "manual", uuid.Must(uuid.NewV7()).String(), w.clock())
		return err
	}))
	run, err := w.store.AcquireRun(ctx, run, "test", w.clock().Add(time.Minute), w.clock())
	w.ok(err)
	return run
}

func (w *world) finish(run *store.Run, f store.Finish) {
	w.t.Helper()
	w.ok(w.store.Write(w.t.Context(), func(tx *store.Tx) error { return tx.FinishRun(w.t.Context(), run, f, w.clock()) }))
}

func recordID(c *store.Connection, remoteID string) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(c.ID+remoteID))
}

// numbered makes n order numbers.
func numbered(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("PO-%04d", i)
	}
	return out
}

// bury deletes an order by a complete full run that does not see it.
func (w *world) bury(c *store.Connection, number string) {
	w.t.Helper()
	ctx := w.t.Context()
	var run *store.Run
	w.ok(w.store.Write(ctx, func(tx *store.Tx) (err error) {
		run, _, err = tx.RequestRun(ctx, c.Scope(), orders, store.Full, "manual", "019f0000-0000-7000-8000-00000000bb00", w.clock())
		return err
	}))
	run, err := w.store.AcquireRun(ctx, run, "test", w.clock().Add(time.Minute), w.clock())
	w.ok(err)
	recs, _, err := w.store.Page(ctx, c.Scope(), orders, store.Range{Limit: 500})
	w.ok(err)
	page := store.PageResult{Pages: 1, Expected: -1}
	for _, r := range recs {
		if !strings.Contains(r.JSON, fmt.Sprintf(`"remote_id":%q`, number)) {
			page.SeenSeqs = append(page.SeenSeqs, r.Seq)
		}
	}
	w.ok(w.store.ApplyPage(ctx, run, page, w.clock()))
	sweep, err := w.store.OpenSweep(ctx, run)
	w.ok(err)
	if n, _, err := sweep.Delete(ctx, 100, w.clock()); err != nil || n != 1 {
		w.t.Fatalf("deleted %d: %v", n, err)
	}
	w.finish(run, store.Finish{State: store.RunComplete, Full: true})
}

// reset raises the stream's epoch, as a run of mode reset does.
func (w *world) reset(c *store.Connection) {
	w.t.Helper()
	ctx := w.t.Context()
	var run *store.Run
	w.ok(w.store.Write(ctx, func(tx *store.Tx) (err error) {
		run, _, err = tx.RequestRun(ctx, c.Scope(), orders, store.Reset, "manual", "019f0000-0000-7000-8000-00000000cc00", w.clock())
		return err
	}))
	run, err := w.store.AcquireRun(ctx, run, "test", w.clock().Add(1e9), w.clock())
	w.ok(err)
	for done := false; !done; {
		done, err = w.store.BeginReset(ctx, run, 100)
		w.ok(err)
	}
}
