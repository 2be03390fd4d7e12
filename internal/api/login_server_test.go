package api_test

import (
	"testing"

	"github.com/busbar-dev/busbar/internal/member"
	"github.com/busbar-dev/busbar/internal/store"
)

// TestLoginServerIsShownAndUntied: who logs in at the login server is shown to admins and to the member, and either ends it.
func TestLoginServerIsShownAndUntied(t *testing.T) {
	w := newWorld(t)
	s := w.member("ada@example.com", member.Viewer)
	path := "/v1/members/" + s.MemberID
	tied := func(want bool) {
		t.Helper()
		shown := w.want(w.call("GET", path, w.key, ""), 200, "").body["login_server"]
		own, _ := w.want(w.as(s, "GET", "/v1/me", ""), 200, "").body["member"].(map[string]any)
		if shown != want || own["login_server"] != want {
			t.Errorf("login_server is %v and %v, want %v", shown, own["login_server"], want)
		}
	}
	tie := func() { w.tie(s.MemberID) }
	tied(false)
	tie()
	tied(true)
	w.want(w.as(s, "DELETE", "/v1/me/login-server", ""), 204, "")
	tied(false)
	tie()
	w.tick(member.Fresh)
	w.want(w.as(s, "DELETE", "/v1/me/login-server", ""), 403, "reauthentication-required")
	w.want(w.call("DELETE", "/v1/me/login-server", w.key, ""), 403, "missing-scope")
	w.want(w.as(s, "DELETE", path+"/login-server", ""), 403, "missing-scope")
	w.want(w.call("DELETE", path+"/login-server", w.key, ""), 204, "")
	w.want(w.as(s, "GET", "/v1/me", ""), 401, "invalid-token")
	if got := w.want(w.call("GET", path, w.key, ""), 200, "").body["login_server"]; got != false {
		t.Errorf("login_server is %v", got)
	}
}

// tie lets a member log in at a login server.
func (w *world) tie(id string) string {
	w.t.Helper()
	w.ok(w.store.Write(w.t.Context(), func(tx *store.Tx) error {
		return tx.SetMemberOIDC(w.t.Context(), id, "https://idp.example.com", id, w.clock())
	}))
	return id
}
