package api_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestBodies(t *testing.T) {
	w := newWorld(t)
	_, token := w.connect("A")
	for _, tt := range []struct {
		name, body string
		status     int
		code       string
		pointer    string
	}{
		{"as documented", `{"entities":["purchase-orders"],"mode":"full"}`, 202, "", ""},
		{"nothing chosen", `{}`, 202, "", ""},
		{"empty", ``, 400, "malformed-request", ""},
		{"not JSON", `{"mode":`, 400, "malformed-request", ""},
		{"two values", `{}{}`, 400, "malformed-request", ""},
		{"two values apart", `{} {}`, 400, "malformed-request", ""},
		{"a number beyond all", `{"mode":1e400}`, 422, "validation-failed", "/mode"},
		{"not UTF-8", "{\"mode\":\"\xff\"}", 400, "malformed-request", ""},
		{"NaN", `{"mode":NaN}`, 400, "malformed-request", ""},
		{"a name twice", `{"mode":"full","mode":"reset"}`, 400, "malformed-request", "/mode"},
		{"too deep", `{"entities":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`, 400, "malformed-request", ""},
		{"far too deep", strings.Repeat("[", 100_000), 400, "malformed-request", ""},
		{"not an object", `[]`, 422, "validation-failed", ""},
		{"null", `null`, 422, "validation-failed", ""},
		{"an unknown member", `{"modus":"full"}`, 422, "validation-failed", "/modus"},
		{"another case", `{"Mode":"full"}`, 422, "validation-failed", ""},
		{"a wrong word", `{"mode":"everything"}`, 422, "validation-failed", "/mode"},
		{"a wrong type", `{"mode":1}`, 422, "validation-failed", "/mode"},
		{"a wrong type inside", `{"entities":["vendors",7]}`, 422, "validation-failed", "/entities/1"},
		{"1 MiB and one byte", `{"mode":"` + strings.Repeat("x", 1<<20) + `"}`, 413, "payload-too-large", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req := must(http.NewRequest("POST", w.url+"/v1/syncs", strings.NewReader(tt.body)))
			req.Header.Set("Authorization", "Bearer "+token)
			req.Header.Set("Content-Type", "application/json")
			a := w.want(w.do(req), tt.status, tt.code)
			if tt.pointer == "" {
				return
			}
			if got := a.body["errors"].([]any)[0].(map[string]any)["pointer"]; got != tt.pointer {
				t.Errorf("pointer %v: %s", got, a.text)
			}
		})
	}
}

func TestContentTypes(t *testing.T) {
	w := newWorld(t)
	_, token := w.connect("A")
	for kind, status := range map[string]int{
		"application/json": 202, "application/json; charset=utf-8": 202, "application/merge-patch+json": 202,
		"application/JSON": 202, "Application/Json; Charset=UTF-8": 202, "application/json; charset=iso-8859-1": 415, "application/json; charset=utf-16": 415,
		"text/plain": 415, "application/x-www-form-urlencoded": 415, "application/cbor": 415, "": 415, ";": 415,
	} {
		a := w.call("POST", "/v1/syncs", token, `{}`, "Content-Type", kind)
		if a.status != status {
			t.Errorf("%s: %d %s", kind, a.status, a.text)
		}
	}
	w.want(w.call("POST", "/v1/syncs", token, `{}`, "Content-Encoding", "gzip"), 415, "unsupported-media-type")
	for header, values := range map[string][]string{"Content-Encoding": {"identity", "gzip"}, "Content-Type": {"application/json", "text/plain"}} {
		req := w.request("POST", "/v1/syncs", token, `{}`)
		req.Header[header] = values
		w.want(w.do(req), 415, "unsupported-media-type")
	}
}

// TestRefusalsSayWhatIsWrong reads the details: the first fault stands there, in words about the request, and not at length.
func TestRefusalsSayWhatIsWrong(t *testing.T) {
	w := newWorld(t)
	_, token := w.connect("A")
	const twice = `{"system":"plant","credentials":{},"name":"a\nb"}`
	for _, tt := range []struct{ method, path, secret, body, says string }{
		{"POST", "/v1/syncs", token, `{} {}`, "more than one JSON value"},
		{"POST", "/v1/syncs", token, `{"mode":1e400}`, "/mode"},
		{"POST", "/v1/connections", w.key, twice, "/name: It must be one line"},
		{"PATCH", "/v1/syncs/vendors", token, `{"schedule":"often"}`, "/schedule: "},
		{"POST", "/v1/syncs", token, `{"entities":["` + strings.Repeat("x", 5000) + `"]}`, "xxxx"},
	} {
		a := w.call(tt.method, tt.path, tt.secret, tt.body)
		if detail, _ := a.body["detail"].(string); a.status < 400 || !strings.Contains(detail, tt.says) || len(a.text) > 1500 {
			t.Errorf("%s: %s", tt.body[:min(len(tt.body), 60)], a.text[:min(len(a.text), 1500)])
		}
	}
}

// TestHugeBody sends 20 MB, with its length announced and in chunks.
func TestHugeBody(t *testing.T) {
	w := newWorld(t)
	_, token := w.connect("A")
	const size = 20 << 20
	for name, length := range map[string]int64{"announced": size, "chunked": -1} {
		req := must(http.NewRequest("POST", w.url+"/v1/syncs", io.LimitReader(spaces{}, size)))
		req.ContentLength = length
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", "application/json")
		if a := w.do(req); a.status != 413 || a.code() != "payload-too-large" {
			t.Errorf("%s: %d %s", name, a.status, a.text)
		}
	}
}

type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}
