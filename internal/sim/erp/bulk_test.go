package erp_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/sim/erp"
)

func TestABulkCallAnswersEachByItsKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sim, api := start(t, erp.Options{Counts: few(), Dir: dir})
	status, made := bulkOf(t, api, "vendors", `{"op":"create","items":[{"key":"a","data":{"name":"A"}},{"key":"b","data":{}},{"key":"c","data":{"name":"C","vendorNumber":"V-10001"}},{"key":"d","data":{"name":"D"}}]}`)
	if status != 200 || keysOf(made) != "a:201 b:422 c:409 d:201 " || made.Results[1].Error.Code != "name_required" || field(t, made.Results[3].Record, "name") != "D" {
		t.Fatalf("%d %s %+v", status, keysOf(made), made)
	}
	a, d := field(t, made.Results[0].Record, "id"), field(t, made.Results[3].Record, "id")
	version := field(t, made.Results[0].Record, "updatedAt")
	status, changed := bulkOf(t, api, "vendors", fmt.Sprintf(`{"op":"update","items":[{"key":"1","id":%q,"version":%q,"data":{"phone":"1"}},{"key":"2","id":%q,"version":"old","data":{"phone":"1"}},{"key":"3","id":"x","data":{}}]}`, a, version, d))
	if status != 200 || keysOf(changed) != "1:200 2:412 3:404 " || field(t, changed.Results[0].Record, "phone") != "1" {
		t.Errorf("%d %s", status, keysOf(changed))
	}
	status, gone := bulkOf(t, api, "vendors", fmt.Sprintf(`{"op":"delete","items":[{"key":"1","id":%q},{"key":"2","id":"000001"},{"key":"3","id":%q}]}`, a, d))
	if status != 200 || keysOf(gone) != "1:204 2:422 3:204 " || gone.Results[0].Record != nil || len(sim.Effects()) != 5 {
		t.Errorf("%d %s, effects %v", status, keysOf(gone), sim.Effects())
	}
	before, _ := all(t, api+"vendors", 500)
	if err := sim.Close(); err != nil {
		t.Fatal(err)
	}
	_, api = start(t, erp.Options{Dir: dir})
	if after, _ := all(t, api+"vendors", 500); fmt.Sprint(before) != fmt.Sprint(after) {
		t.Error("the vendors changed over the restart")
	}
}

func TestAnAtomicBulkCallIsDoneWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	sim, api := start(t, erp.Options{Counts: few()})
	before, _ := all(t, api+"vendors", 500)
	bad := strings.Replace(vendorsOf(3, true), `"name":"N1"`, `"name":""`, 1)
	status, b := bulkOf(t, api, "vendors", bad)
	after, _ := all(t, api+"vendors", 500)
	if status != 422 || keysOf(b) != "k0:424 k1:422 k2:424 " || b.Error == nil || len(sim.Effects()) != 0 || fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("%d %s %+v, effects %v", status, keysOf(b), b.Error, sim.Effects())
	}
	twice := strings.Replace(vendorsOf(3, true), "bb-2", "bb-0", 1)
	if status, b := bulkOf(t, api, "vendors", twice); status != 422 || keysOf(b) != "k0:424 k1:424 k2:409 " {
		t.Errorf("%d %s", status, keysOf(b))
	}
	for _, update := range []struct {
		second string
		status int
	}{{`"vendorNumber":"V-10002"`, 422}, {`"name":"Y"`, 200}} {
		status, b = bulkOf(t, api, "vendors", `{"op":"update","atomic":true,"items":[{"key":"1","id":"000001","data":{"name":"X"}},{"key":"2","id":"000002","data":{`+update.second+`}}]}`)
		_, body := ask(t, "GET", api+"vendors/000001", "")
		if status != update.status || (field(t, []byte(body), "name") == "X") != (status == 200) {
			t.Errorf("%d %s: %s", status, keysOf(b), body)
		}
	}
	if status, b = bulkOf(t, api, "vendors", vendorsOf(3, true)); status != 200 || keysOf(b) != "k0:201 k1:201 k2:201 " || len(sim.Effects()) != 5 {
		t.Errorf("%d %s, effects %v", status, keysOf(b), sim.Effects())
	}
}

func TestAKeyOfABulkCallIsAnIdempotencyKey(t *testing.T) {
	t.Parallel()
	sim, api := start(t, erp.Options{Counts: few()})
	call := `{"op":"create","atomic":%v,"items":[{"key":"k1","data":{"name":"A"}},{"key":"k2","data":{"name":"B"}}]}`
	_, first := bulkOf(t, api, "items", fmt.Sprintf(call, false))
	for _, atomic := range []bool{false, true} {
		_, again := bulkOf(t, api, "items", fmt.Sprintf(call, atomic))
		if a, b := toJSON(first), toJSON(again); a != b {
			t.Errorf("%s\n%s", a, b)
		}
	}
	if resp, body := ask(t, "POST", api+"items", `{"name":"A"}`, "Idempotency-Key: k1"); resp.StatusCode != 201 || body != string(first.Results[0].Record) {
		t.Errorf("alone: %d %s", resp.StatusCode, body)
	}
	if n := effects(sim, "items"); n["create k1"] != 1 || n["create k2"] != 1 || len(n) != 2 {
		t.Errorf("effects %v", n)
	}
}

func toJSON(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}

func TestBulkCallsThatAreRefused(t *testing.T) {
	t.Parallel()
	sim, api := start(t, erp.Options{Counts: few()})
	for _, c := range []struct {
		name, resource, body string
		status               int
	}{
		{"too many", "vendors", vendorsOf(101, false), 400},
		{"none", "vendors", vendorsOf(0, false), 400},
		{"no such op", "vendors", `{"op":"upsert","items":[{"key":"a"}]}`, 400},
		{"one key twice", "vendors", `{"op":"create","items":[{"key":"a","data":{"name":"A"}},{"key":"a","data":{"name":"A"}}]}`, 400},
		{"no key", "vendors", `{"op":"create","items":[{"data":{"name":"A"}}]}`, 400},
		{"not offered", "purchase-requisitions", `{"op":"create","items":[{"key":"a"}]}`, 405},
		{"read-only", "customers", vendorsOf(1, false), 405},
		{"no data", "vendors", `{"op":"create","items":[{"key":"a"}]}`, 200},
		{"most", "vendors", vendorsOf(100, false), 200},
	} {
		if resp, body := ask(t, "POST", api+c.resource+"/bulk", c.body); resp.StatusCode != c.status {
			t.Errorf("%s: %d %.200s", c.name, resp.StatusCode, body)
		}
	}
	if n := len(sim.Effects()); n != 100 {
		t.Errorf("%d effects", n)
	}
}
