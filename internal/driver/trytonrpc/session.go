package trytonrpc

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/web"
)

type login struct{ database, user, password string }

func (l login) path() string { return "/" + url.PathEscape(l.database) + "/" }

// session is a login that Tryton accepted.
type session struct {
	auth        string                     // value of the Authorization header
	preferences map[string]json.RawMessage // the user's context
	seen        atomic.Int64               // when Tryton last knew it, in Unix nanoseconds
}

func (s *session) see(now time.Time) { s.seen.Store(now.UnixNano()) }

func (s *session) lastSeen() time.Time { return time.Unix(0, s.seen.Load()) }

// sessions holds the current session; whoever finds it refused renews it, the others wait for that one.
type sessions struct {
	turn    web.Turn // of who logs in
	mu      sync.Mutex
	current *session
}

// issued remembers the keys of the latest sessions: they are as secret as the password.
type issued struct {
	mu   sync.Mutex
	keys []string
}

const maxIssued = 8

func (i *issued) add(key string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = append(slices.Clone(i.keys[max(0, len(i.keys)-maxIssued+1):]), key)
}

func (i *issued) all() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.keys
}

// obtain gives a session other than refused, logging in if need be.
func (c *client) obtain(ctx context.Context, refused *session) (*session, error) {
	if s := c.session.get(); s != nil && s != refused {
		return s, nil
	}
	if err := c.session.turn.Enter(ctx); err != nil {
		return nil, err
	}
	defer c.session.turn.Leave()
	if s := c.session.get(); s != nil && s != refused {
		return s, nil
	}
	s, err := c.logIn(ctx)
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

func (c *client) logIn(ctx context.Context) (*session, error) {
	raw, err := c.send(ctx, c.login.path(), "", "common.db.login", c.login.user, map[string]string{"password": c.login.password}, "en")
	if err != nil {
		return nil, loginError(err)
	}
	var id json.Number
	var key string
	if json.Unmarshal(raw, &[]any{&id, &key}) != nil || key == "" {
		return nil, notTryton(http.StatusOK)
	}
	c.issued.add(key)
	token := fmt.Sprintf("%s:%s:%s", c.login.user, id, key)
	s := &session{auth: "Session " + base64.StdEncoding.EncodeToString([]byte(token))}
	raw, err = c.send(ctx, c.login.path(), s.auth, "model.res.user.get_preferences", true, map[string]any{})
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, &s.preferences); err != nil {
		return nil, notTryton(http.StatusOK)
	}
	s.see(c.config.Now())
	return s, nil
}

// forget drops a session that Tryton refused.
func (c *client) forget(refused *session) {
	c.session.mu.Lock()
	defer c.session.mu.Unlock()
	if c.session.current == refused {
		c.session.current = nil
	}
}

// loginError knows that Tryton answers 404 for a database it cannot open.
func loginError(err error) error {
	var e *driver.Error
	if errors.As(err, &e) && e.Status == http.StatusNotFound {
		return &driver.Error{Kind: driver.Credentials, Field: fieldDatabase, Status: e.Status, Detail: "Tryton has no database of this name."}
	}
	return err
}

// call calls a method of the database that only reads, within the session, and adds the user's context, with more laid over it. A session
// that Tryton no longer knows is renewed once; a call that met the end of another one is made once more.
func (c *client) call(ctx context.Context, more map[string]any, method string, params ...any) ([]byte, error) {
	s, err := c.obtain(ctx, nil)
	if err != nil {
		return nil, err
	}
	raw, err := c.send(ctx, c.login.path(), s.auth, method, append(params, s.context(more))...)
	if errors.Is(err, errMetEnded) {
		raw, err = c.send(ctx, c.login.path(), s.auth, method, append(params, s.context(more))...)
	}
	if !unauthorized(err) {
		if err == nil {
			s.see(c.config.Now())
		}
		return raw, err
	}
	if s, err = c.obtain(ctx, s); err != nil {
		return nil, err
	}
	return c.send(ctx, c.login.path(), s.auth, method, append(params, s.context(more))...)
}

func unauthorized(err error) bool {
	var e *driver.Error
	return errors.As(err, &e) && e.Status == http.StatusUnauthorized
}

func (s *session) context(more map[string]any) map[string]any {
	merged := make(map[string]any, len(s.preferences)+len(more))
	for k, v := range s.preferences {
		merged[k] = v
	}
	for k, v := range more {
		merged[k] = v
	}
	return merged
}

// Close implements driver.Client: it ends the session, also that of a login that is under way.
func (c *client) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := c.session.turn.Enter(ctx); err != nil {
		return err
	}
	defer c.session.turn.Leave()
	s := c.session.get()
	if s == nil {
		return nil
	}
	c.session.set(nil)
	_, err := c.send(ctx, c.login.path(), s.auth, "common.db.logout")
	return err
}
