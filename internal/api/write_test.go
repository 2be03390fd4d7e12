package api_test

import (
	"strings"
	"testing"
)

func TestARecordIsCreatedChangedAndDeleted(t *testing.T) {
	p := newPlant(t)
	made := p.want(p.call("POST", "/v1/vendors", p.token, vendor(1)), 201, "")
	id, tag := made.body["id"].(string), made.header.Get("ETag")
	if made.header.Get("Location") != "/v1/vendors/"+id || tag == "" || made.body["name"] != "Vendor 1" || made.header.Get("Content-Type") != "application/json" {
		t.Fatalf("got %v %s", made.header, made.text)
	}
	op := p.want(p.call("GET", "/v1/operations/"+made.header.Get("Busbar-Operation"), p.token, ""), 200, "")
	item := op.body["item"].(map[string]any)
	if op.body["state"] != "completed" || op.body["kind"] != "single" || item["status"] != "applied" || item["id"] != id || item["version"] == nil {
		t.Errorf("the operation: %s", op.text)
	}
	stored := p.want(p.call("GET", "/v1/vendors/"+id, p.token, ""), 200, "")
	if stored.header.Get("ETag") != tag || stored.text != made.text {
		t.Errorf("stored is\n%s, answered was\n%s", stored.text, made.text)
	}
	path := "/v1/vendors/" + id
	if stale := p.want(p.call("PATCH", path, p.token, `{"name":"Other"}`, "If-Match", `"0000"`), 412, "version-mismatch"); stale.header.Get("ETag") != tag {
		t.Errorf("a stale version is answered with %v", stale.header)
	}
	p.want(p.call("PATCH", path, p.token, `{"name":"Other"}`, "If-Match", "W/"+tag), 422, "invalid-parameter")
	changed := p.want(p.call("PATCH", path, p.token, `{"name":"Other"}`, "If-Match", `"0000", `+tag, "Content-Type", "application/merge-patch+json"), 200, "")
	if changed.body["name"] != "Other" || changed.header.Get("ETag") == tag || changed.header.Get("Location") != "" {
		t.Errorf("changed: %v %s", changed.header, changed.text)
	}
	gone := p.want(p.call("DELETE", path, p.token, "", "If-Match", "*"), 200, "")
	if gone.body["deleted_at"] == nil || gone.body["name"] != "Other" {
		t.Errorf("deleted: %s", gone.text)
	}
	p.want(p.call("GET", path, p.token, ""), 404, "not-found")
	p.want(p.call("DELETE", path, p.token, ""), 404, "not-found")
	feed := p.want(p.call("GET", "/v1/changes?entity=vendors&limit=500", p.token, ""), 200, "")
	if !strings.Contains(feed.text, id) {
		t.Error("the feed does not tell of it")
	}
	if p.effects("vendors", "create") != 1 || p.effects("vendors", "update") != 1 || p.effects("vendors", "delete") != 1 {
		t.Errorf("effects: %+v", p.sim.Effects())
	}
}

func TestAWriteThatIsRefused(t *testing.T) {
	p := newPlant(t)
	for _, tt := range []struct {
		method, path, body string
		status             int
		code, says         string
	}{
		{"POST", "/v1/vendors", `{"code":"V-1"}`, 422, "validation-failed", "/name"},
		{"POST", "/v1/vendors", `{"name":"A","colour":"red"}`, 422, "validation-failed", "/colour"},
		{"POST", "/v1/vendors", `[]`, 422, "validation-failed", "JSON object"},
		{"POST", "/v1/vendors", ``, 400, "malformed-request", "needs a JSON body"},
		{"POST", "/v1/vendors", `{"name":"A"`, 400, "malformed-request", "not JSON"},
		{"POST", "/v1/vendors?strict=maybe", `{"name":"A"}`, 422, "invalid-parameter", "strict"},
		{"POST", "/v1/customers", `{"name":"A"}`, 501, "not-supported-by-system", "customers"},
		{"POST", "/v1/assets", `{"name":"A"}`, 409, "entity-not-enabled", "assets"},
		{"PATCH", "/v1/vendors/6f1c2a34-5b7e-5d21-9c0f-3e8a1b2c4d5e", `{"name":"A"}`, 404, "not-found", "no vendor with this id"},
		{"DELETE", "/v1/vendors/x", ``, 404, "not-found", "no record"},
	} {
		a := p.want(p.call(tt.method, tt.path, p.token, tt.body), tt.status, tt.code)
		if !strings.Contains(a.text, tt.says) || a.header.Get("Busbar-Operation") != "" {
			t.Errorf("%s %s: %s", tt.method, tt.path, a.text)
		}
	}
	if all := p.want(p.call("GET", "/v1/operations", p.token, ""), 200, ""); len(all.data()) != 0 {
		t.Errorf("what was refused by the check is kept: %s", all.text)
	}
	if n := len(p.sim.Effects()); n != 0 {
		t.Errorf("%d effects", n)
	}
}

// A record of another connection is answered as one that does not exist.
func TestRecordsOfOthersAreNotWritten(t *testing.T) {
	p := newPlant(t)
	id := p.record("vendors", anyRecord)["id"].(string)
	_, other := p.join("Other")
	path := "/v1/vendors/" + id
	unknown := p.want(p.call("PATCH", "/v1/vendors/6f1c2a34-5b7e-5d21-9c0f-3e8a1b2c4d5e", other, `{"name":"A"}`), 404, "not-found")
	for _, a := range []answer{p.call("PATCH", path, other, `{"name":"A"}`), p.call("DELETE", path, other, "", "If-Match", "*")} {
		if p.want(a, 404, "not-found").body["detail"] != unknown.body["detail"] {
			t.Errorf("got %s", a.text)
		}
	}
	dry := p.want(p.call("POST", "/v1/vendors/validate", other, `{"op":"delete","id":"`+id+`"}`), 200, "")
	if told, _ := dry.body["problem"].(map[string]any); dry.body["valid"] != false || told["code"] != "not-found" {
		t.Errorf("got %s", dry.text)
	}
	if n := len(p.sim.Effects()); n != 0 {
		t.Errorf("%d effects", n)
	}
}

func TestUnknownFieldsMayBeWarnings(t *testing.T) {
	p := newPlant(t)
	a := p.want(p.call("POST", "/v1/vendors?strict=false", p.token, `{"name":"Müller","code":"V-77","colöur":"red"}`), 201, "")
	if w := a.header.Get("Busbar-Warnings"); !strings.Contains(w, `/col\u00f6ur`) {
		t.Errorf("warnings: %q", w)
	}
	op := p.call("GET", "/v1/operations/"+a.header.Get("Busbar-Operation"), p.token, "")
	if !strings.Contains(op.text, "/colöur") || op.body["strict"] != false {
		t.Errorf("the operation: %s", op.text)
	}
}

func TestASystemThatSaysNo(t *testing.T) {
	p := newPlant(t)
	there := p.record("vendors", anyRecord)
	a := p.want(p.call("POST", "/v1/vendors", p.token, jsonOf(map[string]any{"name": "Twin", "code": there["code"]})), 409, "conflict")
	op := p.want(p.call("GET", "/v1/operations/"+a.header.Get("Busbar-Operation"), p.token, ""), 200, "")
	if a.body["operation"] != "/v1/operations/"+op.body["id"].(string) || op.body["item"].(map[string]any)["status"] != "rejected" {
		t.Errorf("got %s and %s", a.text, op.text)
	}
	up := a.body["upstream"].(map[string]any)
	if said := up["message"].(string); said == "" || strings.HasPrefix(said, "There is such a record") || strings.Count(a.body["detail"].(string), said) != 1 || up["code"] != "duplicate_key" {
		t.Errorf("the system's own words: %s", a.text)
	}
	detail := p.want(p.call("GET", "/v1/operations/"+op.body["id"].(string)+"/items/0", p.token, ""), 200, "")
	ledger := detail.body["ledger"].([]any)
	if len(ledger) == 0 || !strings.Contains(detail.text, "Twin") || strings.Contains(detail.text, "sim-erp-key") {
		t.Errorf("the ledger: %s", detail.text)
	}
}

func TestValidateGivesTheProblemOfTheWrite(t *testing.T) {
	p := newPlant(t)
	for _, data := range []string{`{"code":"V-1"}`, `{"name":"A","colour":"red"}`, `{"name":7}`} {
		v := p.want(p.call("POST", "/v1/vendors/validate", p.token, `{"op":"create","data":`+data+`}`), 200, "")
		w := p.call("POST", "/v1/vendors", p.token, data)
		told, _ := v.body["problem"].(map[string]any)
		for _, member := range []string{"code", "status", "detail", "title", "type", "origin"} {
			if told[member] != w.body[member] {
				t.Errorf("%s: %s is %v, the write says %v", data, member, told[member], w.body[member])
			}
		}
		if v.body["valid"] != false || jsonOf(told["errors"]) != jsonOf(w.body["errors"]) {
			t.Errorf("%s: %s", data, v.text)
		}
	}
	good := p.want(p.call("POST", "/v1/vendors/validate?strict=false", p.token, `{"op":"create","data":{"name":"A","colour":1}}`), 200, "")
	if good.body["valid"] != true || good.body["problem"] != nil || len(good.body["warnings"].([]any)) != 1 {
		t.Errorf("got %s", good.text)
	}
	for body, at := range map[string]string{
		`{}`: "/op", `{"op":"erase"}`: "/op", `{"op":"create"}`: "/data", `{"op":"update","data":{}}`: "/id", `{"op":"delete","id":"x","data":{}}`: "/data",
	} {
		if a := p.want(p.call("POST", "/v1/vendors/validate", p.token, body), 422, "validation-failed"); !strings.Contains(a.text, `"pointer":"`+at) {
			t.Errorf("%s: %s", body, a.text)
		}
	}
	if n := len(p.sim.Effects()); n != 0 {
		t.Errorf("%d effects", n)
	}
}
