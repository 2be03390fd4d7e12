package browser_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestPagesFollowTheProject: pages are in the project's languages, and say whom to ask where something failed and nowhere else.
func TestPagesFollowTheProject(t *testing.T) {
	t.Parallel()
	const support = "Frag <b>Ada</b>, it@fennworks.example"
	v := newVendor(t, map[string]any{"languages": []string{"de"}, "support": support})
	r := v.reads(t)
	_, page := r.get(t, r.at+"/login?lang=en")
	if !strings.Contains(page, `<html lang="de">`) || strings.Contains(page, "?lang=") || strings.Contains(page, "it@fennworks") {
		t.Errorf("the form: %s", page)
	}
	resp, page := r.send(t, "/check", url.Values{"f_url": {"http://127.0.0.1:1"}, "f_api_key": {"x"}})
	if resp.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(page, "Frag &lt;b&gt;Ada&lt;/b&gt;, it@fennworks.example") {
		t.Errorf("what failed answers %d: %s", resp.StatusCode, page)
	}
}

// TestAddressesBelowLinks: whatever somebody opens there is a page, and the address of a form leads back to where the link stands.
func TestAddressesBelowLinks(t *testing.T) {
	t.Parallel()
	v := newVendor(t, map[string]any{})
	r := v.reads(t)
	for _, path := range []string{"/link", "/link/", "/link/hello", "/link/hello/there", "/link/a/b/c", "/link/oauth", "/link/oauth/other"} {
		resp, page := r.get(t, v.stand.URL+path)
		if resp.StatusCode != http.StatusNotFound || !strings.Contains(page, "This link is not known") || resp.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s answers %d: %s", path, resp.StatusCode, page)
		}
	}
	for _, form := range []string{"/check", "/connect", "/continue", "/cancel"} {
		resp, _ := r.get(t, r.at+form+"?lang=de")
		if resp.StatusCode != http.StatusSeeOther || v.stand.URL+resp.Header.Get("Location") != r.at || !strings.Contains(resp.Header.Get("Set-Cookie"), "busbar-language=de") {
			t.Errorf("%s answers %d %v", form, resp.StatusCode, resp.Header)
		}
	}
}
