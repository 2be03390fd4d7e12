package store

import (
	"context"
	"fmt"
	"time"
)

// serverName is the deployment-wide value that says where the last commits went.
const serverName = "server"

// FollowServer notices that the database is not the one that the last commits went to: a standby took over, or a backup was restored. Commits may be missing there, and their
// numbers will be given out again, so every cursor's epoch is over, runs go on from what is stored, and writes that have not ended are unknown. changed says that this was so. Nothing happens where one process has
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
	at, err := s.engine.Shared.Now(ctx)
	if err != nil {
		return false, fmt.Errorf("ask the database for the time: %w", err)
	}
	err = s.Write(ctx, func(tx *Tx) error {
		changed, err = tx.moveServer(ctx, now, at)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("follow the database to another server: %w", err)
	}
	return changed, nil
}

// hasAllCommits keeps what may have been sent already from being sent again until FollowServer has noticed that the database fell back. ErrFenced.
func (t *Tx) hasAllCommits(ctx context.Context) error {
	shared := t.s.engine.Shared
	if shared == nil || t.here {
		return nil
	}
	moved, err := shared.Moved(ctx, t.tx)
	if err != nil {
		return fmt.Errorf("ask which server the database is on: %w", err)
	}
	if moved {
		return fmt.Errorf("the database is on another server: %w", ErrFenced)
	}
	t.here = true
	return nil
}

func (t *Tx) moveServer(ctx context.Context, now string, at time.Time) (changed bool, err error) {
	known, err := t.q.LockMeta(ctx, serverName)
	if err != nil || known == now {
		return false, err
	}
	if known != "" {
		t.tell(everything)
		if err := t.q.RaiseEpochs(ctx); err != nil {
			return false, err
		}
		if err := t.clearLeases(ctx); err != nil {
			return false, err
		}
		if err := t.DoubtRunningOperations(ctx, at); err != nil {
			return false, err
		}
	}
	return known != "", t.q.SetMeta(ctx, serverName, now)
}
