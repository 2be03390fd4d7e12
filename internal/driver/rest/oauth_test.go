package rest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/rest"
	"github.com/busbar-dev/busbar/internal/secret"
)

// oauth is a connect section whose login has tokens.
func oauth(members string) string {
	return `{url: "{url}/api", auth: {style: oauth2, token_url: "{url}/token", ` + members + `}, probe: {path: ping}, errors: {code: error/code, message: error/message}}`
}

const (
	secretClient = `grant: client_credentials, client_id: "{user}", client_secret: "{key}", scope: "read write"`
	publicClient = `grant: refresh_token, client_id: "{user}", refresh_token: "{key}"`
)

// memory keeps tokens as long as a test; asked is what they are asked for with.
type memory struct {
	asked driver.Asking
	grant driver.Grant
	err   error
}

func (m *memory) Access(ctx context.Context, refused string, ask driver.Ask) (string, error) {
	if m.grant.Access == "" || m.grant.Access == refused {
		m.grant, m.err = ask(ctx, m.asked)
	}
	return m.grant.Access, m.err
}

// login is a server of tokens and of an API, and a client of both.
type login struct {
	*memory
	client driver.Client
	forms  []string // of each call for tokens, with what proves the client
	seen   []string // the Authorization of each call of the API
}

// logIn opens a client whose calls for tokens are answered by tokens, and those of the API by api.
func logIn(t *testing.T, members, id string, asked driver.Asking, tokens, api http.HandlerFunc) *login {
	t.Helper()
	l := &login{memory: &memory{asked: asked}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/token" {
			l.seen = append(l.seen, r.Header.Get("Authorization"))
			api(w, r)
			return
		}
		_ = r.ParseForm()
		user, password, _ := r.BasicAuth()
		l.forms = append(l.forms, fmt.Sprint(r.Method, " ", r.URL.RawQuery, r.PostForm.Encode(), " ", user, ":", password))
		tokens(w, r)
	}))
	t.Cleanup(server.Close)
	s, _ := system(t, oauth(members), noPaging)
	if problems := rest.New().Check(s); len(problems) > 0 {
		t.Fatal(problems)
	}
	var err error
	l.client, err = rest.New().Open(s, driver.Config{HTTP: server.Client(), Now: func() time.Time { return now }, Tokens: l.memory,
		Credentials: secret.NewCredentials(map[string]string{"url": server.URL, "key": key, "user": id}).Public("url", "user")})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func answering(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// TestTokensAreAskedFor: what goes out is a form in the body, whichever way the client says who it is; nothing of it stands in an address.
func TestTokensAreAskedFor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		members, id string
		asked       driver.Asking
		want        string
	}{
		"client in the header":      {secretClient, "ann & co", driver.Asking{}, "POST grant_type=client_credentials&scope=read+write ann+%26+co:" + key},
		"client in the body":        {secretClient + ", client_auth: body", "ann", driver.Asking{}, "POST client_id=ann&client_secret=" + key + "&grant_type=client_credentials&scope=read+write :"},
		"the first refresh token":   {publicClient, "ann", driver.Asking{}, "POST client_id=ann&grant_type=refresh_token&refresh_token=" + key + " :"},
		"a later refresh token":     {publicClient, "ann", driver.Asking{Refresh: "later"}, "POST client_id=ann&grant_type=refresh_token&refresh_token=later :"},
		"a client needs no refresh": {secretClient, "ann", driver.Asking{Refresh: "later"}, "POST grant_type=client_credentials&scope=read+write ann:" + key},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := logIn(t, c.members, c.id, c.asked, answering(200, `{"access_token":"access-1","token_type":"bearer"}`), answering(200, "{}"))
			if _, err := l.client.Probe(t.Context()); err != nil {
				t.Fatal(err)
			}
			if len(l.forms) != 1 || l.forms[0] != c.want || len(l.seen) != 1 || l.seen[0] != "Bearer access-1" {
				t.Errorf("asked %q, then called with %q", l.forms, l.seen)
			}
		})
	}
}

// TestAnswersToAskingForTokens: only tokens, and a refusal in the protocol's words, are definite; whatever else comes leaves open what became of the login.
func TestAnswersToAskingForTokens(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		grant  string // access refresh life
		kind   driver.Kind
		fate   driver.Fate
		field  string
	}{
		"tokens":                     {200, `{"access_token":"access-1","token_type":"Bearer","expires_in":3600,"refresh_token":"r-1"}`, "access-1 r-1 1h0m0s", "", "", ""},
		"no word of their end":       {200, `{"access_token":"access-1","token_type":"bearer"}`, "access-1  0s", "", "", ""},
		"their end as text":          {200, `{"access_token":"access-1","expires_in":"60"}`, "access-1  1m0s", "", "", ""},
		"their end with a fraction":  {200, `{"access_token":"access-1","expires_in":60.5,"refresh_token":"r-1"}`, "access-1 r-1 1m0.5s", "", "", ""},
		"an end that is none":        {200, `{"access_token":"access-1","expires_in":"soon","refresh_token":"r-1"}`, "access-1 r-1 0s", "", "", ""},
		"an end before now":          {200, `{"access_token":"access-1","expires_in":-5}`, "access-1  0s", "", "", ""},
		"an end beyond all numbers":  {200, `{"access_token":"access-1","expires_in":1e300}`, "access-1  876000h0m0s", "", "", ""},
		"tokens of another kind":     {200, `{"access_token":"access-1","token_type":"mac"}`, "", driver.Invalid, driver.Refused, ""},
		"a token with a line end":    {200, `{"access_token":"acc\r\ness"}`, "", driver.Torn, driver.Unknown, ""},
		"no token":                   {200, `{"token_type":"Bearer"}`, "", driver.Torn, driver.Unknown, ""},
		"a list":                     {200, `["access-1"]`, "", driver.Torn, driver.Unknown, ""},
		"cut off":                    {200, `{"access_token":"access-1","refresh_tok`, "", driver.Torn, driver.Unknown, ""},
		"nothing":                    {200, ``, "", driver.Torn, driver.Unknown, ""},
		"a login page":               {200, `<html>`, "", driver.NotSystem, driver.Unknown, ""},
		"a redirect":                 {302, ``, "", driver.NotSystem, driver.Unknown, ""},
		"the refresh token is ended": {400, `{"error":"invalid_grant"}`, "", driver.Credentials, driver.NotSent, "key"},
		"a person must log in":       {400, `{"error":"interaction_required"}`, "", driver.Credentials, driver.NotSent, "key"},
		"an unknown client":          {401, `{"error":"invalid_client"}`, "", driver.Credentials, driver.NotSent, "user"},
		"a refusal with a 200":       {200, `{"error":"invalid_grant"}`, "", driver.Credentials, driver.NotSent, "key"},
		"a bare 401":                 {401, ``, "", driver.Credentials, driver.NotSent, "user"},
		"a wrong request":            {400, `{"error":"invalid_scope"}`, "", driver.Invalid, driver.Refused, ""},
		"a refusal of a broken one":  {500, `{"error":"invalid_grant"}`, "", driver.Fault, driver.Unknown, ""},
		"a gateway":                  {502, `bad gateway`, "", driver.Fault, driver.Unknown, ""},
		"not now":                    {429, ``, "", driver.RateLimited, driver.NotSent, ""},
		"no such address":            {404, `{"message":"no route"}`, "", driver.NotSystem, driver.Unknown, "url"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := logIn(t, publicClient, "ann", driver.Asking{}, answering(c.status, c.body), answering(200, "{}"))
			_, err := l.client.Probe(t.Context())
			got := fmt.Sprintf("%s %s %v", l.grant.Access, l.grant.Refresh, l.grant.Life)
			var e *driver.Error
			switch errors.As(err, &e); {
			case c.kind == "" && (err != nil || got != c.grant):
				t.Errorf("granted %q, %v", got, err)
			case c.kind != "" && (e == nil || e.Kind != c.kind || driver.FateOf(err) != c.fate || c.field != "" && e.Field != c.field || e.Detail == "" || e.Lost):
				t.Errorf("%+v, fate %s", e, driver.FateOf(err))
			}
		})
	}
}

// TestALostLoginSaysSo: only an ended refresh token, after an answer that was lost, is a login that is lost.
func TestALostLoginSaysSo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		members, body string
		lost, want    bool
	}{
		{publicClient, `{"error":"invalid_grant"}`, true, true},
		{publicClient, `{"error":"invalid_grant"}`, false, false},
		{publicClient, `{"error":"invalid_client"}`, true, false},
		{secretClient, `{"error":"invalid_grant"}`, true, false},
	} {
		l := logIn(t, c.members, "ann", driver.Asking{Lost: c.lost}, answering(400, c.body), answering(200, "{}"))
		_, err := l.client.Probe(t.Context())
		var e *driver.Error
		if !errors.As(err, &e) || e.Kind != driver.Credentials || e.Lost != c.want || strings.Contains(e.Detail, "log in anew") != c.want {
			t.Errorf("%s after %t: %+v", c.body, c.lost, err)
		}
	}
}

// TestARefusedTokenIsReplacedOnce: a token that the system does not take is replaced and the call made again; when the next one is refused too, it is the login that is.
func TestARefusedTokenIsReplacedOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		good  string // the token that the system takes
		forms int
		seen  int
		kind  driver.Kind
	}{
		"the first is good":  {"token-1", 1, 1, ""},
		"the second is good": {"token-2", 2, 2, ""},
		"none is good":       {"", 2, 2, driver.Credentials},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			issued := 0
			l := logIn(t, secretClient, "ann", driver.Asking{}, func(w http.ResponseWriter, _ *http.Request) {
				issued++
				fmt.Fprintf(w, `{"access_token":"token-%d"}`, issued)
			}, func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "Bearer "+c.good {
					w.WriteHeader(http.StatusUnauthorized)
				}
				_, _ = w.Write([]byte("{}"))
			})
			_, err := l.client.Probe(t.Context())
			if driver.KindOf(err) != c.kind || len(l.forms) != c.forms || len(l.seen) != c.seen {
				t.Errorf("%v after %d tokens and %d calls", err, len(l.forms), len(l.seen))
			}
			if _, err = l.client.Probe(t.Context()); driver.KindOf(err) != c.kind || len(l.forms) != c.forms {
				t.Errorf("again: %v after %d tokens", err, len(l.forms))
			}
		})
	}
}

// TestTokensAreNotQuoted: what the system says back of its tokens is not shown.
func TestTokensAreNotQuoted(t *testing.T) {
	t.Parallel()
	const access, refresh, next = "access-token-canary", "refresh-token-canary", "Kp93xWq71LmZ"
	says := answering(403, `{"error":{"message":"no right for `+access+` of `+refresh+`, `+next+` and `+key+`"}}`)
	l := logIn(t, publicClient, "ann", driver.Asking{Refresh: refresh}, answering(200, `{"access_token":"`+access+`","refresh_token":"`+next+`"}`), says)
	_, err := l.client.Probe(t.Context())
	if shown := fmt.Sprintf("%+v %v %v", *err.(*driver.Error), l.grant, l.asked); !strings.Contains(shown, "no right for") || strings.Contains(shown, "canary") || strings.Contains(shown, next) || strings.Contains(shown, key) { //nolint:errorlint // the contract
		t.Error(shown)
	}
	denies := answering(400, `{"error":"invalid_grant","error_description":"`+refresh+` is ended"}`)
	l = logIn(t, publicClient, "ann", driver.Asking{Refresh: refresh}, denies, says)
	_, err = l.client.Probe(t.Context())
	if shown := fmt.Sprintf("%+v", *err.(*driver.Error)); !strings.Contains(shown, "is ended") || strings.Contains(shown, "canary") { //nolint:errorlint // the contract
		t.Error(shown)
	}
}
