package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/member"
)

// TestWhatARemovedMemberGaveOut: by whatever way it was given out, links end with the member and keys go on, are named, and can be revoked.
func TestWhatARemovedMemberGaveOut(t *testing.T) {
	w := newWorld(t)
	w.member("olga@example.com", member.Owner)
	s := w.member("ada@example.com", member.Admin)
	key := w.want(w.as(s, "POST", "/v1/keys", `{"label":"theirs","scopes":["read","admin"]}`), 201, "").body
	behind := w.want(w.call("POST", "/v1/keys", key["key"].(string), `{"label":"by their key","scopes":["read"]}`), 201, "").body
	own := w.want(w.as(s, "POST", "/v1/invitations", `{"email":"friend@example.com","role":"viewer"}`), 201, "").body
	byKey := w.want(w.call("POST", "/v1/invitations", w.key, `{"email":"other@example.com","role":"viewer"}`), 201, "").body
	for _, one := range []map[string]any{key, behind} {
		if one["issued_by"] != s.MemberID {
			t.Errorf("issued by %v, want %s", one["issued_by"], s.MemberID)
		}
	}
	if own["made_by"] != s.MemberID || byKey["made_by"] != "" {
		t.Errorf("invited by %v and %v", own["made_by"], byKey["made_by"])
	}
	gone := w.want(w.call("DELETE", "/v1/members/"+s.MemberID, w.key, ""), 200, "")
	left := gone.body["left"].(map[string]any)
	if gone.body["id"] != s.MemberID || left["withdrawn"] != 1.0 || len(left["keys"].([]any)) != 2 || strings.Contains(gone.text, key["key"].(string)) {
		t.Errorf("got %s", gone.text)
	}
	list := w.want(w.call("GET", "/v1/invitations", w.key, ""), 200, "").text
	for id, status := range map[any]string{own["id"]: "revoked", byKey["id"]: "open"} {
		_, of, _ := strings.Cut(list, id.(string))
		if _, of, _ = strings.Cut(of, `"status":"`); !strings.HasPrefix(of, status) {
			t.Errorf("invitation %s is not %s: %s", id, status, list)
		}
	}
	w.want(w.as(s, "GET", "/v1/me", ""), 401, "invalid-token")
	w.want(w.call("GET", "/v1/me", key["key"].(string), ""), 200, "")
	w.want(w.call("POST", "/v1/keys/"+key["id"].(string)+"/revoke", w.key, ""), 200, "")
	w.want(w.call("GET", "/v1/me", key["key"].(string), ""), 401, "invalid-token")
	w.want(w.call("DELETE", "/v1/members/"+s.MemberID, w.key, ""), 404, "not-found")
}

// TestADemotedMembersKeysAreNamed: those that may do more than the member now, and only then.
func TestADemotedMembersKeysAreNamed(t *testing.T) {
	w := newWorld(t)
	s := w.member("ada@example.com", member.Admin)
	w.want(w.as(s, "POST", "/v1/keys", `{"label":"reads","scopes":["read"]}`), 201, "")
	w.want(w.as(s, "POST", "/v1/keys", `{"label":"writes","scopes":["write"]}`), 201, "")
	for body, want := range map[string]int{`{"name":"Other"}`: 0, `{"role":"viewer"}`: 1} {
		a := w.want(w.call(http.MethodPatch, "/v1/members/"+s.MemberID, w.key, body), 200, "")
		if keys := a.body["left"].(map[string]any)["keys"].([]any); len(keys) != want || want == 1 && keys[0].(map[string]any)["label"] != "writes" {
			t.Errorf("%s: got %s", body, a.text)
		}
	}
}
