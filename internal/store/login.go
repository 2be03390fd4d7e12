package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// LoginTokens are the tokens of a connection's login, and who renews them. A lease is taken by ClaimLogin and ends with RenewLogin, ReleaseLogin or its time.
type LoginTokens struct {
	Version    int64     // counts the tokens that were stored; 0: none yet
	Sealed     []byte    // the tokens, sealed by package secret; empty: there are none
	ObtainedAt time.Time //
	ExpiresAt  time.Time // of the access token; zero: nobody said
	Owner      string    // who renews them; empty: nobody
	Until      time.Time // of the lease
	AskedAt    time.Time // since when the answer to a renewal is under way or lost; zero: none is
}

// LoginTokens gives them as they are now; the zero value when there are none.
func (s *Store) LoginTokens(ctx context.Context, sc Scope) (LoginTokens, error) {
	return loginTokens(ctx, s.read, sc)
}

func loginTokens(ctx context.Context, q *queries.Queries, sc Scope) (LoginTokens, error) {
	r, err := q.LoginTokens(ctx, sc.no)
	if errors.Is(err, sql.ErrNoRows) {
		return LoginTokens{}, nil
	}
	if err != nil {
		return LoginTokens{}, fmt.Errorf("read the tokens of connection %s: %w", sc.id, err)
	}
	return LoginTokens{
		Version: r.Version, Sealed: r.Sealed, ObtainedAt: r.ObtainedAt.Time, ExpiresAt: r.ExpiresAt.Time, Owner: r.Owner, Until: r.UntilAt.Time, AskedAt: r.AskedAt.Time,
	}, nil
}

// ClaimLogin takes the lease for a renewal of the tokens of that version, and notes that its answer is open, before anything is sent. It gives the tokens as they
// were before: an AskedAt there is a renewal whose answer was lost. ErrConflict: somebody else has the lease, the tokens are newer, or c's login is not the connection's any more.
func (s *Store) ClaimLogin(ctx context.Context, c *Connection, version int64, owner string, until, now time.Time) (was LoginTokens, err error) {
	err = s.changeLogin(ctx, c, func(t LoginTokens) (LoginTokens, error) {
		if t.Version != version || t.Owner != "" && now.Before(t.Until) {
			return t, ErrConflict
		}
		was = t
		t.Owner, t.Until, t.AskedAt = owner, until, orElse(t.AskedAt, now)
		return t, nil
	})
	return was, err
}

// RenewLogin puts new tokens in place of those that were claimed, and ends every lease. Tokens that were granted are good whoever has the lease now, so only newer ones stand
// in their way: ErrConflict, also when c's login is not the connection's any more.
func (s *Store) RenewLogin(ctx context.Context, c *Connection, claimed, renewed LoginTokens) error {
	return s.changeLogin(ctx, c, func(t LoginTokens) (LoginTokens, error) {
		if t.Version != claimed.Version {
			return t, ErrConflict
		}
		return granted(t.Version, renewed), nil
	})
}

func granted(version int64, t LoginTokens) LoginTokens {
	return LoginTokens{Version: version + 1, Sealed: t.Sealed, ObtainedAt: t.ObtainedAt, ExpiresAt: t.ExpiresAt}
}

// ReleaseLogin ends a lease that brought no tokens; lost says that an answer to a renewal stays lost. ErrConflict: somebody else has it, or newer tokens are stored.
func (s *Store) ReleaseLogin(ctx context.Context, c *Connection, owner string, lost bool) error {
	return s.changeLogin(ctx, c, func(t LoginTokens) (LoginTokens, error) {
		if t.Owner != owner {
			return t, ErrConflict
		}
		t.Owner, t.Until = "", time.Time{}
		if !lost {
			t.AskedAt = time.Time{}
		}
		return t, nil
	})
}

// changeLogin stores what change makes of the tokens of c's login, while nobody else changes the connection.
func (s *Store) changeLogin(ctx context.Context, c *Connection, change func(t LoginTokens) (LoginTokens, error)) error {
	err := s.Write(ctx, func(tx *Tx) error {
		now, err := tx.LockConnection(ctx, c.ID)
		if err != nil {
			return err
		}
		if now.State == ConnectionDisconnected || !bytes.Equal(now.Credentials, c.Credentials) {
			return ErrConflict
		}
		t, err := loginTokens(ctx, tx.q, now.scope)
		if err != nil {
			return err
		}
		if t, err = change(t); err != nil {
			return err
		}
		return tx.putLogin(ctx, now.scope, t)
	})
	if err != nil {
		return fmt.Errorf("change the tokens of connection %s: %w", c.ID, err)
	}
	return nil
}

// SetLogin puts tokens in place of whatever there is, or removes all when they are not sealed. The transaction has made the connection or locked it.
func (t *Tx) SetLogin(ctx context.Context, sc Scope, tokens LoginTokens) error {
	if len(tokens.Sealed) == 0 {
		_, err := t.q.EraseLoginTokens(ctx, sc.no)
		return err
	}
	was, err := loginTokens(ctx, t.q, sc)
	if err != nil {
		return err
	}
	return t.putLogin(ctx, sc, granted(was.Version, tokens))
}

func (t *Tx) putLogin(ctx context.Context, sc Scope, l LoginTokens) error {
	if l.Sealed == nil {
		l.Sealed = []byte{}
	}
	return t.q.PutLoginTokens(ctx, queries.PutLoginTokensParams{
		Connection: sc.no, Version: l.Version, Sealed: l.Sealed, ObtainedAt: queries.At(l.ObtainedAt), ExpiresAt: queries.At(l.ExpiresAt), Owner: l.Owner,
		UntilAt: queries.At(l.Until), AskedAt: queries.At(l.AskedAt),
	})
}
