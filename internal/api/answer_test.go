package api_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// answer is what came back, read.
type answer struct {
	status int
	header http.Header
	text   string
	body   map[string]any
}

// code is the code of a problem; "" for a good answer.
func (a answer) code() string {
	code, _ := a.body["code"].(string)
	if a.status < 400 {
		return ""
	}
	return code
}

// data gives the members of the list, as objects.
func (a answer) data() []map[string]any {
	items, _ := a.body["data"].([]any)
	out := make([]map[string]any, len(items))
	for i, item := range items {
		out[i], _ = item.(map[string]any)
	}
	return out
}

func (a answer) next() string { next, _ := a.body["next_cursor"].(string); return next }

// call sends a request as somebody; headers come in pairs.
func (w *world) call(method, path, secret, body string, headers ...string) answer {
	w.t.Helper()
	return w.do(w.request(method, path, secret, body, headers...))
}

// request makes what call sends.
func (w *world) request(method, path, secret, body string, headers ...string) *http.Request {
	w.t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, reader)
	w.ok(err)
	if secret != "" {
		req.Header.Set("Authorization", "Bearer "+secret)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return req
}

func (w *world) do(req *http.Request) answer {
	w.t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	w.ok(err)
	defer resp.Body.Close()
	body := io.Reader(resp.Body)
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") { // it does not end
		body = io.LimitReader(body, 1)
	}
	text, err := io.ReadAll(body)
	w.ok(err)
	a := answer{status: resp.StatusCode, header: resp.Header, text: string(text)}
	_ = json.Unmarshal(text, &a.body)
	w.isManneredAnswer(req, a)
	return a
}

// isManneredAnswer checks what holds for every answer.
func (w *world) isManneredAnswer(req *http.Request, a answer) {
	w.t.Helper()
	if a.header.Get("Request-Id") == "" || a.header.Get("X-Content-Type-Options") != "nosniff" || a.header.Get("Content-Security-Policy") == "" {
		w.t.Errorf("%s %s: a header is missing: %v", req.Method, req.URL, a.header)
	}
	if a.status < 400 || req.Method == http.MethodHead {
		return
	}
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		w.t.Errorf("%s %s: %d as %s", req.Method, req.URL, a.status, got)
	}
	for _, member := range []string{"type", "title", "status", "detail", "instance", "code", "request_id", "origin", "retryable"} {
		if a.body[member] == nil {
			w.t.Errorf("%s %s: the problem has no %s: %s", req.Method, req.URL, member, a.text)
		}
	}
	if a.body["type"] != "/docs/problems/"+a.code() || a.body["request_id"] != a.header.Get("Request-Id") || a.body["status"] != float64(a.status) {
		w.t.Errorf("%s %s: the problem contradicts itself: %s", req.Method, req.URL, a.text)
	}
}

// want checks status and problem code ("" for none).
func (w *world) want(a answer, status int, code string) answer {
	w.t.Helper()
	if a.status != status || a.code() != code {
		w.t.Fatalf("got %d %q, want %d %q: %s", a.status, a.code(), status, code, a.text)
	}
	return a
}
