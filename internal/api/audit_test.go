package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/audit"
	"github.com/busbar-dev/busbar/internal/audit/chain"
	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/store"
)

// TestOneEntryForEachAct goes through the document: every route of keys that has an effect on the control plane leaves one entry when it succeeds, and none when it does not.
func TestOneEntryForEachAct(t *testing.T) {
	w := newWorld(t)
	acts := map[string]func() (path, body string){
		"create-connection":      func() (string, string) { return "", `{"system":"plant","name":"N","credentials":` + login() + `}` },
		"update-connection":      func() (string, string) { return w.fresh(), `{"name":"Other"}` },
		"pause-connection":       func() (string, string) { return w.fresh(), "" },
		"resume-connection":      func() (string, string) { return w.paused(), "" },
		"reauthorize-connection": func() (string, string) { return w.fresh(), `{"credentials":` + login() + `}` },
		"disconnect-connection":  func() (string, string) { return w.fresh(), "" },
		"delete-data-connection": func() (string, string) { return w.ended(), "" },
		"create-token":           func() (string, string) { return w.fresh(), `{"label":"x"}` },
		"revoke-token":           func() (string, string) { return w.token(), "" },
		"delete-token":           func() (string, string) { return w.token(), "" },
		"create-key":             func() (string, string) { return "", `{"label":"x"}` },
		"update-key":             func() (string, string) { return w.freshKey(), `{"label":"y"}` },
		"revoke-key":             func() (string, string) { return w.freshKey(), "" },
		"delete-key":             func() (string, string) { return w.freshKey(), "" },
		"revoke-link-session": func() (string, string) {
			return w.made("/v1/link-sessions", `{"kind":"magic","system":"plant","name":"N"}`), ""
		},
		"create-member":     func() (string, string) { return "", `{"email":"a@example.com","role":"viewer"}` },
		"create-invitation": func() (string, string) { return "", `{"email":"b@example.com","role":"viewer"}` },
		"revoke-invitation": func() (string, string) {
			return w.made("/v1/invitations", `{"email":"c@example.com","role":"viewer"}`), ""
		},
		"update-member":        func() (string, string) { return w.member("d@example.com", "viewer").MemberID, `{"name":"Other"}` },
		"delete-member":        func() (string, string) { return w.member("e@example.com", "viewer").MemberID, "" },
		"create-password-link": func() (string, string) { return w.member("f@example.com", "viewer").MemberID, "" },
		"untie-member":         func() (string, string) { return w.tie(w.member("g@example.com", "viewer").MemberID), "" },
		"update-project":       func() (string, string) { return "", `{"name":"P"}` },
		"create-project":       func() (string, string) { return "", `{"name":"P2"}` },
	}
	maps.Copy(acts, w.actsOnFlows())
	each(t, func(op *huma.Operation) {
		if op.Method == "GET" || isDataPlane(op) {
			return
		}
		act, known := acts[op.OperationID]
		if !known {
			if elsewhere[op.OperationID] == "" {
				t.Errorf("%s %s has an effect: say in acts how it succeeds, so that its entry is counted", op.Method, op.Path)
			}
			return
		}
		ids, body := act()
		parts := append(strings.Split(ids, " "), "", "")
		path := strings.NewReplacer("{id}", parts[0], "{token_id}", parts[1]).Replace(op.Path)
		if strings.Contains(op.Path, "{name}") {
			path = strings.NewReplacer("{name}", parts[0], "{id}", parts[1]).Replace(op.Path)
		}
		before := w.audited()
		w.want(w.call(op.Method, path, "", body), 401, "invalid-token")
		if n := len(w.audited()); n != len(before) {
			t.Errorf("%s refused left %d entries", op.OperationID, n-len(before))
		}
		if a := w.call(op.Method, path, w.key, body); a.status >= 300 {
			t.Fatalf("%s: %d %s", op.OperationID, a.status, a.text)
		}
		after := w.audited()
		if len(after) != len(before)+1 {
			t.Fatalf("%s left %d entries", op.OperationID, len(after)-len(before))
		}
		e := after[len(after)-1]
		if e.Actor != "key" || e.ActorName != "test" || e.Action == "" || e.TargetID == "" || e.RequestID == "" || e.Address != "127.0.0.1" {
			t.Errorf("%s: %+v", op.OperationID, e)
		}
		if text := string(must(json.Marshal(e))); strings.Contains(text, "right-canary-secret") || strings.Contains(text, "Other") {
			t.Errorf("%s: the entry holds a value: %s", op.OperationID, text)
		}
	})
}

// elsewhere are the routes without an entry by a key, and why.
var elsewhere = map[string]string{
	"create-link-session":  "it makes a connection too: two entries",
	"reconnect-connection": "it issues a token too: two entries",
	"rotate-data-keys":     "it has no target with an id: internal/keys counts it",
	"check-connection":     "it stores nothing",
	"check-flow":           "it stores nothing",
	"test-flow":            "it stores nothing",
	"skip-flow-item":       "TestSkip of package flow: only what failed or waits can be skipped",
	"end-session":          "only members may, by a session and not by a key",
	"end-other-sessions":   "only members may, by a session and not by a key",
	"reauthenticate":       "only members may, by a session and not by a key",
	"untie-me":             "only members may, by a session and not by a key",
	"put-app":              "the system of this test has no login in a browser: internal/link counts it",
	"delete-app":           "as put-app",
	"exchange-link-code":   "it needs a link that was used: internal/link counts it",
	"rotate-master-key":    "it needs a key file that its keeper came from: internal/keys counts it",
}

func login() string { return string(must(json.Marshal(goodLogin()))) }

func (w *world) audited() []store.Audited {
	w.t.Helper()
	found, _, err := w.store.AuditChain(w.t.Context(), 0, 1000)
	w.ok(err)
	return found
}

// made creates something and gives its id.
func (w *world) made(path, body string) string {
	w.t.Helper()
	return w.want(w.call("POST", path, w.key, body), 201, "").body["id"].(string)
}

// An act whose entry cannot be stored does not happen.
func TestNoActWithoutItsEntry(t *testing.T) {
	w := newWorld(t)
	c, key := w.fresh(), w.freshKey()
	if _, err := w.store.DB().ExecContext(t.Context(), "create trigger full before insert on audit_log begin select raise(abort, 'no room'); end"); err != nil {
		t.Fatal(err)
	}
	w.want(w.call("POST", "/v1/connections/"+c+"/pause", w.key, ""), 500, "internal")
	w.want(w.call("DELETE", "/v1/keys/"+key, w.key, ""), 500, "internal")
	w.want(w.call("POST", "/v1/keys", w.key, `{"label":"unnoted"}`), 500, "internal")
	if a := w.want(w.call("GET", "/v1/connections/"+c, w.key, ""), 200, ""); a.body["status"] == "paused" {
		t.Errorf("paused without an entry: %s", a.text)
	}
	if a := w.want(w.call("GET", "/v1/keys", w.key, ""), 200, ""); strings.Contains(a.text, "unnoted") || strings.Contains(a.text, `"revoked_at":"`) {
		t.Errorf("keys changed without an entry: %s", a.text)
	}
}

func (w *world) fresh() string {
	c, _ := w.connect("Fresh")
	return c.ID
}

func (w *world) paused() string {
	c, _ := w.connect("Paused")
	w.ok(w.conns.Pause(acting(w.t.Context()), c))
	return c.ID
}

func (w *world) ended() string {
	c, _ := w.connect("Ended")
	w.ok(w.conns.Disconnect(acting(w.t.Context()), c))
	return c.ID
}

func (w *world) token() string {
	c, _ := w.connect("Token")
	return c.ID + " " + must(w.conns.IssueToken(acting(w.t.Context()), c, "x", nil, nil)).ID
}

func (w *world) freshKey() string {
	return must(w.conns.IssueKey(acting(w.t.Context()), w.project, connection.NewKey{Label: "x"})).ID
}

// walk reads the chain page by page as the command does.
func (w *world) walk(secret string, kept ...chain.Checkpoint) error {
	w.t.Helper()
	walk := chain.NewWalk(kept...)
	for {
		var page struct {
			Data []chain.AuditLink
			Last int64
		}
		a := w.want(w.call("GET", fmt.Sprintf("/v1/audit-log/chain?limit=2&after=%d", walk.N()), secret, ""), 200, "")
		w.ok(json.Unmarshal([]byte(a.text), &page))
		for _, l := range page.Data {
			if err := walk.Step(l); err != nil {
				return err
			}
		}
		if len(page.Data) == 0 {
			return walk.End(page.Last)
		}
	}
}

// Whoever changes rows of the database is found: at once, or by a checkpoint that was kept.
func TestTheAuditLogShowsTampering(t *testing.T) {
	for name, tt := range map[string]struct {
		statements string
		found      string
	}{
		"nothing":             {"", ""},
		"edit":                {"update audit_log set actor_name = 'Eve' where n = 3", "is not as it was written"},
		"delete":              {"delete from audit_log where n = 3", "are missing"},
		"reorder":             {"update audit_log set n = 99 where n = 3; update audit_log set n = 3 where n = 4; update audit_log set n = 4 where n = 99", "does not follow"},
		"insert":              {"insert into audit_log select n + 1000, done_at, project_id, actor, actor_id, actor_name, action, target, target_id, connection_id, fields, request_id, address, previous, hash from audit_log where n = 3", "are missing"},
		"truncate":            {"delete from audit_log where n > 3", "cut off"},
		"truncate and cover":  {"delete from audit_log where n > 3; update counters set value = 3 where name = 'audit'", "cut off"},
		"all gone, and cover": {"delete from audit_log; update counters set value = 0 where name = 'audit'", "cut off"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for range 3 {
				w.fresh()
			}
			var kept chain.Checkpoint
			a := w.want(w.call("GET", "/v1/audit-log/checkpoint", w.key, ""), 200, "")
			w.ok(json.Unmarshal([]byte(a.text), &kept))
			w.ok(kept.Verify())
			forged := kept
			forged.N--
			if forged.Verify() == nil {
				t.Error("a changed checkpoint is taken")
			}
			w.ok(w.walk(w.key, kept))
			for _, statement := range strings.Split(tt.statements, "; ") {
				if _, err := w.store.DB().ExecContext(t.Context(), statement); err != nil {
					t.Fatal(err)
				}
			}
			err := w.walk(w.key, kept)
			if (err == nil) != (tt.found == "") || err != nil && !strings.Contains(err.Error(), tt.found) {
				t.Errorf("got %v, want %q", err, tt.found)
			}
		})
	}
}

func TestProjectsSeeNothingOfEachOther(t *testing.T) {
	w := newWorld(t)
	w.tick(time.Minute)
	made := w.want(w.call("POST", "/v1/projects", w.key, `{"name":"Second"}`), 201, "")
	second := made.body["key"].(map[string]any)["key"].(string)
	w.want(w.call("POST", "/v1/projects", second, `{"name":"Third"}`), 403, "missing-scope")
	mine := w.freshKey()
	w.want(w.call("GET", "/v1/keys/"+mine, w.key, ""), 200, "")
	for _, method := range []string{"GET", "DELETE"} {
		foreign := w.want(w.call(method, "/v1/keys/"+mine, second, ""), 404, "not-found")
		nowhere := w.want(w.call(method, "/v1/keys/019f0000-0000-7000-8000-000000000000", second, ""), 404, "not-found")
		if strings.ReplaceAll(foreign.body["detail"].(string), mine, "") != strings.ReplaceAll(nowhere.body["detail"].(string), "019f0000-0000-7000-8000-000000000000", "") {
			t.Errorf("what is not theirs answers %s, what is not there %s", foreign.text, nowhere.text)
		}
	}
	if a := w.want(w.call("GET", "/v1/audit-log", second, ""), 200, ""); strings.Contains(a.text, w.project) {
		t.Errorf("got %s", a.text)
	}
	w.ok(w.store.Write(t.Context(), func(tx *store.Tx) error {
		return audit.Note(acting(t.Context()), tx, audit.Act{Action: "master-key.rotated", Target: "master-key"})
	}))
	for key, sees := range map[string]bool{w.key: true, second: false} {
		if a := w.want(w.call("GET", "/v1/audit-log?action=master-key.rotated", key, ""), 200, ""); strings.Contains(a.text, "master-key.rotated") != sees {
			t.Errorf("what was done to the whole Busbar is seen: %v, want %v", !sees, sees)
		}
	}
	w.ok(w.walk(second))
	reader := must(w.conns.IssueKey(acting(t.Context()), w.project, connection.NewKey{Label: "r", Scopes: []string{"admin", "read"}})).Plain
	w.want(w.call("POST", "/v1/keys", reader, `{"label":"x","scopes":["own"]}`), 403, "missing-scope")
	w.want(w.call("POST", "/v1/keys", reader, `{"label":"x"}`), 403, "missing-scope")
	w.want(w.call("POST", "/v1/keys", reader, `{"label":"x","scopes":["read"]}`), 201, "")
	w.want(w.call("DELETE", "/v1/keys/"+mine, w.key, ""), 200, "")
}

func TestSettingsOfLinks(t *testing.T) {
	w := newWorld(t)
	for body, status := range map[string]int{
		`{"link":{"redirect_uris":["https://a.example.com/back","http://127.0.0.1:9/back"],"colour":"#00ff00","origins":["https://a.example.com"],"languages":["de"]}}`: 200,
		`{"link":{"redirect_uris":["http://a.example.com/back"]}}`:      422,
		`{"link":{"redirect_uris":["https://*.example.com/back"]}}`:     422,
		`{"link":{"redirect_uris":["https://a.example.com/back#x"]}}`:   422,
		`{"link":{"redirect_uris":["https://u:p@a.example.com/back"]}}`: 422,
		`{"link":{"redirect_uris":["javascript:alert(1)"]}}`:            422,
		`{"link":{"origins":["https://a.example.com/x"]}}`:              422,
		`{"link":{"origins":["null"]}}`:                                 422,
		`{"link":{"colour":"red"}}`:                                     422,
		`{"link":{"logo":"data:image/svg+xml;base64,AAAA"}}`:            422,
		`{"link":{"languages":["xx"]}}`:                                 422,
	} {
		if a := w.call("PATCH", "/v1/project", w.key, body); a.status != status {
			t.Errorf("%s: %d %s", body, a.status, a.text)
		}
	}
	if a := w.want(w.call("GET", "/v1/project", w.key, ""), 200, ""); !strings.Contains(a.text, `"#00ff00"`) {
		t.Errorf("got %s", a.text)
	}
}
