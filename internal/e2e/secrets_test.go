package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// gossip is a system that knows one login and tells everybody what it was asked with: in the body of every refusal and failure, in many notations.
type gossip struct {
	*httptest.Server
	key   atomic.Pointer[string]
	fails atomic.Bool // every request fails
}

func startGossip(t *testing.T, source *erp.Server, key string) *gossip {
	t.Helper()
	behind, err := url.Parse(source.URL())
	if err != nil {
		t.Fatal(err)
	}
	g, proxy := new(gossip), httputil.NewSingleHostReverseProxy(behind)
	g.key.Store(&key)
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		switch {
		case g.fails.Load():
			tell(w, http.StatusInternalServerError, given)
		case given != *g.key.Load():
			tell(w, http.StatusUnauthorized, given)
		default:
			r.Header.Set("Authorization", "Bearer "+erp.DefaultKey)
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(g.Close)
	return g
}

func tell(w http.ResponseWriter, status int, given string) {
	quoted, _ := json.Marshal(given)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Asked-With", given)
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error":{"code":"no","message":%s,"detail":"asked with %s and %s and %x"}}`, quoted, url.QueryEscape(given), base64.StdEncoding.EncodeToString([]byte(given)), given)
}

// heard is every answer of Busbar to the test, by what was asked.
type heard struct {
	*busbar
	answers   map[string][]byte
	secrets   map[string]string                          // that are looked for
	printed   []string                                   // what the log shows on purpose, each once
	printouts map[string][]byte                          // what commands say, by their arguments
	database  func(look func(place string, text []byte)) // reads one that is no file
}

// ask records the answer and gives what it says; shown are secrets that this answer is meant to show, which are taken out of the record.
func (h *heard) ask(method, path, bearer string, body any, shown ...string) (status int, answer map[string]any) {
	h.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		h.t.Fatal(err)
	}
	req, _ := http.NewRequestWithContext(h.t.Context(), method, h.url+path, bytes.NewReader(text))
	req.Header.Set("Authorization", "Bearer "+bearer)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	_ = json.Unmarshal(raw, &answer)
	record := fmt.Appendf(nil, "%v\n%s", resp.Header, raw)
	for _, field := range shown {
		if secret, ok := field1(answer, field).(string); ok {
			record = bytes.ReplaceAll(record, []byte(secret), []byte("(shown)"))
		}
	}
	h.answers[fmt.Sprintf("%s %s #%d: %d", method, path, len(h.answers), resp.StatusCode)] = record
	return resp.StatusCode, answer
}

// field1 follows a path of names.
func field1(v any, path string) any {
	for name := range strings.SplitSeq(path, ".") {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

// No secret is in any log line, file or answer, whatever happens: good and refused logins, a system that repeats what it is asked with, failed syncs, writes, exports, rotations and deletion.
func TestSecretsAreNowhere(t *testing.T) {
	t.Parallel()
	const good, wrong, renewed = `canary-good"/+&<%41`, `canary-wrong"/+&<%42`, `canary-renewed"/+&<%43`
	source := startSource(t, erp.Options{Counts: few()})
	g := startGossip(t, source, good)
	b := prepareBusbar(t, strings.TrimPrefix(g.URL, "http://"))
	b.args = append(b.args, "--log-level", "debug")
	b.start()
	h := &heard{busbar: b, answers: map[string][]byte{}}
	secrets := map[string]string{"login": good, "refused login": wrong, "renewed login": renewed, "project key": b.key(), "master key": masterKeyOf(b)}
	login := func(key string) map[string]any {
		return map[string]any{"system": "sim-erp", "history": "all", "schedule": "manual", "credentials": map[string]string{"url": g.URL, "api_key": key}}
	}

	key := b.key()
	if status, _ := h.ask("POST", "/v1/connections", key, login(wrong)); status < 400 {
		t.Errorf("a wrong login was answered with %d", status)
	}
	status, made := h.ask("POST", "/v1/connections", key, login(good), "token.token")
	if status != http.StatusCreated {
		t.Fatalf("connect: %d %v", status, made)
	}
	token, _ := field1(made, "token.token").(string)
	id, _ := field1(made, "connection.id").(string)
	secrets["connection token"] = token
	awaitIdle(b, token)
	_, more := h.ask("POST", "/v1/connections/"+id+"/tokens", key, map[string]any{"label": "more"}, "token")
	secrets["second token"], _ = more["token"].(string)

	_, batch := h.ask("POST", "/v1/vendors/batch", token, map[string]any{"items": []any{map[string]any{"op": "create", "data": map[string]any{"name": "Acme"}}}})
	g.fails.Store(true)
	h.ask("POST", "/v1/vendors", token, map[string]any{"name": "Acme"})
	h.ask("POST", "/v1/syncs", token, map[string]any{"mode": "full", "entities": []string{"vendors"}})
	h.ask("POST", "/v1/connections", key, login(good))
	b.await("a failed run", func() bool { return strings.Contains(b.log.String(), "sync run ended") })
	g.fails.Store(false)
	now := renewed
	g.key.Store(&now)
	h.ask("POST", "/v1/connections/"+id+"/reauthorize", key, map[string]any{"credentials": map[string]string{"api_key": wrong}})
	if status, answer := h.ask("POST", "/v1/connections/"+id+"/reauthorize", key, map[string]any{"credentials": map[string]string{"api_key": renewed}}); status != http.StatusOK {
		t.Errorf("reauthorize: %d %v", status, answer)
	}
	h.ask("GET", "/v1/vendors", key[:len(key)-1]+"0", nil)
	for _, path := range []string{
		"/v1/connection", "/v1/syncs", "/v1/vendors?limit=5", "/v1/operations", "/v1/operations/" + text(batch["id"]), "/v1/operations/" + text(batch["id"]) + "/items", "/v1/operations/" + text(batch["id"]) + "/items.csv", "/v1/nowhere",
	} {
		h.ask("GET", path, token, nil)
	}
	for _, path := range []string{"/v1/connections", "/v1/connections/" + id, "/v1/connections/" + id + "/tokens", "/v1/connections/" + id + "/health", "/v1/keys", "/v1/master-key", "/v1/audit-log", "/openapi.json"} {
		h.ask("GET", path, key, nil)
	}
	rotate(h, key, "rotation")
	rotate(h, key, "data_rotation")
	secrets["new master key"] = masterKeyOf(b)
	h.ask("POST", "/v1/connections/"+id+"/disconnect", key, nil)
	report(t, h, secrets, "before the deletion")
	h.ask("POST", "/v1/connections/"+id+"/delete-data", key, nil)
	b.await("the report of the deletion", func() bool {
		_, d := h.ask("GET", "/v1/connections/"+id+"/deletion", key, nil)
		return d["finished_at"] != nil
	})
	report(t, h, secrets, "at the end")
}

func text(v any) string { s, _ := v.(string); return s }

// rotate begins a rotation and waits for its end.
func rotate(h *heard, key, which string) {
	h.t.Helper()
	if status, answer := h.ask("POST", "/v1/master-key/"+strings.ReplaceAll(which, "_", "-"), key, nil); status != http.StatusAccepted {
		h.t.Fatalf("%s: %d %v", which, status, answer)
	}
	h.await("the end of the "+which, func() bool {
		_, m := h.ask("GET", "/v1/master-key", key, nil)
		return field1(m, which+".finished_at") != nil
	})
}

// masterKeyOf gives the first key of the file.
func masterKeyOf(b *busbar) string {
	raw, err := os.ReadFile(filepath.Join(b.data, "master.key"))
	if err != nil {
		b.t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			return line
		}
	}
	b.t.Fatal("the file of the master key has none")
	return ""
}
