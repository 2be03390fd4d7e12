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
	turn chan struct{}    // of the caller who may look and renew

	unsaved *held // granted, and not stored yet; of who has the turn

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
	return &grants{Service: s, c: *c, turn: make(chan struct{}, 1)}
}

// Access implements driver.Tokens. While a token is good, nobody waits for a new one.
func (g *grants) Access(ctx context.Context, refused string, ask driver.Ask) (string, error) {
	now := g.Now()
	g.mu.Lock()
	h, rests, vain := g.held, now.Before(g.rests), g.vain
	g.mu.Unlock()
	good := h.good(refused, now)
	if h.fresh(refused, now) || good && rests {
		return h.access, nil
	}
	if !g.enter(ctx, good) {
		if good {
			return h.access, nil
		}
		return "", cancelled(ctx)
	}
	defer func() { <-g.turn }()
	if err := g.met(vain); err != nil && !good {
		return "", err
	}
	h, err := g.obtain(ctx, refused, ask)
	if err != nil && ctx.Err() == nil {
		g.note(err)
	}
	return h.access, err
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

// enter waits for the caller's turn, unless another one's is under way and need not be waited for.
func (g *grants) enter(ctx context.Context, hurry bool) bool {
	if hurry {
		select {
		case g.turn <- struct{}{}:
			return true
		default:
			return false
		}
	}
	select {
	case g.turn <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// obtain looks at the stored tokens, and renews them or waits for who does.
func (g *grants) obtain(ctx context.Context, refused string, ask driver.Ask) (held, error) {
	waited, gap := time.Duration(0), firstLook
	for {
		h, err := g.look(ctx)
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

// look reads the tokens as they are stored, for the login that they belong to.
func (g *grants) look(ctx context.Context) (held, error) {
	if err := g.saveNow(ctx); err != nil {
		return held{}, err
	}
	row, err := g.Store.LoginTokens(ctx, g.c.Scope())
	if err != nil {
		return held{}, unsent("The tokens of the login could not be read.", err)
	}
	now, err := g.Store.ConnectionForWork(ctx, g.c.ID)
	if err != nil {
		return held{}, unsent("The connection could not be read.", err)
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

func cancelled(ctx context.Context) error {
	return &driver.Error{Kind: driver.Unreachable, Detail: "The call was cancelled while the login was renewed.", Unsent: true, Err: fmt.Errorf("wait for the login: %w", context.Cause(ctx))}
}
