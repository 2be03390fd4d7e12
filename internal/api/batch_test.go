package api_test

import (
	"crypto/rand"
	"encoding/csv"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/api"
	"github.com/busbar-dev/busbar/internal/sim/erp"
	"github.com/busbar-dev/busbar/internal/write"
)

const ndjson = "application/x-ndjson"

func TestABatchTellsWhatBecameOfEachItem(t *testing.T) {
	p := newPlant(t)
	there := p.record("vendors", anyRecord)
	items := []string{
		`{"op":"create","client_ref":"good","data":` + vendor(1) + `}`,
		`{"op":"create","client_ref":"=cmd|' /C calc'!A0","data":{"code":"V-9"}}`,
		`{"op":5}`,
		`7`,
		`{"op":"create"}`,
		`{"op":"update","id":"` + there["id"].(string) + `","data":{"name":"Renamed"},"if_match":"*"}`,
		`{"op":"delete","id":"x","data":{},"colour":1}`,
		`{"op":"create","data":{"name":"B","code":` + jsonOf(there["code"]) + `}}`,
	}
	body := `{"items":[` + strings.Join(items, ",") + `],"mode":"best_effort","on_error":"continue","chunk_size":3,"chunk_delay":"PT0S"}`
	a := p.want(p.call("POST", "/v1/vendors/batch", p.token, body, "Idempotency-Key", "b"), 202, "")
	path := a.header.Get("Location")
	if path != "/v1/operations/"+a.body["id"].(string) || a.header.Get("Busbar-Operation") != a.body["id"] || a.body["total"] != 8.0 || a.body["chunk_size"] != 3.0 || a.body["kind"] != "batch" {
		t.Errorf("got %v %s", a.header, a.text)
	}
	end := p.settled(path)
	counts := end.body["counts"].(map[string]any)
	if end.body["state"] != "completed" || end.body["progress"] != 1.0 || counts["applied"] != 2.0 || counts["rejected"] != 6.0 {
		t.Fatalf("the end: %s", end.text)
	}
	all := p.want(p.call("GET", path+"/items", p.token, ""), 200, "").data()
	for i, want := range []struct{ status, code, at string }{
		{"applied", "", ""}, {"rejected", "validation-failed", "/name"}, {"rejected", "validation-failed", "/op"}, {"rejected", "validation-failed", ""},
		{"rejected", "validation-failed", "/data"}, {"applied", "", ""}, {"rejected", "validation-failed", "/colour"}, {"rejected", "conflict", ""},
	} {
		problem, _ := all[i]["error"].(map[string]any)
		code, _ := problem["code"].(string)
		if all[i]["status"] != want.status || code != want.code || !strings.Contains(jsonOf(problem), want.at) || all[i]["index"] != float64(i) {
			t.Errorf("item %d is %s, want %+v", i, jsonOf(all[i]), want)
		}
	}
	again := p.want(p.call("POST", "/v1/vendors/batch", p.token, body, "Idempotency-Key", "b"), 202, "")
	if again.body["id"] != a.body["id"] || again.header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("the replay is %s", again.text)
	}
	p.want(p.call("POST", "/v1/vendors/batch", p.token, body+" ", "Idempotency-Key", "b"), 422, "idempotency-key-reused")
	p.listsItems(path)
	p.tabulates(path)
}

// listsItems checks pages and filters of the items.
func (p *plant) listsItems(path string) {
	p.t.Helper()
	var seen []float64
	cursor := ""
	for {
		page := p.want(p.call("GET", path+"/items?limit=3&status=failed"+cursor, p.token, ""), 200, "")
		for _, it := range page.data() {
			seen = append(seen, it["index"].(float64))
		}
		if page.next() == "" {
			break
		}
		cursor = "&cursor=" + page.next()
	}
	if fmt.Sprint(seen) != "[1 2 3 4 6 7]" {
		p.t.Errorf("failed items: %v", seen)
	}
	if page := p.want(p.call("GET", path+"/items?status=applied,pending", p.token, ""), 200, ""); len(page.data()) != 2 {
		p.t.Errorf("applied and pending: %s", page.text)
	}
	p.want(p.call("GET", path+"/items?status=lost", p.token, ""), 422, "invalid-parameter")
	p.want(p.call("GET", path+"/items/8", p.token, ""), 404, "not-found")
	p.want(p.call("GET", path+"/items/-1", p.token, ""), 422, "invalid-parameter")
}

// tabulates checks the CSV.
func (p *plant) tabulates(path string) {
	p.t.Helper()
	a := p.want(p.call("GET", path+"/items.csv", p.token, ""), 200, "")
	if a.header.Get("Content-Type") != "text/csv; charset=utf-8" || !strings.HasPrefix(a.text, "\ufeffindex,client_ref,") || strings.Count(a.text, "\r\n") != 9 {
		p.t.Errorf("got %v %q", a.header, a.text)
	}
	rows, err := csv.NewReader(strings.NewReader(p.call("GET", path+"/items.csv?bom=false&status=failed", p.token, "").text)).ReadAll()
	p.ok(err)
	if len(rows) != 7 || rows[1][1] != "'=cmd|' /C calc'!A0" || rows[1][6] != "validation-failed" || !strings.HasPrefix(rows[1][8], "/name: ") {
		p.t.Errorf("got %q", rows)
	}
}

func TestBodiesThatAreNoBatch(t *testing.T) {
	p := newPlant(t)
	good := `{"op":"create","data":` + vendor(1) + `}`
	for _, tt := range []struct {
		kind, body string
		status     int
		code, says string
	}{
		{"", `{}`, 422, "validation-failed", "/items"},
		{"", `{"items":[]}`, 422, "validation-failed", "/items"},
		{"", `{"items":{}}`, 422, "validation-failed", "/items"},
		{"", `[` + good + `]`, 422, "validation-failed", "items"},
		{"", `{"items":[` + good + `],"mode":"all"}`, 422, "validation-failed", "/mode"},
		{"", `{"items":[` + good + `],"modus":"x"}`, 422, "validation-failed", "no such member; did you mean mode?\""},
		{"", `{"chunk_size":0,"items":[` + good + `]}`, 422, "validation-failed", "/chunk_size"},
		{"", `{"items":[` + good + `],"chunk_delay":"2s"}`, 422, "validation-failed", "/chunk_delay"},
		{"", `{"items":[` + good + `],"items":[` + good + `]}`, 400, "malformed-request", "twice"},
		{"", `{"items":[` + good + `]} {}`, 400, "malformed-request", "more than one"},
		{"", `{"items":[` + good + `,{"op":}]}`, 400, "malformed-request", "After 1 items"},
		{"", `{"items":[` + good, 400, "malformed-request", ""},
		{"", `{"items":[{"op":"create","op":"delete"}]}`, 400, "malformed-request", "twice"},
		{"", `{"items":[` + good + `,{"data":` + strings.Repeat(`{"a":`, 70) + `1` + strings.Repeat(`}`, 70) + `}]}`, 400, "malformed-request", "Item 1: "},
		{"", `{"items":[{"data":"` + strings.Repeat("x", 1<<20) + `"}]}`, 413, "payload-too-large", "1 MiB"},
		{ndjson, good + "\n\n" + `{"op":` + "\n", 400, "malformed-request", "Line 3: "},
		{ndjson, good + "\n" + good + good + "\n", 400, "malformed-request", "Line 2: "},
		{ndjson, good + "\n{\"op\":\"\xff\"}\n", 400, "malformed-request", "Line 2: "},
		{ndjson, good + "\n" + strings.Repeat("x", 1<<20+1), 413, "payload-too-large", "1 MiB"},
		{ndjson, "\n", 422, "validation-failed", "/items"},
		{"text/plain", good, 415, "unsupported-media-type", "x-ndjson"},
		{ndjson + "; charset=latin-1", good, 415, "unsupported-media-type", "x-ndjson"},
	} {
		var headers []string
		if tt.kind != "" {
			headers = []string{"Content-Type", tt.kind}
		}
		a := p.want(p.call("POST", "/v1/vendors/batch", p.token, tt.body, headers...), tt.status, tt.code)
		if !strings.Contains(a.text, tt.says) {
			t.Errorf("%.80s: %s", tt.body, a.text)
		}
	}
	p.want(p.call("POST", "/v1/vendors/batch?mode=some", p.token, good, "Content-Type", ndjson), 422, "invalid-parameter")
	p.want(p.call("POST", "/v1/customers/batch", p.token, `{"items":[`+good+`]}`), 501, "not-supported-by-system")
	p.want(p.call("POST", "/v1/assets/batch", p.token, `{"items":[`+good+`]}`), 409, "entity-not-enabled")
	if all := p.want(p.call("GET", "/v1/operations", p.token, ""), 200, ""); len(all.data()) != 0 || len(p.sim.Effects()) != 0 {
		t.Errorf("what was refused is kept: %s", all.text)
	}
}

// lines gives a body of n lines without holding it.
type lines struct {
	n, at int
	rest  []byte
}

func (l *lines) Read(b []byte) (int, error) {
	if len(l.rest) == 0 {
		if l.at == l.n {
			return 0, io.EOF
		}
		l.rest = fmt.Appendf(nil, `{"op":"create","client_ref":"row-%d","data":{"code":"V-%d","padding":%q}}`+"\n", l.at, l.at, strings.Repeat("x", 1000))
		l.at++
	}
	n := copy(b, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

func TestALargeBatchIsTakenIn(t *testing.T) {
	p := newPlant(t)
	const n = 10_000 // about 10 MB
	req, err := http.NewRequestWithContext(t.Context(), "POST", p.url+"/v1/vendors/batch?on_error=continue&chunk_size=500", &lines{n: n})
	p.ok(err)
	req.Header.Set("Authorization", "Bearer "+p.token)
	req.Header.Set("Content-Type", ndjson)
	a := p.want(p.do(req), 202, "")
	if a.body["total"] != float64(n) {
		t.Errorf("got %s", a.text)
	}
	end := p.settled(a.header.Get("Location"))
	if end.body["counts"].(map[string]any)["rejected"] != float64(n) || end.body["chunk_size"] != 500.0 {
		t.Errorf("the end: %s", end.text)
	}
	if rows := strings.Count(p.call("GET", a.header.Get("Location")+"/items.csv", p.token, "").text, "\r\n"); rows != n+1 {
		t.Errorf("%d rows", rows)
	}
}

func TestTooManyItems(t *testing.T) {
	p := newPlant(t)
	body := strings.Repeat(`{"op":"x"}`+"\n", 100_001)
	p.want(p.call("POST", "/v1/vendors/batch", p.token, body, "Content-Type", ndjson), 413, "payload-too-large")
}

func TestABodyThatStopsComing(t *testing.T) {
	w := newWorld(t, func(d *api.Deps) {
		d.Limits.Idle = 50 * time.Millisecond
		d.Writes = write.NewService(write.Config{Store: d.Store, Connections: d.Connections, Mapper: mappers(d.Systems), Systems: d.Systems, Waker: nobody{}, Now: d.Now, Rand: rand.Reader, Log: d.Log})
	})
	_, token := w.connect("A")
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	w.ok(err)
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "POST /v1/purchase-orders/batch HTTP/1.1\r\nHost: busbar\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"items\":[{\"op\":", token)
	w.ok(err)
	if n, err := io.ReadAll(conn); len(n) > 0 || err != nil { // the connection is ended: nobody reads an answer there
		t.Errorf("got %s %v", n, err)
	}
}

// A batch whose sender goes away half way has had no effect, nobody sees it, its key is free at once, and what was stored of it is deleted.
func TestABatchThatBreaksOff(t *testing.T) {
	p := newPlant(t)
	body := strings.Builder{}
	const n = 2500
	for i := range n {
		fmt.Fprintf(&body, `{"op":"create","data":{"code":"V-%d"}}`+"\n", i)
	}
	text := body.String()
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	p.ok(err)
	_, err = fmt.Fprintf(conn, "POST /v1/vendors/batch HTTP/1.1\r\nHost: busbar\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\nIdempotency-Key: import\r\nContent-Length: %d\r\n\r\n%s",
		p.token, ndjson, len(text), text[:len(text)-100])
	p.ok(err)
	const step, soon = 100, time.Hour
	p.wait("a part of the batch in the store", func() bool {
		more, err := p.store.DropReceiving(t.Context(), time.Now().Add(-soon), step) // so old is none of them
		p.ok(err)
		left, err := p.store.DropReceiving(t.Context(), time.Now().Add(soon), 1)
		p.ok(err)
		return !more && left
	})
	p.ok(conn.Close())
	if all := p.want(p.call("GET", "/v1/operations", p.token, ""), 200, ""); len(all.data()) != 0 {
		t.Errorf("it is seen: %s", all.text)
	}
	whole := p.want(p.call("POST", "/v1/vendors/batch", p.token, text, "Content-Type", ndjson, "Idempotency-Key", "import"), 202, "")
	if whole.header.Get("Idempotency-Replayed") != "" || whole.body["total"] != float64(n) {
		t.Errorf("sent again: %v %s", whole.header, whole.text)
	}
	steps := 0
	for more := true; more; steps++ {
		more, err = p.store.DropReceiving(t.Context(), time.Now().Add(soon), step)
		p.ok(err)
	}
	if end := p.settled(whole.header.Get("Location")); steps < 10 || end.body["counts"].(map[string]any)["rejected"] != float64(n) {
		t.Errorf("%d steps; the whole batch: %s", steps, end.text)
	}
	if all := p.want(p.call("GET", "/v1/operations", p.token, ""), 200, ""); len(all.data()) != 1 || len(p.sim.Effects()) != 0 {
		t.Errorf("left: %s", all.text)
	}
}

func TestAnOutcomeThatNobodyCanFindOut(t *testing.T) {
	p := newPlant(t)
	order := p.record("purchase-orders", func(r map[string]any) bool { return r["status"] == "sent" || r["status"] == "partially_received" })
	line := order["lines"].([]any)[0].(map[string]any)
	receipt := jsonOf(map[string]any{"purchase_order_id": order["id"], "lines": []any{map[string]any{
		"purchase_order_line": line["remote_id"], "quantity": map[string]any{"value": "1", "unit": line["quantity"].(map[string]any)["unit"]},
	}}})
	p.plan.Set(erp.Rule{Write: "goods-receipts", Fault: erp.Fault{Drop: true, Execute: true}})
	a := p.want(p.call("POST", "/v1/goods-receipts", p.token, receipt, "Idempotency-Key", "r", "Prefer", "wait=20"), 504, "write-outcome-unknown")
	p.plan.Set()
	path, _ := a.body["operation"].(string)
	if path != "/v1/operations/"+a.header.Get("Busbar-Operation") || a.header.Get("Preference-Applied") != "wait=20" {
		t.Fatalf("got %v %s", a.header, a.text)
	}
	p.want(p.call("POST", "/v1/goods-receipts", p.token, receipt, "Idempotency-Key", "r"), 409, "operation-in-progress")
	if failed := p.want(p.call("GET", "/v1/operations?failed=true&entity=goods-receipts&kind=single", p.token, ""), 200, ""); len(failed.data()) != 1 {
		t.Errorf("failed operations: %s", failed.text)
	}
	p.want(p.call("POST", path+"/retry", p.token, ""), 409, "conflict")
	p.want(p.call("POST", path+"/items/0/resolve", p.token, `{"outcome":"happened"}`), 422, "validation-failed")
	p.want(p.call("POST", path+"/items/0/resolve", p.token, `{"outcome":"maybe"}`), 422, "validation-failed")
	p.want(p.call("POST", path+"/items/1/resolve", p.token, `{"outcome":"not_happened"}`), 404, "not-found")
	made := p.sim.Effects()[0]
	it := p.want(p.call("POST", path+"/items/0/resolve", p.token, jsonOf(map[string]any{"outcome": "happened", "remote_id": made.ID})), 200, "")
	if it.body["status"] != "applied" || !strings.Contains(it.text, `"kind":"decision"`) || it.body["remote_id"] != made.ID {
		t.Errorf("the item: %s", it.text)
	}
	again := p.want(p.call("POST", "/v1/goods-receipts", p.token, receipt, "Idempotency-Key", "r"), 201, "")
	if third := p.call("POST", "/v1/goods-receipts", p.token, receipt, "Idempotency-Key", "r"); third.text != again.text || again.header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("got %v %s", again.header, third.text)
	}
	if n := p.effects("goods-receipts", "create"); n != 1 {
		t.Errorf("%d effects", n)
	}
}

func TestAsync(t *testing.T) {
	p := newPlant(t)
	a := p.want(p.call("POST", "/v1/vendors", p.token, vendor(1), "Prefer", "respond-async", "Idempotency-Key", "a"), 202, "")
	if a.header.Get("Preference-Applied") != "respond-async" || a.header.Get("Location") != "/v1/operations/"+a.body["id"].(string) || a.body["item"] == nil {
		t.Errorf("got %v %s", a.header, a.text)
	}
	p.settled(a.header.Get("Location"))
	b := p.want(p.call("POST", "/v1/vendors", p.token, vendor(1), "Prefer", "respond-async", "Idempotency-Key", "a"), 201, "")
	if b.header.Get("Idempotency-Replayed") != "true" || b.header.Get("Preference-Applied") != "" {
		t.Errorf("got %v", b.header)
	}
}

// Whoever may only write can follow what became of it; whoever may only read cannot write.
func TestScopesOfWrites(t *testing.T) {
	p := newPlant(t)
	writer, err := p.conns.IssueToken(acting(t.Context()), p.conn, "writer", []string{"write"}, nil)
	p.ok(err)
	reader, err := p.conns.IssueToken(acting(t.Context()), p.conn, "reader", []string{"read"}, nil)
	p.ok(err)
	a := p.want(p.call("POST", "/v1/vendors", writer.Plain, vendor(1)), 201, "")
	path := "/v1/operations/" + a.header.Get("Busbar-Operation")
	for _, token := range []string{writer.Plain, reader.Plain} {
		if o := p.want(p.call("GET", path, token, ""), 200, ""); o.body["caller"] != writer.ID || o.body["request_id"] != a.header.Get("Request-Id") {
			t.Errorf("got %s", o.text)
		}
	}
	p.want(p.call("GET", "/v1/vendors", writer.Plain, ""), 403, "missing-scope")
	for _, path := range []string{"/v1/vendors", "/v1/vendors/validate", "/v1/vendors/batch", path + "/cancel", path + "/retry"} {
		p.want(p.call("POST", path, reader.Plain, `{}`), 403, "missing-scope")
	}
	p.want(p.call("GET", path, p.key, "", "Busbar-Connection", p.conn.ID), 200, "")
}

// A client that goes away does not end its write.
func TestAClientThatGoesAway(t *testing.T) {
	p := newPlant(t)
	p.plan.Set(erp.Rule{Write: "vendors", Fault: erp.Fault{Delay: 300 * time.Millisecond}})
	req := p.request("POST", "/v1/vendors", p.token, vendor(1), "Idempotency-Key", "gone")
	client := &http.Client{Timeout: 100 * time.Millisecond}
	if resp, err := client.Do(req); err == nil {
		resp.Body.Close()
		t.Fatal("it was answered in time")
	}
	var a answer
	p.wait("the write's end", func() bool {
		a = p.call("POST", "/v1/vendors", p.token, vendor(1), "Idempotency-Key", "gone")
		return a.code() != "operation-in-progress"
	})
	p.want(a, 201, "")
	if a.header.Get("Idempotency-Replayed") != "true" || p.effects("vendors", "create") != 1 {
		t.Errorf("got %v, %d effects", a.header, p.effects("vendors", "create"))
	}
}

// A Busbar that stops does not wait for a slow system: the write goes on, and its caller learns where.
func TestAWriteWhileBusbarStops(t *testing.T) {
	p := newPlant(t)
	slow := make(chan struct{})
	p.plan.Set(erp.Rule{Write: "vendors", Fault: erp.Fault{Before: func() {
		p.app.StopWaiting()
		select {
		case <-slow:
		case <-time.After(20 * time.Second): // the answer came too late
		}
	}}})
	a := p.want(p.call("POST", "/v1/vendors", p.token, vendor(1), "Prefer", "wait=60"), 202, "")
	if item := a.body["item"].(map[string]any); item["status"] != "sending" {
		t.Errorf("got %s", a.text)
	}
	close(slow)
	p.settled(a.header.Get("Location"))
	if n := p.effects("vendors", "create"); n != 1 {
		t.Errorf("%d effects", n)
	}
}
