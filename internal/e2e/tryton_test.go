package e2e

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/realsys/tryton"
)

// plant is a Busbar connected to a real Tryton.
type plant struct {
	*busbar
	erp        *tryton.Server
	concurrent bool // Tryton's database lets others write while a transaction that has written is open
	gate       *gate
	id, token  string
}

func connectTryton(t *testing.T) plant {
	t.Helper()
	return connectTrytonOn(t, tryton.Start(t))
}

// connectTrytonOn starts a Busbar with more arguments, connects it to a Tryton and waits for the first sync.
func connectTrytonOn(t *testing.T, erp *tryton.Server, args ...string) plant {
	t.Helper()
	p := plant{erp: erp, gate: startGate(t, erp.URL)}
	b := prepareBusbar(t, p.gate.address)
	b.args = append(b.args, args...)
	b.start()
	made := b.call("POST", "/v1/connections", b.key(), map[string]any{
		"system": "tryton", "history": "all", "schedule": "manual",
		"credentials": map[string]string{"url": "http://" + p.gate.address, "database": p.erp.Database, "username": p.erp.User, "password": p.erp.Password},
	}, http.StatusCreated)
	p.busbar, p.id, p.token = b, made["connection"].(map[string]any)["id"].(string), made["token"].(map[string]any)["token"].(string)
	awaitIdle(b, p.token)
	return p
}

// in gives the same plant to a test within the one that made it. A process that the test starts anew is the plant's from then on.
func (p plant) in(t *testing.T) plant {
	outer, b := p.busbar, *p.busbar
	b.t, p.busbar, p.erp = t, &b, p.erp.For(t)
	t.Cleanup(func() { outer.cmd = b.cmd })
	return p
}

// sync runs purchase orders once and gives the run, which must be complete.
func (p plant) sync(mode string) map[string]any {
	p.t.Helper()
	return p.syncOf("purchase-orders", mode)
}

func (p plant) syncOf(entity, mode string) map[string]any {
	p.t.Helper()
	run := p.syncAndWait(p.token, mode, entity)[entity]
	if run["state"] != "complete" {
		p.t.Fatalf("the %s sync of %s ended %v: %v", mode, entity, run["state"], run["error"])
	}
	return run
}

// order gives the stored purchase order of a Tryton id, nil when a list does not show it.
func (p plant) order(id int, query string) map[string]any {
	p.t.Helper()
	for _, o := range p.list("/v1/purchase-orders"+query, p.token) {
		if o["remote_id"] == strconv.Itoa(id) {
			return o
		}
	}
	return nil
}

// changes gives the feed after a cursor, and the cursor behind it.
func (p plant) changes(cursor string) (entries []map[string]any, next string) {
	p.t.Helper()
	for next = cursor; ; {
		path := "/v1/changes?entity=purchase-orders&limit=500"
		if next != "" {
			path += "&cursor=" + next
		}
		page := p.call("GET", path, p.token, nil, http.StatusOK)
		next = page["next_cursor"].(string)
		data := page["data"].([]any)
		if len(data) == 0 {
			return entries, next
		}
		for _, c := range data {
			entries = append(entries, c.(map[string]any))
		}
	}
}

// A purchase order that people make, confirm, change and delete in the real Tryton appears, changes and disappears in Busbar, and in
// the feed in that order.
func TestTrytonOrderLives(t *testing.T) {
	t.Parallel()
	p := connectTryton(t)
	if got, want := len(p.list("/v1/purchase-orders", p.token)), len(p.erp.Search("purchase.purchase")); got != want || want == 0 {
		t.Fatalf("%d purchase orders stored, Tryton has %d", got, want)
	}
	_, cursor := p.changes("")

	vendor := p.erp.Search("party.party", []any{"name", "like", "Vendor%"})[0]
	product := p.erp.Search("product.product", []any{"template.purchasable", "=", true})[0]
	id := p.erp.Order(vendor, time.Now(), tryton.Line{Product: product, Quantity: 3, Price: "12.34"}, tryton.Line{Product: product, Quantity: 2, Price: "1.0001"})
	p.sync("incremental")
	made := p.order(id, "")
	if made == nil {
		t.Fatal("the new order is not there after an incremental sync")
	}
	if made["status"] != "draft" || len(made["lines"].([]any)) != 2 {
		t.Errorf("the new order has status %v and %d lines; want draft and 2", made["status"], len(made["lines"].([]any)))
	}
	line := made["lines"].([]any)[0].(map[string]any)
	if price := line["unit_price"].(map[string]any); price["amount"] != "12.34" || price["currency"] != made["currency"] {
		t.Errorf("unit price %v; want 12.34 in the order's currency %v", price, made["currency"])
	}
	if v := p.call("GET", "/v1/vendors/"+made["vendor_id"].(string), p.token, nil, http.StatusOK); v["remote_id"] != strconv.Itoa(vendor) {
		t.Errorf("vendor_id leads to remote id %v, want %d", v["remote_id"], vendor)
	}

	p.erp.Press("purchase.purchase", "quote", id)
	p.erp.Press("purchase.purchase", "confirm", id)
	p.sync("incremental")
	confirmed := p.order(id, "")
	if confirmed["status"] == "draft" || confirmed["number"] == nil || confirmed["id"] != made["id"] {
		t.Errorf("after confirming: id %v, status %v, number %v; want id %v, another status, a number", confirmed["id"], confirmed["status"], confirmed["number"], made["id"])
	}

	other := p.erp.Order(vendor, time.Now(), tryton.Line{Product: product, Quantity: 1, Price: "5"})
	lineID := p.erp.Search("purchase.line", []any{"purchase", "=", other})[0]
	p.sync("incremental")
	p.erp.Write("purchase.line", lineID, map[string]any{"quantity": 7.0})
	p.sync("incremental")
	if q := p.order(other, "")["lines"].([]any)[0].(map[string]any)["quantity"].(map[string]any); q["value"] != "7" && q["value"] != "7.0" {
		t.Errorf("after a change of only the line its quantity is %v, want 7", q["value"])
	}

	p.erp.Press("purchase.purchase", "cancel", other)
	p.erp.Delete("purchase.purchase", other)
	p.sync("incremental")
	if p.order(other, "") == nil {
		t.Error("an incremental sync cannot know of the deletion, yet the order is gone")
	}
	if run := p.sync("full"); run["counts"].(map[string]any)["deleted"] != float64(1) {
		t.Errorf("the full sync counted %v; want one deletion", run["counts"])
	}
	if p.order(other, "") != nil {
		t.Error("the deleted order is still listed")
	}
	gone := p.order(other, "?include=deleted")
	if gone == nil || gone["deleted_at"] == nil || gone["deletion"].(map[string]any)["evidence"] != "absent_from_complete_sweep" {
		t.Errorf("with include=deleted: %v; want the order with deleted_at and its evidence", gone)
	}

	entries, cursor := p.changes(cursor)
	if len(entries) != 2 || entries[0]["type"] != "created" || entries[0]["remote_id"] != strconv.Itoa(id) ||
		entries[1]["type"] != "deleted" || entries[1]["remote_id"] != strconv.Itoa(other) {
		t.Errorf("the feed says %v; want order %d created, then order %d deleted", entries, id, other)
	}
	for _, mode := range []string{"incremental", "full"} {
		counts := p.sync(mode)["counts"].(map[string]any)
		if counts["created"] != float64(0) || counts["updated"] != float64(0) || counts["deleted"] != float64(0) {
			t.Errorf("a second %s sync wrote: %v", mode, counts)
		}
	}
	if entries, _ := p.changes(cursor); len(entries) != 0 {
		t.Errorf("nothing changed, yet the feed says %v", entries)
	}
}

// Wrong logins and wrong hosts are told apart, with what to mend, and store nothing.
func TestTrytonRefusesBadLogins(t *testing.T) {
	t.Parallel()
	erp := tryton.Start(t)
	html := startHTML(t)
	at, _ := url.Parse(erp.URL)
	closed := freeAddress(t)
	b := startBusbar(t, at.Host, html, closed)
	key := b.key()
	good := map[string]string{"url": erp.URL, "database": erp.Database, "username": erp.User, "password": erp.Password}
	cases := []struct {
		name, field, value string
		status             int
		code, pointer      string
	}{
		{"wrong password", "password", "wrong", 422, "validation-failed", "/credentials/password"},
		{"wrong database", "database", "nope", 422, "validation-failed", "/credentials/database"},
		{"nothing listens", "url", "http://" + closed, 503, "system-unreachable", "/credentials/url"},
		{"unknown host", "url", "http://erp.invalid", 503, "system-unreachable", "/credentials/url"},
		{"not allowed", "url", "http://127.0.0.1:1", 503, "system-unreachable", "/credentials/url"},
		{"a web page", "url", "http://" + html, 503, "system-unreachable", "/credentials/url"},
		{"not an address", "url", "tryton", 422, "validation-failed", "/credentials/url"},
		{"missing field", "database", "", 422, "validation-failed", "/credentials/database"},
	}
	for _, c := range cases {
		credentials := map[string]string{}
		for k, v := range good {
			credentials[k] = v
		}
		credentials[c.field] = c.value
		answer := b.call("POST", "/v1/connections", key, map[string]any{"system": "tryton", "credentials": credentials}, c.status)
		if answer["code"] != c.code || answer["detail"] == "" {
			t.Errorf("%s: code %v, detail %v; want %s", c.name, answer["code"], answer["detail"], c.code)
		}
		errors, _ := answer["errors"].([]any)
		if len(errors) == 0 || errors[0].(map[string]any)["pointer"] != c.pointer {
			t.Errorf("%s: errors %v; want one at %s", c.name, answer["errors"], c.pointer)
		}
	}
	if all := b.list("/v1/connections", key); len(all) != 0 {
		t.Errorf("refused logins left %d connections", len(all))
	}
}

// startHTML serves a web page at every path and gives its host:port.
func startHTML(t *testing.T) string {
	t.Helper()
	return startServer(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<!DOCTYPE html><html><body>It works!</body></html>"))
	}))
}
