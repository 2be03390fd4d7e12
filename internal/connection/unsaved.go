package connection

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

const (
	storeWithin = time.Second      // how long somebody who has a good token waits for the store
	saveWithin  = 10 * time.Second // how long tokens are tried to be stored in the background
)

// errUnread says that the store did not answer: it tells nothing of the login.
var errUnread = errors.New("the store does not answer")

// unsavedTokens are those that were granted to this process and are not stored yet. They outlive the client that asked for them, and the whole process uses them.
type unsavedTokens struct {
	mu sync.Mutex
	by map[loginKey]*unsaved
}

// loginKey names a connection's login: with other credentials it is another.
type loginKey struct{ connection, credentials string }

type unsaved struct {
	held
	c    store.Connection
	turn turn // of the caller who stores them
}

func newUnsavedTokens() *unsavedTokens { return &unsavedTokens{by: map[loginKey]*unsaved{}} }

func loginOf(c *store.Connection) loginKey { return loginKey{c.ID, string(c.Credentials)} }

// of gives those of c's login, nil when there are none.
func (k *unsavedTokens) of(c *store.Connection) *unsaved {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.by[loginOf(c)]
}

func (k *unsavedTokens) put(c *store.Connection, h held) *unsaved {
	u := &unsaved{held: h, c: *c, turn: newTurn()}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.by[loginOf(c)] = u
	return u
}

func (k *unsavedTokens) drop(u *unsaved) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.by[loginOf(&u.c)] == u {
		delete(k.by, loginOf(&u.c))
	}
}

func (k *unsavedTokens) all() []*unsaved {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Collect(maps.Values(k.by))
}

// saveGranted stores tokens that were granted; nil too when newer ones are there. One caller at a time does so; who is in a hurry leaves it to that one.
func (s *Service) saveGranted(ctx context.Context, u *unsaved, hurry bool) error {
	if !u.turn.enter(ctx, hurry) {
		if hurry {
			return nil
		}
		return unread("The new tokens of the login are being stored.", context.Cause(ctx))
	}
	defer u.turn.leave()
	if s.unsaved.of(&u.c) != u {
		return nil
	}
	err := s.Store.RenewLogin(ctx, &u.c, u.LoginTokens, u.LoginTokens)
	if err != nil && !errors.Is(err, store.ErrConflict) {
		return unread("The new tokens of the login could not be stored.", err)
	}
	if err == nil {
		s.Log.Info("login renewed", "connection", u.c.ID, "system", u.c.System, "until", u.ExpiresAt)
	}
	s.unsaved.drop(u)
	return nil
}

// saveSoon has them stored and waits a moment for it; the storing goes on when that is not enough, or when ctx ends.
func (s *Service) saveSoon(ctx context.Context, u *unsaved) error {
	wait, cancel := context.WithTimeout(ctx, storeWithin)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveWithin)
		defer cancel()
		done <- s.saveGranted(ctx, u, true)
	}()
	select {
	case err := <-done:
		return err
	case <-wait.Done():
		return unread("The new tokens of the login are not stored yet.", context.Cause(wait))
	}
}

// SaveLogins stores the tokens that were granted to this process while the store was away. It is called now and then, and before Close.
func (s *Service) SaveLogins(ctx context.Context) error {
	for _, u := range s.unsaved.all() {
		if err := s.saveSoon(ctx, u); err != nil {
			return err
		}
	}
	return nil
}
