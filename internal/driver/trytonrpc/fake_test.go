package trytonrpc_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/trytonrpc"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/model"
)

const (
	password   = `pass"p-w0rd`
	sessionKey = "0123456789abcdef"
)

// answering gives a client of a server that logs anybody in and answers everything else with one handler.
func answering(t *testing.T, h http.HandlerFunc) (driver.Client, *manifest.Entity) {
	t.Helper()
	e := entity(t, "x", `{model: a.b, fields: [id]}`)
	e.Cursor = nil
	return open(t, map[string]string{"url": loggingIn(t, h), "database": "d", "username": "u", "password": password}, e), e
}

// loggingIn gives the address of a server that logs anybody in and answers everything else with one handler.
func loggingIn(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch {
		case strings.Contains(string(body), "common.db.login"):
			_, _ = io.WriteString(w, `{"id":1,"result":[1,"`+sessionKey+`"]}`)
		case strings.Contains(string(body), "get_preferences"):
			_, _ = io.WriteString(w, `{"id":1,"result":{"language":"en"}}`)
		default:
			r.Body = io.NopCloser(bytes.NewReader(body))
			h(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestAnswersThatAreNotAPage(t *testing.T) {
	t.Parallel()
	answer := func(status int, body string, headers ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i < len(headers); i += 2 {
				w.Header().Set(headers[i], headers[i+1])
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		want    driver.Kind
		wait    time.Duration
		says    string
	}{
		"login page":     {answer(200, "<html>please log in</html>"), driver.NotSystem, 0, "login page"},
		"other json":     {answer(200, `{"data":[]}`), driver.NotSystem, 0, ""},
		"bare list":      {answer(200, `[]`), driver.NotSystem, 0, ""},
		"redirect":       {answer(302, "", "Location", "https://sso.example.com/x?secret=1"), driver.NotSystem, 0, "redirects to https://sso.example.com;"},
		"torn":           {answer(200, `{"id":1,"result":[{"id":`), driver.Torn, 0, ""},
		"cut":            {answer(200, `{"id":1,"result":[`, "Content-Length", "900"), driver.Torn, 0, ""},
		"too many":       {answer(429, "", "Retry-After", "120"), driver.RateLimited, 2 * time.Minute, ""},
		"overloaded":     {answer(503, "", "Retry-After", "120"), driver.Fault, 2 * time.Minute, "HTTP 503"},
		"crash":          {answer(500, "<html>"), driver.Fault, 0, "HTTP 500"},
		"forbidden":      {answer(403, "<html>"), driver.Permission, 0, ""},
		"session dead":   {answer(401, ""), driver.Credentials, 0, ""},
		"no access":      {answer(200, `{"id":1,"error":["UserError",["You are not allowed to access \"Purchase\".","",null]]}`), driver.Permission, 0, "not allowed"},
		"ended session":  {answer(200, metEnded), driver.Fault, 0, "had ended"},
		"unknown field":  {answer(200, `{"id":1,"error":["'nope'",""]}`), driver.Invalid, 0, "'nope'"},
		"own exception":  {answer(200, `{"id":1,"error":["division by zero: secret","Traceback"]}`), driver.Fault, 0, "of its own"},
		"long complaint": {answer(200, `{"id":1,"error":["UserError",["`+strings.Repeat("x", 5000)+`","",null]]}`), driver.Permission, 0, "…"},
		"gzip that lies": {answer(200, `{}`, "Content-Encoding", "gzip"), driver.Torn, 0, ""},
		"records out of order": {func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, `{"id":1,"result":[{"id":2},{"id":1}]}`)
		}, driver.Torn, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, e := answering(t, test.handler)
			_, err := c.Fetch(t.Context(), driver.Request{Entity: e, Token: []byte(`{"after":0}`)})
			if driver.KindOf(err) != test.want {
				t.Fatalf("%v, want %s", err, test.want)
			}
			got := err.(*driver.Error) //nolint:errorlint // the contract
			if got.RetryAfter != test.wait || !strings.Contains(got.Detail, test.says) || len(got.Detail) > 300 || strings.Contains(got.Detail, "secret") {
				t.Errorf("%+v", got)
			}
		})
	}
}

const metEnded = `{"id":1,"error":["UserError",["You are trying to read records \"7\" of \"Session\" that don't exist anymore.","",null]]}`

// A read that met the end of another session of the same user is made once more.
func TestAReadThatMeetsAnEndedSession(t *testing.T) {
	t.Parallel()
	for times, want := range map[int32]driver.Kind{1: "", 2: driver.Fault} {
		var calls atomic.Int32
		c, e := answering(t, func(w http.ResponseWriter, _ *http.Request) {
			if calls.Add(1) <= times {
				_, _ = io.WriteString(w, metEnded)
				return
			}
			_, _ = io.WriteString(w, `{"id":1,"result":[]}`)
		})
		if _, err := c.Fetch(t.Context(), driver.Request{Entity: e, Token: []byte(`{"after":0}`)}); driver.KindOf(err) != want {
			t.Errorf("met %d times: %v, want %q", times, err, want)
		}
	}
}

func TestDialect(t *testing.T) {
	t.Parallel()
	d := trytonrpc.New().Dialect()
	for raw, want := range map[string]string{
		`{"__class__":"Decimal","decimal":"12.3400"}`:                                                                    `"12.3400"`,
		`{"__class__": "date", "year": 2026, "month": 1, "day": 2}`:                                                      `"2026-01-02"`,
		`{"__class__":"datetime","year":2026,"month":11,"day":23,"hour":15,"minute":6,"second":57,"microsecond":208894}`: `"2026-11-23T15:06:57.208894Z"`,
		`{"__class__":"datetime","year":2026,"month":11,"day":23,"hour":15,"minute":6,"second":57,"microsecond":0}`:      `"2026-11-23T15:06:57Z"`,
		`{"hour":1,"minute":2,"second":3,"microsecond":0,"__class__":"time"}`:                                            `"01:02:03"`,
		`{"__class__":"timedelta","seconds":259200.0}`:                                                                   `"PT259200S"`,
		`{"__class__":"bytes","base64":"aGk=\n"}`:                                                                        `"aGk="`,
	} {
		if got, ok := d.Scalar([]byte(raw)); !ok || string(got) != want {
			t.Errorf("%s: %s, want %s", raw, got, want)
		}
	}
	for _, raw := range []string{`{"id":1,"code":"USD"}`, `{"__class__":"Money"}`, `"x"`, `12`, `null`, `[]`, ``, `{"__class__":5}`} {
		if got, ok := d.Scalar([]byte(raw)); ok {
			t.Errorf("%s became %s", raw, got)
		}
	}
	for _, w := range []struct {
		kind  model.Kind
		plain string
	}{{model.Decimal, `"12.3400"`}, {model.Date, `"2026-01-02"`}, {model.Instant, `"2026-11-23T15:06:57.208894Z"`}} {
		if got, ok := d.Scalar(d.Wrap(w.kind, []byte(w.plain))); !ok || string(got) != w.plain {
			t.Errorf("%s %s there and back: %s", w.kind, w.plain, got)
		}
	}
}

func TestCheckNamesEveryMistake(t *testing.T) {
	t.Parallel()
	e := entity(t, "x", `{modl: a.b, fields: id, partition: {model: c.d, context: {locations: [1]}, member: m}}`)
	ps := trytonrpc.New().Check(&manifest.System{Entities: []*manifest.Entity{e}, Auth: []manifest.AuthMethod{{Method: "basic"}}})
	for _, want := range []string{"modl: unknown key", "model: is missing", "fields: wants a list", "leave out cursor", `write "$id"`, "has no field password"} {
		if !strings.Contains(ps.Error(), want) {
			t.Errorf("nothing says %q:\n%v", want, ps)
		}
	}
}
