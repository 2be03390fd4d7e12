package trytonrpc_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/trytonrpc"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// writable gives an entity of which records are made and changed, without more.
func writable(t testing.TB) *manifest.Entity {
	t.Helper()
	e := entity(t, "x", `{model: a.b, fields: [id, name]}`)
	e.Cursor = nil
	send := options(t, `{lookups: {unit: {model: c.d, by: symbol}}}`)
	e.Operations = map[manifest.Op]manifest.Operation{manifest.Create: {Send: send}, manifest.Update: {Send: options(t, `{}`)}, manifest.Delete: {Send: options(t, `{}`)}}
	return e
}

func options(t testing.TB, text string) manifest.Options {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	return manifest.Options{Node: doc.Content[0], File: "manifest.yaml", Path: "send"}
}

// What each answer to a write proves. Whatever is not a complete, valid answer of Tryton itself proves nothing.
func TestFatesOfWrites(t *testing.T) {
	t.Parallel()
	const forbidden = "<!doctype html><p>You don't have the permission to access the requested resource. It is either read-protected or not readable by the server.</p>"
	for name, test := range map[string]struct {
		status int
		body   string
		want   driver.Fate
		says   string
	}{
		"done":                  {200, `{"id":1,"result":[7]}`, "", ""},
		"user error":            {200, `{"id":1,"error":["UserError",["A value is required.\nSecond line","",[["domain"],{"schema":"long"}]]]}`, driver.Refused, "A value is required."},
		"user warning":          {200, `{"id":1,"error":["UserWarning",["warning.name","The price is high.",""]]}`, driver.Refused, "The price is high."},
		"changed meanwhile":     {200, `{"id":1,"error":["ConcurrencyException","Records were modified in the meanwhile"]}`, driver.Conflicts, ""},
		"no such field":         {200, `{"id":1,"error":["'nope'",""]}`, driver.Refused, "'nope'"},
		"own exception":         {200, `{"id":1,"error":["database is locked","Traceback"]}`, driver.Unknown, "of its own"},
		"login wanted":          {200, `{"id":1,"error":["LoginException",["password","Password","password"]]}`, driver.Unknown, ""},
		"empty error":           {200, `{"id":1,"error":[]}`, driver.Unknown, ""},
		"no result":             {200, `{"id":1}`, driver.Unknown, ""},
		"another call's answer": {200, `{"id":2,"result":[7]}`, driver.Unknown, ""},
		"result of no create":   {200, `{"id":1,"result":null}`, driver.Unknown, "does not name"},
		"two records":           {200, `{"id":1,"result":[7,8]}`, driver.Unknown, ""},
		"torn":                  {200, `{"id":1,"result":[7]`, driver.Unknown, ""},
		"more behind it":        {200, `{"id":1,"result":[7]}{`, driver.Unknown, ""},
		"empty":                 {200, ``, driver.Unknown, ""},
		"login page":            {200, `<html>please log in</html>`, driver.Unknown, ""},
		"created":               {201, `{"id":1,"result":[7]}`, driver.Unknown, ""},
		"redirect":              {302, ``, driver.Unknown, ""},
		"unreadable":            {400, ``, driver.Refused, ""},
		"no such method":        {403, forbidden, driver.Refused, ""},
		"a proxy forbids":       {403, `<html>blocked</html>`, driver.Unknown, ""},
		"no such page":          {404, ``, driver.Unknown, ""},
		"request timeout":       {408, ``, driver.Unknown, ""},
		"a conflict":            {409, ``, driver.Unknown, ""},
		"too large":             {413, ``, driver.Refused, ""},
		"too many":              {429, ``, driver.NotSent, ""},
		"session ended":         {401, ``, driver.NotSent, "session"},
		"crash":                 {500, `<html>`, driver.Unknown, ""},
		"gateway":               {502, ``, driver.Unknown, ""},
		"overloaded":            {503, ``, driver.Unknown, ""},
		"gateway timeout":       {504, ``, driver.Unknown, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sent atomic.Int32
			e := writable(t)
			c := writer(t, e, func(w http.ResponseWriter, body string) {
				if strings.Contains(body, "a.b.create") {
					sent.Add(1)
				}
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.body)
			})
			written, err := c.Write(egress.AsWrite(t.Context(), egress.Sending{}), driver.Command{Entity: e, Op: manifest.Create, Body: []byte(`{"name":"x"}`)})
			switch {
			case sent.Load() != 1:
				t.Errorf("it was sent %d times", sent.Load())
			case test.want == "" && (err != nil || written.RemoteID != "7" || string(written.Answer) != test.body):
				t.Errorf("%+v, %v", written, err)
			case test.want != "" && (err == nil || driver.FateOf(err) != test.want || !strings.Contains(err.Error(), test.says)):
				t.Errorf("%v is %s, want %s: %s", err, driver.FateOf(err), test.want, test.says)
			case strings.Contains(fmt.Sprint(err), "schema"), strings.Contains(fmt.Sprint(err), "Second line"):
				t.Errorf("it repeats too much: %v", err)
			}
			if e := (*driver.Error)(nil); test.want != "" && test.body != "" && errors.As(err, &e) && string(e.Answer) != test.body {
				t.Errorf("the ledger gets %q, want %q", e.Answer, test.body)
			}
		})
	}
}

// A refusal counts as one of the write only while Busbar's session stands: Tryton refuses in the same form what it does to a session that was ended meanwhile, behind the effect too.
func TestRefusalsWhileTheSessionEnds(t *testing.T) {
	t.Parallel()
	const ofSession = `{"id":1,"error":["UserError",["You are trying to read records \"7\" of \"Session\" that don't exist anymore.","",null]]}`
	const ofWrite = `{"id":1,"error":["UserError",["A value is required for field \"Party\" in \"Purchase\".","",null]]}`
	for name, test := range map[string]struct {
		refusal string
		status  int // of the next call with the session
		want    driver.Fate
	}{
		"of the write, and it stands":       {ofWrite, 200, driver.Refused},
		"of the write, and it has ended":    {ofWrite, 401, driver.Unknown},
		"of the write, and nobody can tell": {ofWrite, 502, driver.Unknown},
		"of a session, and ours stands":     {ofSession, 200, driver.NotSent},
		"of a session, and ours has ended":  {ofSession, 401, driver.Unknown},
		"of a session, and nobody can tell": {ofSession, 502, driver.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sent atomic.Bool
			e := writable(t)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				switch {
				case strings.Contains(string(body), "common.db.login"):
					_, _ = io.WriteString(w, `{"id":1,"result":[1,"key"]}`)
				case strings.Contains(string(body), "a.b.create"):
					sent.Store(true)
					_, _ = io.WriteString(w, test.refusal)
				case strings.Contains(string(body), "get_preferences"):
					if sent.Load() {
						w.WriteHeader(test.status)
					}
					_, _ = io.WriteString(w, `{"id":1,"result":{}}`)
				default:
					_, _ = io.WriteString(w, `{"id":1,"result":0}`)
				}
			}))
			t.Cleanup(server.Close)
			c := open(t, map[string]string{"url": server.URL, "database": "d", "username": "u", "password": password}, e).(driver.Writer)
			_, err := c.Write(egress.AsWrite(t.Context(), egress.Sending{}), driver.Command{Entity: e, Op: manifest.Create, Body: []byte(`{"name":"x"}`)})
			if driver.FateOf(err) != test.want {
				t.Errorf("%v is %s, want %s", err, driver.FateOf(err), test.want)
			}
		})
	}
}

// writer gives a client of a server that logs anybody in and answers everything else with one handler.
func writer(t *testing.T, e *manifest.Entity, h func(w http.ResponseWriter, body string)) driver.Writer {
	t.Helper()
	server := loggingIn(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h(w, string(body))
	})
	return open(t, map[string]string{"url": server, "database": "d", "username": "u", "password": password}, e).(driver.Writer)
}

// Errors of what is read before a write prove that nothing went out.
func TestWhatComesBeforeAWrite(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		body   string
		want   driver.Fate
	}{
		"no such unit":      {200, `{"id":1,"result":[]}`, driver.Refused},
		"two units":         {200, `{"id":1,"result":[1,2]}`, driver.Refused},
		"units not allowed": {200, `{"id":1,"error":["UserError",["You are not allowed.","",null]]}`, driver.Refused},
		"crash":             {500, ``, driver.NotSent},
		"torn":              {200, `{"id":1,"res`, driver.NotSent},
		"login page":        {200, `<html>`, driver.NotSent},
	} {
		e := writable(t)
		c := writer(t, e, func(w http.ResponseWriter, body string) {
			if strings.Contains(body, "a.b.create") {
				t.Errorf("%s: it was sent all the same", name)
			}
			w.WriteHeader(test.status)
			_, _ = io.WriteString(w, test.body)
		})
		_, err := c.Write(egress.AsWrite(t.Context(), egress.Sending{}), driver.Command{Entity: e, Op: manifest.Create, Body: []byte(`{"unit.":{"symbol":"u"}}`)})
		if err == nil || driver.FateOf(err) != test.want {
			t.Errorf("%s: %v is %s, want %s", name, err, driver.FateOf(err), test.want)
		}
	}
}

// A name is looked up once in a while.
func TestNamesAreRemembered(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	e := writable(t)
	c := writer(t, e, func(w http.ResponseWriter, body string) {
		if strings.Contains(body, "c.d.search") {
			asked.Add(1)
		} else if strings.Contains(body, "a.b.create") && !strings.Contains(body, `"unit":9`) && !strings.Contains(body, `"unit":null`) {
			t.Errorf("sent: %s", body)
		}
		_, _ = io.WriteString(w, `{"id":1,"result":[9]}`)
	})
	for _, body := range []string{`{"unit.":{"symbol":"u"}}`, `{"unit.":{"symbol":"u"}}`, `{"unit.":{"symbol":null}}`, `{"unit.":null}`} {
		if _, err := c.Write(egress.AsWrite(t.Context(), egress.Sending{}), driver.Command{Entity: e, Op: manifest.Create, Body: []byte(body)}); err != nil {
			t.Error(err)
		}
	}
	if asked.Load() != 1 {
		t.Errorf("asked %d times", asked.Load())
	}
}

func TestCheckNamesMistakesInWrites(t *testing.T) {
	t.Parallel()
	e := writable(t)
	e.Operations[manifest.Create] = manifest.Operation{Send: options(t, `{lookup: {}, lookups: {unit: {model: c.d}}, lists: {lines: {model: e.f, form: {on: [a], take: [b]}}}, through: {model: g.h}}`),
		Bulk: &manifest.Bulk{Max: 2, Send: options(t, `{}`)}, Ladder: []manifest.Rung{{Class: manifest.W4, Find: options(t, `{domian: []}`)}}}
	e.Moves = &manifest.Moves{Field: "status", Rows: []manifest.Move{{From: []string{"draft"}, To: "sent", Send: options(t, `{button: go}`)}}}
	e.Read = entity(t, "x", `{model: a.b, fields: [id], partition: {model: c.d, context: {x: $id}, member: m}}`).Read
	ps := trytonrpc.New().Check(&manifest.System{Entities: []*manifest.Entity{e}})
	for _, want := range []string{"lookup: unknown key", "by: is missing", "write parent", "member: is missing", "declare a rung of W3", "domian: unknown key", "button: unknown key", "cannot be written"} {
		if !strings.Contains(ps.Error(), want) {
			t.Errorf("nothing says %q:\n%v", want, ps)
		}
	}
}

// The ledger gets no secret of the login, whatever Tryton or a proxy before it repeats.
func TestNoSecretIsKept(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"a fault": 200, "a page": 502} {
		e := writable(t)
		c := writer(t, e, func(w http.ResponseWriter, _ string) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, `{"id":1,"error":["UserError",["sent with `+password+`",""]]}`)
		})
		_, err := c.Write(egress.AsWrite(t.Context(), egress.Sending{}), driver.Command{Entity: e, Op: manifest.Create, Body: []byte(`{"name":"x"}`)})
		var failed *driver.Error
		if !errors.As(err, &failed) || !strings.Contains(string(failed.Answer), "[redacted]") || strings.Contains(string(failed.Answer), password) {
			t.Errorf("%s: %+v", name, err)
		}
	}
}
