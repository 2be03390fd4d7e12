package api_test

import (
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/store"
)

func TestLinkSessions(t *testing.T) {
	w := newWorld(t)
	a := w.want(w.call("POST", "/v1/link-sessions", w.key, `{"kind":"magic","system":"plant","name":"Plant 7","metadata":{"customer":"4711"},"tags":["eu"]}`), 201, "")
	made := a.body
	id, _ := made["id"].(string)
	if address, _ := made["url"].(string); !strings.HasPrefix(address, "https://busbar.example.com/link/bb_lnk_") || a.header.Get("Location") != "/v1/link-sessions/"+id {
		t.Errorf("made %s %v", a.text, a.header)
	}
	got := w.want(w.call("GET", "/v1/link-sessions/"+id, w.key, ""), 200, "")
	if strings.Contains(got.text, "bb_lnk_") || got.body["status"] != "open" {
		t.Errorf("shown %s", got.text)
	}
	if list := w.want(w.call("GET", "/v1/link-sessions?status=open", w.key, ""), 200, ""); len(list.data()) != 1 {
		t.Errorf("listed %s", list.text)
	}
	c := w.want(w.call("GET", "/v1/connections/"+made["connection_id"].(string), w.key, ""), 200, "").body
	if c["status"] != "pending" || c["name"] != "Plant 7" || c["status_code"] != "link-unused" {
		t.Errorf("its connection: %v", c)
	}
	w.want(w.call("POST", "/v1/link-sessions/"+id+"/revoke", w.key, ""), 200, "")
	w.want(w.call("GET", "/v1/link-sessions/019f0000-0000-7000-8000-000000000000", w.key, ""), 404, "not-found")
	w.want(w.call("POST", "/v1/link-sessions/exchange", w.key, `{"code":"bb_cod_x","code_verifier":"`+strings.Repeat("v", 43)+`"}`), 422, "validation-failed")
	for body, pointer := range map[string]string{
		`{"redirect_uri":"https://app.example.com/x"}`:                        "/redirect_uri",
		`{"redirect_uri":"https://app.example.com/x","code_challenge":"abc"}`: "/code_challenge",
		`{"kind":"magic","expires_in":7776000,"system":"plont"}`:              "/system",
		`{"expires_in":86401}`:      "/expires_in",
		`{"entities":["vendors"]}`:  "/entities",
		`{"purpose":"reauthorize"}`: "/connection_id",
		`{"state":"x"}`:             "/state",
	} {
		if a := w.want(w.call("POST", "/v1/link-sessions", w.key, body), 422, "validation-failed"); !strings.Contains(a.text, `"`+pointer+`"`) {
			t.Errorf("%s: %s", body, a.text)
		}
	}
}

func TestCheckTellsStepByStep(t *testing.T) {
	w := newWorld(t)
	a := w.want(w.call("POST", "/v1/connections/check", w.key, `{"system":"plant","credentials":{"url":"https://erp.example.com","username":"busbar","password":"wrong"}}`), 200, "")
	if o := a.body; o["ok"] != false || !strings.Contains(a.text, `"step":"login","ok":false,"code":"credentials-refused","field":"password"`) {
		t.Errorf("refused: %s", a.text)
	}
	a = w.want(w.call("POST", "/v1/connections/check", w.key, `{"system":"plant","credentials":{"url":"https://erp.example.com","username":"busbar","password":"right-canary-secret"},"entities":["vendors"]}`), 200, "")
	if o := a.body; o["ok"] != true || strings.Contains(a.text, "right-canary-secret") || !strings.Contains(a.text, `"entity":"vendors"`) {
		t.Errorf("accepted: %s", a.text)
	}
	if found, err := w.store.Connections(t.Context(), w.project, store.ConnectionFilter{}); err != nil || len(found) != 0 {
		t.Errorf("%d connections, %v", len(found), err)
	}
}

func TestReconnect(t *testing.T) {
	w := newWorld(t)
	c, token := w.connect("A")
	w.put(c, "PO-1")
	login := `{"credentials":{"username":"busbar","password":"right-canary-secret"}}`
	w.want(w.call("POST", "/v1/connections/"+c.ID+"/reconnect", w.key, login), 409, "conflict")
	w.want(w.call("POST", "/v1/connections/"+c.ID+"/disconnect", w.key, ""), 200, "")
	w.want(w.call("POST", "/v1/connections/"+c.ID+"/reconnect", w.key, strings.Replace(login, "right", "wrong", 1)), 422, "validation-failed")
	w.want(w.call("POST", "/v1/connections/"+c.ID+"/reconnect", w.key, strings.Replace(login, `{"username"`, `{"url":"https://other.example.com","username"`, 1)), 409, "conflict")
	a := w.want(w.call("POST", "/v1/connections/"+c.ID+"/reconnect", w.key, login), 200, "")
	w.want(w.call("GET", "/v1/purchase-orders", token, ""), 401, "invalid-token")
	fresh := a.body["token"].(map[string]any)["token"].(string)
	if records := w.want(w.call("GET", "/v1/purchase-orders", fresh, ""), 200, ""); len(records.data()) != 1 {
		t.Errorf("records: %s", records.text)
	}
	w.want(w.call("POST", "/v1/connections/"+c.ID+"/disconnect", w.key, ""), 200, "")
	w.want(w.call("POST", "/v1/connections/"+c.ID+"/delete-data", w.key, ""), 200, "")
	w.want(w.call("POST", "/v1/connections/"+c.ID+"/reconnect", w.key, login), 409, "conflict")
}
