package connection

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
)

// errTooLate keeps a renewal from being sent when its lease may be over before the answer comes.
var errTooLate = errors.New("the time to renew the login is over")

// renew gets new tokens in place of h, alone: store.ErrConflict when somebody else does so, or has done it. Once begun it does not end with ctx, for an answer that
// nobody waits for would be lost.
func (g *grants) renew(ctx context.Context, h held, ask driver.Ask) (held, error) {
	owner, err := g.newID()
	if err != nil {
		return held{}, unsent("The login could not be renewed.", err)
	}
	began := g.instant()
	was, err := g.Store.ClaimLogin(ctx, &g.c, h.Version, owner, began.Add(loginLease), began)
	if err != nil {
		return held{}, unsent("The renewal of the login could not be noted.", err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loginLease)
	defer cancel()
	a := driver.Asking{Refresh: h.refresh, Lost: !was.AskedAt.IsZero(), Allowed: func() error {
		if !g.Now().Before(began.Add(askWithin)) {
			return errTooLate
		}
		return nil
	}}
	grant, err := askFor(ctx, &a, ask)
	if err != nil {
		return g.gaveUp(ctx, h, owner, a.Lost, err)
	}
	return g.keep(ctx, h, grant, began)
}

// askFor asks, and once more when the answer is lost: a system that replaces refresh tokens may give the new one again for a while. a.Lost says then that an answer was lost.
func askFor(ctx context.Context, a *driver.Asking, ask driver.Ask) (driver.Grant, error) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	grant, first := ask(ctx, *a)
	if first == nil || driver.FateOf(first) != driver.Unknown {
		return grant, first
	}
	a.Lost = true
	if asksToWait(first) {
		return grant, first
	}
	grant, second := ask(ctx, *a)
	var e *driver.Error
	if errors.As(second, &e) && e.Unsent {
		return grant, first
	}
	return grant, second
}

func asksToWait(err error) bool {
	var e *driver.Error
	return errors.As(err, &e) && e.RetryAfter > 0
}

// gaveUp frees the lease, and gives the tokens that somebody else has stored meanwhile, if there are any.
func (g *grants) gaveUp(ctx context.Context, h held, owner string, lost bool, asked error) (held, error) {
	err := g.Store.ReleaseLogin(ctx, &g.c, owner, lost)
	if err != nil && !errors.Is(err, store.ErrConflict) {
		g.Log.Warn("the lease of a login could not be freed; it ends by itself", "connection", g.c.ID, "error", err)
	}
	if now, err := g.look(ctx); err == nil && now.Version != h.Version {
		return now, nil
	}
	g.Log.Warn("a login could not be renewed", "connection", g.c.ID, "system", g.c.System, "lost", lost, "error", asked)
	return held{}, asked
}

// keep stores what was granted. What cannot be stored now, or not read again, is used all the same; whatever this process does next with the login tries to store it.
func (g *grants) keep(ctx context.Context, h held, grant driver.Grant, began time.Time) (held, error) {
	grant.Refresh = cmp.Or(grant.Refresh, h.refresh)
	row, err := g.sealGrant(&g.c, grant, began)
	if err != nil {
		return held{}, unsent("The tokens of the login could not be sealed.", err)
	}
	row.Version = h.Version
	u := g.unsaved.put(&g.c, held{LoginTokens: row, access: grant.Access, refresh: grant.Refresh})
	err = g.saveGranted(ctx, u, false)
	for gap := 5 * firstLook; err != nil && gap < loginLease/30; gap *= 2 {
		g.Wait(ctx, gap)
		err = g.saveGranted(ctx, u, false)
	}
	if err != nil {
		g.Log.Error("new tokens of a login are not stored yet; they are lost if this process ends", "connection", g.c.ID, "error", err)
		return g.hold(u.held), nil
	}
	if now, err := g.look(ctx); !errors.Is(err, errUnread) {
		return now, err
	}
	return g.hold(u.held), nil
}

// sealGrant is how tokens are stored that were asked for at that time.
func (s *Service) sealGrant(c *store.Connection, grant driver.Grant, asked time.Time) (store.LoginTokens, error) {
	sealed, err := s.Keeper.SealTokens(c.DataKey, c.ID, map[string]string{secret.AccessToken: grant.Access, secret.RefreshToken: grant.Refresh})
	t := store.LoginTokens{Sealed: sealed, ObtainedAt: asked}
	if grant.Life > 0 {
		t.ExpiresAt = asked.Add(grant.Life)
	}
	return t, err
}

func (g *grants) open(row store.LoginTokens) (held, error) {
	tokens, err := g.Keeper.OpenTokens(g.c.DataKey, g.c.ID, row.Sealed)
	if err != nil {
		return held{}, err
	}
	return held{LoginTokens: row, access: tokens.Get(secret.AccessToken), refresh: tokens.Get(secret.RefreshToken)}, nil
}
