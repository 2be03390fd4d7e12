package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// asked is a request as the API got it.
type asked struct {
	method, target, body string
	header               http.Header
}

// api is an API whose answers a test gives, and that remembers what it was asked.
type api struct {
	mu   sync.Mutex
	all  []asked
	url  string
	take func(asked) (status int, header map[string]string, body string)
}

func newAPI(t *testing.T, take func(asked) (int, map[string]string, string)) *api {
	t.Helper()
	a := &api{take: take}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got := asked{r.Method, r.URL.RequestURI(), string(body), r.Header}
		a.mu.Lock()
		a.all = append(a.all, got)
		a.mu.Unlock()
		status, header, text := take(got)
		for name, value := range header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}))
	t.Cleanup(s.Close)
	a.url = s.URL
	return a
}

// run runs a command against the API, with text on standard input.
func (a *api) run(ctx context.Context, stdin string, args ...string) (stdout, stderr string, code int) {
	var out, err bytes.Buffer
	args = append(args, "--url", a.url, "--token", "bb_con_x")
	code = Main(ctx, args, Streams{In: strings.NewReader(stdin), Out: &out, Err: &err, Now: func() time.Time { return time.Unix(0, 0) }}, Programs{Version: "test"})
	return out.String(), err.String(), code
}

func (a *api) last() asked {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.all[len(a.all)-1]
}

func TestRecordsAreWritten(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "v.json")
	if err := os.WriteFile(file, []byte(`{"name":"C"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	a := newAPI(t, func(asked) (int, map[string]string, string) {
		return 201, map[string]string{"Busbar-Warnings": `[{"pointer":"/colour","detail":"There is no such field."}]`}, `{"id":"r1"}`
	})
	for _, tt := range []struct {
		args                         []string
		stdin                        string
		method, target, body, prefer string
		ifMatch                      string
	}{
		{[]string{"create", "vendors", "--data", `{"name":"A"}`}, "", "POST", "/v1/vendors", `{"name":"A"}`, "wait=30", ""},
		{[]string{"create", "vendors", "--data", "-", "--lax", "--wait", "5s"}, `{"name":"B"}`, "POST", "/v1/vendors?strict=false", `{"name":"B"}`, "wait=5", ""},
		{[]string{"update", "vendors", "r1", "--data", file, "--if-match", "1.7", "--async"}, "", "PATCH", "/v1/vendors/r1", `{"name":"C"}`, "respond-async", `"1.7"`},
		{[]string{"delete", "vendors", "r1", "--yes", "--if-match", `"1.7"`}, "", "DELETE", "/v1/vendors/r1", "", "wait=30", `"1.7"`},
	} {
		out, errs, code := a.run(t.Context(), tt.stdin, append([]string{"records"}, tt.args...)...)
		got := a.last()
		if code != ExitOK || !strings.Contains(out, `"id": "r1"`) || !strings.Contains(errs, "warning: /colour: There is no such field.") {
			t.Errorf("%v: exit code %d, printed %q and %q", tt.args, code, out, errs)
		}
		if got.method != tt.method || got.target != tt.target || got.body != tt.body || got.header.Get("Prefer") != tt.prefer || got.header.Get("If-Match") != tt.ifMatch || len(got.header.Get("Idempotency-Key")) != 36 {
			t.Errorf("%v: asked %+v", tt.args, got)
		}
	}
	for _, wrong := range []string{`["x"]`, `{`, "no-such-file"} {
		if _, errs, code := a.run(t.Context(), "", "records", "create", "vendors", "--data", wrong); code != ExitUsage || errs == "" {
			t.Errorf("%s: exit code %d, said %q", wrong, code, errs)
		}
	}
}

func TestAWriteThatIsNotOver(t *testing.T) {
	t.Parallel()
	a := newAPI(t, func(r asked) (int, map[string]string, string) {
		if r.header.Get("Idempotency-Key") == "lost" {
			return 504, map[string]string{"Content-Type": "application/problem+json"}, `{"title":"It is not known","status":504,"code":"write-outcome-unknown","operation":"/v1/operations/o2"}`
		}
		return 202, nil, `{"id":"o1","state":"queued","kind":"single","counts":{"pending":1},"item":{"status":"pending"}}`
	})
	out, errs, code := a.run(t.Context(), "", "records", "create", "vendors", "--data", "{}")
	if code != ExitOK || !strings.Contains(out, "operation:  o1") || !strings.Contains(errs, "busbar operations show o1") {
		t.Errorf("exit code %d, printed %q and %q", code, out, errs)
	}
	_, errs, code = a.run(t.Context(), "", "records", "create", "vendors", "--data", "{}", "--idempotency-key", "lost")
	if code != ExitFailed || !strings.Contains(errs, "busbar operations show o2") {
		t.Errorf("exit code %d, said %q", code, errs)
	}
	_, errs, code = busbar(t.Context(), "records", "create", "vendors", "--data", "{}", "--url", "http://127.0.0.1:1", "--token", "bb_con_x", "--idempotency-key", "k")
	if code != ExitUnreachable || !strings.Contains(errs, "repeat it with --idempotency-key k") {
		t.Errorf("exit code %d, said %q", code, errs)
	}
}

func TestRecordsValidate(t *testing.T) {
	t.Parallel()
	a := newAPI(t, func(r asked) (int, map[string]string, string) {
		if strings.Contains(r.body, "good") {
			return 200, nil, `{"valid":true,"warnings":[]}`
		}
		return 200, nil, `{"valid":false,"warnings":[],"problem":{"title":"No","detail":"x","code":"validation-failed","errors":[{"pointer":"/name","detail":"It must be given.","rule":"vendors.create.required"}]}}`
	})
	out, _, code := a.run(t.Context(), "", "records", "validate", "vendors", "--data", `{"code":"x"}`)
	if code != ExitFailed || !strings.Contains(out, "refused  /name  It must be given.  vendors.create.required") || a.last().body != `{"op":"create","data":{"code":"x"}}` {
		t.Errorf("exit code %d, printed %q, asked %+v", code, out, a.last())
	}
	out, _, code = a.run(t.Context(), "", "records", "validate", "vendors", "r1", "--data", `{"name":"good"}`)
	if code != ExitOK || out != "It would be accepted.\n" || a.last().body != `{"op":"update","id":"r1","data":{"name":"good"}}` || a.last().target != "/v1/vendors/validate" {
		t.Errorf("exit code %d, printed %q, asked %+v", code, out, a.last())
	}
	if _, _, code = a.run(t.Context(), "", "records", "validate", "vendors", "good", "--delete"); code != ExitOK || a.last().body != `{"op":"delete","id":"good"}` {
		t.Errorf("exit code %d, asked %+v", code, a.last())
	}
	for _, wrong := range [][]string{{"vendors"}, {"vendors", "--delete"}, {"vendors", "r1", "--delete", "--data", "{}"}} {
		if _, errs, code := a.run(t.Context(), "", append([]string{"records", "validate"}, wrong...)...); code != ExitUsage || errs == "" {
			t.Errorf("%v: exit code %d, said %q", wrong, code, errs)
		}
	}
}

func TestBatchIsWatched(t *testing.T) {
	t.Parallel()
	looks := 0
	a := newAPI(t, func(r asked) (int, map[string]string, string) {
		state := `"state":"running","counts":{"pending":2,"applied":1},"reason":{"code":"blackout","detail":"It is left alone until noon."}`
		if looks++; looks > 3 {
			state = `"state":"completed","counts":{"applied":2,"rejected":1}`
		}
		return map[string]int{"POST": 202, "GET": 200}[r.method], nil, `{"id":"o1","kind":"batch","total":3,` + state + `}`
	})
	lines := `{"op":"create","data":{}}` + "\n"
	out, errs, code := a.run(t.Context(), lines, "batch", "vendors", "-", "--watch", "--every", "1ms", "--delay", "1m2.5s", "--chunk-size", "7", "--on-error", "stop", "--mode", "best_effort", "--lax")
	first := a.all[0]
	if first.target != "/v1/vendors/batch?chunk_delay=PT62.5S&chunk_size=7&mode=best_effort&on_error=stop&strict=false" || first.body != lines || first.header.Get("Content-Type") != "application/x-ndjson" {
		t.Errorf("asked %+v", first)
	}
	if code != ExitFailed || !strings.Contains(out, "3 of 3") || strings.Count(errs, "It waits: blackout: It is left alone") != 1 || !strings.Contains(errs, "busbar operations items o1 --status failed") {
		t.Errorf("exit code %d, printed %q and %q", code, out, errs)
	}
}

func TestKindsOfBatchFiles(t *testing.T) {
	t.Parallel()
	for head, want := range map[string]string{
		` {"items":[`: "application/json", "{\n \"mode\": \"best_effort\"": "application/json", `{"op":"create"}`: "application/x-ndjson", `{"client_ref":"items"}`: "application/x-ndjson",
		"": "application/x-ndjson", "[": "application/x-ndjson", "{": "application/x-ndjson",
	} {
		if got := kindOf([]byte(head)); got != want {
			t.Errorf("%q is %s", head, got)
		}
	}
}

func TestOperations(t *testing.T) {
	t.Parallel()
	a := newAPI(t, func(r asked) (int, map[string]string, string) {
		switch {
		case strings.Contains(r.target, "/items.csv"):
			return 200, nil, "index,client_ref\r\n1,a\r\n"
		case strings.HasSuffix(r.target, "/resolve"):
			return 200, nil, `{"index":0,"op":"create","status":"applied","id":"r1","remote_id":"77"}`
		case strings.Contains(r.target, "/items?"):
			return 200, nil, `{"data":[{"index":4,"client_ref":"row","op":"create","status":"rejected","error":{"code":"validation-failed","detail":"d","errors":[{"pointer":"/name","detail":"It must be given."}]}}],"next_cursor":"c2"}`
		case strings.Contains(r.target, "/items/"):
			return 200, nil, `{"index":4,"ledger":[]}`
		case r.target == "/v1/operations/o1" || strings.HasSuffix(r.target, "/retry") || strings.HasSuffix(r.target, "/cancel"):
			return 200, nil, `{"id":"o1","kind":"batch","state":"completed","total":3,"counts":{"applied":1,"rejected":1,"needs_human":1},"progress":1}`
		}
		return 200, nil, `{"data":[{"id":"o1","entity":"vendors","kind":"batch","state":"completed","total":3,"counts":{"applied":1,"rejected":1,"unknown":1}}],"next_cursor":null}`
	})
	for _, tt := range []struct {
		args, target, body, out, err string
		code                         int
	}{
		{"operations", "/v1/operations?limit=20", "", "o1         vendors  batch  completed  3      1        2       1", "", ExitOK},
		{"operations list --failed --kind batch --entity vendors --state completed", "/v1/operations?entity=vendors&failed=true&kind=batch&limit=20&state=completed", "", "o1", "", ExitOK},
		{"operations show o1", "/v1/operations/o1", "", "needs human:  1", "busbar operations resolve o1 N --happened REMOTE_ID, or --not-happened", ExitOK},
		{"operations retry o1", "/v1/operations/o1/retry", "", "o1", "", ExitOK},
		{"operations cancel o1", "/v1/operations/o1/cancel", "", "o1", "", ExitOK},
		{"operations items o1 --status failed,pending", "/v1/operations/o1/items?limit=100&status=failed%2Cpending", "", "validation-failed: /name: It must be given.", "--cursor c2", ExitOK},
		{"operations items o1 --csv", "/v1/operations/o1/items.csv", "", "index,client_ref\r\n1,a\r\n", "", ExitOK},
		{"operations item o1 4", "/v1/operations/o1/items/4", "", `"ledger"`, "", ExitOK},
		{"operations resolve o1 0 --happened 77", "/v1/operations/o1/items/0/resolve", `{"outcome":"happened","remote_id":"77"}`, "r1 (77)", "", ExitOK},
		{"operations resolve o1 0 --not-happened", "/v1/operations/o1/items/0/resolve", `{"outcome":"not_happened"}`, "applied", "", ExitOK},
		{"operations resolve o1 0", "", "", "", "--not-happened", ExitUsage},
		{"operations resolve o1 0 77 --not-happened", "", "", "", "only with --happened", ExitUsage},
		{"operations resolve o1 0 --happened --not-happened", "", "", "", "can't be used together", ExitUsage},
	} {
		out, errs, code := a.run(t.Context(), "", strings.Fields(tt.args)...)
		if code != tt.code || !strings.Contains(out, tt.out) || !strings.Contains(errs, tt.err) {
			t.Errorf("%s: exit code %d, printed %q and %q", tt.args, code, out, errs)
		}
		if got := a.last(); tt.target != "" && (got.target != tt.target || got.body != tt.body) {
			t.Errorf("%s: asked %s", tt.args, fmt.Sprint(got.method, " ", got.target, " ", got.body))
		}
	}
}
