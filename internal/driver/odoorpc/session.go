package odoorpc

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/web"
	"github.com/busbar-dev/busbar/internal/egress"
)

// session is what calls need to know of the Odoo at hand. Odoo itself keeps none: each call carries the login.
type session struct {
	json2   bool
	version string // as Odoo says it; may be empty
	major   int    // 0: unknown
	uid     int64  // of the user
}

// sessions holds the current session; the others wait for who makes it.
type sessions struct {
	turn    web.Turn // of who logs in
	mu      sync.Mutex
	current *session
}

// json2From is the first version that has JSON-2.
const json2From = 19

// obtain gives the session, logging in if need be.
func (c *client) obtain(ctx context.Context) (*session, error) {
	if s := c.session.get(); s != nil {
		return s, nil
	}
	if err := c.session.turn.Enter(ctx); err != nil {
		return nil, err
	}
	defer c.session.turn.Leave()
	if s := c.session.get(); s != nil {
		return s, nil
	}
	s, err := c.greet(ctx)
	if err != nil {
		return nil, err
	}
	if s.json2 {
		err = c.whoAmI(ctx, s)
	} else {
		err = c.logIn(ctx, s)
	}
	if err != nil {
		return nil, err
	}
	c.session.set(s)
	return s, nil
}

func (s *sessions) get() *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current
}

func (s *sessions) set(now *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = now
}

// greet asks for the version, which is free for all, and decides on the protocol.
func (c *client) greet(ctx context.Context) (*session, error) {
	raw, err := c.common(ctx, "version")
	if err != nil {
		if e := web.As(err); c.protocol != jsonRPC && slices.Contains([]int{http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone}, e.Status) {
			return &session{json2: true}, nil // an Odoo that has JSON-2 alone, or none: its own login tells
		}
		return nil, err
	}
	var v struct {
		Text string            `json:"server_version"`
		Info []json.RawMessage `json:"server_version_info"`
	}
	if json.Unmarshal(raw, &v) != nil || v.Text == "" {
		return nil, notOdoo(http.StatusOK)
	}
	s := &session{version: c.quote(v.Text, 60)}
	if len(v.Info) > 0 {
		s.major = numberIn(string(v.Info[0]))
	}
	s.json2 = c.protocol == json2 || c.protocol == "" && s.major >= json2From
	return s, nil
}

// numberIn reads the first whole number of a text: 17, "saas~17".
func numberIn(text string) (n int) {
	const tooLong = 1000
	i := strings.IndexAny(text, "0123456789")
	for ; i >= 0 && i < len(text) && text[i] >= '0' && text[i] <= '9' && n < tooLong; i++ {
		n = 10*n + int(text[i]-'0')
	}
	return n
}

// common calls a method of the service that needs no login.
func (c *client) common(ctx context.Context, method string, args ...any) ([]byte, error) {
	req, err := c.rpcRequest(egress.AsRead(ctx), "common", method, args...)
	if err != nil {
		return nil, err
	}
	return c.read(req, false)
}

// logIn finds the user's id, which JSON-RPC wants in each call.
func (c *client) logIn(ctx context.Context, s *session) error {
	raw, err := c.common(ctx, "login", c.login.database, c.login.user, c.login.key)
	if err != nil {
		return c.loginError(err)
	}
	if string(raw) == "false" || string(raw) == "null" {
		return refusedLogin(fieldKey)
	}
	if json.Unmarshal(raw, &s.uid) != nil || s.uid <= 0 {
		return notOdoo(http.StatusOK)
	}
	return nil
}

func refusedLogin(field string) error {
	return &driver.Error{Kind: driver.Credentials, Field: field, Detail: "Odoo refuses the user name or the API key."}
}

// loginError knows how Odoo speaks of a database that it does not have: as an exception of the database or of its own code.
func (c *client) loginError(err error) error {
	e := web.As(err)
	ofDatabase := strings.HasPrefix(e.Code, "psycopg2.") || strings.HasPrefix(e.Code, "builtins.KeyError")
	if ofDatabase && c.login.database != "" && strings.Contains(e.Said, c.login.database) {
		return &driver.Error{Kind: driver.Credentials, Field: fieldDatabase, Status: e.Status, Detail: "Odoo has no database of this name."}
	}
	return err
}

// whoAmI proves the key of JSON-2.
func (c *client) whoAmI(ctx context.Context, s *session) error {
	raw, err := c.callIn(ctx, s, call{model: "res.users", method: "context_get"})
	if err != nil {
		if e := web.As(err); e.Status == http.StatusNotFound {
			return notOdoo(e.Status)
		}
		return err
	}
	var user struct {
		ID int64 `json:"uid"`
	}
	if json.Unmarshal(raw, &user) != nil {
		return notOdoo(http.StatusOK)
	}
	s.uid = user.ID
	return nil
}

// call makes a call that only reads.
func (c *client) call(ctx context.Context, k call) ([]byte, error) {
	s, err := c.obtain(ctx)
	if err != nil {
		return nil, err
	}
	return c.callIn(ctx, s, k)
}

func (c *client) callIn(ctx context.Context, s *session, k call) ([]byte, error) {
	req, err := c.request(egress.AsRead(ctx), s, k)
	if err != nil {
		return nil, err
	}
	return c.read(req, s.json2)
}
