package api_test

import (
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/member"
	"github.com/busbar-dev/busbar/internal/store"
)

// batchOf stores an operation of two items that ended so.
func (w *world) batchOf(c *store.Connection, id string, first, second store.ItemStatus) {
	w.t.Helper()
	ctx := w.t.Context()
	w.ok(w.store.Write(ctx, func(tx *store.Tx) error {
		o := must(tx.InsertOperation(ctx, c.Scope(), store.NewOperation{ID: id, Entity: orders, Kind: store.OperationBatch, Mode: store.BestEffort, OnError: store.OnErrorGo}, w.clock()))
		w.ok(tx.InsertItems(ctx, o, []store.Item{{N: 0, Op: "create", Mark: "a"}, {N: 1, Op: "create", Mark: "b"}}, w.clock()))
		w.ok(tx.QueueOperation(ctx, o, w.clock()))
		o = must(tx.AcquireOperation(ctx, o, "test", w.clock().Add(time.Minute), w.clock()))
		for n, status := range []store.ItemStatus{first, second} {
			it := store.Item{N: int64(n)}
			w.ok(tx.MoveItem(ctx, o, &it, store.ItemMove{From: []store.ItemStatus{store.ItemPending}, To: status, Error: []byte(`{"code":"rejected-by-system","detail":"The order is closed."}`)}, w.clock()))
		}
		return tx.ReleaseOperation(ctx, o, time.Time{}, "", "", w.clock())
	}))
}

// at walks into an answer.
func at(v any, path ...any) any {
	for _, p := range path {
		switch k := p.(type) {
		case string:
			v = v.(map[string]any)[k]
		case int:
			list := v.([]any)
			if k < 0 {
				k += len(list)
			}
			v = list[k]
		}
	}
	return v
}

func TestOverviewOfNothing(t *testing.T) {
	w := newWorld(t)
	o := w.want(w.call("GET", "/v1/overview", w.key, ""), 200, "").body
	if o["well"] != true || at(o, "connections", "total") != 0.0 || len(at(o, "activity", "hours").([]any)) != 24 || len(at(o, "activity", "days").([]any)) != 14 || len(o["waiting"].([]any)) != 5 {
		t.Errorf("got %v", o)
	}
}

// What the overview says is what has happened, in this project alone.
func TestOverview(t *testing.T) {
	w := newWorld(t)
	c, token := w.connect("Rotterdam")
	w.put(c, "PO-1") // a run that succeeds
	w.finish(w.begin(c, "vendors"), store.Finish{State: store.RunFailed, ReasonCode: "system-error", ReasonDetail: "The system stumbled."})
	w.batchOf(c, "019f0000-0000-7000-8000-000000000001", store.ItemApplied, store.ItemRejected)
	w.batchOf(c, "019f0000-0000-7000-8000-000000000002", store.ItemNeedsHuman, store.ItemApplied)
	refused, _ := w.connect("Bergen")
	w.met(refused, driver.Credentials)
	a := w.want(w.call("GET", "/v1/overview", w.key, ""), 200, "")
	o := a.body
	for _, tt := range []struct {
		want any
		path []any
	}{
		{false, []any{"well"}},
		{2.0, []any{"connections", "total"}}, {1.0, []any{"connections", "needs_reauthorization"}},
		{4.0, []any{"streams", "total"}}, {1.0, []any{"streams", "fresh"}}, {1.0, []any{"streams", "failing"}}, {2.0, []any{"streams", "never"}}, {1.0, []any{"streams", "synced"}}, {1.0, []any{"streams", "records"}},
		{"vendors", []any{"worst_streams", 0, "entity"}}, {"failing", []any{"worst_streams", 0, "condition"}}, {"The system stumbled.", []any{"worst_streams", 0, "error", "detail"}},
		{1.0, []any{"waiting", 0, "count"}}, {"Bergen", []any{"waiting", 0, "places", 0, "connection_name"}}, {refused.ID, []any{"waiting", 0, "places", 0, "connection_id"}},
		{0.0, []any{"waiting", 1, "count"}},
		{1.0, []any{"waiting", 2, "count"}}, {"019f0000-0000-7000-8000-000000000002", []any{"waiting", 2, "places", 0, "operation_id"}}, {orders, []any{"waiting", 2, "places", 0, "entity"}},
		{1.0, []any{"activity", "hours", -1, "runs", "complete"}}, {1.0, []any{"activity", "hours", -1, "runs", "failed"}}, {0.0, []any{"activity", "hours", -2, "runs", "complete"}},
		{2.0, []any{"activity", "days", -1, "writes", "applied"}}, {1.0, []any{"activity", "days", -1, "writes", "rejected"}}, {1.0, []any{"activity", "hours", -1, "writes", "needs_human"}},
	} {
		if got := at(o, tt.path...); got != tt.want {
			t.Errorf("%v: %v, want %v", tt.path, got, tt.want)
		}
	}
	codes := map[any]bool{}
	for _, f := range o["failures"].([]any) {
		codes[at(f, "error", "code")] = true
	}
	if len(o["failures"].([]any)) != 3 || !codes["system-error"] || !codes["rejected-by-system"] {
		t.Errorf("failures: %v", o["failures"])
	}
	w.want(w.call("GET", "/v1/overview", token, ""), 403, "missing-scope")
	w.tick(25 * time.Hour)
	if late := w.call("GET", "/v1/overview", w.key, "").body; at(late, "streams", "late") != 1.0 || at(late, "activity", "hours", 0, "runs", "failed") != 0.0 || at(late, "activity", "days", -2, "runs", "failed") != 1.0 {
		t.Errorf("a day later: %v %v", late["streams"], late["activity"])
	}
}

// A system that cannot be reached is one trouble, of its connection, and not one of each stream.
func TestOverviewTellsWhatIsWholeOnce(t *testing.T) {
	w := newWorld(t)
	c, _ := w.connect("Rotterdam")
	w.put(c, "PO-1")
	w.finish(w.begin(c, "vendors"), store.Finish{State: store.RunFailed, ReasonCode: "system-unreachable", ReasonDetail: "No answer came."})
	w.met(c, driver.Unreachable)
	o := w.want(w.call("GET", "/v1/overview", w.key, ""), 200, "").body
	if o["well"] != false || at(o, "connections", "unreachable") != 1.0 || at(o, "streams", "failing") != 0.0 || len(o["worst_streams"].([]any)) != 0 {
		t.Errorf("got %v %v %v", o["well"], o["connections"], o["streams"])
	}
}

func TestOverviewIsTheProjectsOwn(t *testing.T) {
	w := newWorld(t)
	c, _ := w.connect("Rotterdam")
	w.finish(w.begin(c, "vendors"), store.Finish{State: store.RunFailed, ReasonCode: "system-error"})
	w.batchOf(c, "019f0000-0000-7000-8000-000000000001", store.ItemNeedsHuman, store.ItemRejected)
	mine := w.want(w.call("GET", "/v1/overview", "", "", page(w.member("v@example.com", member.Viewer))...), 200, "").body
	if mine["well"] != false || at(mine, "streams", "failing") != 1.0 {
		t.Errorf("a viewer sees %v", mine)
	}
	_, issued, err := w.conns.NewProject(acting(t.Context()), "second")
	w.ok(err)
	other := issued.Plain
	theirs := w.want(w.call("GET", "/v1/overview", other, ""), 200, "").body
	if theirs["well"] != true || len(theirs["failures"].([]any)) != 0 || at(theirs, "activity", "days", -1, "runs", "failed") != 0.0 || at(theirs, "activity", "hours", -1, "writes", "rejected") != 0.0 || at(theirs, "streams", "total") != 0.0 {
		t.Errorf("another project sees %v", theirs)
	}
	if got := w.want(w.call("GET", "/v1/operations", other, ""), 200, "").data(); len(got) != 0 {
		t.Errorf("another project lists %v", got)
	}
	w.want(w.call("GET", "/v1/operations", other, "", "Busbar-Connection", c.ID), 404, "not-found")
}

// Without a connection, a project's operations are listed together, page by page; a token has its own.
func TestOperationsOfTheProject(t *testing.T) {
	w := newWorld(t)
	a, token := w.connect("A")
	b, _ := w.connect("B")
	w.batchOf(a, "019f0000-0000-7000-8000-000000000001", store.ItemApplied, store.ItemApplied)
	w.batchOf(b, "019f0000-0000-7000-8000-000000000002", store.ItemRejected, store.ItemApplied)
	first := w.want(w.call("GET", "/v1/operations?limit=1", w.key, ""), 200, "")
	if got := first.data(); len(got) != 1 || got[0]["connection_id"] != b.ID {
		t.Errorf("got %v", got)
	}
	second := w.want(w.call("GET", "/v1/operations?limit=1&cursor="+first.next(), w.key, ""), 200, "")
	if got := second.data(); len(got) != 1 || got[0]["connection_id"] != a.ID || second.next() != "" {
		t.Errorf("got %v", got)
	}
	w.want(w.call("GET", "/v1/operations?limit=1&cursor="+first.next(), w.key, "", "Busbar-Connection", b.ID), 400, "invalid-cursor")
	for path, n := range map[string]int{"/v1/operations": 2, "/v1/operations?failed=true": 1, "/v1/operations?state=running": 0, "/v1/operations?entity=vendors": 0} {
		if got := w.want(w.call("GET", path, w.key, ""), 200, "").data(); len(got) != n {
			t.Errorf("%s: %v", path, got)
		}
	}
	w.want(w.call("GET", "/v1/operations", w.key, "", "Busbar-Connection", ""), 422, "invalid-parameter")
	if got := w.want(w.call("GET", "/v1/operations", token, ""), 200, "").data(); len(got) != 1 || got[0]["connection_id"] != a.ID {
		t.Errorf("the token sees %v", got)
	}
	writer := must(w.conns.IssueKey(acting(t.Context()), w.project, connection.NewKey{Label: "x", Scopes: []string{connection.ScopeSync}})).Plain
	w.want(w.call("GET", "/v1/operations", writer, ""), 403, "missing-scope")
}
