package login

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/web"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

const (
	loginWithin  = 30 * time.Second // a login has its answer
	logoutWithin = 5 * time.Second
	renewEarly   = 2 * time.Minute // before a session ends, at most half its life
)

// leastSecret is the length from which the value of a cookie is kept out of messages; a shorter one is a setting, such as a language.
const leastSecret = 12

// opened is a session that the system opened.
type opened struct {
	headers  http.Header
	until    time.Time // it is used; zero: until it is refused
	replaces bool      // it came in place of one that was refused
	worked   atomic.Bool
}

func (o *opened) sign(req *http.Request) {
	for name, values := range o.headers {
		if has := req.Header.Get(name); has != "" && name == "Cookie" {
			values = []string{has + "; " + values[0]}
		}
		req.Header[name] = values
	}
}

// sessions holds the one session of a client. Of all who find none, one logs in, and the others wait for that.
type sessions struct {
	login       *Login
	url, logout *url.URL
	field       string // of the login that the address comes from
	turn        web.Turn
	issued      issued
	mu          sync.Mutex
	current     *opened
	replacing   bool  // the last one was refused
	vain        int   // logins that brought nothing
	failed      error // what the last of them met
	closed      bool
}

// prepareSession finds the addresses of a session.
func (l *Login) prepareSession() (err error) {
	s := &sessions{login: l, turn: web.NewTurn()}
	if s.url, s.field, err = addressOf(l.host, l.auth.Session.URL); err != nil {
		return err
	}
	if out := l.auth.Session.Logout; out != nil {
		if s.logout, _, err = addressOf(l.host, out.URL); err != nil {
			return err
		}
	}
	l.open = s
	return nil
}

// atHand gives the session that can be used; nil when there is none.
func (s *sessions) atHand() (o *opened, vain int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o = s.current; o != nil && !o.until.IsZero() && !s.login.host.Config.Now().Before(o.until) {
		o = nil
	}
	return o, s.vain
}

// obtain gives the session, logging in if need be. A login that is under way does not end with ctx, for a session that nobody knows of would stay open.
func (s *sessions) obtain(ctx context.Context) (*opened, error) {
	o, vain := s.atHand()
	if o != nil {
		return o, nil
	}
	if err := s.turn.Enter(ctx); err != nil {
		return nil, err
	}
	if o, err := s.met(vain); o != nil || err != nil {
		s.turn.Leave()
		return o, err
	}
	done := make(chan struct{})
	var err error
	go func() {
		defer close(done)
		defer s.turn.Leave()
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), loginWithin)
		defer cancel()
		o, err = s.begin(within)
	}()
	select {
	case <-done:
		return o, err
	case <-ctx.Done():
		return nil, &driver.Error{Kind: driver.Unreachable, Detail: "The call was cancelled while the login was under way.", Unsent: true, Err: context.Cause(ctx)}
	}
}

// met gives what somebody else's login brought while the caller waited for its turn: asking again at once would bring the same.
func (s *sessions) met(vain int) (*opened, error) {
	o, now := s.atHand()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, &driver.Error{Kind: driver.Fault, Detail: "The login is closed.", Unsent: true}
	case o == nil && now != vain:
		return nil, s.failed
	}
	return o, nil
}

// begin logs in, for everybody.
func (s *sessions) begin(ctx context.Context) (*opened, error) {
	o, err := s.logIn(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.vain, s.failed = s.vain+1, err
		return nil, err
	}
	o.replaces, s.replacing = s.replacing, false
	s.current = o
	return o, nil
}

// refuse drops a session that the system does not take, and tells whether another one may help.
func (s *sessions) refuse(o *opened) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.current != o:
		return true
	case o.replaces && !o.worked.Load():
		return false
	}
	s.current, s.replacing = nil, true
	return true
}

func (s *sessions) who() web.Answerer {
	return web.Answerer{Name: s.url.Hostname(), Field: s.field, Quote: s.login.Quote}
}

// logIn makes the one call that opens a session.
func (s *sessions) logIn(ctx context.Context) (*opened, error) {
	req, err := s.request(egress.AsWrite(ctx, egress.Sending{Fresh: true}))
	if err != nil {
		return nil, err
	}
	a, err := s.login.exchange(req, s.who())
	if err != nil {
		return nil, err
	}
	if err := s.judge(a); err != nil {
		return nil, err
	}
	return s.take(a)
}

func (s *sessions) request(ctx context.Context) (*http.Request, error) {
	l, o := s.login, s.login.auth.Session
	var body io.Reader
	kind := ""
	switch {
	case o.Form != nil:
		form := url.Values{}
		for name, text := range o.Form {
			form.Set(name, l.fill(text))
		}
		body, kind = strings.NewReader(form.Encode()), "application/x-www-form-urlencoded"
	case o.Body != nil:
		text, err := json.Marshal(l.filled(o.Body))
		if err != nil {
			return nil, &driver.Error{Kind: driver.Invalid, Detail: "The login cannot be written as JSON.", Unsent: true, Err: err}
		}
		body, kind = bytes.NewReader(text), "application/json"
	}
	method := o.Method
	if method == "" {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(ctx, method, s.url.String(), body)
	if err != nil {
		return nil, &driver.Error{Kind: driver.Invalid, Detail: "The login cannot be written; its address is wrong.", Unsent: true}
	}
	req.Header.Set("Accept", "application/json")
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	for name, text := range o.Headers {
		req.Header.Set(name, l.fill(text))
	}
	if l.auth.Username != "" {
		req.SetBasicAuth(l.fill(l.auth.Username), l.fill(l.auth.Password))
	}
	return req, nil
}

// filled puts fields of the login into the texts of a JSON value.
func (l *Login) filled(value any) any {
	switch v := value.(type) {
	case string:
		return l.fill(v)
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, item := range v {
			out[name] = l.filled(item)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = l.filled(item)
		}
		return out
	}
	return value
}

// judge tells whether the system opened a session.
func (s *sessions) judge(a *answer) error {
	o := s.login.auth.Session
	switch {
	case slices.Contains(o.Accepts, a.status):
		return nil
	case a.status == http.StatusUnauthorized, slices.Contains(o.Denied, a.status) && (a.status >= 300 || !s.opens(a)):
		return s.refusal(a, driver.Credentials)
	}
	if e := s.who().Astray(a.status, web.IsHTML(a.header, a.body) && !o.Cookies); e != nil {
		return e
	}
	if a.status >= 200 && a.status < 300 {
		return nil
	}
	kind := web.KindOf(a.status)
	if a.status == http.StatusNotFound || a.status == http.StatusGone {
		kind = driver.NotSystem
	}
	return s.refusal(a, kind)
}

func (s *sessions) refusal(a *answer, kind driver.Kind) error {
	e := &driver.Error{Kind: kind, Status: a.status}
	switch kind {
	case driver.Credentials:
		e.Field = s.login.Field()
	case driver.NotSystem:
		e.Field, e.Detail = s.field, fmt.Sprintf("%s answers, but nobody can log in at this address (HTTP %d).", s.url.Hostname(), a.status)
	case driver.RateLimited, driver.Fault:
		e.RetryAfter = s.login.wait(a.header)
	}
	if e.Detail == "" {
		e.Detail = web.Sentence(e)
	}
	return e
}

// opens tells whether an answer holds a session.
func (s *sessions) opens(a *answer) bool {
	_, _, ok := s.taken(a)
	return ok
}

// taken gives what an answer has for the requests to come; ok is false when something is not there, or cannot be sent.
func (s *sessions) taken(a *answer) (values map[string]string, cookies []string, ok bool) {
	o := s.login.auth.Session
	values, ok = map[string]string{}, true
	for name, path := range o.Take {
		values[name] = rawjson.Text(rawjson.At(a.body, path...))
	}
	for name, header := range o.TakeOf {
		values[name] = a.header.Get(header)
	}
	for _, value := range values {
		ok = ok && usable(value)
	}
	if o.Cookies {
		for _, c := range (&http.Response{Header: a.header}).Cookies() {
			if c.Value != "" && c.MaxAge >= 0 {
				cookies = append(cookies, c.Name+"="+c.Value)
			}
		}
		ok = ok && len(cookies) > 0
	}
	return values, cookies, ok
}

// take makes a session of an answer.
func (s *sessions) take(a *answer) (*opened, error) {
	values, cookies, ok := s.taken(a)
	if !ok {
		return nil, &driver.Error{Kind: driver.Torn, Status: a.status, Detail: "The answer of " + s.url.Hostname() + " to the login is cut off, or does not hold what it must."}
	}
	o := s.login.auth.Session
	made := &opened{headers: http.Header{}, until: s.until(a)}
	for name, text := range o.Send {
		made.headers.Set(name, s.login.put(text, values))
	}
	for _, value := range values {
		s.issued.remember(value)
	}
	for _, cookie := range cookies {
		if _, value, _ := strings.Cut(cookie, "="); len(value) >= leastSecret {
			s.issued.remember(value)
		}
	}
	if len(cookies) > 0 {
		made.headers.Set("Cookie", strings.Join(cookies, "; "))
	}
	return made, nil
}

// until is when a session is renewed; zero when nothing says how long it is good.
func (s *sessions) until(a *answer) time.Time {
	o, now := s.login.auth.Session, s.login.host.Config.Now()
	life := o.Life
	if at, ok := web.ReadTime(rawjson.At(a.body, o.Ends...), time.UTC, true); ok && len(o.Ends) > 0 {
		life = at.Earliest.Sub(web.ClockOf(a.header, now))
	}
	if life <= 0 {
		return time.Time{}
	}
	return now.Add(life - min(renewEarly, life/2))
}

// close ends the session at the system. A login that is under way is waited for.
func (s *sessions) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), loginWithin+logoutWithin)
	defer cancel()
	if err := s.turn.Enter(ctx); err != nil {
		return err
	}
	defer s.turn.Leave()
	s.mu.Lock()
	o := s.current
	s.current, s.closed = nil, true
	s.mu.Unlock()
	if o == nil || s.logout == nil {
		return nil
	}
	return s.end(o)
}

func (s *sessions) end(o *opened) error {
	ctx, cancel := context.WithTimeout(context.Background(), logoutWithin)
	defer cancel()
	method := s.login.auth.Session.Logout.Method
	if method == "" {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(egress.AsRead(ctx), method, s.logout.String(), nil)
	if err != nil {
		return err
	}
	o.sign(req)
	resp, err := egress.Do(s.login.host.Config.HTTP, req)
	if err != nil {
		return s.who().Unanswered(err)
	}
	return resp.Body.Close()
}

// says tells whether an answer says that a session has ended.
func (o Over) says(status int, body []byte) bool {
	if slices.Contains(o.Statuses, status) {
		return true
	}
	return (status < 200 || status >= 300) && slices.ContainsFunc(o.Words, func(w string) bool { return bytes.Contains(body, []byte(w)) })
}
