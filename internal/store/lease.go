package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// RunnableRuns lists, in the order of InsertStreams, queued runs whose RetryAt has come and running ones whose lease is free or over; never a
// second one of a stream that has a running run.
func (s *Store) RunnableRuns(ctx context.Context, sc Scope, now time.Time) ([]Run, error) {
	return runnable(ctx, s.read, sc, now)
}

// RunnableRuns in the caller's transaction.
func (t *Tx) RunnableRuns(ctx context.Context, sc Scope, now time.Time) ([]Run, error) {
	return runnable(ctx, t.q, sc, now)
}

func runnable(ctx context.Context, q *queries.Queries, sc Scope, now time.Time) ([]Run, error) {
	rows, err := q.RunnableRuns(ctx, sc.no, queries.At(now))
	return each(rows, func(r queries.RunnableRunsRow) Run { return *runFrom(sc, r.Entity, r.Run) }), err
}

// readyWindow is how many ready runs are looked at for each connection asked for: a connection has at most so many streams.
const readyWindow = 32

// Backlog lists the connections that sync and that have runs of the lane to take, those that waited longest first.
func (s *Store) Backlog(ctx context.Context, lane Lane, now time.Time, limit int) ([]Scope, error) {
	n := atMost(limit)
	if lane == LaneAsked {
		rows, err := s.read.ConnectionsWithAskedRuns(ctx, queries.At(now), n*readyWindow, n)
		return each(rows, func(r queries.ConnectionsWithAskedRunsRow) Scope { return Scope{no: r.Connection, id: r.ID} }), err
	}
	rows, err := s.read.ConnectionsWithRunnableRuns(ctx, queries.At(now), n*readyWindow, n)
	return each(rows, func(r queries.ConnectionsWithRunnableRunsRow) Scope { return Scope{no: r.Connection, id: r.ID} }), err
}

// AcquireRun takes the lease (queued → running, or a running one whose lease is free or over), raising its fence. On the first acquisition it
// sets StartedAt and StartSeq. ErrConflict: somebody else has it, it waits for its time, it
// ended, or another run of its stream is running.
func (s *Store) AcquireRun(ctx context.Context, r *Run, owner string, until, now time.Time) (out *Run, err error) {
	err = s.Write(ctx, func(tx *Tx) error {
		out, err = tx.acquire(ctx, r, owner, until, now)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("acquire run %s: %w", r.ID, err)
	}
	return out, nil
}

func (t *Tx) acquire(ctx context.Context, r *Run, owner string, until, now time.Time) (*Run, error) {
	t.changedRuns(r.scope)
	st, err := t.q.LockStream(ctx, r.scope.no, r.Entity)
	if err != nil {
		return nil, noRows(err, ErrConflict)
	}
	n, err := t.q.AcquireRun(ctx, queries.AcquireRunParams{
		Connection: r.scope.no, ID: r.ID, LeaseOwner: owner, LeaseUntilAt: queries.At(until), Now: now.UnixMicro(), StartSeq: st.Seq,
	})
	if err := hit(n, err, ErrConflict); err != nil {
		return nil, err
	}
	return getRun(ctx, t.q, r.scope, r.ID)
}

// RenewRun extends the lease. ErrFenced, ErrCancelled (cancel was requested; the lease is extended all the same).
func (s *Store) RenewRun(ctx context.Context, r *Run, until time.Time) error {
	var cancel queries.Flag
	err := s.Write(ctx, func(tx *Tx) (err error) {
		cancel, err = tx.q.RenewRun(ctx, queries.RenewRunParams{
			Connection: r.scope.no, ID: r.ID, LeaseEpoch: r.leaseEpoch, LeaseUntilAt: queries.At(until),
		})
		return noRows(err, ErrFenced)
	})
	if err == nil && bool(cancel) {
		r.CancelRequested = true
		return ErrCancelled
	}
	return err
}

// ReleaseRun frees the lease at the end of a slice; the run stays running and is runnable by anyone. ErrFenced.
func (s *Store) ReleaseRun(ctx context.Context, r *Run) error {
	return s.Write(ctx, func(tx *Tx) error {
		n, err := tx.q.ReleaseRun(ctx, r.scope.no, r.ID, r.leaseEpoch)
		return hit(n, err, ErrFenced)
	})
}

// ClearLeases frees all leases of runs, operations, flows and logins: embedded mode, at start.
func (s *Store) ClearLeases(ctx context.Context) error {
	return s.Write(ctx, func(tx *Tx) error {
		if err := tx.q.ClearLoginLeases(ctx); err != nil {
			return err
		}
		return tx.clearLeases(ctx)
	})
}

func (t *Tx) clearLeases(ctx context.Context) error {
	if err := t.q.ClearLeases(ctx); err != nil {
		return err
	}
	if err := t.q.ClearOperationLeases(ctx); err != nil {
		return err
	}
	return t.q.ClearFlowLeases(ctx)
}

// PlanRun stores Since, HistoryFrom and a first checkpoint of a run that has none. ErrFenced.
func (s *Store) PlanRun(ctx context.Context, r *Run, since, historyFrom time.Time, checkpoint json.RawMessage) error {
	err := s.Write(ctx, func(tx *Tx) error {
		n, err := tx.q.PlanRun(ctx, queries.PlanRunParams{
			Connection: r.scope.no, ID: r.ID, LeaseEpoch: r.leaseEpoch,
			SinceAt: queries.At(since), HistoryFromAt: queries.At(historyFrom), Checkpoint: string(checkpoint),
		})
		return hit(n, err, ErrFenced)
	})
	if err == nil {
		r.Since, r.HistoryFrom, r.Checkpoint = micros(since), micros(historyFrom), checkpoint
	}
	return err
}

// FinishRemap notes what all of the stream's records are mapped with, and that what is stored by now was stored before the run reads its first
// page: StartSeq moves to the stream's seq. ErrFenced.
func (s *Store) FinishRemap(ctx context.Context, r *Run, mapping string, checkpoint json.RawMessage) error {
	var seq int64
	err := s.Write(ctx, func(tx *Tx) error {
		st, err := tx.q.LockStream(ctx, r.scope.no, r.Entity)
		if err != nil {
			return noRows(err, ErrFenced)
		}
		seq = st.Seq
		n, err := tx.q.BeginReading(ctx, queries.BeginReadingParams{
			Connection: r.scope.no, ID: r.ID, LeaseEpoch: r.leaseEpoch, StartSeq: seq, Checkpoint: string(checkpoint),
		})
		if err := hit(n, err, ErrFenced); err != nil {
			return err
		}
		return tx.q.SetMapping(ctx, mapping, r.scope.no, r.stream)
	})
	if err == nil {
		r.StartSeq, r.Checkpoint = seq, checkpoint
	}
	return err
}

// SetMapping notes what the stream's records are mapped with. ErrFenced.
func (s *Store) SetMapping(ctx context.Context, r *Run, mapping string) error {
	return s.Write(ctx, func(tx *Tx) error {
		if _, err := tx.q.LockStream(ctx, r.scope.no, r.Entity); err != nil {
			return noRows(err, ErrFenced)
		}
		if _, err := tx.q.FenceRun(ctx, r.fence()); err != nil {
			return noRows(err, ErrFenced)
		}
		return tx.q.SetMapping(ctx, mapping, r.scope.no, r.stream)
	})
}

// ForgetBad empties a run's quarantine: what it read is read again. ErrFenced.
func (s *Store) ForgetBad(ctx context.Context, r *Run) error {
	err := s.Write(ctx, func(tx *Tx) error {
		n, err := tx.q.ForgetBad(ctx, r.scope.no, r.ID, r.leaseEpoch)
		if err := hit(n, err, ErrFenced); err != nil {
			return err
		}
		return tx.q.DeleteQuarantine(ctx, r.scope.no, r.ID)
	})
	if err == nil {
		r.Counts.Quarantined = 0
	}
	return err
}
