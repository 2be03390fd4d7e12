package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// Key is a project key, without its plaintext.
type Key struct {
	ID, ProjectID, Label             string
	Hash                             []byte // keyed hash
	Last4                            string
	Scopes                           []string // those of package connection
	CreatedAt                        time.Time
	ExpiresAt, RevokedAt, LastUsedAt time.Time // zero: none
	IssuedBy                         string    // the member who did, or stands behind the key that did; empty: none
}

// InsertKey stores a project key.
func (s *Store) InsertKey(ctx context.Context, k Key) error {
	return s.Write(ctx, func(tx *Tx) error { return tx.InsertKey(ctx, k) })
}

// InsertKey stores a project key.
func (t *Tx) InsertKey(ctx context.Context, k Key) error {
	t.changedIn(ThingKeys, k.ProjectID)
	row, err := keyRow(k)
	if err != nil {
		return err
	}
	return t.q.InsertKey(ctx, row)
}

// KeyByHash gives a key, revoked and expired ones too. ErrNotFound.
func (s *Store) KeyByHash(ctx context.Context, hash []byte) (*Key, error) {
	row, err := s.read.KeyByHash(ctx, hash)
	if err != nil {
		return nil, orNotFound(err)
	}
	k, err := keyFrom(row)
	return &k, err
}

// Keys lists a project's keys, newest first.
func (s *Store) Keys(ctx context.Context, projectID string) ([]Key, error) {
	rows, err := s.read.Keys(ctx, projectID)
	return keysFrom(rows, err)
}

// KeysIssuedBy lists the keys that a member issued and that are still good, newest first.
func (t *Tx) KeysIssuedBy(ctx context.Context, projectID, memberID string, now time.Time) ([]Key, error) {
	rows, err := t.q.KeysIssuedBy(ctx, projectID, memberID, queries.At(now))
	return keysFrom(rows, err)
}

func keysFrom(rows []queries.ProjectKey, err error) ([]Key, error) {
	if err != nil {
		return nil, err
	}
	out := make([]Key, len(rows))
	for i, row := range rows {
		if out[i], err = keyFrom(row); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// RevokeKey ends a key; twice is fine. ErrNotFound.
func (s *Store) RevokeKey(ctx context.Context, projectID, id string, now time.Time) error {
	return s.Write(ctx, func(tx *Tx) error { return tx.RevokeKey(ctx, projectID, id, now) })
}

// RevokeKey ends a key; twice is fine. ErrNotFound.
func (t *Tx) RevokeKey(ctx context.Context, projectID, id string, now time.Time) error {
	t.changedIn(ThingKeys, projectID)
	n, err := t.q.RevokeKey(ctx, now.UnixMicro(), projectID, id)
	return hit(n, err, ErrNotFound)
}

// LabelKey changes what a key is called. ErrNotFound.
func (t *Tx) LabelKey(ctx context.Context, projectID, id, label string) error {
	t.changedIn(ThingKeys, projectID)
	n, err := t.q.LabelKey(ctx, label, projectID, id)
	return hit(n, err, ErrNotFound)
}

// ProjectKey gives a key of a project. ErrNotFound.
func (s *Store) ProjectKey(ctx context.Context, projectID, id string) (*Key, error) {
	return oneKey(ctx, s.read, projectID, id)
}

// Key gives a key of a project. ErrNotFound.
func (t *Tx) Key(ctx context.Context, projectID, id string) (*Key, error) {
	return oneKey(ctx, t.q, projectID, id)
}

func oneKey(ctx context.Context, q *queries.Queries, projectID, id string) (*Key, error) {
	row, err := q.ProjectKey(ctx, projectID, id)
	if err != nil {
		return nil, orNotFound(err)
	}
	k, err := keyFrom(row)
	return &k, err
}

func keyRow(k Key) (queries.InsertKeyParams, error) {
	scopes, err := marshal(k.Scopes, "[]")
	return queries.InsertKeyParams{
		ID: k.ID, ProjectID: k.ProjectID, Label: k.Label, Hash: k.Hash, Last4: k.Last4, Scopes: scopes, CreatedAt: queries.At(k.CreatedAt),
		ExpiresAt: queries.At(k.ExpiresAt), RevokedAt: queries.At(k.RevokedAt), LastUsedAt: queries.At(k.LastUsedAt), IssuedBy: k.IssuedBy,
	}, err
}

func keyFrom(r queries.ProjectKey) (Key, error) {
	k := Key{
		ID: r.ID, ProjectID: r.ProjectID, Label: r.Label, Hash: r.Hash, Last4: r.Last4, CreatedAt: r.CreatedAt.Time,
		ExpiresAt: r.ExpiresAt.Time, RevokedAt: r.RevokedAt.Time, LastUsedAt: r.LastUsedAt.Time, IssuedBy: r.IssuedBy,
	}
	if err := json.Unmarshal([]byte(r.Scopes), &k.Scopes); err != nil {
		return Key{}, fmt.Errorf("read scopes of key %s: %w", r.ID, err)
	}
	return k, nil
}
