package connection

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// Renewal is a form for Reauthorize. Fields that are not secret and not given keep their values; secrets are always given anew, so that a stored one is
// never sent to a new address.
type Renewal struct {
	AuthMethod   string // "" keeps the way to log in
	Credentials  map[string]string
	SameInstance bool                                                               // the caller vouches that other identity fields still lead to the same instance
	Grant        *driver.Grant                                                      // that a login in a browser gave; nil: none
	With         func(ctx context.Context, tx *store.Tx, c *store.Connection) error // in the transaction that stores it, last; nil: nothing
}

// Reauthorize checks new credentials live and puts them in place of the old; id, records, cursors and Busbar's own tokens stay, those of the login do not, and what waited goes on at once.
// Errors are as Create's, and connection-paused, -pending and -disconnected; conflict when the credentials lead to another instance of the system.
func (s *Service) Reauthorize(ctx context.Context, c *store.Connection, r Renewal) error {
	if err := renewable(c); err != nil {
		return err
	}
	l, err := s.renewal(c, r)
	if err != nil {
		return err
	}
	found, tried, err := s.probe(ctx, c, l)
	if err != nil {
		return err
	}
	if err := s.renew(ctx, c, l, tried, r, found.Version); err != nil {
		return err
	}
	s.logEnd(c.ID, s.clients.retire(c.ID))
	return nil
}

func renewable(c *store.Connection) error {
	if c.State == store.ConnectionPaused {
		return problem.New(problem.ConnectionPaused, "The connection is paused. Resume it first, then renew its credentials.")
	}
	return live(c)
}

// renewal checks the form without trying it.
func (s *Service) renewal(c *store.Connection, r Renewal) (login, error) {
	sys := s.Systems.System(c.System)
	if sys == nil {
		return login{}, noConnector(c)
	}
	f := newFaults()
	l := login{system: sys, method: f.method(sys, cmp.Or(r.AuthMethod, c.AuthMethod)), grant: r.Grant}
	if l.method != nil {
		l.values = f.credentials(l.method, withPublic(c, l, r.Credentials))
	}
	if err := f.err(); err != nil || r.SameInstance {
		return l, err
	}
	return l, l.sameInstance(c)
}

func withPublic(c *store.Connection, l login, credentials map[string]string) map[string]string {
	values := public(l.method, c.Public)
	maps.Copy(values, credentials)
	return values
}

// renew stores the checked login, moves the state and asks for the syncs that waited.
func (s *Service) renew(ctx context.Context, c *store.Connection, l login, tried *trial, r Renewal, version string) error {
	var now *store.Connection
	err := s.Store.Write(ctx, func(tx *store.Tx) (err error) {
		if now, err = tx.LockConnection(ctx, c.ID); err != nil {
			return err
		}
		if err := renewable(now); err != nil {
			return err
		}
		waited := outlastsPause(now.State)
		if err := s.putLogin(ctx, tx, now, l, tried, r.SameInstance, version); err != nil {
			return err
		}
		if err := s.moveTx(ctx, tx, now, renewed, reason{}); err != nil {
			return err
		}
		if waited {
			if err := s.catchUp(ctx, tx, now); err != nil {
				return err
			}
		}
		if r.With != nil {
			if err := r.With(ctx, tx, now); err != nil {
				return err
			}
		}
		return note(ctx, tx, now, "reauthorized", slices.Sorted(maps.Keys(l.values))...)
	})
	if err != nil {
		return fmt.Errorf("store the credentials of connection %s: %w", c.ID, err)
	}
	adopt(c, now)
	return nil
}

// catchUp asks for a run of every stream that is not paused: in its own mode for what the refused login ended, else an incremental one.
func (s *Service) catchUp(ctx context.Context, tx *store.Tx, c *store.Connection) error {
	streams, err := tx.Streams(ctx, c.Scope())
	if err != nil {
		return fmt.Errorf("list streams: %w", err)
	}
	asked := ended(streams)
	again := slices.Concat(slices.Collect(maps.Values(asked))...)
	for _, st := range streams {
		if !st.Paused && !slices.Contains(again, st.Entity) {
			asked[store.Incremental] = append(asked[store.Incremental], st.Entity)
		}
	}
	for _, mode := range slices.Sorted(maps.Keys(asked)) {
		if _, err := s.Syncs.RequestTx(ctx, tx, c, asked[mode], mode, store.TriggerConnect); err != nil {
			return err
		}
	}
	return nil
}
