package login

import (
	"bytes"
	"cmp"
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
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// What tokens are asked for with.
const (
	byClient  = "client_credentials"
	byRefresh = "refresh_token"
	byCode    = "authorization_code"
)

// Where the client says who it is.
const (
	inHeader = "basic"
	inBody   = "body"
	byKey    = "private_key_jwt"
)

// endpoint is where the tokens of a login come from.
type endpoint struct {
	url   *url.URL
	field string // of the login that the address comes from
}

// prepareTokens finds the address of the tokens.
func (l *Login) prepareTokens() (err error) {
	l.tokens.url, l.tokens.field, err = addressOf(l.host, l.auth.TokenURL)
	return err
}

// answer is a response, read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// exchange makes a call for the login, which goes out at most once.
func (l *Login) exchange(req *http.Request, who web.Answerer) (*answer, error) {
	resp, err := egress.Do(l.host.Config.HTTP, req)
	if err != nil {
		return nil, who.Lost(err)
	}
	defer func() { _ = resp.Body.Close() }()
	got := &answer{status: resp.StatusCode, header: resp.Header}
	if got.body, err = web.ReadAll(resp); err != nil {
		return nil, who.Broken(err)
	}
	return got, nil
}

// askForTokens implements driver.Ask: one POST of a form.
func (l *Login) askForTokens(ctx context.Context, a driver.Asking) (driver.Grant, error) {
	form, err := l.renewal(a)
	if err != nil {
		return driver.Grant{}, err
	}
	l.bearer.remember(a.Refresh)
	return l.grant(egress.AsWrite(ctx, egress.Sending{Allowed: a.Allowed, Fresh: true}), form, a.Lost)
}

// renewal is the form that asks for the next token.
func (l *Login) renewal(a driver.Asking) (url.Values, error) {
	o := l.auth
	form := url.Values{"grant_type": {o.Grant}}
	if scope := l.fill(o.Scope); scope != "" && o.Grant != byCode {
		form.Set("scope", scope)
	}
	if o.isRenewed() {
		refresh := cmp.Or(a.Refresh, l.fill(o.RefreshToken))
		if refresh == "" {
			return nil, &driver.Error{Kind: driver.Credentials, Unsent: true, Detail: "The login has ended, and the system gave nothing to renew it with. The customer has to log in anew."}
		}
		form.Set("grant_type", byRefresh)
		form.Set("refresh_token", refresh)
	}
	return form, nil
}

// grant asks for tokens with a form.
func (l *Login) grant(ctx context.Context, form url.Values, lost bool) (driver.Grant, error) {
	req, err := l.tokenRequest(ctx, form)
	if err != nil {
		return driver.Grant{}, err
	}
	got, err := l.exchange(req, web.Answerer{Name: l.tokens.url.Hostname(), Field: l.tokens.field, Quote: l.Quote})
	if err != nil {
		return driver.Grant{}, err
	}
	return l.granted(got, lost)
}

func (l *Login) tokenRequest(ctx context.Context, form url.Values) (*http.Request, error) {
	for name, text := range l.auth.TokenParams {
		if value := l.fill(text); value != "" {
			form.Set(name, value)
		}
	}
	id, secret := l.fill(l.auth.ClientID), l.fill(l.auth.ClientSecret)
	switch {
	case l.auth.ClientAuth == byKey:
		assertion, err := l.assertion()
		if err != nil {
			return nil, err
		}
		form.Set("client_id", id)
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		form.Set("client_assertion", assertion)
	case l.auth.ClientAuth == inBody || secret == "":
		form.Set("client_id", id)
		if secret != "" {
			form.Set("client_secret", secret)
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, l.tokens.url.String(), strings.NewReader(form.Encode()))
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

func (t tokenAnswer) text(name string) string { return rawjson.Text(t[name]) }

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
func (l *Login) granted(a *answer, lost bool) (driver.Grant, error) {
	var said tokenAnswer
	if json.Unmarshal(bytes.TrimPrefix(a.body, []byte("\ufeff")), &said) != nil {
		said = nil
	}
	code := said.text("error")
	switch token := said.text("access_token"); {
	case a.status >= 200 && a.status < 300 && code == "" && usable(token):
		if kind := said.text("token_type"); kind != "" && !strings.EqualFold(kind, "bearer") {
			return driver.Grant{}, &driver.Error{Kind: driver.Invalid, Status: a.status, Detail: "The login gives tokens of the kind " + l.Quote(kind, 40) + "; only bearer tokens can be used."}
		}
		grant := driver.Grant{Access: token, Life: said.life()}
		if l.auth.isRenewed() {
			grant.Refresh = said.text("refresh_token")
		}
		l.bearer.remember(grant.Access, grant.Refresh)
		return grant, nil
	case code != "" && a.status < 500:
		return driver.Grant{}, l.denied(a, code, said, lost)
	}
	return driver.Grant{}, l.unlike(a)
}

// usable says that a text can be sent as a token.
func usable(token string) bool {
	return token != "" && !strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' })
}

// clientField names the field of the login by which the client is known.
func (l *Login) clientField() string {
	texts := []string{l.auth.ClientSecret, l.auth.ClientID}
	if l.auth.Assertion != nil {
		texts = append([]string{l.auth.Assertion.Key}, texts...)
	}
	return fieldOf(texts...)
}

// denied is about a refusal in the protocol's own words, after which the login is as it was.
func (l *Login) denied(a *answer, code string, said tokenAnswer, lost bool) error {
	e := &driver.Error{Kind: driver.Invalid, Status: a.status, Code: l.Quote(code, 80), Said: l.Quote(said.text("error_description"), 200)}
	host := l.tokens.url.Hostname()
	e.Detail = host + " does not accept the request for tokens"
	switch code {
	case "invalid_grant", "access_denied", "interaction_required", "login_required", "consent_required":
		e.Kind, e.Field, e.Detail = driver.Credentials, l.Field(), host+" refuses the login"
		e.Lost = lost && code == "invalid_grant" && l.auth.isRenewed()
	case "invalid_client", "unauthorized_client":
		e.Kind, e.Field, e.Detail = driver.Credentials, l.clientField(), host+" does not know this client, or not by this secret"
	case "slow_down":
		e.Kind, e.RetryAfter = driver.RateLimited, l.wait(a.header)
	case "server_error", "temporarily_unavailable":
		e.Kind, e.Detail, e.RetryAfter = driver.Fault, host+" failed", l.wait(a.header)
	}
	e.Detail = fmt.Sprintf("%s (%s).", e.Detail, e.Code)
	if e.Lost {
		e.Detail = "The answer in which " + host + " renewed the login was lost, and it does not take the old refresh token any more. The customer has to log in anew."
	}
	return e
}

// unlike is about an answer that is not in the protocol's words.
func (l *Login) unlike(a *answer) error {
	host := l.tokens.url.Hostname()
	e := &driver.Error{Status: a.status, RetryAfter: l.wait(a.header)}
	switch {
	case a.status == http.StatusTooManyRequests:
		e.Kind, e.Detail = driver.RateLimited, host+" asks to wait before it gives tokens again."
	case a.status == http.StatusRequestTimeout, a.status >= 500:
		e.Kind, e.Detail = driver.Fault, fmt.Sprintf("%s failed to give tokens (HTTP %d).", host, a.status)
	case a.status == http.StatusUnauthorized && !web.IsHTML(a.header, a.body):
		e.Kind, e.Field, e.Detail = driver.Credentials, l.clientField(), host+" does not know this client, or not by this secret."
	case a.status >= 300 || web.IsHTML(a.header, a.body):
		e.Kind, e.Field, e.Detail = driver.NotSystem, l.tokens.field, fmt.Sprintf("%s answers, but gives no tokens at this address (HTTP %d); check the address of the login.", host, a.status)
	default:
		e.Kind, e.Detail = driver.Torn, "The answer of "+host+" is cut off, or has no access token that can be used."
	}
	return e
}
