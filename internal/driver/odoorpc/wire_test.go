package odoorpc_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/odoorpc"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/model"
)

const apiKey = `key"of-0d00`

// fourteen gives the login of a server that says it is Odoo 14, lets anybody in, has two fields, and answers everything else with one handler.
func fourteen(t *testing.T, h http.HandlerFunc) map[string]string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch text := string(body); {
		case strings.Contains(text, `"method":"version"`):
			_, _ = io.WriteString(w, `{"jsonrpc":"2.0","id":1,"result":{"server_version":"14.0","server_version_info":[14,0,0,"final",0,""]}}`)
		case strings.Contains(text, `"method":"login"`):
			_, _ = io.WriteString(w, `{"jsonrpc":"2.0","id":1,"result":2}`)
		case strings.Contains(text, `"fields_get"`):
			_, _ = io.WriteString(w, `{"jsonrpc":"2.0","id":1,"result":{"id":{"type":"integer"},"name":{"type":"char"}}}`)
		default:
			r.Body = io.NopCloser(bytes.NewReader(body))
			h(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return map[string]string{"url": server.URL, "database": "d", "username": "u", "api_key": apiKey}
}

func says(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// raises is an error inside an answer of HTTP 200.
func raises(name, message string) http.HandlerFunc {
	return says(200, fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"error":{"code":200,"message":"Odoo Server Error","data":{"name":%q,"message":%q,"debug":"Traceback hidden"}}}`, name, message))
}

func TestAnswersThatAreNotAPage(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		want    driver.Kind
		wait    time.Duration
		says    string
	}{
		"login page":    {says(200, "<html>please log in</html>"), driver.NotSystem, 0, "login page"},
		"other json":    {says(200, `{"data":[]}`), driver.NotSystem, 0, ""},
		"bare list":     {says(200, `[]`), driver.NotSystem, 0, ""},
		"another's":     {says(200, `{"jsonrpc":"2.0","id":9,"result":[]}`), driver.NotSystem, 0, ""},
		"no result":     {says(200, `{"jsonrpc":"2.0","id":1}`), driver.Torn, 0, ""},
		"redirect":      {says(302, "", "Location", "https://sso.example.com/x?secret=1"), driver.NotSystem, 0, "redirects to https://sso.example.com;"},
		"torn":          {says(200, `{"jsonrpc":"2.0","id":1,"result":[{"id":`), driver.Torn, 0, ""},
		"cut":           {says(200, `{"id":1,"result":[`, "Content-Length", "900"), driver.Torn, 0, ""},
		"too many":      {says(429, "", "Retry-After", "120"), driver.RateLimited, 2 * time.Minute, ""},
		"overloaded":    {says(503, "", "Retry-After", "120"), driver.Fault, 2 * time.Minute, "HTTP 503"},
		"forbidden":     {says(403, "<html>"), driver.Permission, 0, ""},
		"key is gone":   {raises("odoo.exceptions.AccessDenied", "Access Denied"), driver.Credentials, 0, "API key"},
		"no access":     {raises("odoo.exceptions.AccessError", "You are not allowed"), driver.Permission, 0, "not allowed"},
		"unknown field": {raises("builtins.ValueError", "Invalid field 'nope'"), driver.Invalid, 0, "nope"},
		"own failure":   {raises("psycopg2.errors.Something", "no\n connection"), driver.Fault, 0, "no connection"},
		"went away":     {raises("odoo.exceptions.MissingError", "gone"), driver.Fault, 0, "while it was read"},
		"out of order":  {says(200, `{"jsonrpc":"2.0","id":1,"result":[{"id":2,"name":"x"},{"id":1,"name":"y"}]}`), driver.Torn, 0, "order"},
		"no id":         {says(200, `{"jsonrpc":"2.0","id":1,"result":[{"name":"x"}]}`), driver.Torn, 0, ""},
		"no field":      {says(200, `{"jsonrpc":"2.0","id":1,"result":[{"id":1}]}`), driver.Torn, 0, "name"},
		"repeats":       {says(200, `{"jsonrpc":"2.0","id":1,"result":[{"id":1,"name":"x"},{"id":1,"name":"x"}]}`), driver.Torn, 0, "order"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := entity(t, "x", `{model: a.b, fields: [name]}`)
			_, err := open(t, fourteen(t, test.handler), e).Fetch(t.Context(), driver.Request{Entity: e, Token: []byte(`{"after":0}`)})
			var got *driver.Error
			if !errors.As(err, &got) || got.Kind != test.want {
				t.Fatalf("%v, want %s", err, test.want)
			}
			if got.RetryAfter != test.wait || !strings.Contains(got.Detail, test.says) || strings.Contains(got.Detail, "secret") || strings.Contains(got.Detail, "hidden") {
				t.Errorf("%+v", got)
			}
		})
	}
}

// What an answer to a write proves over JSON-RPC.
func TestFates(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		want    driver.Fate
	}{
		"user error":         {raises("odoo.exceptions.UserError", "no"), driver.Refused},
		"access":             {raises("odoo.exceptions.AccessError", "no"), driver.Refused},
		"bad date":           {raises("builtins.ValueError", "time data 'x' does not match format"), driver.Refused},
		"names what is gone": {raises("odoo.exceptions.MissingError", "no"), driver.Refused},
		"key is gone":        {raises("odoo.exceptions.AccessDenied", "no"), driver.NotSent},
		"after the commit":   {raises("builtins.ValueError", "anything else"), driver.Unknown},
		"of the database":    {raises("psycopg2.OperationalError", "closed"), driver.Unknown},
		"proxy":              {says(502, "<html>"), driver.Unknown},
		"forbidden":          {says(403, "<html>"), driver.Unknown},
		"unauthorized":       {says(401, "<html>"), driver.Unknown},
		"too many":           {says(429, ""), driver.NotSent},
		"torn":               {says(200, `{"jsonrpc":"2.0","id":1,"result":[4`), driver.Unknown},
		"cut":                {says(200, `{"jsonrpc":"2.0","id":1,"result":[4]}`, "Content-Length", "900"), driver.Unknown},
		"another's":          {says(200, `{"jsonrpc":"2.0","id":7,"result":[4]}`), driver.Unknown},
		"names no record":    {says(200, `{"jsonrpc":"2.0","id":1,"result":true}`), driver.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := entity(t, "x", `{model: a.b, fields: [name]}`)
			e.Operations = map[manifest.Op]manifest.Operation{manifest.Create: {}}
			w := open(t, fourteen(t, test.handler), e).(driver.Writer) //nolint:errcheck // the contract
			_, err := w.Write(egress.AsWrite(t.Context(), egress.Sending{}), driver.Command{Entity: e, Op: manifest.Create, Body: []byte(`{"name":"x"}`)})
			if driver.FateOf(err) != test.want || strings.Contains(fmt.Sprint(err), apiKey) {
				t.Errorf("%v is %s, want %s", err, driver.FateOf(err), test.want)
			}
		})
	}
}

// A secret that Odoo repeats is not repeated.
func TestAnErrorQuotesNoSecret(t *testing.T) {
	t.Parallel()
	e := entity(t, "x", `{model: a.b, fields: [name]}`)
	for _, name := range []string{"odoo.exceptions.UserError", "builtins.ValueError", "psycopg2.Error", "x " + apiKey} {
		_, err := open(t, fourteen(t, raises(name, "for "+apiKey+" no")), e).Fetch(t.Context(), driver.Request{Entity: e, Token: []byte(`{"after":0}`)})
		var got *driver.Error
		if !errors.As(err, &got) || strings.Contains(fmt.Sprint(got.Detail, got.Said, got.Code), "0d00") {
			t.Errorf("%+v", got)
		}
	}
}

// fullBudget is a client whose budget lets no call through.
type fullBudget budget.Refusal

func (r fullBudget) RoundTrip(*http.Request) (*http.Response, error) {
	refusal := budget.Refusal(r)
	return nil, &refusal
}

func TestCallsThatTheBudgetRefuses(t *testing.T) {
	t.Parallel()
	login := map[string]string{"url": "http://erp.example.com", "database": "d", "username": "u", "api_key": apiKey}
	for reason, kind := range map[budget.Reason]driver.Kind{budget.Paused: driver.RateLimited, budget.Unreachable: driver.Unreachable} {
		e := entity(t, "x", `{model: a.b, fields: [name]}`)
		c := openOn(t, &http.Client{Transport: fullBudget{Reason: reason, After: time.Minute}}, login, &manifest.System{Name: "Odoo", Entities: []*manifest.Entity{e}})
		_, err := c.Fetch(t.Context(), driver.Request{Entity: e})
		var got *driver.Error
		if !errors.As(err, &got) || got.Kind != kind || got.RetryAfter != time.Minute {
			t.Errorf("%s: %+v", reason, err)
		}
	}
}

func TestDialect(t *testing.T) {
	t.Parallel()
	d := odoorpc.New().Dialect()
	for _, c := range []struct {
		kind        model.Kind
		plain, want string
	}{
		{model.Instant, `"2026-11-23T16:06:57.208894+01:00"`, `"2026-11-23 15:06:57"`}, {model.Date, `"2026-01-02"`, `"2026-01-02"`}, {model.Ref, `"5"`, `5`},
		{model.Decimal, `"12.3400"`, `12.3400`}, {model.Money, `"12.5"`, `12.5`}, {model.String, `"5"`, `"5"`}, {model.Instant, `"soon"`, `"soon"`}, {model.Boolean, `true`, `true`},
	} {
		if got := string(d.Wrap(c.kind, []byte(c.plain))); got != c.want {
			t.Errorf("%s %s: %s, want %s", c.kind, c.plain, got, c.want)
		}
	}
}

func TestCheckNamesEveryMistake(t *testing.T) {
	t.Parallel()
	e := entity(t, "x", `{modl: a.b, fields: [name, "Wrong-Name", "a..b"], changes_with: [{field: lines}]}`)
	e.Operations = map[manifest.Op]manifest.Operation{
		manifest.Create: {Bulk: &manifest.Bulk{}}, manifest.Update: {Insists: true, Bulk: &manifest.Bulk{}, Send: entity(t, "send", `{looks: {}}`).Read}}
	ps := odoorpc.New().Check(&manifest.System{Options: entity(t, "connect", `{protocol: soap}`).Read, Entities: []*manifest.Entity{e}, Auth: []manifest.AuthMethod{{Method: "api_key"}}})
	for _, want := range []string{"modl: unknown key", "model: is missing", "Wrong-Name is not named as fields", "a..b is not named", "looks: unknown key", "leave insists out", "declare a rung of W3",
		"only alike", "has no field api_key", `unknown word "soap"`} {
		if !strings.Contains(ps.Error(), want) {
			t.Errorf("nothing says %q:\n%v", want, ps)
		}
	}
}
