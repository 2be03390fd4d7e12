package store

import (
	"context"
	"fmt"
)

// serverName is the deployment-wide value that says where the last commits went.
const serverName = "server"

// FollowServer notices that the database is not the one that the last commits went to: a standby took over, or a backup was restored. Commits may be missing there, and their
// numbers will be given out again, so every cursor's epoch is over, and runs go on from what is stored. changed says that this was so. Nothing happens where one process has
// the database to itself.
func (s *Store) FollowServer(ctx context.Context) (changed bool, err error) {
	if s.engine.Shared == nil {
		return false, nil
	}
	now, err := s.engine.Shared.Server(ctx)
	if err != nil {
		return false, fmt.Errorf("ask which server the database is on: %w", err)
	}
	known, err := s.Meta(ctx, serverName)
	if err != nil || known == now {
		return false, err
	}
	err = s.Write(ctx, func(tx *Tx) error {
		changed, err = tx.moveServer(ctx, now)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("follow the database to another server: %w", err)
	}
	return changed, nil
}

func (t *Tx) moveServer(ctx context.Context, now string) (changed bool, err error) {
	known, err := t.q.LockMeta(ctx, serverName)
	if err != nil || known == now {
		return false, err
	}
	if known != "" {
		if err := t.q.RaiseEpochs(ctx); err != nil {
			return false, err
		}
		if err := t.q.ClearLeases(ctx); err != nil {
			return false, err
		}
	}
	return known != "", t.q.SetMeta(ctx, serverName, now)
}
