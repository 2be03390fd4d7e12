package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// Project is one integrating vendor's application.
type Project struct {
	ID        string
	Name      string
	CreatedAt time.Time
}

// Key is a project key, without its plaintext.
type Key struct {
	ID, ProjectID, Label             string
	Hash                             []byte // keyed hash
	Last4                            string
	CreatedAt                        time.Time
	ExpiresAt, RevokedAt, LastUsedAt time.Time // zero: none
}

// EnsureProject gives the first project; when there is none it makes one with that id and name.
func (s *Store) EnsureProject(ctx context.Context, id, name string, now time.Time) (p Project, created bool, err error) {
	err = s.Write(ctx, func(tx *Tx) error {
		p, created, err = tx.ensureProject(ctx, id, name, now)
		return err
	})
	return p, created && err == nil, err
}

func (t *Tx) ensureProject(ctx context.Context, id, name string, now time.Time) (Project, bool, error) {
	if err := t.q.LockNumbers(ctx, "connection"); err != nil { // of processes that start at once one makes it
		return Project{}, false, err
	}
	row, err := t.q.FirstProject(ctx)
	if err == nil {
		return Project{ID: row.ID, Name: row.Name, CreatedAt: row.CreatedAt.Time}, false, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return Project{}, false, err
	}
	p := Project{ID: id, Name: name, CreatedAt: micros(now)}
	return p, true, t.q.InsertProject(ctx, p.ID, p.Name, queries.At(now))
}

// InsertKey stores a project key.
func (s *Store) InsertKey(ctx context.Context, k Key) error {
	return s.Write(ctx, func(tx *Tx) error { return tx.q.InsertKey(ctx, keyRow(k)) })
}

// KeyByHash gives a key, revoked and expired ones too. ErrNotFound.
func (s *Store) KeyByHash(ctx context.Context, hash []byte) (*Key, error) {
	row, err := s.read.KeyByHash(ctx, hash)
	if err != nil {
		return nil, orNotFound(err)
	}
	k := keyFrom(row)
	return &k, nil
}

// Keys lists a project's keys, newest first.
func (s *Store) Keys(ctx context.Context, projectID string) ([]Key, error) {
	rows, err := s.read.Keys(ctx, projectID)
	return each(rows, keyFrom), err
}

// RevokeKey ends a key; twice is fine. ErrNotFound.
func (s *Store) RevokeKey(ctx context.Context, projectID, id string, now time.Time) error {
	return s.Write(ctx, func(tx *Tx) error {
		n, err := tx.q.RevokeKey(ctx, now.UnixMicro(), projectID, id)
		return hit(n, err, ErrNotFound)
	})
}

func keyRow(k Key) queries.InsertKeyParams {
	return queries.InsertKeyParams{
		ID: k.ID, ProjectID: k.ProjectID, Label: k.Label, Hash: k.Hash, Last4: k.Last4, CreatedAt: queries.At(k.CreatedAt),
		ExpiresAt: queries.At(k.ExpiresAt), RevokedAt: queries.At(k.RevokedAt), LastUsedAt: queries.At(k.LastUsedAt),
	}
}

func keyFrom(r queries.ProjectKey) Key {
	return Key{
		ID: r.ID, ProjectID: r.ProjectID, Label: r.Label, Hash: r.Hash, Last4: r.Last4, CreatedAt: r.CreatedAt.Time,
		ExpiresAt: r.ExpiresAt.Time, RevokedAt: r.RevokedAt.Time, LastUsedAt: r.LastUsedAt.Time,
	}
}

// micros is an instant as it comes back from the database.
func micros(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.UnixMicro(t.UnixMicro()).UTC()
}

func each[A, B any](in []A, f func(A) B) []B {
	out := make([]B, len(in))
	for i, a := range in {
		out[i] = f(a)
	}
	return out
}
