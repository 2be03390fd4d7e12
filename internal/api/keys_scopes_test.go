package api_test

import (
	"testing"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/member"
)

// TestKeysThatMayMoreAreLeftAlone: nobody renames or revokes a key that may do more than they.
func TestKeysThatMayMoreAreLeftAlone(t *testing.T) {
	w := newWorld(t)
	key := func(scopes ...string) connection.IssuedKey {
		return must(w.conns.IssueKey(acting(t.Context()), w.project, connection.NewKey{Label: "x", Scopes: scopes}))
	}
	owners, admins, admin := key("own"), key("admin"), key("admin").Plain
	path := "/v1/keys/" + owners.ID
	s := w.member("ada@example.com", member.Admin)
	for _, try := range [][]string{{"PATCH", path, `{"label":"y"}`}, {"POST", path + "/revoke", ""}, {"DELETE", path, ""}} {
		w.want(w.call(try[0], try[1], admin, try[2]), 403, "missing-scope")
		w.want(w.as(s, try[0], try[1], try[2]), 403, "missing-scope")
	}
	if now := w.want(w.call("GET", path, admin, ""), 200, "").body; now["label"] != "x" || now["revoked_at"] != nil {
		t.Errorf("got %v", now)
	}
	w.want(w.call("PATCH", "/v1/keys/"+admins.ID, admin, `{"label":"y"}`), 200, "")
	w.want(w.call("DELETE", "/v1/keys/"+admins.ID, admin, ""), 200, "")
	w.want(w.call("POST", path+"/revoke", w.key, ""), 200, "")
	w.want(w.call("DELETE", "/v1/keys/nothing", admin, ""), 404, "not-found")
}
