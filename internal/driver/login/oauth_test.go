package login_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // x5t
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/login"
)

// keyPair is a private key in PEM, in one of its forms, with its certificate.
func keyPair(t testing.TB, key crypto.Signer, form string) (private, certificate string, raw []byte) {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "busbar"}, NotAfter: time.Now().Add(time.Hour)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	var text []byte
	kind := form
	switch form {
	case "RSA PRIVATE KEY":
		text = x509.MarshalPKCS1PrivateKey(key.(*rsa.PrivateKey))
	case "EC PRIVATE KEY":
		text, err = x509.MarshalECPrivateKey(key.(*ecdsa.PrivateKey))
	default:
		kind = "PRIVATE KEY"
		text, err = x509.MarshalPKCS8PrivateKey(key)
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: text})), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})), raw
}

// taken checks a statement as a server of tokens does, and gives its head and its claims.
func taken(statement string, key crypto.PublicKey) (head, claims map[string]any, err error) {
	parts := strings.Split(statement, ".")
	if len(parts) != 3 {
		return nil, nil, fmt.Errorf("%d parts", len(parts))
	}
	for i, into := range []*map[string]any{&head, &claims} {
		text, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			return nil, nil, err
		}
		if err := json.Unmarshal(text, into); err != nil {
			return nil, nil, err
		}
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return nil, nil, err
	}
	hash := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	switch head["alg"] {
	case "RS256":
		err = rsa.VerifyPKCS1v15(key.(*rsa.PublicKey), crypto.SHA256, hash[:], signature)
	case "PS256":
		err = rsa.VerifyPSS(key.(*rsa.PublicKey), crypto.SHA256, hash[:], signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	case "ES256":
		r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
		if !ecdsa.Verify(key.(*ecdsa.PublicKey), hash[:], r, s) {
			err = fmt.Errorf("the signature is wrong")
		}
	default:
		err = fmt.Errorf("algorithm %v", head["alg"])
	}
	return head, claims, err
}

// TestAClientSigns: a fresh statement for each request for tokens, whatever form the key has, which a server takes that checks it with the public key.
func TestAClientSigns(t *testing.T) {
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
		key    crypto.Signer
		form   string
		more   string
		flat   bool
		alg    string
		hashed bool
	}{
		"an RSA key":         {rsaKey, "PKCS8", "", false, "RS256", false},
		"of the older form":  {rsaKey, "RSA PRIVATE KEY", `, key_id: "k 1"`, false, "RS256", false},
		"in one line":        {rsaKey, "PKCS8", `, certificate: "{certificate}"`, true, "RS256", true},
		"with PSS":           {rsaKey, "PKCS8", `, algorithm: PS256, certificate: "{certificate}"`, false, "PS256", true},
		"an elliptic key":    {ecKey, "PKCS8", "", false, "ES256", false},
		"of its older form":  {ecKey, "EC PRIVATE KEY", `, audience: "https://issuer.example", claims: {scope: "a b"}`, false, "ES256", false},
		"with a certificate": {ecKey, "PKCS8", `, certificate: "{certificate}"`, false, "ES256", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			private, certificate, raw := keyPair(t, c.key, c.form)
			if c.flat {
				private, certificate = strings.ReplaceAll(private, "\n", " "), strings.ReplaceAll(certificate, "\n", " ")
			}
			var forms []url.Values
			w := start(t, `{auth: {style: oauth2, token_url: "{url}/token", grant: client_credentials, client_id: "{user}", client_auth: private_key_jwt, token_params: {resource: "{url}"}, assertion: {key: "{key}"`+c.more+`}}}`,
				func(rw http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/token" {
						_ = r.ParseForm()
						forms = append(forms, r.PostForm)
						fmt.Fprintf(rw, `{"access_token":"token-%d"}`, len(forms))
					} else if r.Header.Get("Authorization") != "Bearer token-2" {
						rw.WriteHeader(http.StatusUnauthorized)
					}
				}, "key", private, "certificate", certificate)
			if err := w.read(t.Context()); err != nil || len(forms) != 2 {
				t.Fatal(err, len(forms))
			}
			seen := map[any]bool{}
			for _, form := range forms {
				head, claims, err := taken(form.Get("client_assertion"), c.key.Public())
				if err != nil {
					t.Fatal(err)
				}
				aud := map[bool]string{true: "https://issuer.example", false: w.server.URL + "/token"}[strings.Contains(c.more, "audience")]
				if head["alg"] != c.alg || claims["iss"] != "ann & co" || claims["sub"] != "ann & co" || claims["aud"] != aud || claims["exp"].(float64)-claims["iat"].(float64) != 300 || claims["iat"].(float64) != 1795167000 {
					t.Errorf("%v %v", head, claims)
				}
				old, hash := sha1.Sum(raw), sha256.Sum256(raw) //nolint:gosec // x5t
				want := []any{base64.RawURLEncoding.EncodeToString(old[:]), base64.RawURLEncoding.EncodeToString(hash[:])}
				if !c.hashed {
					want = []any{nil, nil}
				}
				if head["x5t"] != want[0] || head["x5t#S256"] != want[1] || strings.Contains(c.more, "key_id") && head["kid"] != "k 1" || strings.Contains(c.more, "claims") && claims["scope"] != "a b" {
					t.Errorf("%v %v", head, claims)
				}
				if seen[claims["jti"]] || claims["jti"] == "" {
					t.Errorf("jti %v comes twice", claims["jti"])
				}
				seen[claims["jti"]] = true
				if form.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" || form.Has("client_secret") || form.Get("resource") != w.server.URL+"/" || form.Get("grant_type") != "client_credentials" {
					t.Error(form)
				}
			}
		})
	}
}

// TestAKeyThatCannotSign is told before anything is sent, by its field and without its text.
func TestAKeyThatCannotSign(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	wrong, certificate, _ := keyPair(t, key, "PKCS8")
	good, _, _ := keyPair(t, other, "PKCS8")
	for name, c := range map[string]struct{ key, certificate, more, field string }{
		"no key":                {"hunter2hunter2", "", "", "key"},
		"a certificate":         {certificate, "", "", "key"},
		"another curve":         {wrong, "", "", "key"},
		"another kind":          {good, "", ", algorithm: RS256", "key"},
		"encrypted":             {"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n", "", "", "key"},
		"another's certificate": {good, certificate, `, certificate: "{certificate}"`, "certificate"},
		"no certificate":        {good, good, `, certificate: "{certificate}"`, "certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, `{auth: {style: oauth2, token_url: "{url}/token", grant: client_credentials, client_id: "{user}", client_auth: private_key_jwt, assertion: {key: "{key}"`+c.more+`}}}`,
				func(http.ResponseWriter, *http.Request) {}, "key", c.key, "certificate", c.certificate)
			err := w.read(t.Context())
			e, _ := err.(*driver.Error) //nolint:errorlint // the contract
			if e == nil || e.Kind != driver.Credentials || e.Field != c.field || driver.FateOf(err) != driver.NotSent || len(w.calls) > 0 || strings.Contains(e.Detail, "hunter2") {
				t.Errorf("%+v after %q", err, w.calls)
			}
		})
	}
}

// provider is a server at which people log in; a code is good once, with the verifier whose hash it was asked with.
type provider struct {
	challenge, redirect string
	codes               map[string]bool
	forms               []url.Values
}

func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	p.forms = append(p.forms, r.PostForm)
	hash := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
	switch code := r.PostForm.Get("code"); {
	case r.URL.Path != "/token":
	case r.PostForm.Get("grant_type") == "refresh_token" && r.PostForm.Get("refresh_token") == "refresh-1":
		_, _ = io.WriteString(w, `{"access_token":"access-2","refresh_token":"refresh-2"}`)
	case !p.codes[code] || base64.RawURLEncoding.EncodeToString(hash[:]) != p.challenge || r.PostForm.Get("redirect_uri") != p.redirect:
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":"invalid_grant","error_description":"no such code `+code+`"}`)
	default:
		delete(p.codes, code)
		_, _ = io.WriteString(w, `{"access_token":"access-1","refresh_token":"refresh-1","expires_in":60}`)
	}
}

const inBrowser = `{auth: {style: oauth2, token_url: "{url}/token", grant: authorization_code, authorize_url: "{url}/authorize?tenant=7", client_id: "{user}", client_secret: "{password}", client_auth: body,
  scope: "read offline_access", authorize_params: {prompt: consent, hint: "{empty}"}, issuer: "https://issuer.example"}}`

// TestAPersonLogsIn: the address has what it must and no secret; the code that comes back becomes tokens once, for whoever has the verifier, and is renewed by the refresh token.
func TestAPersonLogsIn(t *testing.T) {
	t.Parallel()
	p := &provider{codes: map[string]bool{"code-1-of-many": true}, redirect: "https://busbar.example/link/oauth/callback"}
	w := start(t, inBrowser, p.ServeHTTP)
	var b driver.Authorizer = login.Browser{}
	a := driver.Authorization{RedirectURI: p.redirect, State: "state & more", Verifier: strings.Repeat("v", 43), Nonce: "n-1", Issuer: "https://issuer.example"}
	if !b.Authorizes(w.system, "basic") || !b.Authorizes(w.system, "") {
		t.Error("it is no login in a browser")
	}
	address, err := b.AuthorizeURL(w.system, w.config, a)
	if err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse(address)
	q := u.Query()
	p.challenge = q.Get("code_challenge")
	want := url.Values{"tenant": {"7"}, "response_type": {"code"}, "client_id": {"ann & co"}, "redirect_uri": {p.redirect}, "scope": {"read offline_access"}, "state": {"state & more"}, "nonce": {"n-1"},
		"code_challenge": {p.challenge}, "code_challenge_method": {"S256"}, "prompt": {"consent"}}
	if q.Encode() != want.Encode() || !strings.HasPrefix(address, w.server.URL+"/authorize?") || strings.Contains(address, password) || strings.Contains(address, a.Verifier) || len(w.calls) > 0 {
		t.Errorf("%s\n%s", q.Encode(), want.Encode())
	}
	for name, wrong := range map[string]func(*driver.Authorization){
		"another verifier": func(a *driver.Authorization) { a.Verifier = strings.Repeat("w", 43) },
		"another address":  func(a *driver.Authorization) { a.RedirectURI += "/" },
	} {
		other := a
		wrong(&other)
		if _, err := b.Exchange(t.Context(), w.system, w.config, other, "code-1-of-many"); driver.KindOf(err) != driver.Credentials || strings.Contains(err.Error(), "code-1-of-many") {
			t.Errorf("%s: %v", name, err)
		}
	}
	calls := len(w.calls)
	for name, issuer := range map[string]string{"another server": "https://evil.example", "nobody": ""} {
		other := a
		other.Issuer = issuer
		if _, err := b.Exchange(t.Context(), w.system, w.config, other, "code-1-of-many"); driver.FateOf(err) != driver.NotSent || len(w.calls) != calls {
			t.Errorf("answered by %s: %v", name, err)
		}
	}
	grant, err := b.Exchange(t.Context(), w.system, w.config, a, "code-1-of-many")
	if err != nil || grant.Access != "access-1" || grant.Refresh != "refresh-1" || grant.Life != time.Minute {
		t.Fatal(err)
	}
	if _, err := b.Exchange(t.Context(), w.system, w.config, a, "code-1-of-many"); driver.KindOf(err) != driver.Credentials {
		t.Errorf("a code that is used up: %v", err)
	}
	if form := p.forms[len(p.forms)-1]; form.Get("client_secret") != password || form.Get("grant_type") != "authorization_code" || form.Has("scope") {
		t.Error(form)
	}
	kept := &memory{grant: grant}
	w.config.Tokens = kept
	o, _ := decoded(t, w.system)
	l, err := login.New(o, login.Host{System: w.system, Config: w.config})
	if err != nil {
		t.Fatal(err)
	}
	kept.grant.Access = ""
	if _, err := l.Prove(t.Context()); err != nil || kept.grant.Access != "access-2" || kept.grant.Refresh != "refresh-2" {
		t.Error(err)
	}
	kept.grant = driver.Grant{}
	if _, err := l.Prove(t.Context()); driver.KindOf(err) != driver.Credentials || driver.FateOf(err) != driver.NotSent || !strings.Contains(err.Error(), "log in anew") {
		t.Errorf("without a refresh token: %v", err)
	}
}

// TestALoginInABrowserIsSound: what makes it weak is refused before anything is shown or sent.
func TestALoginInABrowserIsSound(t *testing.T) {
	t.Parallel()
	good := driver.Authorization{RedirectURI: "https://busbar.example/x", State: "s", Verifier: strings.Repeat("v", 43)}
	w := start(t, inBrowser, func(http.ResponseWriter, *http.Request) {})
	for name, spoil := range map[string]func(*driver.Authorization){
		"a short verifier": func(a *driver.Authorization) { a.Verifier = a.Verifier[1:] },
		"a long verifier":  func(a *driver.Authorization) { a.Verifier = strings.Repeat("v", 129) },
		"no state":         func(a *driver.Authorization) { a.State = "" },
		"no way back":      func(a *driver.Authorization) { a.RedirectURI = "" },
	} {
		a := good
		spoil(&a)
		if got, err := (login.Browser{}).AuthorizeURL(w.system, w.config, a); err == nil || got != "" {
			t.Errorf("%s: %s", name, got)
		}
	}
	other := start(t, `{auth: {style: basic, username: "{user}", password: "{password}"}}`, func(http.ResponseWriter, *http.Request) {})
	if (login.Browser{}).Authorizes(other.system, "") {
		t.Error("a password is a login in a browser")
	}
	if _, err := (login.Browser{}).AuthorizeURL(other.system, other.config, good); err == nil {
		t.Error("and has an address")
	}
	if _, err := (login.Browser{}).Exchange(t.Context(), w.system, w.config, good, ""); err == nil || len(w.calls) > 0 {
		t.Error("no code was exchanged")
	}
	if text := fmt.Sprintf("%v %+v", good, &good); strings.Contains(text, "vvvv") {
		t.Error(text)
	}
}
