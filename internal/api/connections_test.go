package api_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestConnectByAPI(t *testing.T) {
	w := newWorld(t)
	made := w.want(w.call("POST", "/v1/connections", w.key, `{"system":"plant","name":"Essen","tags":["eu"],"metadata":{"customer":4711.00,"big":9007199254740993},
		"credentials":{"url":"https://erp.example.com","username":"busbar","password":"right-canary-secret"},"schedule":"15m","entities":["purchase-orders"]}`), 201, "")
	c := made.body["connection"].(map[string]any)
	token := made.body["token"].(map[string]any)["token"].(string)
	if made.header.Get("Location") != "/v1/connections/"+c["id"].(string) || !strings.HasPrefix(token, "bb_con_") || len(made.body["runs"].([]any)) != 1 {
		t.Errorf("got %s %v", made.text, made.header)
	}
	if !strings.Contains(made.text, `"metadata":{"customer":4711.00,"big":9007199254740993}`) {
		t.Errorf("metadata changed: %s", made.text)
	}
	got := w.want(w.call("GET", made.header.Get("Location"), w.key, ""), 200, "")
	for member, want := range map[string]any{"system": "plant", "system_name": "Plant ERP", "system_version": "1.0", "name": "Essen", "status": "syncing", "auth_method": "basic"} {
		if got.body[member] != want {
			t.Errorf("%s: %v", member, got.body[member])
		}
	}
	w.want(w.call("GET", "/v1/connection", token, ""), 200, "")
	w.want(w.call("GET", "/v1/vendors", token, ""), 409, "entity-not-enabled")
	for _, text := range []string{made.text, got.text, w.log.String()} {
		if strings.Contains(text, "canary-secret") {
			t.Errorf("the password is there: %s", text)
		}
	}
	if strings.Contains(got.text+w.log.String(), token) {
		t.Error("the token is shown again")
	}
}

func TestConnectRefusesWhatIsWrong(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct{ name, body, pointer, fault string }{
		{"no system", `{"credentials":{}}`, "/system", "required"},
		{"no credentials", `{"system":"plant"}`, "/credentials", "required"},
		{"an unknown system", `{"system":"plantt","credentials":{}}`, "/system", "unknown"},
		{"an unknown member", `{"system":"plant","credentials":{},"owner":"me"}`, "/owner", "unknown"},
		{"a wrong password", `{"system":"plant","credentials":{"url":"https://e.example","username":"b","password":"wrong"}}`, "/credentials/password", "credentials-refused"},
		{"a missing field", `{"system":"plant","credentials":{"url":"https://e.example","username":"b"}}`, "/credentials/password", "required"},
		{"a number for text", `{"system":"plant","credentials":{"url":1}}`, "/credentials/url", "invalid"},
		{"metadata of text", `{"system":"plant","credentials":{},"metadata":"x"}`, "/metadata", "invalid"},
		{"a wrong schedule", `{"system":"plant","schedule":"often","credentials":{"url":"https://e.example","username":"b","password":"right"}}`, "/schedule", "invalid"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := w.want(w.call("POST", "/v1/connections", w.key, tt.body), 422, "validation-failed")
			first := a.body["errors"].([]any)[0].(map[string]any)
			if first["pointer"] != tt.pointer || first["code"] != tt.fault {
				t.Errorf("got %s", a.text)
			}
		})
	}
	if list := w.call("GET", "/v1/connections", w.key, ""); len(list.data()) != 0 {
		t.Errorf("something was stored: %s", list.text)
	}
}

func TestListConnections(t *testing.T) {
	w := newWorld(t)
	var ids []string
	for _, name := range []string{"A", "B", "C"} {
		c, _ := w.connect(name)
		ids = append(ids, c.ID)
		if name == "C" {
			w.want(w.call("PATCH", "/v1/connections/"+c.ID, w.key, `{"metadata":{"customer":"4711","n":1}}`), 200, "")
		}
	}
	first := w.want(w.call("GET", "/v1/connections?limit=2", w.key, ""), 200, "")
	if len(first.data()) != 2 || first.data()[0]["name"] != "C" || !strings.Contains(first.header.Get("Link"), `rel="next"`) {
		t.Errorf("got %s %v", first.text, first.header)
	}
	last := w.want(w.call("GET", "/v1/connections?limit=2&cursor="+first.next(), w.key, ""), 200, "")
	if len(last.data()) != 1 || last.data()[0]["name"] != "A" || last.next() != "" || last.header.Get("Link") != "" {
		t.Errorf("got %s", last.text)
	}
	if exact := w.want(w.call("GET", "/v1/connections?limit=3", w.key, ""), 200, ""); len(exact.data()) != 3 || exact.next() != "" {
		t.Errorf("got %s", exact.text)
	}
	w.want(w.call("GET", "/v1/connections?status=paused&cursor="+first.next(), w.key, ""), 400, "cursor-mismatch")
	w.want(w.call("GET", "/v1/connections?status=happy", w.key, ""), 422, "invalid-parameter")
	for query, want := range map[string]string{"q=PLANT": "CBA", "q=plant+b": "B", "q=d": "", "q=" + ids[1][24:]: "B", "metadata[customer]=4711": "C", "metadata%5Bcustomer%5D=4711&metadata[n]=1&q=c": "C", "metadata[customer]=4711&metadata[n]=2": "", "q=+": "CBA"} {
		names := ""
		for path := "/v1/connections?limit=1&" + query; path != ""; {
			a := w.want(w.call("GET", path, w.key, ""), 200, "")
			for _, c := range a.data() {
				names += c["name"].(string)
			}
			if path = ""; a.next() != "" {
				path = "/v1/connections?limit=1&" + query + "&cursor=" + a.next()
			}
		}
		if names != want {
			t.Errorf("%s finds %q, want %q", query, names, want)
		}
	}
	found := w.want(w.call("GET", "/v1/connections?limit=1&q=plant", w.key, ""), 200, "")
	w.want(w.call("GET", "/v1/connections?limit=1&q=other&cursor="+found.next(), w.key, ""), 400, "cursor-mismatch")
	w.want(w.call("GET", "/v1/connections?metadata=4711", w.key, ""), 422, "invalid-parameter")
	if none := w.want(w.call("GET", "/v1/connections?status=paused&tag=x", w.key, ""), 200, ""); none.text != `{"data":[],"next_cursor":null}`+"\n" {
		t.Errorf("got %s", none.text)
	}
}

func TestActsOnAConnection(t *testing.T) {
	w := newWorld(t)
	c, token := w.connect("A")
	base := "/v1/connections/" + c.ID
	for _, tt := range []struct{ verb, body, status string }{
		{"pause", "", "paused"}, {"resume", "", "syncing"},
		{"reauthorize", `{"credentials":{"url":"https://erp.example.com","username":"b","password":"right-too"}}`, "syncing"},
	} {
		a := w.want(w.call("POST", base+"/"+tt.verb, w.key, tt.body), 200, "")
		if a.body["status"] != tt.status || a.body["id"] != c.ID {
			t.Errorf("%s: %s", tt.verb, a.text)
		}
	}
	w.want(w.call("POST", base+"/reauthorize", w.key, `{"credentials":{"url":"https://erp.example.com","username":"b","password":"wrong"}}`), 422, "validation-failed")
	elsewhere := `{"credentials":{"url":"https://other.example.com","username":"b","password":"right-too"}%s}`
	w.want(w.call("POST", base+"/reauthorize", w.key, fmt.Sprintf(elsewhere, "")), 409, "conflict")
	w.want(w.call("POST", base+"/reauthorize", w.key, fmt.Sprintf(elsewhere, `,"same_instance":true`)), 200, "")
	a := w.want(w.call("PATCH", base, w.key, `{"name":"B","tags":["x"]}`), 200, "")
	if a.body["name"] != "B" || a.body["time_zone"] != "UTC" {
		t.Errorf("got %s", a.text)
	}
	w.want(w.call("PATCH", base, w.key, `{"time_zone":"Mars/Olympus"}`), 422, "validation-failed")
	health := w.want(w.call("GET", base+"/health", w.key, ""), 200, "")
	if len(health.body["entities"].([]any)) != 2 || health.body["status"] != "syncing" {
		t.Errorf("got %s", health.text)
	}
	w.want(w.call("GET", "/v1/connection", token, ""), 200, "")
}

func TestTokens(t *testing.T) {
	w := newWorld(t)
	c, first := w.connect("A")
	other, _ := w.connect("B")
	base := "/v1/connections/" + c.ID + "/tokens"
	made := w.want(w.call("POST", base, w.key, `{"label":"second","scopes":["read"],"expires_at":"2026-11-23T09:00:00Z"}`), 201, "")
	plain, id := made.body["token"].(string), made.body["id"].(string)
	w.want(w.call("GET", "/v1/connection", plain, ""), 200, "")
	list := w.want(w.call("GET", base, w.key, ""), 200, "")
	if len(list.data()) != 2 || strings.Contains(list.text, plain) || strings.Contains(list.text, first) {
		t.Errorf("got %s", list.text)
	}
	w.want(w.call("POST", "/v1/connections/"+other.ID+"/tokens/"+id+"/revoke", w.key, ""), 404, "not-found")
	for range 2 {
		a := w.want(w.call("POST", base+"/"+id+"/revoke", w.key, ""), 200, "")
		if a.body["revoked_at"] == nil {
			t.Errorf("got %s", a.text)
		}
	}
	w.want(w.call("GET", "/v1/connection", plain, ""), 401, "invalid-token")
	w.want(w.call("DELETE", base+"/"+id, w.key, ""), 200, "")
	for body, pointer := range map[string]string{
		`{}`: "/label", `{"label":"x","scopes":["admin"]}`: "/scopes/0", `{"label":"x","expires_at":"2020-01-01T00:00:00Z"}`: "/expires_at", `{"label":"x","expires_at":"soon"}`: "/expires_at",
	} {
		a := w.want(w.call("POST", base, w.key, body), 422, "validation-failed")
		if got := a.body["errors"].([]any)[0].(map[string]any)["pointer"]; got != pointer {
			t.Errorf("%s: %v", body, got)
		}
	}
}

func TestSystems(t *testing.T) {
	w := newWorld(t)
	list := w.want(w.call("GET", "/v1/systems", w.key, ""), 200, "")
	fields := list.data()[0]["auth"].([]any)[0].(map[string]any)["fields"].([]any)
	if len(fields) != 3 || fields[2].(map[string]any)["secret"] != true {
		t.Errorf("got %s", list.text)
	}
	one := w.want(w.call("GET", "/v1/systems/plant", w.key, ""), 200, "")
	if !strings.Contains(one.body["guide"].(string), "Make a user") {
		t.Errorf("got %s", one.text)
	}
	w.want(w.call("GET", "/v1/systems/plan", w.key, ""), 404, "not-found")
	of := w.want(w.call("GET", "/v1/systems/plant/capabilities", w.key, ""), 200, "")
	_, token := w.connect("A")
	own := w.want(w.call("GET", "/v1/capabilities", token, ""), 200, "")
	if told := own.body["login"].(map[string]any)["told"]; told != false {
		t.Errorf("a system that does not tell rights: %v", told)
	}
	delete(own.body, "login")
	if !reflect.DeepEqual(own.body, of.body) || len(own.body["entities"].([]any)) != 2 {
		t.Errorf("got %s", own.text)
	}
}

func TestSyncs(t *testing.T) {
	w := newWorld(t)
	c, token := w.connect("A")
	first := w.want(w.call("GET", "/v1/syncs", token, ""), 200, "")
	if len(first.data()) != 2 || first.data()[1]["state"] != "queued" || first.data()[1]["last_run"] != nil {
		t.Errorf("got %s", first.text)
	}
	again := w.want(w.call("POST", "/v1/syncs", token, `{"entities":["purchase-orders"]}`), 202, "")
	if again.data()[0]["id"] != first.data()[1]["active_run"].(map[string]any)["id"] {
		t.Errorf("a second run was made: %s", again.text)
	}
	w.put(c, "PO-1")
	now := w.call("GET", "/v1/syncs", token, "").data()[1]
	if now["state"] != "idle" || now["counts"].(map[string]any)["live"] != 1.0 || now["last_run"].(map[string]any)["state"] != "complete" {
		t.Errorf("got %v", now)
	}
	w.want(w.call("POST", "/v1/syncs", token, `{"entities":["assets"]}`), 409, "entity-not-enabled")
	set := w.want(w.call("PATCH", "/v1/syncs/purchase-orders", token, `{"schedule":"5m","paused":true}`), 200, "")
	if set.body["schedule"] != "5m" || set.body["paused"] != true || set.body["history"] != "P90D" {
		t.Errorf("got %s", set.text)
	}
	w.want(w.call("PATCH", "/v1/syncs/purchase-orders", token, `{"schedule":"often"}`), 422, "validation-failed")
	w.want(w.call("PATCH", "/v1/syncs/purchase-order", token, `{}`), 404, "unknown-entity")
	w.want(w.call("PATCH", "/v1/syncs/assets", token, `{}`), 409, "entity-not-enabled")
}

func TestRuns(t *testing.T) {
	w := newWorld(t)
	c, token := w.connect("A")
	for i := range 3 {
		w.tick(time.Minute)
		w.put(c, numbered(i+1)...)
	}
	list := w.want(w.call("GET", "/v1/sync-runs?entity=purchase-orders&limit=2", token, ""), 200, "")
	rest := w.want(w.call("GET", "/v1/sync-runs?entity=purchase-orders&limit=2&cursor="+list.next(), token, ""), 200, "")
	if len(list.data()) != 2 || len(rest.data()) != 1 || rest.next() != "" || rest.data()[0]["trigger"] != "connect" {
		t.Errorf("got %s, %s", list.text, rest.text)
	}
	if queued := w.call("GET", "/v1/sync-runs?state=queued", token, ""); len(queued.data()) != 1 {
		t.Errorf("got %s", queued.text)
	}
	w.want(w.call("GET", "/v1/sync-runs?entity=nothing", token, ""), 404, "unknown-entity")
	w.want(w.call("GET", "/v1/sync-runs?state=done", token, ""), 422, "invalid-parameter")

	id := w.activeRun(c)
	a := w.want(w.call("POST", "/v1/sync-runs/"+id+"/cancel", token, ""), 200, "")
	if a.body["state"] != "cancelled" || w.call("GET", "/v1/sync-runs/"+id, token, "").body["state"] != "cancelled" {
		t.Errorf("got %s", a.text)
	}
	w.want(w.call("POST", "/v1/sync-runs/nothing/cancel", token, ""), 404, "not-found")
}
