package api_test

import (
	"encoding/json"
	"testing"
)

// orderCapability gives what a credential can do with purchase orders.
func (w *world) orderCapability(secret string) map[string]any {
	w.t.Helper()
	a := w.want(w.call("GET", "/v1/capabilities", secret, ""), 200, "")
	for _, e := range a.body["entities"].([]any) {
		if e := e.(map[string]any); e["entity"] == orders {
			return e
		}
	}
	w.t.Fatalf("no purchase orders in %s", a.text)
	return nil
}

func text(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

func TestRulesOfAConnection(t *testing.T) {
	w := newWorld(t)
	c, token := w.connect("A")
	path := "/v1/connections/" + c.ID
	if got := w.want(w.call("GET", path, w.key, ""), 200, "").body["write_rules"]; text(got) != "{}" {
		t.Errorf("a new connection has the rules %s", text(got))
	}
	rules := `{"purchase-orders":{"forbidden":["delete"],"read_only":["notes"],"required":["order_date"],"values":{"number":["A","B"]}}}`
	set := w.want(w.call("PATCH", path, w.key, `{"write_rules":`+rules+`}`), 200, "")
	want := `{"purchase-orders":{"forbidden":["delete"],"read_only":["notes"],"required":["order_date"],"values":{"number":["A","B"]}}}`
	if text(set.body["write_rules"]) != want || text(w.call("GET", "/v1/connection", token, "").body["write_rules"]) != want {
		t.Errorf("set %s", set.text)
	}
	e := w.orderCapability(token)
	if del := e["delete"].(map[string]any); del["supported"] != false || del["forbidden_by"] != "connection.purchase-orders.forbidden.delete" {
		t.Errorf("delete: %v", del)
	}
	if got := text(e["create"].(map[string]any)["required"]); got != `["number","order_date"]` {
		t.Errorf("create needs %s", got)
	}
	w.want(w.call("PATCH", path, w.key, `{"name":"B"}`), 200, "")
	if got := w.call("GET", path, w.key, "").body["write_rules"]; text(got) != want {
		t.Errorf("another change took the rules away: %s", text(got))
	}
	if got := w.want(w.call("PATCH", path, w.key, `{"write_rules":{}}`), 200, "").body["write_rules"]; text(got) != "{}" {
		t.Errorf("left %s", text(got))
	}
	if w.orderCapability(token)["delete"].(map[string]any)["supported"] != true {
		t.Error("delete stays forbidden")
	}
}

func TestRulesThatAreWrong(t *testing.T) {
	w := newWorld(t)
	c, _ := w.connect("A")
	for _, tt := range []struct{ rules, pointer, code, detail string }{
		{`{"purchase-order":{}}`, "/write_rules/purchase-order", "unknown", "Plant ERP has no purchase-order; did you mean purchase-orders?"},
		{`{"purchase-orders":{"required":["note"]}}`, "/write_rules/purchase-orders/required/0", "unknown", "purchase-orders have no field note; did you mean notes?"},
		{`{"purchase-orders":{"read_only":["number"]}}`, "/write_rules/purchase-orders/read_only", "invalid", "purchase-orders cannot be created without number; leave it out, or forbid create."},
		{`{"vendors":{"required":["name"]}}`, "/write_rules/vendors/required/0", "invalid", "name cannot be written on this system anyway; remove it."},
	} {
		a := w.want(w.call("PATCH", "/v1/connections/"+c.ID, w.key, `{"name":"Z","write_rules":`+tt.rules+`}`), 422, "validation-failed")
		item := a.body["errors"].([]any)[0].(map[string]any)
		if item["pointer"] != tt.pointer || item["code"] != tt.code || item["detail"] != tt.detail {
			t.Errorf("%s: got %v", tt.rules, item)
		}
	}
	for _, rules := range []string{`{"purchase-orders":{"forbidden":["remove"]}}`, `{"purchase-orders":{"allowed":["delete"]}}`, `{"purchase-orders":{"required":"notes"}}`, `[]`} {
		w.want(w.call("PATCH", "/v1/connections/"+c.ID, w.key, `{"write_rules":`+rules+`}`), 422, "validation-failed")
	}
	if got := w.call("GET", "/v1/connections/"+c.ID, w.key, ""); got.body["name"] != "A" || text(got.body["write_rules"]) != "{}" {
		t.Errorf("a refused change left %s", got.text)
	}
}

// A connection may have its rules from its first moment, with the checks that a change of them goes through; rules that are wrong leave no connection.
func TestRulesOfANewConnection(t *testing.T) {
	w := newWorld(t)
	make := func(rules string) answer {
		return w.call("POST", "/v1/connections", w.key, `{"system":"plant","credentials":{"url":"https://erp.example.com","username":"b","password":"right"},"write_rules":`+rules+`}`)
	}
	rules := `{"purchase-orders":{"forbidden":["delete"],"read_only":["notes"]}}`
	made := w.want(make(rules), 201, "")
	if got := text(made.body["connection"].(map[string]any)["write_rules"]); got != rules {
		t.Errorf("made with %s", got)
	}
	if got := text(w.want(w.call("GET", made.header.Get("Location"), w.key, ""), 200, "").body["write_rules"]); got != rules {
		t.Errorf("stored are %s", got)
	}
	token := made.body["token"].(map[string]any)["token"].(string)
	if del := w.orderCapability(token)["delete"].(map[string]any); del["supported"] != false || del["forbidden_by"] != "connection.purchase-orders.forbidden.delete" {
		t.Errorf("delete: %v", del)
	}
	for wrong, pointer := range map[string]string{
		`{"purchase-order":{}}`:                              "/write_rules/purchase-order",
		`{"purchase-orders":{"required":["note"]}}`:          "/write_rules/purchase-orders/required/0",
		`{"purchase-orders":{"forbidden":["remove"]}}`:       "/write_rules/purchase-orders/forbidden/0",
		`{"purchase-orders":{"read_only":["number"]}}`:       "/write_rules/purchase-orders/read_only",
		`{"purchase-orders":{"allowed":["delete"]}}`:         "/write_rules/purchase-orders/allowed",
		`{"vendors":{"required":["name"]}}`:                  "/write_rules/vendors/required/0",
		`{"purchase-orders":{"values":{"lines":["a","b"]}}}`: "/write_rules/purchase-orders/values/lines",
	} {
		a := w.want(make(wrong), 422, "validation-failed")
		if item := a.body["errors"].([]any)[0].(map[string]any); item["pointer"] != pointer {
			t.Errorf("%s: got %s", wrong, a.text)
		}
	}
	if all := w.call("GET", "/v1/connections", w.key, "").data(); len(all) != 1 {
		t.Errorf("%d connections", len(all))
	}
}

func TestCapabilitiesFollowTheScopes(t *testing.T) {
	w := newWorld(t)
	c, _ := w.connect("A")
	reader, err := w.conns.IssueToken(acting(t.Context()), c, "reader", []string{"read"}, nil)
	w.ok(err)
	create := w.orderCapability(reader.Plain)["create"].(map[string]any)
	if create["supported"] != false || create["forbidden_by"] != "token.scopes" {
		t.Errorf("a token without the scope write: %v", create)
	}
	writer, err := w.conns.IssueToken(acting(t.Context()), c, "writer", []string{"read", "write"}, nil)
	w.ok(err)
	if create := w.orderCapability(writer.Plain)["create"].(map[string]any); create["supported"] != true {
		t.Errorf("a token with it: %v", create)
	}
}
