package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/web"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// tokenServer is where the tokens of a login come from.
type tokenServer struct {
	url   *url.URL
	field string // credential field that the address comes from
}

// prepareTokens finds the address of the tokens.
func (c *client) prepareTokens() error {
	a := c.options.Auth
	if a.Style != oauth2 {
		return nil
	}
	if names := manifest.Placeholders(a.TokenURL); len(names) > 0 {
		c.tokens.field = names[0]
	}
	u, err := url.Parse(c.expand(a.TokenURL))
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.User != nil {
		return &driver.Error{Kind: driver.Unreachable, Field: c.tokens.field, Detail: "The address of the login is not one: write it like https://login.example.com/oauth/token."}
	}
	c.tokens.url = u
	return nil
}

// tokenAnswerer is who grants tokens.
func (c *client) tokenAnswerer() web.Answerer {
	return web.Answerer{Name: c.tokens.url.Hostname(), Field: c.tokens.field, Quote: c.quote}
}

// askForTokens implements driver.Ask: one POST of a form, which goes out at most once.
func (c *client) askForTokens(ctx context.Context, a driver.Asking) (driver.Grant, error) {
	req, err := c.tokenRequest(egress.AsWrite(ctx, egress.Sending{Allowed: a.Allowed, Fresh: true}), a)
	if err != nil {
		return driver.Grant{}, err
	}
	c.remember(a.Refresh)
	resp, err := egress.Do(c.config.HTTP, req)
	if err != nil {
		return driver.Grant{}, c.tokenAnswerer().Lost(err)
	}
	defer func() { _ = resp.Body.Close() }()
	got := &answer{status: resp.StatusCode, header: resp.Header}
	if got.body, err = web.ReadAll(resp); err != nil {
		return driver.Grant{}, c.tokenAnswerer().Broken(err)
	}
	return c.granted(got, a)
}

func (c *client) tokenRequest(ctx context.Context, a driver.Asking) (*http.Request, error) {
	o := c.options.Auth
	form := url.Values{"grant_type": {o.Grant}}
	if o.Grant == byRefresh {
		form.Set("refresh_token", orElse(a.Refresh, c.expand(o.RefreshToken)))
	}
	if scope := c.expand(o.Scope); scope != "" {
		form.Set("scope", scope)
	}
	id, secret := c.expand(o.ClientID), c.expand(o.ClientSecret)
	if o.ClientAuth == inBody || secret == "" {
		form.Set("client_id", id)
		if secret != "" {
			form.Set("client_secret", secret)
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.tokens.url.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, &driver.Error{Kind: driver.Invalid, Detail: "The request for tokens cannot be written; the address of the login is wrong.", Unsent: true}
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if !form.Has("client_id") {
		req.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
	}
	return req, nil
}

// tokenAnswer is what a server of tokens says (RFC 6749, 5.1 and 5.2).
type tokenAnswer map[string]json.RawMessage

func (t tokenAnswer) text(name string) string { return text(t[name]) }

// life is how long an access token is good; 0 when the answer does not say so in any way that can be read.
func (t tokenAnswer) life() time.Duration {
	const longest = 100 * 365 * 24 * 3600
	seconds, err := strconv.ParseFloat(t.text("expires_in"), 64)
	if err != nil || seconds < 0 || seconds != seconds {
		return 0
	}
	return time.Duration(min(seconds, longest) * float64(time.Second))
}

// granted reads an answer. Only a whole one in the words of the protocol is definite: tokens as well as a refusal.
func (c *client) granted(a *answer, asked driver.Asking) (driver.Grant, error) {
	var said tokenAnswer
	if json.Unmarshal(bytes.TrimPrefix(a.body, []byte("\ufeff")), &said) != nil {
		said = nil
	}
	code := said.text("error")
	switch token := said.text("access_token"); {
	case a.status >= 200 && a.status < 300 && code == "" && usable(token):
		if kind := said.text("token_type"); kind != "" && !strings.EqualFold(kind, "bearer") {
			return driver.Grant{}, &driver.Error{Kind: driver.Invalid, Status: a.status, Detail: "The login gives tokens of the kind " + c.quote(kind, 40) + "; only bearer tokens can be used."}
		}
		grant := driver.Grant{Access: token, Life: said.life()}
		if refresh := said.text("refresh_token"); c.options.Auth.Grant == byRefresh {
			grant.Refresh = refresh
		}
		c.remember(grant.Access, grant.Refresh)
		return grant, nil
	case code != "" && a.status < 500:
		return driver.Grant{}, c.denied(a, code, said, asked)
	}
	return driver.Grant{}, c.unlike(a)
}

// usable says that a text can be sent as a token.
func usable(token string) bool {
	return token != "" && !strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' })
}

// denied is about a refusal in the protocol's own words, after which the login is as it was.
func (c *client) denied(a *answer, code string, said tokenAnswer, asked driver.Asking) error {
	o := c.options.Auth
	e := &driver.Error{Kind: driver.Invalid, Status: a.status, Code: c.quote(code, 80), Said: c.quote(said.text("error_description"), 200)}
	host := c.tokens.url.Hostname()
	e.Detail = host + " does not accept the request for tokens"
	switch code {
	case "invalid_grant", "access_denied", "interaction_required", "login_required", "consent_required":
		e.Kind, e.Field, e.Detail = driver.Credentials, c.loginField(), host+" refuses the login"
		e.Lost = asked.Lost && code == "invalid_grant" && o.Grant == byRefresh
	case "invalid_client", "unauthorized_client":
		e.Kind, e.Field, e.Detail = driver.Credentials, fieldOf(o.ClientSecret, o.ClientID), host+" does not know this client, or not by this secret"
	case "slow_down":
		e.Kind, e.RetryAfter = driver.RateLimited, c.retryAfter(a.header)
	case "server_error", "temporarily_unavailable":
		e.Kind, e.Detail, e.RetryAfter = driver.Fault, host+" failed", c.retryAfter(a.header)
	}
	e.Detail = fmt.Sprintf("%s (%s).", e.Detail, e.Code)
	if e.Lost {
		e.Detail = "The answer in which " + host + " renewed the login was lost, and it does not take the old refresh token any more. The customer has to log in anew."
	}
	return e
}

// unlike is about an answer that is not in the protocol's words.
func (c *client) unlike(a *answer) error {
	host := c.tokens.url.Hostname()
	e := &driver.Error{Status: a.status, RetryAfter: c.retryAfter(a.header)}
	switch {
	case a.status == http.StatusTooManyRequests:
		e.Kind, e.Detail = driver.RateLimited, host+" asks to wait before it gives tokens again."
	case a.status == http.StatusRequestTimeout, a.status >= 500:
		e.Kind, e.Detail = driver.Fault, fmt.Sprintf("%s failed to give tokens (HTTP %d).", host, a.status)
	case a.status == http.StatusUnauthorized && !web.IsHTML(a.header, a.body):
		e.Kind, e.Field, e.Detail = driver.Credentials, fieldOf(c.options.Auth.ClientSecret, c.options.Auth.ClientID), host+" does not know this client, or not by this secret."
	case a.status >= 300 || web.IsHTML(a.header, a.body):
		e.Kind, e.Field, e.Detail = driver.NotSystem, c.tokens.field, fmt.Sprintf("%s answers, but gives no tokens at this address (HTTP %d); check the address of the login.", host, a.status)
	default:
		e.Kind, e.Detail = driver.Torn, "The answer of "+host+" is cut off, or has no access token that can be used."
	}
	return e
}

// fieldOf names the first credential field in one of the texts.
func fieldOf(texts ...string) string {
	for _, t := range texts {
		if names := manifest.Placeholders(t); len(names) > 0 {
			return names[0]
		}
	}
	return ""
}
