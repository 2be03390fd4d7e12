package store

import (
	"context"
	"fmt"
)

// RequeueInterruptedJobs makes available again what the job engine's table shows as running: embedded mode, at start, when nobody can be
// working. The table is the job engine's own, migrated by package jobs.
func (s *Store) RequeueInterruptedJobs(ctx context.Context) error {
	if _, err := s.engine.Writer.ExecContext(ctx, `update river_job set state = 'available' where state = 'running'`); err != nil {
		return fmt.Errorf("requeue interrupted jobs: %w", err)
	}
	return nil
}
