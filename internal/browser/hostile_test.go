package browser_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// reader is a customer whose browser shows whatever comes.
type reader struct {
	*vendor
	at     string // the link
	cookie string
}

// reads goes on with a new link to SimERP.
func (v *vendor) reads(t *testing.T) *reader {
	t.Helper()
	r := &reader{vendor: v, at: v.link(map[string]any{"system": "sim-erp"})}
	resp, _ := r.send(t, "/continue", nil)
	for _, c := range resp.Cookies() {
		r.cookie = c.Name + "=" + c.Value
	}
	return r
}

func (r *reader) send(t *testing.T, page string, form url.Values) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.at+page, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", r.stand.URL)
	return r.do(t, req)
}

// get asks for a page of Busbar's.
func (r *reader) get(t *testing.T, address string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Language", "en")
	return r.do(t, req)
}

func (r *reader) do(t *testing.T, req *http.Request) (*http.Response, string) {
	t.Helper()
	req.Header.Set("Cookie", r.cookie)
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

var controls = regexp.MustCompile(`[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]`)

// TestHostileSystems fills in the address of a server that answers a check with what no system should: the check ends by its own bounds, the page says plainly what is the matter, and shows nothing
// of what came.
func TestHostileSystems(t *testing.T) {
	t.Parallel()
	v := newVendor(t, map[string]any{"name": "Fennworks"})
	const canary, big = "CANARY-answer", 200 << 20
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		t.Error("a redirect was followed")
		_, _ = io.WriteString(w, `{"product":"SimERP","version":"1.4"}`)
	}))
	t.Cleanup(elsewhere.Close)
	zeros := func(w io.Writer) {
		for part, n := make([]byte, 1<<20), 0; n < big; n += len(part) {
			if _, err := w.Write(part); err != nil {
				return
			}
		}
	}
	answers := map[string]http.HandlerFunc{
		"200 MB": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"product":"`+canary)
			zeros(w)
		},
		"200 MB that were packed": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Encoding", "gzip")
			packed := gzip.NewWriter(w)
			zeros(packed)
			_ = packed.Close()
		},
		"without end": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, `{"product":"SimERP", "x":"`+canary)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		},
		"never":         func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"a page":        func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html><h1>"+canary+"</h1>") },
		"broken JSON":   func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"product": `+canary) },
		"deep JSON":     func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("[", 1<<20)) },
		"a long header": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Long", strings.Repeat(canary, 1<<20)) },
		"a loop":        func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) },
		"a way to elsewhere": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusTemporaryRedirect)
		},
		"a way to the metadata": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://169.254.169.254/latest/meta-data/"+canary, http.StatusFound)
		},
		"a way to a file": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "file:///etc/passwd")
			w.WriteHeader(http.StatusFound)
		},
	}
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests, http.StatusInternalServerError} {
		answers[fmt.Sprintf("scripts and control characters with %d", status)] = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, `{"error":{"code":"<script>%[1]s","message":"<script>alert('%[1]s')</script>\u001b[31m\u0000\u202e%[1]s"}}`, canary)
		}
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(answer)
			defer server.Close()
			r := v.reads(t)
			resp, page := r.send(t, "/check", url.Values{"f_url": {server.URL}, "f_api_key": {"CANARY-key"}})
			if resp.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(page, "That did not work yet") || !strings.Contains(page, server.URL) {
				t.Errorf("the check answers %d: %s", resp.StatusCode, page)
			}
			if strings.Contains(page, "CANARY") || strings.Contains(page, "alert(") || controls.MatchString(page) || len(page) > 100_000 {
				t.Errorf("the page shows what came: %s", page[:min(len(page), 20_000)])
			}
			r.opens(t)
		})
	}
}

// opens fails the test unless the link still works.
func (r *reader) opens(t *testing.T) {
	t.Helper()
	resp, page := r.send(t, "/check", url.Values{"f_url": {r.stand.ERP.URL()}, "f_api_key": {erp.DefaultKey}})
	if resp.StatusCode != http.StatusOK || !strings.Contains(page, "What may be read from SimERP?") {
		t.Errorf("afterwards the right login answers %d: %s", resp.StatusCode, page)
	}
}
