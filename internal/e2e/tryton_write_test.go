package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"testing"

	"github.com/busbar-dev/busbar/internal/realsys/tryton"
)

// writings are what people and faults do to writes, one after the other on one connection to a real Tryton.
var writings = []struct {
	name string
	run  func(plant)
}{
	{"vendor, item and order are made, changed, confirmed and cancelled", orderIsWritten},
	{"vendors and items are changed and archived", partnersAreWritten},
	{"what Tryton ignores or wrongly accepts", trapsOfWrites},
	{"what Tryton would ignore or wrongly accept, since somebody was quicker", overtaken},
	{"a lost answer", answersLost},
	{"the process is killed behind the effect", killedBehindEffect},
	{"a session that Tryton ends in the middle", sessionsEnded},
	{"a session that Tryton ends under many writers", endedUnderMany},
	{"many vendors at once", manyVendors},
}

// A connection whose writes met every fault holds in the end exactly what Tryton's own tables hold, and leaves no session behind.
func TestTrytonWrites(t *testing.T) {
	t.Parallel()
	p := connectTrytonOn(t, tryton.Start(t))
	for _, w := range writings {
		if !t.Run(w.name, func(t *testing.T) { w.run(p.in(t)) }) {
			return
		}
	}
	p.compare()
	p.oneSession()
	p.leavesNone()
}

// answer is what came of a write.
type answer struct {
	plant
	status   int
	body     map[string]any
	header   http.Header
	warnings []map[string]any
}

// write asks for a write. keys: an Idempotency-Key, and a wait.
func (p plant) write(method, path string, body any, keys ...string) answer {
	p.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		p.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, bytes.NewReader(text))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+p.token)
	req.Header.Set("Content-Type", "application/json")
	for i, name := range []string{"Idempotency-Key", "Prefer"}[:len(keys)] {
		if keys[i] != "" {
			req.Header.Set(name, keys[i])
		}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{plant: p}
	}
	defer resp.Body.Close()
	a := answer{plant: p, status: resp.StatusCode, header: resp.Header}
	if resp.StatusCode != http.StatusNoContent {
		if err := json.NewDecoder(resp.Body).Decode(&a.body); err != nil {
			p.t.Fatalf("%s %s: %d, %v", method, path, resp.StatusCode, err)
		}
	}
	if text := resp.Header.Get("Busbar-Warnings"); text != "" {
		if err := json.Unmarshal([]byte(text), &a.warnings); err != nil {
			p.t.Fatalf("warnings %s: %v", text, err)
		}
	}
	return a
}

// ok wants the write to be applied as asked, without a warning.
func (a answer) ok(status int) map[string]any {
	a.t.Helper()
	if a.status != status || len(a.warnings) > 0 {
		a.t.Fatalf("answered %d, want %d: %v; warnings %v", a.status, status, a.body, a.warnings)
	}
	return a.body
}

// remote gives Tryton's id of a record.
func (p plant) remote(record map[string]any) int {
	p.t.Helper()
	text, _ := record["remote_id"].(string)
	id, err := strconv.Atoi(text)
	if err != nil {
		p.t.Fatalf("no id of Tryton in %v", record)
	}
	return id
}

// stored wants Busbar to have the record as it was answered, at once and also in the feed: as the last of so many changes since the cursor.
func (p plant) stored(entity string, record map[string]any, types []string, cursor string) (next string) {
	p.t.Helper()
	got := p.call("GET", "/v1/"+entity+"/"+record["id"].(string), p.token, nil, http.StatusOK)
	if fmt.Sprint(got) != fmt.Sprint(record) {
		p.t.Errorf("answered was\n%v\nstored is\n%v", record, got)
	}
	entries, next := p.changes(cursor)
	var fed []string
	for _, e := range entries {
		if e["remote_id"] != record["remote_id"] {
			p.t.Errorf("the feed also has %v %v", e["type"], e["remote_id"])
		}
		fed = append(fed, e["type"].(string))
	}
	if !slices.Equal(fed, types) {
		p.t.Errorf("the feed has %v, want %v", fed, types)
	}
	return next
}

// noEcho syncs and wants the feed to stay as it is: a write that comes back is no change.
func (p plant) noEcho(cursor string) {
	p.t.Helper()
	for _, mode := range []string{"incremental", "full"} {
		run := p.sync(mode)
		if entries, _ := p.changes(cursor); len(entries) != 0 || count(run, "updated") != 0 || count(run, "created") != 0 {
			p.t.Errorf("the %s sync behind the writes counts %v; the feed says %v", mode, run["counts"], entries)
		}
	}
}

// orderIsWritten writes what a buyer does, and looks at each step in Tryton.
func orderIsWritten(p plant) {
	vendor := p.write("POST", "/v1/vendors", map[string]any{"name": "Hydraulik Nord GmbH", "code": "HN-1"}).ok(http.StatusCreated)
	item := p.write("POST", "/v1/items", map[string]any{"name": "Seal kit", "code": "SEAL-1", "type": "product", "unit": "u", "cost": money("4.20", "USD")}).ok(http.StatusCreated)
	if got := p.erp.Read("product.product", p.remote(item), "rec_name", "code"); got["code"] != "SEAL-1" {
		p.t.Errorf("the item in Tryton: %v", got)
	}
	p.mayBeInvoiced(item)
	_, cursor := p.changes("")
	path := "/v1/purchase-orders/"
	order := p.write("POST", "/v1/purchase-orders", map[string]any{"vendor_id": vendor["id"], "notes": "Gate 4", "currency": "EUR", "lines": []any{
		map[string]any{"item_id": item["id"], "quantity": quantity("3", "u"), "unit_price": money("12.5", "EUR")},
		map[string]any{"item": map[string]any{"remote_id": "2"}, "quantity": quantity("4", ""), "unit_price": money("1.0001", "EUR"), "notes": "with certificate"},
	}}).ok(http.StatusCreated)
	id := p.remote(order)
	path += order["id"].(string)
	cursor = p.stored("purchase-orders", order, []string{"created"}, cursor)
	p.noEcho(cursor)

	lines := order["lines"].([]any)
	changed := p.write("PATCH", path, map[string]any{"notes": "Gate 5", "lines": []any{
		map[string]any{"id": member(lines[0], "id"), "quantity": quantity("7", "")},
		map[string]any{"id": member(lines[1], "id"), "_delete": true},
		map[string]any{"item": map[string]any{"remote_id": "1"}, "quantity": quantity("2", ""), "unit_price": money("9", "EUR")},
	}}).ok(http.StatusOK)
	cursor = p.stored("purchase-orders", changed, []string{"updated"}, cursor)
	var have []string
	for _, r := range p.erp.SQL("select product, quantity, unit_price from purchase_line where purchase = ? order by id", id) {
		have = append(have, lineText(key(r[0]), r[1], r[2]))
	}
	if want := []string{lineText(strconv.Itoa(p.remote(item)), 7, "12.5"), lineText("1", 2, "9")}; !slices.Equal(have, want) {
		p.t.Errorf("Tryton has the lines %v, want %v", have, want)
	}
	if again := p.write("PATCH", path, map[string]any{"notes": "Gate 5"}).ok(http.StatusOK); again["version"] != changed["version"] {
		p.t.Errorf("what is so already made version %v of %v", again["version"], changed["version"])
	}
	p.noEcho(cursor)

	quoted := p.write("PATCH", path, map[string]any{"status": "pending_approval"}).ok(http.StatusOK)
	cursor = p.stored("purchase-orders", quoted, []string{"updated"}, cursor)
	confirmed := p.write("PATCH", path, map[string]any{"status": "approved"})
	p.follows(confirmed, id)
	cursor = p.stored("purchase-orders", confirmed.body, []string{"updated"}, cursor)

	second := p.write("POST", "/v1/purchase-orders", map[string]any{"vendor_id": vendor["id"], "status": "pending_approval",
		"lines": []any{map[string]any{"item_id": item["id"], "quantity": quantity("1", ""), "unit_price": map[string]any{"amount": "2"}}}}).ok(http.StatusCreated)
	if second["status"] != "pending_approval" {
		p.t.Errorf("made and quoted it is %v", second["status"])
	}
	cancelled := p.write("PATCH", "/v1/purchase-orders/"+second["id"].(string), map[string]any{"status": "cancelled"}).ok(http.StatusOK)
	if got := p.erp.Read("purchase.purchase", p.remote(cancelled), "state")["state"]; got != "cancelled" || cancelled["status"] != "cancelled" {
		p.t.Errorf("cancelled it is %v, in Tryton %v", cancelled["status"], got)
	}
	gone := p.write("DELETE", "/v1/purchase-orders/"+second["id"].(string), nil)
	if gone.status >= 300 || len(p.erp.Search("purchase.purchase", []any{"id", "=", p.remote(second)})) != 0 {
		p.t.Errorf("deleted: %d %v", gone.status, gone.body)
	}
	_, cursor = p.changes(cursor)
	p.noEcho(cursor)
}

// follows wants Tryton to have gone on from confirmed by itself, and the answer to say so.
func (p plant) follows(a answer, id int) {
	p.t.Helper()
	state := p.erp.Read("purchase.purchase", id, "state")["state"]
	if a.status != http.StatusOK || state != "processing" || a.body["status"] != "sent" {
		p.t.Fatalf("confirmed: %d %v, in Tryton %v", a.status, a.body, state)
	}
	if len(a.warnings) != 1 || a.warnings[0]["pointer"] != "/status" {
		p.t.Errorf("approved was asked for and it is sent, but the warnings are %v", a.warnings)
	}
}

// mayBeInvoiced gives an item an account category, without which Tryton processes no order of it.
func (p plant) mayBeInvoiced(item map[string]any) {
	p.t.Helper()
	template := p.erp.Read("product.product", p.remote(item), "template")["template"].(float64)
	p.erp.Write("product.template", int(template), map[string]any{"account_category": p.erp.Search("product.category", []any{"accounting", "=", true})[0]})
}

func money(amount, currency string) map[string]any {
	return map[string]any{"amount": amount, "currency": currency}
}

func quantity(value, unit string) map[string]any {
	if unit == "" {
		return map[string]any{"value": value}
	}
	return map[string]any{"value": value, "unit": unit}
}
