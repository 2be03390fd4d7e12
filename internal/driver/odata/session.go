package odata

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/login"
	"github.com/busbar-dev/busbar/internal/driver/web"
	"github.com/busbar-dev/busbar/internal/egress"
)

const tokenHeader = "X-CSRF-Token"

// leastSecret is the length from which the value of a cookie is kept out of messages; a shorter one is a setting, such as a client or a language.
const leastSecret = 12

// session is what a service takes writes with: a token against forged requests, and the cookies that it belongs to.
type session struct {
	token   string
	cookies string
	secrets []string // values of the cookies that are long enough to be told from words
}

// sessionFor gives the session of a service, and whether it was just begun. Where writes need none, it is empty.
func (c *client) sessionFor(ctx context.Context, version, service string) (s *session, fresh bool, err error) {
	if !c.options.CSRF {
		return &session{}, false, nil
	}
	c.mu.Lock()
	s = c.sessions[service]
	c.mu.Unlock()
	if s != nil {
		return s, false, nil
	}
	if s, err = c.begin(ctx, version, service); err != nil {
		return nil, false, err
	}
	c.mu.Lock()
	c.sessions[service] = s
	c.mu.Unlock()
	return s, true, nil
}

// begin fetches a token.
func (c *client) begin(ctx context.Context, version, service string) (*session, error) {
	return login.Reading(ctx, c.login, func(p login.Proof) (*session, error) {
		req, err := c.request(egress.AsRead(ctx), version, http.MethodGet, c.address(service, ""), nil)
		if err != nil {
			return nil, err
		}
		req.Header.Set(tokenHeader, "Fetch")
		a, err := c.exchange(req, p)
		if err != nil {
			return nil, err
		}
		return c.begun(a)
	})
}

// begun takes the token, and the cookies that go with it, from an answer.
func (c *client) begun(a *answer) (*session, error) {
	token := a.header.Get(tokenHeader)
	if token == "" || strings.EqualFold(token, "required") {
		if err := c.judge(a); err != nil {
			return nil, err
		}
		return nil, &driver.Error{Kind: driver.NotSystem, Status: a.status, Field: c.urlField, Detail: "The service gives no token, without which it takes no writes."}
	}
	var cookies, secrets []string
	for _, cookie := range (&http.Response{Header: a.header}).Cookies() {
		cookies = append(cookies, cookie.Name+"="+cookie.Value)
		if len(cookie.Value) >= leastSecret {
			secrets = append(secrets, cookie.Value)
		}
	}
	return &session{token, strings.Join(cookies, "; "), secrets}, nil
}

// sign puts the session on a request.
func (s *session) sign(req *http.Request) {
	if s.token != "" {
		req.Header.Set(tokenHeader, s.token)
	}
	if s.cookies != "" {
		req.Header.Set("Cookie", s.cookies)
	}
}

// end forgets a session, unless another has taken its place.
func (c *client) end(service string, s *session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sessions[service] == s {
		delete(c.sessions, service)
	}
}

// wantsToken tells whether an answer says that the token is missing or over, for which nobody looks at the request.
func wantsToken(a *answer) bool {
	return a.status == http.StatusForbidden && strings.EqualFold(a.header.Get(tokenHeader), "required")
}

// carry sends a request of a write within its service's session. A session that is over proves that nothing was done: the write can be sent again, once with a new one.
func (c *client) carry(version, service string, req *http.Request) (*answer, error) {
	s, fresh, err := c.sessionFor(req.Context(), version, service)
	if err != nil {
		return nil, web.Before(err)
	}
	s.sign(req)
	a, err := c.send(req)
	if err != nil || !c.options.CSRF || !wantsToken(a) {
		return a, err
	}
	c.end(service, s)
	if fresh {
		return a, &driver.Error{Kind: driver.Permission, Status: a.status, Detail: "The service does not take the token that it has just given (HTTP 403); nothing was written."}
	}
	return a, &driver.Error{Kind: driver.Fault, Status: a.status, Unsent: true, Again: true,
		Detail: "The session with the system was over, and it did not look at the write. It can be sent again."}
}

// secretsOfSessions are tokens and cookies that no message may show.
func (c *client) secretsOfSessions() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []string
	for _, s := range c.sessions {
		if s.token != "" {
			all = append(all, s.token)
		}
		all = append(all, s.secrets...)
	}
	return all
}

// answered adds to an error what came back.
func (c *client) answered(err error, a *answer) error {
	var e *driver.Error
	if errors.As(err, &e) && a != nil {
		e.Answer = c.kept(a.body, false)
	}
	return err
}
