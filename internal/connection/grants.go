package connection

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/store"
)

const (
	renewEarly  = 120 * time.Second // before an access token ends, at most half its life
	askWithin   = 30 * time.Second  // the first byte of a renewal goes out, and its answer comes
	loginLease  = 60 * time.Second  // outlasts a renewal, so that nobody else begins one while it is under way
	earlyAgain  = 10 * time.Second  // until an early renewal that failed is tried again
	firstLook   = 20 * time.Millisecond
	longestLook = 500 * time.Millisecond
)

// grants keeps the tokens that a system granted to a connection's login. They are stored, and renewed under a lease: of all callers and replicas one asks, and the others wait and
// look. It implements driver.Tokens.
type grants struct {
	*Service
	c    store.Connection // with the login that the tokens belong to
	turn turn             // of the caller who may look and renew

	mu     sync.Mutex
	held   held
	rests  time.Time // until when no early renewal is tried
	vain   int       // renewals that brought nothing
	failed error     // what the last of them met
}

// held are tokens as they were seen last.
type held struct {
	store.LoginTokens
	access, refresh string
}

// good says that the access token may be used.
func (h held) good(refused string, now time.Time) bool {
	return h.access != "" && h.access != refused && (h.ExpiresAt.IsZero() || now.Before(h.ExpiresAt))
}

// fresh says that besides it need not be renewed yet.
func (h held) fresh(refused string, now time.Time) bool {
	early := min(renewEarly, h.ExpiresAt.Sub(h.ObtainedAt)/2)
	return h.good(refused, now) && (h.ExpiresAt.IsZero() || now.Before(h.ExpiresAt.Add(-early)))
}

func (s *Service) grantsOf(c *store.Connection) *grants {
	return &grants{Service: s, c: *c, turn: newTurn()}
}

// Access implements driver.Tokens. While a token is good, one caller renews it and nobody else waits; an error of the store is nobody's concern then.
func (g *grants) Access(ctx context.Context, refused string, ask driver.Ask) (string, error) {
	g.catchUp(ctx)
	now := g.Now()
	g.mu.Lock()
	h, rests, vain := g.held, now.Before(g.rests), g.vain
	g.mu.Unlock()
	good := h.good(refused, now)
	if h.fresh(refused, now) || good && rests {
		return h.access, nil
	}
	if !g.turn.enter(ctx, good) {
		if good {
			return h.access, nil
		}
		return "", cancelled(ctx)
	}
	defer g.turn.leave()
	if err := g.met(vain); err != nil && !good {
		return "", err
	}
	h, err := g.obtain(ctx, refused, ask)
	if atHand, good := g.atHand(refused); good && errors.Is(err, errUnread) {
		g.rest()
		return atHand.access, nil
	}
	if err != nil && ctx.Err() == nil {
		g.note(err)
	}
	return h.access, err
}

// catchUp takes tokens that were granted to this process and are not stored yet, and tries to store them. When that fails they are used all the same.
func (g *grants) catchUp(ctx context.Context) {
	u := g.unsaved.of(&g.c)
	if u == nil {
		return
	}
	g.mu.Lock()
	if u.Version >= g.held.Version {
		g.held = u.held
	}
	g.mu.Unlock()
	_ = g.saveSoon(ctx, u) // who got them has logged it
}

// atHand gives the token that was seen last, and whether it is good.
func (g *grants) atHand(refused string) (h held, good bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.held, g.held.good(refused, g.Now())
}

// met gives what a renewal met that ended in vain while the caller waited for its turn: asking again at once would bring the same.
func (g *grants) met(vain int) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.vain == vain {
		return nil
	}
	return g.failed
}

func (g *grants) note(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.vain, g.failed = g.vain+1, err
}

// obtain looks at the stored tokens, and renews them or waits for who does.
func (g *grants) obtain(ctx context.Context, refused string, ask driver.Ask) (held, error) {
	waited, gap := time.Duration(0), firstLook
	for {
		h, err := g.glance(ctx, refused)
		if err != nil || h.fresh(refused, g.Now()) {
			return h, err
		}
		good := h.good(refused, g.Now())
		renewed, err := g.renew(ctx, h, ask)
		switch {
		case err == nil:
			return renewed, nil
		case good:
			g.rest()
			return h, nil
		case !errors.Is(err, store.ErrConflict):
			return held{}, err
		case waited >= loginLease:
			return held{}, unsent("Another replica renews the login and does not come to an end. It is tried again.", err)
		}
		g.Wait(ctx, gap)
		if ctx.Err() != nil {
			return held{}, cancelled(ctx)
		}
		waited, gap = waited+gap, min(2*gap, longestLook)
	}
}

func (g *grants) rest() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.rests = g.Now().Add(earlyAgain)
}

// glance is look; who has a good token does not wait long for it.
func (g *grants) glance(ctx context.Context, refused string) (held, error) {
	if _, good := g.atHand(refused); good {
		within, cancel := context.WithTimeout(ctx, storeWithin)
		defer cancel()
		ctx = within
	}
	return g.look(ctx)
}

// look reads the tokens as they are stored, for the login that they belong to. What was granted and is not stored is stored first. Error: errUnread.
func (g *grants) look(ctx context.Context) (held, error) {
	if u := g.unsaved.of(&g.c); u != nil {
		if err := g.saveGranted(ctx, u, false); err != nil {
			return held{}, err
		}
	}
	row, err := g.Store.LoginTokens(ctx, g.c.Scope())
	if err != nil {
		return held{}, unread("The tokens of the login could not be read.", err)
	}
	now, err := g.Store.ConnectionForWork(ctx, g.c.ID)
	if err != nil {
		return held{}, unread("The connection could not be read.", err)
	}
	if now.State == store.ConnectionDisconnected || !bytes.Equal(now.Credentials, g.c.Credentials) {
		return held{}, unsent("The connection has another login now. It is tried again with that.", nil)
	}
	h := held{LoginTokens: row}
	if len(row.Sealed) > 0 {
		if h, err = g.open(row); err != nil {
			return held{}, unsent("The tokens of the login could not be opened.", err)
		}
	}
	return g.hold(h), nil
}

func (g *grants) hold(h held) held {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held = h
	return h
}

// unsent is an error that came before anything was sent.
func unsent(detail string, err error) error {
	return &driver.Error{Kind: driver.Fault, Detail: detail, Unsent: true, Err: err}
}

// unread is one of the store.
func unread(detail string, err error) error {
	return unsent(detail, fmt.Errorf("%w: %w", errUnread, err))
}

func cancelled(ctx context.Context) error {
	return &driver.Error{Kind: driver.Unreachable, Detail: "The call was cancelled while the login was renewed.", Unsent: true, Err: fmt.Errorf("wait for the login: %w", context.Cause(ctx))}
}
