package oidc

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
)

// Browser is a person's, with cookies of its own. It follows redirects on the server and posts its forms.
type Browser struct {
	t      testing.TB
	client *http.Client
}

// NewBrowser gives one that has been nowhere yet.
func (s *Server) NewBrowser() *Browser {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Browser{t: s.t, client: &http.Client{Jar: jar, CheckRedirect: stay}}
}

// steps bounds a login: redirects and forms.
const steps = 12

// LogIn goes to an address of the server, logs the person in where it is asked, allows what is asked for, and gives the address that it is sent back to,
// which is not called.
func (b *Browser) LogIn(s *Server, address string, p Person) *url.URL {
	return b.walk(s, address, p, "yes")
}

// Deny is likewise, but for the person's answer.
func (b *Browser) Deny(s *Server, address string, p Person) *url.URL {
	return b.walk(s, address, p, "no")
}

func (b *Browser) walk(s *Server, address string, p Person, answer string) *url.URL {
	b.t.Helper()
	at, body := b.parse(address), ""
	for range steps {
		resp, err := b.send(at, body)
		if err != nil {
			b.t.Fatal(err)
		}
		text, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		switch next := resp.Header.Get("Location"); {
		case next != "":
			at, body = at.ResolveReference(b.parse(next)), ""
			if !strings.HasPrefix(at.String(), s.Issuer+"/") {
				return at
			}
		case resp.StatusCode == http.StatusOK && body == "":
			body = url.Values{"login": {p.Login}, "password": {p.Password}, "go": {answer}}.Encode()
		default:
			b.t.Fatalf("the server answers %s with HTTP %d: %s", at.Path, resp.StatusCode, text)
		}
	}
	b.t.Fatal("the login comes to no end")
	return nil
}

func (b *Browser) send(at *url.URL, form string) (*http.Response, error) {
	if form == "" {
		return b.client.Get(at.String())
	}
	return b.client.Post(at.String(), "application/x-www-form-urlencoded", strings.NewReader(form))
}

func (b *Browser) parse(text string) *url.URL {
	b.t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		b.t.Fatal(err)
	}
	return u
}

// Tokens are what the server answers.
type Tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	ID      string `json:"id_token"`
	Life    int    `json:"expires_in"`
	Error   string `json:"error"`
}

// verifier of PKCE for logins by Grant.
const verifier = "a-verifier-of-forty-three-characters-at-least-0"

// Grant has a person log in to a client that allows offline access, and gives the first tokens.
func (s *Server) Grant(c Client, p Person, scope string) Tokens {
	s.t.Helper()
	sum := sha256.Sum256([]byte(verifier))
	back := s.NewBrowser().LogIn(s, s.Issuer+"/auth?"+url.Values{
		"client_id": {c.ID}, "response_type": {"code"}, "scope": {scope}, "prompt": {"consent"}, "redirect_uri": {c.Redirects[0]}, "state": {"x"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}.Encode(), p)
	code := back.Query().Get("code")
	if code == "" {
		s.t.Fatalf("the server sends no code back: %s", back)
	}
	got := s.Ask(c, url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {c.Redirects[0]}, "code_verifier": {verifier}})
	if got.Refresh == "" {
		s.t.Fatalf("the server grants no refresh token: %s", got.Error)
	}
	return got
}

// Ask asks for tokens as a client.
func (s *Server) Ask(c Client, form url.Values) (got Tokens) {
	s.t.Helper()
	s.post("/token", c, form, &got)
	return got
}

// Active tells whether the server takes an access token; an API asks so before it answers.
func (s *Server) Active(c Client, token string) bool {
	var said struct {
		Active bool `json:"active"`
	}
	s.post("/token/introspection", c, url.Values{"token": {token}}, &said)
	return said.Active
}

func (s *Server) post(path string, c Client, form url.Values, into any) {
	s.t.Helper()
	if c.Secret == "" {
		form.Set("client_id", c.ID)
	}
	req, err := http.NewRequest(http.MethodPost, s.Issuer+path, strings.NewReader(form.Encode()))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if c.Secret != "" {
		req.SetBasicAuth(url.QueryEscape(c.ID), url.QueryEscape(c.Secret))
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Error(err)
		return
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		s.t.Error(fmt.Errorf("%s answers with HTTP %d: %w", path, resp.StatusCode, err))
	}
}
