package e2e

import (
	"maps"
	"net/http"
	"regexp"
	"slices"

	"github.com/busbar-dev/busbar/internal/secret"
)

// reads asks for what is there, so that an error is no look at it.
func (h *heard) reads(path, bearer string) map[string]any {
	h.t.Helper()
	status, answer := h.ask("GET", path, bearer, nil)
	if status != http.StatusOK {
		h.t.Errorf("GET %s: %d %v", path, status, answer)
	}
	return answer
}

// look reads whatever there is to read, with the project key and as the owner.
func (w *canaries) look() {
	w.t.Helper()
	paths := []string{
		"/v1/connections", "/v1/link-sessions", "/v1/members", "/v1/invitations", "/v1/me", "/v1/keys", "/v1/audit-log", "/v1/audit-log/chain", "/v1/audit-log/checkpoint", "/v1/master-key",
		"/v1/project", "/v1/project/apps/canary", "/v1/systems", "/v1/systems/canary", "/v1/systems/canary/capabilities",
	}
	for _, list := range []string{"/v1/connections", "/v1/link-sessions", "/v1/members", "/v1/keys"} {
		for _, id := range w.ids(list) {
			paths = append(paths, list+"/"+id)
		}
	}
	for _, id := range w.ids("/v1/connections") {
		paths = append(paths, "/v1/connections/"+id+"/tokens", "/v1/connections/"+id+"/health", "/v1/connections/"+id+"/health/history")
	}
	for _, path := range paths {
		w.reads(path, w.key)
		w.owner.must(http.StatusOK, "GET", path, nil)
	}
	w.owner.must(http.StatusOK, "GET", "/v1/sessions", nil)
	for path, status := range map[string]int{"/": 302, "/app/": 200, "/account": 200, "/docs": 200, "/openapi.json": 200, "/readyz": 200, "/livez": 404, "/metrics": 404} {
		w.owner.must(status, "GET", path, nil)
	}
	w.person().must(http.StatusSeeOther, "GET", "/account", nil)
	w.person().must(http.StatusOK, "GET", "/login", nil)
	w.person().must(http.StatusGone, "GET", "/link/"+w.secrets["link"], nil)
}

// ids are those of a list's objects, of which there is one at least.
func (w *canaries) ids(list string) (ids []string) {
	w.t.Helper()
	objects, _ := w.reads(list, w.key)["data"].([]any)
	for _, o := range objects {
		ids = append(ids, text(field1(o, "id")))
	}
	if len(ids) == 0 {
		w.t.Errorf("%s lists nothing", list)
	}
	return ids
}

// everyKind makes sure that a secret of every kind was given out, and so looked for.
func (w *canaries) everyKind() {
	w.t.Helper()
	all := w.all()
	for _, kind := range []secret.Kind{secret.ConnectionToken, secret.ProjectKey, secret.SessionSecret, secret.MemberLink, secret.LinkSecret, secret.LinkCode} {
		whole := regexp.MustCompile(string(kind) + "[0-9A-Za-z]{38,}")
		if !slices.ContainsFunc(slices.Collect(maps.Values(all)), whole.MatchString) {
			w.t.Errorf("no secret that begins with %s was looked for", kind)
		}
	}
	for _, name := range []string{"state", "nonce", "code", "verifier", "id token", "access token", "refresh token"} {
		numbered := regexp.MustCompile("^" + name + " [0-9]+$")
		if !slices.ContainsFunc(sorted(all), numbered.MatchString) {
			w.t.Errorf("no %s was looked for", name)
		}
	}
}
