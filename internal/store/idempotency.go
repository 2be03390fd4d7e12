package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// KeyOwner is whose idempotency keys are told apart: a connection's (its id) or a project's (its id).
type KeyOwner string

// IdempotencyKey is what a request with a key led to.
type IdempotencyKey struct {
	Owner     KeyOwner
	Name      string
	Hash      []byte // of method, path, query and body
	Operation string // of a write
	Status    int    // of the answer; 0: not there yet
	Headers   []byte // JSON object
	Answer    []byte
	CreatedAt time.Time
}

// ClaimKey stores a key that nobody has used; else it gives what is there, and claimed is false. Who meets another's claim waits for the end of that one's transaction: so
// it comes first in a transaction, before any lock.
func (t *Tx) ClaimKey(ctx context.Context, k IdempotencyKey, now time.Time) (found *IdempotencyKey, claimed bool, err error) {
	row := claimOf(k, now)
	for {
		n, err := touched(t.q.ClaimIdempotencyKey(ctx, row))
		if err != nil || n > 0 {
			return nil, n > 0, wrapKey(err, "claim", k.Name)
		}
		found, err := keyIn(ctx, t.q, k.Owner, k.Name)
		if !errors.Is(err, ErrNotFound) { // it was freed this instant
			return found, false, wrapKey(err, "claim", k.Name)
		}
	}
}

// TakeKey claims a key as ClaimKey does; where somebody has used it, the transaction ends with the fact, at the latest before it commits.
func (t *Tx) TakeKey(ctx context.Context, k IdempotencyKey, now time.Time, used error) error {
	r, err := t.q.ClaimIdempotencyKey(ctx, claimOf(k, now))
	return wrapKey(t.touches(r, err, used), "claim", k.Name)
}

func claimOf(k IdempotencyKey, now time.Time) queries.ClaimIdempotencyKeyParams {
	return queries.ClaimIdempotencyKeyParams{
		Owner: string(k.Owner), Name: Storable(k.Name), Hash: some(k.Hash), Operation: k.Operation, Status: int64(k.Status), Headers: string(k.Headers),
		Answer: some(k.Answer), CreatedAt: queries.At(now),
	}
}

// Key gives a key's row. ErrNotFound.
func (s *Store) Key(ctx context.Context, owner KeyOwner, name string) (*IdempotencyKey, error) {
	found, err := keyIn(ctx, s.read, owner, name)
	return found, wrapKey(err, "read", name)
}

func keyIn(ctx context.Context, q *queries.Queries, owner KeyOwner, name string) (*IdempotencyKey, error) {
	r, err := q.IdempotencyKey(ctx, string(owner), Storable(name))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return &IdempotencyKey{
		Owner: KeyOwner(r.Owner), Name: r.Name, Hash: r.Hash, Operation: r.Operation, Status: int(r.Status), Headers: bytesOf(r.Headers), Answer: r.Answer,
		CreatedAt: r.CreatedAt.Time,
	}, nil
}

// AnswerKey stores the answer that a key led to, and its operation. ErrNotFound, at the latest before the transaction commits: it was freed.
func (t *Tx) AnswerKey(ctx context.Context, k IdempotencyKey) error {
	r, err := t.q.AnswerIdempotencyKey(ctx, queries.AnswerIdempotencyKeyParams{
		Operation: k.Operation, Status: int64(k.Status), Headers: string(k.Headers), Answer: some(k.Answer), Owner: string(k.Owner), Name: Storable(k.Name),
	})
	return wrapKey(t.touches(r, err, ErrNotFound), "answer", k.Name)
}

// FreeKey forgets a key whose request had no effect.
func (t *Tx) FreeKey(ctx context.Context, owner KeyOwner, name string) error {
	return wrapKey(t.q.FreeIdempotencyKey(ctx, string(owner), Storable(name)), "free", name)
}

// FreeKeyOf forgets the key, if any, that led to an operation which had no effect.
func (t *Tx) FreeKeyOf(ctx context.Context, o *Operation) error {
	return wrapKey(t.q.FreeIdempotencyKeyOf(ctx, o.scope.id, o.ID), "free", "of operation "+o.ID)
}

// PurgeKeys deletes up to limit keys made before then.
func (s *Store) PurgeKeys(ctx context.Context, before time.Time, limit int) (more bool, err error) {
	err = s.Write(ctx, func(tx *Tx) error {
		n, err := tx.q.PurgeIdempotencyKeys(ctx, queries.At(before), atMost(limit))
		more = n >= int64(atMost(limit))
		return err
	})
	return more && err == nil, wrapKey(err, "purge", "all old ones")
}

func wrapKey(err error, what, name string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s idempotency key %q: %w", what, name, err)
}

// some is never nil: a column that is not null takes no nil.
func some(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
