package store

import (
	"context"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// WrappedKey is the data key of a connection or of a project, as it is stored.
type WrappedKey struct {
	Connection, Project string // the id of one of them
	Wrapped             []byte

	no int64
}

// ProjectDataKey gives a project's data key, nil while it has none. ErrNotFound.
func (s *Store) ProjectDataKey(ctx context.Context, projectID string) ([]byte, error) {
	key, err := s.read.ProjectDataKey(ctx, projectID)
	return key, orNotFound(err)
}

// EnsureProjectDataKey gives a project's data key, and stores the one that made gives when there is none. Nobody else makes one until the transaction ends. ErrNotFound.
func (t *Tx) EnsureProjectDataKey(ctx context.Context, projectID string, made func() ([]byte, error)) ([]byte, error) {
	key, err := t.q.LockProjectDataKey(ctx, projectID)
	if err != nil {
		return nil, orNotFound(err)
	}
	if key != nil {
		return key, nil
	}
	if key, err = made(); err != nil {
		return nil, fmt.Errorf("make the data key of project %s: %w", projectID, err)
	}
	return key, t.q.SetProjectDataKey(ctx, key, projectID)
}

// KeysNotUnder lists data keys that do not begin with head: another master key wraps them.
func (s *Store) KeysNotUnder(ctx context.Context, head []byte, limit int) ([]WrappedKey, error) {
	connections, err := s.read.ConnectionKeysNotUnder(ctx, head, atMost(limit))
	if err != nil {
		return nil, fmt.Errorf("list data keys of connections: %w", err)
	}
	out := each(connections, func(r queries.ConnectionKeysNotUnderRow) WrappedKey {
		return WrappedKey{Connection: r.ID, Wrapped: r.DataKey, no: r.Connection}
	})
	if len(out) >= limit {
		return out, nil
	}
	projects, err := s.read.ProjectKeysNotUnder(ctx, head, atMost(limit-len(out)))
	if err != nil {
		return nil, fmt.Errorf("list data keys of projects: %w", err)
	}
	return append(out, each(projects, func(r queries.ProjectKeysNotUnderRow) WrappedKey {
		return WrappedKey{Project: r.ID, Wrapped: r.DataKey}
	})...), nil
}

// SwapKey stores a data key in another wrapping, unless it was changed meanwhile.
func (t *Tx) SwapKey(ctx context.Context, k WrappedKey, rewrapped []byte) (swapped bool, err error) {
	var n int64
	if k.Project != "" {
		n, err = t.q.SwapProjectKey(ctx, rewrapped, k.Project, k.Wrapped)
	} else {
		n, err = t.q.SwapConnectionKey(ctx, rewrapped, k.no, k.Wrapped)
	}
	return n == 1, err
}

// KeyHeads counts the data keys by their first bytes, which name the master key that wraps them.
func (s *Store) KeyHeads(ctx context.Context) (map[string]int, error) {
	connections, err := s.read.ConnectionKeyHeads(ctx)
	if err != nil {
		return nil, fmt.Errorf("count data keys of connections: %w", err)
	}
	projects, err := s.read.ProjectKeyHeads(ctx)
	if err != nil {
		return nil, fmt.Errorf("count data keys of projects: %w", err)
	}
	out := map[string]int{}
	for _, r := range connections {
		out[string(r.Head)] += int(r.Keys)
	}
	for _, r := range projects {
		out[string(r.Head)] += int(r.Keys)
	}
	return out, nil
}

// KeyHolder is a process that seals and opens.
type KeyHolder struct {
	ID, Host string
	Holds    []string // names of the master keys that it can open
	Seals    string   // and of the one that it seals with
	SeenAt   time.Time
}

// PutKeyHolder notes a process, and forgets those that were not seen since before then.
func (t *Tx) PutKeyHolder(ctx context.Context, h KeyHolder, before time.Time) error {
	holds, err := marshal(h.Holds, "[]")
	if err != nil {
		return err
	}
	if err := t.q.DropKeyHolders(ctx, queries.At(before), ""); err != nil {
		return err
	}
	return t.q.PutKeyHolder(ctx, queries.PutKeyHolderParams{ID: h.ID, Host: h.Host, Holds: holds, Seals: h.Seals, SeenAt: queries.At(h.SeenAt)})
}

// DropKeyHolder forgets a process that ends.
func (s *Store) DropKeyHolder(ctx context.Context, id string) error {
	return s.Write(ctx, func(tx *Tx) error { return tx.q.DropKeyHolders(ctx, queries.At(time.Time{}), id) })
}

// KeyHolders lists the processes that were seen since then.
func (s *Store) KeyHolders(ctx context.Context, since time.Time) ([]KeyHolder, error) {
	return keyHolders(ctx, s.read, since)
}

// KeyHolders in the caller's transaction.
func (t *Tx) KeyHolders(ctx context.Context, since time.Time) ([]KeyHolder, error) {
	return keyHolders(ctx, t.q, since)
}

func keyHolders(ctx context.Context, q *queries.Queries, since time.Time) ([]KeyHolder, error) {
	rows, err := q.KeyHolders(ctx, queries.At(since))
	if err != nil {
		return nil, fmt.Errorf("list who holds which master keys: %w", err)
	}
	return each(rows, func(r queries.KeyHolder) KeyHolder {
		return KeyHolder{ID: r.ID, Host: r.Host, Seals: r.Seals, SeenAt: r.SeenAt.Time, Holds: namesFrom(r.Holds)}
	}), nil
}

// LockMeta gives a deployment-wide value, "" when unset, which nobody else locks until the transaction ends.
func (t *Tx) LockMeta(ctx context.Context, key string) (string, error) { return t.q.LockMeta(ctx, key) }

// SetMeta stores a deployment-wide value.
func (t *Tx) SetMeta(ctx context.Context, key, value string) error {
	return t.q.SetMeta(ctx, key, value)
}
