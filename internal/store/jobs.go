package store

import (
	"context"
	"fmt"
	"time"
)

// Lane says which wake-ups of a connection wait for each other. What a person asked for waits only for what other people asked for.
type Lane string

// The lanes.
const (
	LaneAsked     Lane = "asked"     // somebody waits for it
	LaneScheduled Lane = "scheduled" // nobody does
	LaneWrites    Lane = "writes"    // operations: what was accepted and is not over
	LaneFlows     Lane = "flows"     // runs of flows; its wake-ups are a flow's, not a connection's
)

// Lane is the one in which a run of this trigger is worked on.
func (t Trigger) Lane() Lane {
	if t == TriggerManual || t == TriggerConnect {
		return LaneAsked
	}
	return LaneScheduled
}

// The job engine's table is its own, migrated by package jobs; what follows is all that we do to it besides.

// RequeueInterruptedJobs makes available again what the job engine's table shows as running: embedded mode, at start, when nobody can be
// working.
func (s *Store) RequeueInterruptedJobs(ctx context.Context) error {
	if _, err := s.engine.Writer.ExecContext(ctx, `update river_job set state = 'available' where state = 'running'`); err != nil {
		return fmt.Errorf("requeue interrupted jobs: %w", err)
	}
	return nil
}

// RequeueStrandedJobs makes available again what has been running for longer than any job may: its process is gone. For a database that many
// processes use; it goes by the database's clock.
func (s *Store) RequeueStrandedJobs(ctx context.Context, longest time.Duration) error {
	_, err := s.engine.Writer.ExecContext(ctx, `update river_job set state = 'available'
		where state = 'running' and attempted_at < now() - make_interval(secs => $1)`, longest.Seconds())
	if err != nil {
		return fmt.Errorf("requeue stranded jobs: %w", s.engine.explain(err))
	}
	return nil
}

// JobsWait says that jobs of a queue wait for a worker.
func (s *Store) JobsWait(ctx context.Context, queue string) (bool, error) {
	var n int
	err := s.engine.Reader.QueryRowContext(ctx,
		`select count(*) from (select 1 from river_job where state = 'available' and queue = $1 limit 1) w`, queue).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look for waiting jobs: %w", s.engine.explain(err))
	}
	return n > 0, nil
}

// Away says that the database did not answer, or that it could not do now what it may do later: nothing is wrong with what was asked.
func (s *Store) Away(err error) bool {
	return err != nil && s.engine.Shared != nil && s.engine.Shared.Away(err)
}

// Shared gives what a database that many processes use at once brings; nil where this process has it to itself.
func (s *Store) Shared() *Shared { return s.engine.Shared }
