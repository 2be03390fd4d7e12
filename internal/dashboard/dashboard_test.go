package dashboard_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/dashboard"
)

// served answers as the server does, with nothing but the dashboard.
func served(t *testing.T) http.Handler {
	t.Helper()
	routes, err := dashboard.Routes()
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	for _, r := range routes {
		mux.Handle(r.Pattern, r.Handler)
	}
	return mux
}

// get asks for an address; headers are pairs.
func get(t *testing.T, h http.Handler, address string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	r.URL.Path = address // as it came, not tidied
	for pair := range slices.Chunk(headers, 2) {
		r.Header.Set(pair[0], pair[1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// TestEachFileIsAskedForOnce: names say nothing of content, so a browser asks each time, and is told that it has it.
func TestEachFileIsAskedForOnce(t *testing.T) {
	t.Parallel()
	h := served(t)
	tags := map[string]string{}
	for _, name := range built(t) {
		first := get(t, h, "/app/"+name)
		tag := first.Header().Get("ETag")
		if first.Code != http.StatusOK || !strings.HasPrefix(tag, `"`) || first.Header().Get("Cache-Control") != "no-cache" {
			t.Errorf("%s answers %d, ETag %s, %s", name, first.Code, tag, first.Header().Get("Cache-Control"))
		}
		if other := tags[tag]; other != "" {
			t.Errorf("%s and %s have one tag", name, other)
		}
		tags[tag] = name
		again := get(t, h, "/app/"+name, "If-None-Match", `"other", W/`+tag)
		if again.Code != http.StatusNotModified || again.Body.Len() != 0 || again.Header().Get("ETag") != tag {
			t.Errorf("%s answers %d with %d bytes to who has it", name, again.Code, again.Body.Len())
		}
		if stale := get(t, h, "/app/"+name, "If-None-Match", `"other"`); stale.Code != http.StatusOK || stale.Body.Len() == 0 {
			t.Errorf("%s answers %d to who has another", name, stale.Code)
		}
	}
}

// TestFilesArePacked for browsers that take them so, and say what they are.
func TestFilesArePacked(t *testing.T) {
	t.Parallel()
	h := served(t)
	kinds := map[string]string{".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".html": "text/html; charset=utf-8"}
	for _, name := range built(t) {
		plain, packed := get(t, h, "/app/"+name), get(t, h, "/app/"+name, "Accept-Encoding", "br, gzip")
		if kind := kinds[path.Ext(name)]; plain.Header().Get("Content-Type") != kind {
			t.Errorf("%s is a %q", name, plain.Header().Get("Content-Type"))
		}
		if plain.Header().Get("Content-Encoding") != "" || plain.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s is packed for who did not ask for it", name)
		}
		if packed.Header().Get("Content-Encoding") == "gzip" {
			if packed.Body.Len() >= plain.Body.Len() || !bytes.Equal(unpack(t, packed.Body.Bytes()), plain.Body.Bytes()) {
				t.Errorf("%s is another file when it is packed", name)
			}
		} else if plain.Body.Len() > 500 {
			t.Errorf("%s is not packed", name)
		}
	}
}

// TestUnknownAddresses: the page is at every address, and finds out itself what is meant; no address leads out of the build.
func TestUnknownAddresses(t *testing.T) {
	t.Parallel()
	h := served(t)
	page := get(t, h, "/app/").Body.String()
	if !strings.Contains(page, `<div id="root">`) {
		t.Fatalf("the page is %s", page)
	}
	for _, address := range []string{"/app/connections", "/app/flows/a/runs/b", "/app/none.js", "/app/dist/index.js", "/app/index.js/", "/app/%2e%2e/dashboard.go", "/app/..%2fdashboard.go", "/app/\x00"} {
		if w := get(t, h, address); w.Code != http.StatusOK || w.Body.String() != page {
			t.Errorf("%q answers %d: %.80s", address, w.Code, w.Body)
		}
	}
	for _, address := range []string{"/app/../dashboard.go", "/app/../../go.mod", "/app//etc/passwd", "/app/./index.js"} {
		if w := get(t, h, address); w.Code == http.StatusOK {
			t.Errorf("%q answers %d: %.80s", address, w.Code, w.Body)
		}
	}
	if w := get(t, h, "/app"); w.Code != http.StatusFound || w.Header().Get("Location") != "/app/" {
		t.Errorf("/app leads to %d %s", w.Code, w.Header().Get("Location"))
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, "/app/", nil))
		if w.Code != http.StatusMethodNotAllowed {
			t.Errorf("%s answers %d", method, w.Code)
		}
	}
}

// TestPolicy: nothing but this server's own files runs and is called, and nobody frames the page.
func TestPolicy(t *testing.T) {
	t.Parallel()
	h := served(t)
	for _, address := range []string{"/app/", "/app/index.js", "/app/nothing"} {
		header := get(t, h, address).Header()
		policy := header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
			if !slices.Contains(strings.Split(policy, "; "), part) {
				t.Errorf("%s: the policy has no %s: %s", address, part, policy)
			}
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") || strings.Contains(policy, "http") {
			t.Errorf("%s: the policy lets in what it must not: %s", address, policy)
		}
		for name, value := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin"} {
			if header.Get(name) != value {
				t.Errorf("%s: %s is %q", address, name, header.Get(name))
			}
		}
	}
	if page := get(t, h, "/app/").Body.String(); regexp.MustCompile(`<style|style=|<script(>| [^>]*[^c]>[^<])|\son\w+=|https?://`).MatchString(page) {
		t.Errorf("the page holds what its policy forbids, or leads elsewhere: %s", page)
	}
}

const (
	firstLoad = 200 << 10 // bytes as gzip, that the page and what it loads at once may weigh
	oneFile   = 1 << 20   // bytes that one file may have
)

// TestFirstLoadIsSmall adds up the page and what it loads before it shows anything: what it names, and what those import.
func TestFirstLoadIsSmall(t *testing.T) {
	t.Parallel()
	h := served(t)
	named, imported := regexp.MustCompile(`(?:src|href)="/app/([^"]+)"`), regexp.MustCompile(`(?:from|import)\s*["']\./([^"']+)["']`)
	total, seen := 0, map[string]bool{}
	for queue := []string{"index.html"}; len(queue) > 0; queue = queue[1:] {
		name := queue[0]
		if seen[name] {
			continue
		}
		seen[name] = true
		total += get(t, h, "/app/"+name, "Accept-Encoding", "gzip").Body.Len()
		text := get(t, h, "/app/"+name).Body.String()
		for _, m := range slices.Concat(named.FindAllStringSubmatch(text, -1), imported.FindAllStringSubmatch(text, -1)) {
			queue = append(queue, m[1])
		}
	}
	t.Logf("%d files, %d KB as gzip", len(seen), total>>10)
	if !seen["index.js"] || !seen["index.css"] {
		t.Errorf("the page does not load what it should: %v", seen)
	}
	if total > firstLoad {
		t.Errorf("the first load is %d KB as gzip, over %d KB: load later what is not shown at once (lazy, lazyRouteComponent): %v", total>>10, firstLoad>>10, seen)
	}
	for _, name := range built(t) {
		if size := get(t, h, "/app/"+name).Body.Len(); size > oneFile {
			t.Errorf("%s has %d KB, over %d KB: split it", name, size>>10, oneFile>>10)
		}
	}
}

// built lists the files of the build.
func built(t *testing.T) []string {
	t.Helper()
	entries, err := fs.Glob(os.DirFS("dist"), "*")
	if err != nil || len(entries) == 0 {
		t.Fatalf("nothing is built: %v", err)
	}
	return entries
}

func unpack(t *testing.T, packed []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}
