package rest_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/rest"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/secret"
)

// sent is one request as it arrived.
type sent struct {
	line   string // method, path and query
	header http.Header
	body   string
}

// writing is a server, and a client that writes to it.
type writing struct {
	driver.Writer
	entity *manifest.Entity
	server *httptest.Server

	mu   sync.Mutex
	seen []sent
}

// last gives the request that came last.
func (w *writing) last(t *testing.T) sent {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.seen) == 0 {
		t.Fatal("nothing arrived")
	}
	return w.seen[len(w.seen)-1]
}

// offers lays operations, each with options for its send, over an entity.
type offers func(t *testing.T, e *manifest.Entity)

func offer(op manifest.Op, send string) offers {
	return func(t *testing.T, e *manifest.Entity) {
		o := e.Operations[op]
		o.Send = options(t, send, "entities.vendors.operations."+string(op)+".send")
		if strings.Contains(send, "{id.2}") {
			e.ID = []manifest.Path{{"company"}, {"id"}}
		}
		e.Operations[op] = o
	}
}

func startWriting(t *testing.T, connect, read string, handler http.HandlerFunc, offered ...offers) *writing {
	t.Helper()
	w := &writing{}
	w.server = httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.mu.Lock()
		w.seen = append(w.seen, sent{r.Method + " " + r.RequestURI, r.Header, string(body)})
		w.mu.Unlock()
		handler(out, r)
	}))
	t.Cleanup(w.server.Close)
	s, e := system(t, connect, read)
	e.Operations, e.CreatedAt = map[manifest.Op]manifest.Operation{}, manifest.Path{"made"}
	for _, o := range offered {
		o(t, e)
	}
	if problems := rest.New().Check(s); len(problems) > 0 {
		t.Fatal(problems)
	}
	g := egress.New(egress.Options{Allow: []allow.Rule{{Prefix: netip.MustParsePrefix("127.0.0.0/8")}}})
	t.Cleanup(g.Close)
	c, err := rest.New().Open(s, driver.Config{Credentials: secret.NewCredentials(map[string]string{"url": w.server.URL, "key": key, "user": "ann"}).Public("url", "user"),
		HTTP: g.Client(egress.ClientConfig{Attempts: 1}), Now: func() time.Time { return now }, TimeZone: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	w.Writer, w.entity = c.(driver.Writer), e
	return w
}

// answer gives a handler that answers always the same.
func answer(status int, header, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if name, value, ok := strings.Cut(header, ": "); ok {
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, body)
	}
}

const (
	plainCreate = `{path: vendors}`
	plainUpdate = `{method: PATCH, path: "vendors/{id}"}`
	plainDelete = `{method: DELETE, path: "vendors/{id}"}`
	seven       = `{"id":"7","version":"3","name":"Bolt & Co"}`
)

// command is a write of each kind to vendor 7.
func (w *writing) command(op manifest.Op) driver.Command {
	c := driver.Command{Entity: w.entity, Op: op, Mark: "bb1-0"}
	if op != manifest.Create {
		c.RemoteID, c.Current = "7", []byte(seven)
	}
	if op != manifest.Delete {
		c.Body = []byte(`{"name":"Bolt & Co"}`)
	}
	return c
}

func TestAWriteIsSentAsTheManifestSays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, send string
		op         manifest.Op
		change     func(*driver.Command)
		want       sent
		header     string // Name: value, which must have come; without value: must not
	}{
		{"create", plainCreate, manifest.Create, nil, sent{line: "POST /api/vendors", body: `{"name":"Bolt & Co"}`}, "Content-Type: application/json"},
		{"update", plainUpdate, manifest.Update, nil, sent{line: "PATCH /api/vendors/7", body: `{"name":"Bolt & Co"}`}, "If-Match"},
		{"delete", plainDelete, manifest.Delete, nil, sent{line: "DELETE /api/vendors/7"}, "Content-Type"},
		{"headers and query", `{method: PUT, path: v, query: {key: "{id}", as: "{user}"}, headers: {Content-Type: application/merge-patch+json}}`, manifest.Update, nil,
			sent{line: "PUT /api/v?as=ann&key=7", body: `{"name":"Bolt & Co"}`}, "Content-Type: application/merge-patch+json"},
		{"mark", `{path: vendors, idempotency: X-Idempotency-Key}`, manifest.Create, nil, sent{line: "POST /api/vendors", body: `{"name":"Bolt & Co"}`}, "X-Idempotency-Key: bb1-0"},
		{"wrapped", `{path: vendors, in: data/vendor, body: '{"kind":"v","data":{"x":1}}'}`, manifest.Create, nil,
			sent{line: "POST /api/vendors", body: `{"data":{"vendor":{"name":"Bolt & Co"},"x":1},"kind":"v"}`}, ""},
		{"laid over", `{path: vendors, body: '{"kind":"v","name":""}'}`, manifest.Create, nil, sent{line: "POST /api/vendors", body: `{"kind":"v","name":"Bolt & Co"}`}, ""},
		{"deletion with a body", `{path: "vendors/{id}/void", body: '{"reason":1}'}`, manifest.Delete, nil, sent{line: "POST /api/vendors/7/void", body: `{"reason":1}`}, ""},
		{"odd id", plainDelete, manifest.Delete, func(c *driver.Command) { c.RemoteID = "a/b?c#d %é" }, sent{line: "DELETE /api/vendors/a%2Fb%3Fc%23d%20%25%C3%A9"}, ""},
		{"id in the body", `{path: v, id_in: Id, in: Vendor, version: {member: Token, from: version}}`, manifest.Update, func(c *driver.Command) { c.Insist = true },
			sent{line: "POST /api/v", body: `{"Id":"7","Token":"3","Vendor":{"name":"Bolt & Co"}}`}, ""},
		{"id in quotes", `{method: DELETE, path: "vendors('{id}')"}`, manifest.Delete, func(c *driver.Command) { c.RemoteID = "O'Neil" }, sent{line: "DELETE /api/vendors('O%27%27Neil')"}, ""},
		{"parts of an id", `{method: DELETE, path: "companies/{id.1}/vendors/{id.2}"}`, manifest.Delete, func(c *driver.Command) { c.RemoteID = `a\:b:7` }, sent{line: "DELETE /api/companies/a:b/vendors/7"}, ""},
		{"login in an id", plainDelete, manifest.Delete, func(c *driver.Command) { c.RemoteID = "{key}{user}" }, sent{line: "DELETE /api/vendors/%7Bkey%7D%7Buser%7D"}, ""},
		{"insisting", `{method: PATCH, path: "v/{id}", version: {header: If-Match, from: version, text: '"{}"'}}`, manifest.Update, func(c *driver.Command) { c.Insist = true },
			sent{line: "PATCH /api/v/7", body: `{"name":"Bolt & Co"}`}, `If-Match: "3"`},
		{"not insisting", `{method: PATCH, path: "v/{id}", version: {header: If-Match, from: version}}`, manifest.Update, nil, sent{line: "PATCH /api/v/7", body: `{"name":"Bolt & Co"}`}, `If-Match`},
		{"a version must be given", `{method: DELETE, path: "v/{id}", version: {header: If-Match, from: version, else: "*"}}`, manifest.Delete, nil, sent{line: "DELETE /api/v/7"}, `If-Match: *`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := startWriting(t, plainConnect, noPaging, answer(204, "", ""), offer(c.op, c.send))
			command := w.command(c.op)
			if c.change != nil {
				c.change(&command)
			}
			if _, err := w.Write(t.Context(), command); err != nil {
				t.Fatal(err)
			}
			got := w.last(t)
			name, value, _ := strings.Cut(c.header, ": ")
			if got.line != c.want.line || got.body != c.want.body || got.header.Get(name) != value || got.header.Get("Authorization") != "Bearer "+key {
				t.Errorf("%s\n%s\n%v", got.line, got.body, got.header)
			}
		})
	}
}

func TestAMoveHasACallOfItsOwn(t *testing.T) {
	t.Parallel()
	w := startWriting(t, plainConnect, noPaging, answer(200, "", seven), offer(manifest.Update, plainUpdate))
	c := w.command(manifest.Update)
	c.Move = &manifest.Move{To: "approved", Send: options(t, `{path: "vendors/{id}/approve", body: '{"notify":false}'}`, "entities.vendors.moves.0.send")}
	if _, err := w.Write(t.Context(), c); err != nil || w.last(t).line != "POST /api/vendors/7/approve" || w.last(t).body != `{"notify":false}` {
		t.Errorf("%+v %v", w.last(t), err)
	}
	c.Move = &manifest.Move{To: "approved"} // by writing the field
	if _, err := w.Write(t.Context(), c); err != nil || w.last(t).line != "PATCH /api/vendors/7" || w.last(t).body != string(c.Body) {
		t.Errorf("%+v %v", w.last(t), err)
	}
}

// TestWhatCannotBeSentIsNot: what no request can say is refused, and nothing arrives.
func TestWhatCannotBeSentIsNot(t *testing.T) {
	t.Parallel()
	insist := func(c *driver.Command) { c.Insist = true }
	for _, c := range []struct {
		name, send string
		change     func(*driver.Command)
	}{
		{"no id", plainUpdate, func(c *driver.Command) { c.RemoteID = "" }},
		{"an id that leads up", plainUpdate, func(c *driver.Command) { c.RemoteID = ".." }},
		{"a part that leads up", `{path: "a/{id.2}"}`, func(c *driver.Command) { c.RemoteID = "7:." }},
		{"an id without its part", `{path: "a/{id.2}"}`, nil},
		{"no way to insist", plainUpdate, insist},
		{"no version for the body", `{path: "v/{id}", version: {member: v, from: revision}}`, insist},
		{"no version in the record", `{path: "v/{id}", version: {header: If-Match, from: revision}}`, insist},
		{"another operation", plainUpdate, func(c *driver.Command) { c.Op = manifest.Delete }},
	} {
		w := startWriting(t, plainConnect, noPaging, answer(200, "", seven), offer(manifest.Update, c.send))
		command := w.command(manifest.Update)
		if c.change != nil {
			c.change(&command)
		}
		_, err := w.Write(t.Context(), command)
		if driver.FateOf(err) != driver.Refused || len(w.seen) > 0 {
			t.Errorf("%s: %v after %d requests", c.name, err, len(w.seen))
		}
	}
}

func TestWhatAnAnswerHoldsIsTaken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, send string
		op         manifest.Op
		handler    http.HandlerFunc
		id, record string
		fate       driver.Fate // "" : it went well
	}{
		{"the record itself", plainCreate, manifest.Create, answer(201, "", " "+seven+"\n"), "7", seven, ""},
		{"a record within", `{path: v, record: data/0}`, manifest.Create, answer(201, "", `{"data":[`+seven+`]}`), "7", seven, ""},
		{"an id beside it", `{path: v, record: data, id: key}`, manifest.Create, answer(201, "", `{"key":7,"data":`+seven+`}`), "7", seven, ""},
		{"an id alone", `{path: v, answer: id, id: data/key}`, manifest.Create, answer(200, "", `{"data":{"key":7}}`), "7", "", ""},
		{"no id where one must be", `{path: v, answer: id, id: key}`, manifest.Create, answer(200, "", `{"queued":true}`), "", "", driver.Unknown},
		{"an id in a header", `{path: v, answer: none, id_header: Location}`, manifest.Create, answer(201, "Location: https://x/api/v/7?x=1", ""), "7", "", ""},
		{"an id in parentheses", `{path: v, answer: none, id_header: Location}`, manifest.Create, answer(204, "Location: https://x/v('7')", ""), "7", "", ""},
		{"no record where one must be", plainCreate, manifest.Create, answer(200, "", `{"status":"ok"}`), "", "", driver.Unknown},
		{"another record", plainUpdate, manifest.Update, answer(200, "", `{"id":"8"}`), "", "", driver.Unknown},
		{"a list", plainUpdate, manifest.Update, answer(200, "", `[`+seven+`]`), "", "", driver.Unknown},
		{"not looked at", `{path: "v/{id}", answer: none}`, manifest.Update, answer(200, "", `"done"`), "", "", ""},
		{"words that are not looked at", `{path: "v/{id}", answer: none}`, manifest.Update, answer(200, "", `OK`), "", "", ""},
		{"cut, and not looked at", `{path: "v/{id}", answer: none}`, manifest.Update, answer(200, "", seven[:20]), "", "", driver.Unknown},
		{"nothing at all", plainCreate, manifest.Create, answer(201, "", ""), "", "", ""},
		{"nothing of a deletion", plainDelete, manifest.Delete, answer(204, "", ""), "", "", ""},
		{"something of a deletion", plainDelete, manifest.Delete, answer(200, "", `{"id":"7"}`), "", "", ""},
		{"cut JSON", plainCreate, manifest.Create, answer(200, "", seven[:20]), "", "", driver.Unknown},
		{"no JSON", plainCreate, manifest.Create, answer(200, "", `7`+seven), "", "", driver.Unknown},
		{"a torn body", plainCreate, manifest.Create, answer(200, "Content-Length: 100", seven), "", "", driver.Unknown},
		{"a page", plainDelete, manifest.Delete, answer(200, "", `<!doctype html><html>`), "", "", driver.Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := startWriting(t, plainConnect, noPaging, c.handler, offer(c.op, c.send))
			got, err := w.Write(t.Context(), w.command(c.op))
			if c.fate == "" && err != nil || c.fate != "" && (err == nil || driver.FateOf(err) != c.fate) || got.RemoteID != c.id || string(got.Record) != c.record {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

// TestWhatCameBackIsKept, up to a limit, of good answers and of bad ones; of a bad one not the last bytes, which may be the beginning of a secret.
func TestWhatCameBackIsKept(t *testing.T) {
	t.Parallel()
	long := `{"id":"7","x":"` + strings.Repeat("x", 10_000) + `"}`
	for _, status := range []int{200, 422} {
		w := startWriting(t, plainConnect, noPaging, answer(status, "", long), offer(manifest.Update, plainUpdate))
		got, err := w.Write(t.Context(), w.command(manifest.Update))
		kept := got.Answer
		var e *driver.Error
		if errors.As(err, &e) {
			kept = e.Answer
		}
		if whole := len(kept) == 4096 && string(kept) == long[:4096]; whole != (status == 200) || !strings.HasPrefix(string(kept), long[:4000]) || status == 200 && string(got.Record) != long {
			t.Errorf("%d: %d bytes are kept, %v", status, len(kept), err)
		}
	}
}

func TestAnUnsentWriteSaysSo(t *testing.T) {
	t.Parallel()
	w := startWriting(t, plainConnect, noPaging, answer(200, "", seven), offer(manifest.Update, plainUpdate))
	lost := errors.New("the lease is lost")
	_, err := w.Write(egress.AsWrite(t.Context(), egress.Sending{Allowed: func() error { return lost }}), w.command(manifest.Update))
	if driver.FateOf(err) != driver.NotSent || !errors.Is(err, lost) || len(w.seen) > 0 {
		t.Errorf("%v after %d requests", err, len(w.seen))
	}
	w.server.Close()
	if _, err = w.Write(egress.AsWrite(t.Context(), egress.Sending{}), w.command(manifest.Update)); driver.FateOf(err) != driver.NotSent {
		t.Errorf("nobody there: %v", err)
	}
}

// The ledger gets no secret, whatever the system repeats of it: in a refusal, in an answer that proves nothing, in a good one, and in one element of many.
func TestNoSecretIsKept(t *testing.T) {
	t.Parallel()
	coded := base64.StdEncoding.EncodeToString([]byte("ann:" + key))
	element := `{"key":"a","status":%d,"record":{"id":"5"},"error":{"code":"x","message":"sent with ` + key + `"}}`
	for name, c := range map[string]struct {
		status int
		body   string
		many   bool
	}{
		"a refusal":            {422, `{"error":{"message":"sent with ` + key + `"}}`, false},
		"coded":                {502, `<html>Authorization: Basic ` + coded, false},
		"across the cut":       {200, `{"id":"7","x":"` + strings.Repeat("x", 4096-15-len(key)/2) + key + `"}`, false},
		"a record":             {200, `{"id":"7","url":"https://erp.example.com/7?key=` + key + `"}`, false},
		"refused among many":   {200, `{"results":[` + fmt.Sprintf(element, 422) + `]}`, true},
		"done among many":      {200, `{"results":[` + fmt.Sprintf(element, 201) + `]}`, true},
		"a call for many":      {400, `{"error":{"message":"sent with ` + key + `"}}`, true},
		"twice among many":     {200, `{"results":[` + fmt.Sprintf(element, 201) + `,` + fmt.Sprintf(element, 201) + `]}`, true},
		"no status among many": {200, `{"results":[{"key":"a","said":"` + key + `"}]}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			offered := offer(manifest.Update, plainUpdate)
			if c.many {
				offered = offerBulk(manifest.Create, plainBulk, 3, true)
			}
			w := startWriting(t, plainConnect, noPaging, answer(c.status, "", c.body), offered)
			var kept []byte
			var err error
			if c.many {
				var results []driver.Result
				if results, err = w.WriteMany(t.Context(), w.commands(manifest.Create, 1), false); err == nil {
					kept, err = results[0].Answer, results[0].Err
				}
			} else {
				var got driver.Written
				got, err = w.Write(t.Context(), w.command(manifest.Update))
				kept = got.Answer
			}
			var e *driver.Error
			if errors.As(err, &e) {
				kept = e.Answer
			}
			if text := string(kept); !strings.Contains(text, "[redacted]") || strings.Contains(text, key) || strings.Contains(text, coded) {
				t.Errorf("the ledger gets %q of %v", text, err)
			}
		})
	}
}
