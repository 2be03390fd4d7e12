package rest_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/rest"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/realsys/oidc"
	"github.com/busbar-dev/busbar/internal/secret"
)

// provider is a server of OAuth 2.0 that is not ours, and a system whose manifest has members in `auth:`.
type provider struct {
	*oidc.Server
	t      *testing.T
	sys    *manifest.System
	config driver.Config
	memory *memory
}

func newProvider(t *testing.T, c oidc.Client, members, held string) *provider {
	t.Helper()
	s := oidc.Start(t, oidc.Settings{Clients: []oidc.Client{c}, People: []oidc.Person{person}, TTL: map[string]int{"AccessToken": 60}})
	p := &provider{Server: s, t: t, memory: &memory{}}
	p.sys, _ = system(t, oauth(members), noPaging)
	if problems := rest.New().Check(p.sys); len(problems) > 0 {
		t.Fatal(problems)
	}
	p.config = driver.Config{HTTP: &http.Client{}, Now: time.Now, Tokens: p.memory,
		Credentials: secret.NewCredentials(map[string]string{"url": s.Issuer, "key": held, "user": c.ID}).Public("url", "user")}
	return p
}

var person = oidc.Person{Subject: "1", Login: "ann", Password: "pw"}

// asks lets a client get a token for a call; what the call itself comes to does not matter, for the server has no API.
func (p *provider) asks() (driver.Grant, error) {
	p.t.Helper()
	client, err := rest.New().Open(p.sys, p.config)
	if err != nil {
		p.t.Fatal(err)
	}
	defer client.Close()
	p.memory.grant, p.memory.err = driver.Grant{}, nil
	_, _ = client.Probe(p.t.Context())
	return p.memory.grant, p.memory.err
}

// TestProviderTakesSignedClients: a server that is not ours takes what a client signs with its key, and nothing that another key signed.
func TestProviderTakesSignedClients(t *testing.T) {
	t.Parallel()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		known, held crypto.Signer
		alg         string
		taken       bool
	}{
		"RS256": {rsaKey, rsaKey, "RS256", true}, "PS256": {rsaKey, rsaKey, "PS256", true}, "ES256": {ecKey, ecKey, "ES256", true}, "another key": {ecKey, otherKey(t), "ES256", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			robot := oidc.Machine("robot", "")
			robot.Auth, robot.SigningAlg, robot.Keys = "private_key_jwt", c.alg, &oidc.KeySet{Keys: []json.RawMessage{publicJWK(t, c.known, c.alg)}}
			p := newProvider(t, robot, `grant: client_credentials, client_id: "{user}", client_auth: private_key_jwt, assertion: {key: "{key}", algorithm: `+c.alg+`}`, privatePEM(t, c.held))
			grant, err := p.asks()
			if c.taken && (err != nil || grant.Access == "" || grant.Life == 0) {
				t.Errorf("the server does not take it: %v", err)
			}
			if !c.taken && (driver.KindOf(err) != driver.Credentials || strings.Contains(err.Error(), "PRIVATE")) {
				t.Errorf("the server takes what another key signed, or: %v", err)
			}
			if again, err := p.asks(); c.taken && (err != nil || again.Access == grant.Access) {
				t.Errorf("a second statement is not taken: %v", err)
			}
		})
	}
}

func otherKey(t *testing.T) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func privatePEM(t *testing.T, key crypto.Signer) string {
	t.Helper()
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}))
}

func publicJWK(t *testing.T, key crypto.Signer, alg string) json.RawMessage {
	t.Helper()
	b64 := base64.RawURLEncoding.EncodeToString
	jwk := map[string]string{"alg": alg, "use": "sig"}
	switch k := key.Public().(type) {
	case *rsa.PublicKey:
		jwk["kty"], jwk["n"], jwk["e"] = "RSA", b64(k.N.Bytes()), "AQAB"
	case *ecdsa.PublicKey:
		point, err := k.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		jwk["kty"], jwk["crv"], jwk["x"], jwk["y"] = "EC", "P-256", b64(point[1:33]), b64(point[33:])
	}
	text, err := json.Marshal(jwk)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

const backTo = "http://127.0.0.1:8080/link/oauth/callback"

// byBrowser is a login in which a person goes to the server.
const byBrowser = `grant: authorization_code, authorize_url: "{url}/auth", client_id: "{user}", client_secret: "{key}", scope: "openid offline_access", authorize_params: {prompt: consent}, issuer: "{url}"`

// TestProviderLogsPeopleIn: a code that a server which is not ours gave to a person's browser becomes tokens, once, and only with the verifier of its challenge and from the server that was asked. The login is
// renewed by what came with it.
func TestProviderLogsPeopleIn(t *testing.T) {
	t.Parallel()
	p := newProvider(t, oidc.Web("app", key, backTo), byBrowser, key)
	var by driver.Authorizer = rest.New()
	if !by.Authorizes(p.sys, "") {
		t.Fatal("the login is not one in a browser")
	}
	begin := func() (driver.Authorization, url.Values) {
		t.Helper()
		a := driver.Authorization{RedirectURI: backTo, State: rand.Text(), Verifier: rand.Text() + rand.Text()}
		address, err := by.AuthorizeURL(p.sys, p.config, a)
		if err != nil || strings.Contains(address, key) || strings.Contains(address, a.Verifier) {
			t.Fatalf("%s, %v", address, err)
		}
		back := p.NewBrowser().LogIn(p.Server, address, person).Query()
		if back.Get("state") != a.State || back.Get("code") == "" {
			t.Fatalf("back comes %v", back)
		}
		a.Issuer = back.Get("iss")
		return a, back
	}
	refused := func(what string, a driver.Authorization, code string, unsent bool) {
		t.Helper()
		grant, err := by.Exchange(t.Context(), p.sys, p.config, a, code)
		var e *driver.Error
		if !errors.As(err, &e) || e.Kind != driver.Credentials || e.Unsent != unsent || grant.Access != "" || strings.Contains(err.Error(), code) {
			t.Errorf("%s: %v", what, err)
		}
	}
	a, back := begin()
	other := a
	other.Issuer = "https://elsewhere.example"
	refused("another server answers", other, back.Get("code"), true)
	other.Issuer = ""
	refused("nobody says who answers", other, back.Get("code"), true)
	grant, err := by.Exchange(t.Context(), p.sys, p.config, a, back.Get("code"))
	if err != nil || grant.Access == "" || grant.Refresh == "" || grant.Life != time.Minute {
		t.Fatalf("the code gives life %s, %v", grant.Life, err)
	}
	p.memory.asked = driver.Asking{Refresh: grant.Refresh}
	next, err := p.asks()
	if err != nil || next.Access == "" || next.Refresh == "" || next.Refresh == grant.Refresh {
		t.Errorf("the login is not renewed: %v", err)
	}
	refused("the code comes again", a, back.Get("code"), false)
	a, back = begin()
	a.Verifier = rand.Text() + rand.Text()
	refused("another verifier", a, back.Get("code"), false)
}
