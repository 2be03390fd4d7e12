package connection

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/store"
)

// trial keeps the tokens of a login that is only tried out. It implements driver.Tokens for one caller; what was granted in the end belongs to the login.
type trial struct {
	now   func() time.Time
	mu    sync.Mutex
	grant driver.Grant
	asked time.Time
	given *driver.Grant // the caller's, which follows
}

func newTrial(now func() time.Time, grant *driver.Grant) *trial {
	t := &trial{now: now, given: grant}
	if grant != nil {
		t.grant, t.asked = *grant, now()
	}
	return t
}

// Access implements driver.Tokens. Once begun it does not end with ctx.
func (t *trial) Access(ctx context.Context, refused string, ask driver.Ask) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.grant.Access != "" && t.grant.Access != refused {
		return t.grant.Access, nil
	}
	asked := t.now()
	grant, err := askFor(context.WithoutCancel(ctx), &driver.Asking{Refresh: t.grant.Refresh, Allowed: func() error { return nil }}, ask)
	if err != nil {
		return "", err
	}
	grant.Refresh = cmp.Or(grant.Refresh, t.grant.Refresh)
	t.grant, t.asked = grant, asked
	if t.given != nil {
		*t.given = grant
	}
	return grant.Access, nil
}

// tokensOf gives the tokens to be stored with c, which has its data key; none when the login has none.
func (s *Service) tokensOf(c *store.Connection, t *trial) (store.LoginTokens, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.grant.Access == "" {
		return store.LoginTokens{}, nil
	}
	return s.sealGrant(c, t.grant, t.asked.UTC().Truncate(time.Microsecond))
}
