// Package oidc lets people log in by way of another server, with OpenID Connect: an authorization code with PKCE, bound to the browser that began. It says who came back, and knows
// no members.
package oidc

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const (
	lasts      = 10 * time.Minute // from the button to the way back
	session    = 12 * time.Hour   // how old it may be else
	skew       = time.Minute      // between the server's clock and ours
	rediscover = time.Hour        // the server's own description is read again after that
	answers    = 20 * time.Second // the server takes at most
)

// Config is what a Provider needs; every member but Secret is required.
type Config struct {
	Issuer      string // as the server spells it
	ClientID    string
	Secret      string // empty: a public client
	RedirectURI string // exactly as the server has it
	HTTP        *http.Client
	Attempts    Attempts
	Now         func() time.Time
	Rand        io.Reader
}

// Attempts keeps logins that are under way, sealed, for all replicas.
type Attempts interface {
	// Keep stores one until it ends.
	Keep(ctx context.Context, a Attempt) error
	// Take gives the one of that state, once, to the browser in which it began. ErrNoAttempt: there is none, it was taken, or it began elsewhere.
	Take(ctx context.Context, state, browser string) (Attempt, error)
}

// Attempt is a login that is under way. State and Browser are kept as keyed hashes alone; the rest is sealed.
type Attempt struct {
	State, Browser  string
	Verifier, Nonce string
	Fresh           bool   // the person has to prove anew who it is
	For             string // of the caller
	Begun, Ends     time.Time
}

// Format implements fmt.Formatter.
func (Attempt) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[redacted]") }

// Provider is the server that people log in to.
type Provider struct {
	Config
	mu    sync.Mutex
	found *discovered
}

// discovered is what the server says of itself.
type discovered struct {
	*oidc.Provider
	at       time.Time
	namesIss bool // its answers name who answers (RFC 9207)
	style    oauth2.AuthStyle
}

// New gives a Provider. It causes no traffic.
func New(c Config) *Provider { return &Provider{Config: c} }

// Begin gives the address that the browser is sent to. browser is the value of a cookie that only this browser has; fresh asks the person to prove anew who it is; what it is for, Finish gives back.
// Errors: *Error Unavailable.
func (p *Provider) Begin(ctx context.Context, browser string, fresh bool, what string) (string, error) {
	d, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	var words [3]string
	for i := range words {
		if words[i], err = p.random(); err != nil {
			return "", err
		}
	}
	a := Attempt{State: words[0], Nonce: words[1], Verifier: words[2], Browser: browser, Fresh: fresh, For: what, Begun: p.Now(), Ends: p.Now().Add(lasts)}
	if err := p.Attempts.Keep(ctx, a); err != nil {
		return "", fmt.Errorf("keep the login that begins: %w", err)
	}
	options := []oauth2.AuthCodeOption{oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier), oauth2.SetAuthURLParam("max_age", strconv.Itoa(int(session.Seconds())))}
	if fresh {
		options = append(options, oauth2.SetAuthURLParam("max_age", "0"), oauth2.SetAuthURLParam("prompt", "login"))
	}
	return p.client(d).AuthCodeURL(a.State, options...), nil
}

func (p *Provider) random() (string, error) {
	b := make([]byte, 32)
	if _, err := io.ReadFull(p.Rand, b); err != nil {
		return "", fmt.Errorf("make a login: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

func (p *Provider) client(d *discovered) *oauth2.Config {
	endpoint := d.Endpoint()
	endpoint.AuthStyle = d.style
	return &oauth2.Config{ClientID: p.ClientID, ClientSecret: p.Secret, RedirectURL: p.RedirectURI, Endpoint: endpoint, Scopes: []string{oidc.ScopeOpenID, "email", "profile"}}
}

// discover reads the server's description, at most once an hour; an older one is better than none.
func (p *Provider) discover(ctx context.Context) (*discovered, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil && p.Now().Before(p.found.at.Add(rediscover)) {
		return p.found, nil
	}
	within, cancel := context.WithTimeout(ctx, answers)
	defer cancel()
	found, err := p.describe(within)
	if err != nil && p.found == nil {
		return nil, err
	}
	if err == nil {
		p.found = found
	}
	return p.found, nil
}

func (p *Provider) describe(ctx context.Context) (*discovered, error) {
	found, err := oidc.NewProvider(p.with(ctx), p.Issuer)
	if err != nil {
		return nil, failed(Unavailable, err)
	}
	var said struct {
		NamesIss bool     `json:"authorization_response_iss_parameter_supported"`
		Auth     []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := found.Claims(&said); err != nil {
		return nil, failed(Unavailable, err)
	}
	return &discovered{Provider: found, at: p.Now(), namesIss: said.NamesIss, style: p.style(said.Auth)}, nil
}

// style is how the client says who it is: in a header unless the server wants it in the form, or there is no secret.
func (p *Provider) style(known []string) oauth2.AuthStyle {
	if p.Secret == "" || len(known) > 0 && !slices.Contains(known, "client_secret_basic") {
		return oauth2.AuthStyleInParams
	}
	return oauth2.AuthStyleInHeader
}

// with hands the client in that every call goes out by.
func (p *Provider) with(ctx context.Context) context.Context { return oidc.ClientContext(ctx, p.HTTP) }
