package login

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/url"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// Browser implements driver.Authorizer for a driver whose `connect:` has Options in it.
type Browser struct{}

// Authorizes implements driver.Authorizer.
func (Browser) Authorizes(s *manifest.System, method string) bool {
	auth, _ := optionsOf(s).of(s, method)
	return auth.Style == oauth2 && auth.Grant == byCode
}

// AuthorizeURL implements driver.Authorizer.
func (b Browser) AuthorizeURL(s *manifest.System, c driver.Config, a driver.Authorization) (string, error) {
	l, err := b.login(s, c, a)
	if err != nil {
		return "", err
	}
	u, _, err := addressOf(l.host, l.auth.AuthorizeURL)
	if err != nil {
		return "", err
	}
	if a.State == "" {
		return "", unsound("has no state")
	}
	challenge := sha256.Sum256([]byte(a.Verifier))
	more := url.Values{}
	for name, text := range l.auth.AuthorizeParams {
		setUnlessEmpty(more, name, l.fill(text))
	}
	for name, value := range map[string]string{"response_type": "code", "client_id": l.fill(l.auth.ClientID), "redirect_uri": a.RedirectURI, "scope": l.fill(l.auth.Scope), "state": a.State,
		"nonce": a.Nonce, "code_challenge": base64.RawURLEncoding.EncodeToString(challenge[:]), "code_challenge_method": "S256"} {
		setUnlessEmpty(more, name, value)
	}
	addQuery(u, more)
	return u.String(), nil
}

func setUnlessEmpty(v url.Values, name, value string) {
	if value != "" {
		v.Set(name, value)
	}
}

// Exchange implements driver.Authorizer.
func (b Browser) Exchange(ctx context.Context, s *manifest.System, c driver.Config, a driver.Authorization, code string) (driver.Grant, error) {
	l, err := b.login(s, c, a)
	if err != nil {
		return driver.Grant{}, err
	}
	if err := l.answers(a.Issuer); err != nil {
		return driver.Grant{}, err
	}
	if code == "" {
		return driver.Grant{}, unsound("brought no code")
	}
	l.bearer.remember(code, a.Verifier)
	form := url.Values{"grant_type": {byCode}, "code": {code}, "redirect_uri": {a.RedirectURI}, "code_verifier": {a.Verifier}}
	return l.grant(egress.AsWrite(ctx, egress.Sending{Fresh: true}), form, false)
}

// answers checks who answered the browser's request, where the manifest tells who must.
func (l *Login) answers(issuer string) error {
	want := l.fill(l.auth.Issuer)
	if want == "" || subtle.ConstantTimeCompare([]byte(want), []byte(issuer)) == 1 {
		return nil
	}
	return &driver.Error{Kind: driver.Credentials, Unsent: true, Detail: "The answer to the login came from another server than the one that was asked. Nothing was sent; log in again."}
}

// The lengths of a verifier (RFC 7636, 4.1).
const (
	leastVerifier = 43
	mostVerifier  = 128
)

// login checks that a person can log in to the system in a browser.
func (b Browser) login(s *manifest.System, c driver.Config, a driver.Authorization) (*Login, error) {
	if !b.Authorizes(s, c.Method) {
		return nil, unsound("is not one in a browser")
	}
	if n := len(a.Verifier); n < leastVerifier || n > mostVerifier || a.RedirectURI == "" {
		return nil, unsound("has no verifier, or no address to come back to")
	}
	return New(optionsOf(s), Host{System: s, Config: c})
}

func unsound(how string) error {
	return &driver.Error{Kind: driver.Invalid, Unsent: true, Detail: "The login " + how + "."}
}

// optionsOf reads a system's Options; what is wrong with them Check reports.
func optionsOf(s *manifest.System) Options {
	var o Options
	_ = s.Options.Part("auth").Decode(&o.Auth)
	if logins := s.Options.Part("logins"); logins.Node != nil {
		_ = logins.Decode(&o.Logins)
	}
	return o
}
