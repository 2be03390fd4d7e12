package login

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/web"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// Host is on whose behalf requests prove who asks.
type Host struct {
	System *manifest.System
	Config driver.Config
	Wait   func(http.Header) time.Duration // what an answer asks to wait; nil: as Retry-After says
}

// Login proves who asks, for one client. Its methods may be called concurrently.
type Login struct {
	auth   Auth
	host   Host
	tokens endpoint // of the style oauth2
	bearer issued
	open   *sessions // of the style session
	key    []byte    // of the style hmac
}

// New prepares a login; it causes no traffic. The error is *driver.Error.
func New(o Options, h Host) (*Login, error) {
	auth, _ := o.of(h.System, h.Config.Method)
	l := &Login{auth: auth, host: h}
	switch auth.Style {
	case oauth2:
		return l, l.prepareTokens()
	case session:
		return l, l.prepareSession()
	case signed:
		return l, l.prepareKey()
	}
	return l, nil
}

// Proof is what a request proves with who asks. Its zero value is that of a login that never changes.
type Proof struct {
	token   string
	session *opened
}

// Prove gives what the next request proves with who asks. It may log in, or renew the login, on behalf of everybody who uses it. The error is *driver.Error; of a write it means that nothing was sent.
func (l *Login) Prove(ctx context.Context) (Proof, error) {
	switch l.auth.Style {
	case oauth2:
		token, err := l.access(ctx)
		return Proof{token: token}, err
	case session:
		s, err := l.open.obtain(ctx)
		return Proof{session: s}, err
	}
	return Proof{}, nil
}

// Sign puts a proof on a request that is otherwise complete.
func (l *Login) Sign(req *http.Request, p Proof) error {
	a := l.auth
	switch a.Style {
	case basic:
		req.SetBasicAuth(l.fill(a.Username), l.fill(a.Password))
	case bearer:
		req.Header.Set("Authorization", "Bearer "+l.fill(a.Token))
	case header:
		l.headers(req)
	case query:
		addQuery(req.URL, url.Values{a.Name: {l.fill(a.Value)}})
	case oauth2:
		req.Header.Set("Authorization", "Bearer "+p.token)
	case session:
		p.session.sign(req)
	case signed:
		return l.signature(req)
	}
	return nil
}

func (l *Login) headers(req *http.Request) {
	if l.auth.Name != "" {
		req.Header.Set(l.auth.Name, l.fill(l.auth.Value))
	}
	for name, text := range l.auth.Headers {
		if value := l.fill(text); value != "" {
			req.Header.Set(name, value)
		}
	}
}

// Parameters names the parameters of an address that carry the login.
func (l *Login) Parameters() []string {
	switch l.auth.Style {
	case query:
		return []string{l.auth.Name}
	case signed:
		return sorted(l.auth.HMAC.Query)
	}
	return nil
}

// addQuery adds parameters behind those that an address has, which stay as they are written unless they are replaced.
func addQuery(u *url.URL, more url.Values) {
	has, replaced := u.Query(), false
	for name := range more {
		replaced = replaced || has.Has(name)
		has.Del(name)
	}
	if replaced {
		u.RawQuery = has.Encode()
	}
	u.RawQuery = strings.TrimPrefix(u.RawQuery+"&"+more.Encode(), "&")
}

// Reading makes a call that changes nothing, and once more where the system did not take its proof and another can be had.
func Reading[T any](ctx context.Context, l *Login, call func(Proof) (T, error)) (T, error) {
	p, err := l.Prove(ctx)
	if err != nil {
		var zero T
		return zero, err
	}
	got, err := call(p)
	p.worked(err)
	if driver.KindOf(err) != driver.Credentials || !l.refuse(p) {
		return got, err
	}
	if p, err = l.Prove(ctx); err != nil {
		return got, err
	}
	got, err = call(p)
	p.worked(err)
	return got, err
}

// worked notes that the system took a proof.
func (p Proof) worked(err error) {
	if err == nil && p.session != nil {
		p.session.worked.Store(true)
	}
}

// Writing gives the proof for a write and puts it on its request; the error means that nothing was sent.
func (l *Login) Writing(req *http.Request) (Proof, error) {
	p, err := l.Prove(req.Context())
	if err == nil {
		err = l.Sign(req, p)
	}
	if err != nil {
		return p, notBegun(err)
	}
	return p, nil
}

// refuse notes that the system does not take a proof, and tells whether another one may help.
func (l *Login) refuse(p Proof) bool {
	switch {
	case p.session != nil:
		return l.open.refuse(p.session)
	case l.auth.Style == signed:
		return true // the clock or a repeated number may be to blame, and both are new the next time
	}
	return l.refuseToken(p.token)
}

// SignedOut is about a write whose proof the system did not take: it has not looked at the write, which can be sent again with another proof.
func (l *Login) SignedOut(p Proof, err error) error {
	p.worked(err)
	var e *driver.Error
	if l.auth.Style != oauth2 && l.auth.Style != session || !errors.As(err, &e) || e.Kind != driver.Credentials || !l.refuse(p) {
		return err
	}
	again := *e
	again.Kind, again.Field, again.Unsent, again.Again = driver.Fault, "", true, true
	again.Detail = "The system did not take the token of the login any more, and did not look at the write. It can be sent again."
	return &again
}

// Refuses tells whether an answer says in the words of RFC 6750, or in those of the manifest, that the proof was not taken, for which nobody looks at the request.
func (l *Login) Refuses(status int, header http.Header, body []byte) bool {
	switch l.auth.Style {
	case oauth2:
		said := strings.ToLower(strings.Join(header.Values("Www-Authenticate"), ","))
		return status == http.StatusUnauthorized && strings.Contains(said, "bearer")
	case session:
		return l.auth.Session.Over.says(status, body)
	}
	return false
}

// Turned gives the error of an answer by which the system refuses a proof in the sense of Refuses; nil for any other.
func (l *Login) Turned(status int, header http.Header, body []byte) *driver.Error {
	if !l.Refuses(status, header, body) {
		return nil
	}
	e := &driver.Error{Kind: driver.Credentials, Status: status, Field: l.Field()}
	e.Detail = web.Sentence(e)
	return e
}

// notBegun marks an error that came before a write was sent.
func notBegun(err error) error {
	e := web.As(err)
	e.Unsent = true
	return e
}

// Field names the field of the login's form that it stands on; empty when there is none.
func (l *Login) Field() string {
	for _, text := range l.auth.secretTexts() {
		for _, name := range manifest.Placeholders(text) {
			if l.isSecret(name) {
				return name
			}
		}
	}
	return fieldOf(l.auth.secretTexts()...)
}

func (l *Login) isSecret(name string) bool {
	for _, m := range l.host.System.Auth {
		for _, f := range m.Fields {
			if f.Name == name && f.Secret {
				return true
			}
		}
	}
	return false
}

// Quote makes words of the system fit to be shown, without what it issued to the login: see driver.Config.Quote.
func (l *Login) Quote(text string, limit int, also ...string) string {
	return l.host.Config.Quote(text, limit, append(l.secrets(), also...)...)
}

// Kept makes an answer fit for the ledger of its write: see driver.Config.Kept.
func (l *Login) Kept(answer []byte, good bool, also ...string) []byte {
	return l.host.Config.Kept(answer, good, append(l.secrets(), also...)...)
}

// secrets are what the system issued lately: as secret as the login.
func (l *Login) secrets() []string {
	all := append([]string(nil), l.bearer.all()...)
	if l.open != nil {
		all = append(all, l.open.issued.all()...)
	}
	return all
}

// Close ends what the login has open at the system; safe to call twice.
func (l *Login) Close() error {
	if l.open == nil {
		return nil
	}
	return l.open.close()
}

// fill puts fields of the login into a text.
func (l *Login) fill(text string) string { return fill(l.host, text) }

func fill(h Host, text string) string {
	for _, name := range manifest.Placeholders(text) {
		text = strings.ReplaceAll(text, "{"+name+"}", strings.TrimSpace(h.Config.Credentials.Get(name)))
	}
	return text
}

// fieldOf names the first field of the login in one of the texts.
func fieldOf(texts ...string) string {
	for _, t := range texts {
		if names := manifest.Placeholders(t); len(names) > 0 {
			return names[0]
		}
	}
	return ""
}

// wait is what an answer asks to wait.
func (l *Login) wait(h http.Header) time.Duration {
	if l.host.Wait != nil {
		return l.host.Wait(h)
	}
	return web.RetryAfter(h, l.host.Config.Now())
}

// addressOf makes an address that comes from a text of the manifest. field is the field of the login that leads there.
func addressOf(h Host, text string) (u *url.URL, field string, err error) {
	if field = fieldOf(text); strings.HasPrefix(text, "{"+field+"}/") {
		text = strings.TrimRight(strings.TrimSpace(h.Config.Credentials.Get(field)), "/") + strings.TrimPrefix(text, "{"+field+"}")
	}
	u, err = url.Parse(fill(h, text))
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.User != nil || u.Fragment != "" {
		return nil, field, &driver.Error{Kind: driver.Unreachable, Field: field, Unsent: true, Detail: "The address of the login is not one: write it like https://login.example.com/oauth/token."}
	}
	return u, field, nil
}
