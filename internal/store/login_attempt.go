package store

import (
	"context"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// LoginAttempt is a login by way of another server that is under way.
type LoginAttempt struct {
	Hash                 []byte // keyed hash of the state
	Purpose, Owner       string
	Browser              []byte // keyed hash of the cookie that began it
	Sealed               []byte
	CreatedAt, ExpiresAt time.Time
}

// InsertLoginAttempt stores one.
func (s *Store) InsertLoginAttempt(ctx context.Context, a LoginAttempt) error {
	return s.Write(ctx, func(tx *Tx) error { return tx.insertLoginAttempt(ctx, a) })
}

func (t *Tx) insertLoginAttempt(ctx context.Context, a LoginAttempt) error {
	return t.q.InsertLoginAttempt(ctx, queries.InsertLoginAttemptParams{
		Hash: a.Hash, Purpose: a.Purpose, Owner: a.Owner, Browser: a.Browser, Sealed: a.Sealed, CreatedAt: queries.At(a.CreatedAt), ExpiresAt: queries.At(a.ExpiresAt),
	})
}

// PutLoginAttempt stores one in place of the one of the same hash.
func (t *Tx) PutLoginAttempt(ctx context.Context, a LoginAttempt) error {
	if err := t.EraseLoginAttempt(ctx, a.Purpose, a.Hash); err != nil {
		return err
	}
	return t.insertLoginAttempt(ctx, a)
}

// EraseLoginAttempt forgets one, if it is there.
func (t *Tx) EraseLoginAttempt(ctx context.Context, purpose string, hash []byte) error {
	return t.q.EraseLoginAttempt(ctx, hash, purpose)
}

// LoginAttempt gives a login of this purpose, an expired or used one too. ErrNotFound.
func (s *Store) LoginAttempt(ctx context.Context, purpose string, hash []byte) (LoginAttempt, error) {
	r, err := s.read.LoginAttempt(ctx, hash, purpose)
	return attemptFrom(r), orNotFound(err)
}

// UseLoginAttempt gives a login of this purpose once, an expired one too, to the browser that began it. ErrNotFound, also of one that was used.
func (s *Store) UseLoginAttempt(ctx context.Context, purpose string, hash, browser []byte, now time.Time) (a LoginAttempt, err error) {
	err = s.Write(ctx, func(tx *Tx) error {
		r, err := tx.q.UseLoginAttempt(ctx, queries.UseLoginAttemptParams{Now: now.UnixMicro(), Hash: hash, Purpose: purpose, Browser: browser})
		a = attemptFrom(r)
		return orNotFound(err)
	})
	return a, err
}

func attemptFrom(r queries.LoginAttempt) LoginAttempt {
	return LoginAttempt{Hash: r.Hash, Purpose: r.Purpose, Owner: r.Owner, Browser: r.Browser, Sealed: r.Sealed, CreatedAt: r.CreatedAt.Time, ExpiresAt: r.ExpiresAt.Time}
}
