package connection

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// Reconnect takes a disconnected connection back whose data were not deleted: id, records and cursors stay, its old tokens stay dead, and it gets a new one. The login is checked live, as in
// Reauthorize, and must lead to the same instance. Errors are as Reauthorize's; conflict when there is nothing to take back.
func (s *Service) Reconnect(ctx context.Context, c *store.Connection, r Renewal, label string, scopes []string) (IssuedToken, error) {
	f := newFaults()
	label = f.line(cmp.Or(label, defaultLabel), maxName, "token_label")
	if err := f.err(); err != nil {
		return IssuedToken{}, err
	}
	token, err := s.newToken(label, f.scopes(scopes, TokenScopes(), TokenScopes()), time.Time{})
	if err != nil {
		return IssuedToken{}, err
	}
	with := r.With
	r.With = func(ctx context.Context, tx *store.Tx, now *store.Connection) error {
		if err := tx.InsertToken(ctx, now.Scope(), token.Token); err != nil {
			return err
		}
		if with != nil {
			if err := with(ctx, tx, now); err != nil {
				return err
			}
		}
		return noteToken(ctx, tx, now, "issued", token.ID)
	}
	return token, s.ReconnectWithout(ctx, c, r)
}

// ReconnectWithout is Reconnect without a token.
func (s *Service) ReconnectWithout(ctx context.Context, c *store.Connection, r Renewal) error {
	if err := returnable(c); err != nil {
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
	var now *store.Connection
	err = s.Store.Write(ctx, func(tx *store.Tx) (err error) {
		if now, err = tx.LockConnection(ctx, c.ID); err != nil {
			return err
		}
		if err := returnable(now); err != nil {
			return err
		}
		if err := s.putLogin(ctx, tx, now, l, tried, r.SameInstance, found.Version); err != nil {
			return err
		}
		if err := s.comeBack(ctx, tx, now); err != nil {
			return err
		}
		if r.With != nil {
			if err := r.With(ctx, tx, now); err != nil {
				return err
			}
		}
		return note(ctx, tx, now, "reconnected", slices.Sorted(maps.Keys(l.values))...)
	})
	if err != nil {
		return fmt.Errorf("reconnect connection %s: %w", c.ID, err)
	}
	adopt(c, now)
	return nil
}

// returnable refuses what is connected, and what is being deleted.
func returnable(c *store.Connection) error {
	switch {
	case c.State == store.ConnectionPending:
		return live(c)
	case c.State != store.ConnectionDisconnected:
		return problem.New(problem.Conflict, "This connection is not disconnected. To renew its login, reauthorize it.")
	case !c.DeletingAt.IsZero():
		return problem.New(problem.Conflict, "The data of this connection are being deleted, so it cannot come back. Connect the system anew.")
	case NeverConnected(c):
		return problem.New(problem.Conflict, "Nobody ever logged in for this connection, so there is nothing to take back. Connect the system anew.")
	}
	return nil
}

// NeverConnected says that a connection was only reserved: it has no login, and no entities that could sync.
func NeverConnected(c *store.Connection) bool { return c.AuthMethod == "" }

// comeBack moves a disconnected connection, which this transaction has locked, to where its streams stand, and asks for what it missed.
func (s *Service) comeBack(ctx context.Context, tx *store.Tx, now *store.Connection) error {
	to, why, err := s.destination(ctx, tx, now, reconnected, reason{})
	if err != nil {
		return err
	}
	at := s.instant()
	if err := tx.Reconnect(ctx, now.Scope(), to, why.code, why.detail, at); err != nil {
		return err
	}
	now.State, now.StateCode, now.StateDetail, now.StateSince, now.DisconnectedAt = to, why.code, why.detail, at, time.Time{}
	s.Log.Info("connection changed state", "connection", now.ID, "system", now.System, "from", store.ConnectionDisconnected, "state", to, "reason", why.code)
	return s.catchUp(ctx, tx, now)
}

// putLogin puts a checked login into the connection that this transaction has locked.
func (s *Service) putLogin(ctx context.Context, tx *store.Tx, now *store.Connection, l login, tried *trial, vouched bool, version string) error {
	if !vouched {
		if err := l.sameInstance(now); err != nil { // another renewal may have moved it meanwhile
			return err
		}
	}
	now.AuthMethod, now.Public, now.SystemVersion = l.method.Method, public(l.method, l.values), version
	now.DataKey = nil // another login gets another key
	if err := s.seal(now, l.values); err != nil {
		return err
	}
	tokens, err := s.tokensOf(now, tried)
	if err != nil {
		return err
	}
	return errors.Join(tx.SetConnectionCredentials(ctx, now, s.instant()), tx.SetLogin(ctx, now.Scope(), tokens))
}
