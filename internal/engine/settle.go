package engine

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/lease"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// Retries of a run whose system is in trouble: 30 s, 1, 2, 4, 8 minutes, then the run ends failed and the schedule goes on.
const (
	maxRetries   = 5
	firstBackoff = 30 * time.Second
	settleWithin = 10 * time.Second
	fullEvery    = 24 * time.Hour // between full reads of a scheduled stream
)

// settle stores what became of the slice. It also works when ctx has ended: a process that stops still frees its lease. A decision on held
// deletions that came while the run ended is looked at by another slice.
func (s *runSlice) settle(ctx context.Context, err error) error {
	stopping := ctx.Err() != nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleWithin)
	defer cancel()
	err = s.overtaken(ctx, err)
	switch {
	case errors.Is(err, store.ErrFenced):
		return nil // another worker has the run
	case stopping || errors.Is(err, errTurnOver) || errors.Is(err, errOtherLogin) || errors.Is(err, lease.ErrOver) || errors.Is(err, store.ErrDecided):
		return notFenced(s.worker.Store.ReleaseRun(ctx, s.run))
	}
	if held, err := s.heldBack(ctx, err); held {
		return err
	}
	finish, callErr := s.outcome(ctx, err)
	finish.Full = s.run.Checkpoint != nil && s.readsAll()
	if finish.State == store.RunComplete || finish.State == store.RunIncomplete {
		finish.Held = s.held
	}
	failed := s.finish(ctx, finish)
	switch {
	case errors.Is(failed, store.ErrFenced):
		return nil // what this worker met may be long ago
	case errors.Is(failed, store.ErrDecided):
		return notFenced(s.worker.Store.ReleaseRun(ctx, s.run))
	case failed != nil:
		return failed
	}
	s.log(err, finish)
	return s.report(ctx, callErr)
}

// outcome decides how the run ends; callErr is what calling the system came to, for the connection's health.
func (s *runSlice) outcome(ctx context.Context, err error) (f store.Finish, callErr error) {
	var short *unproved
	var end *hopeless
	var call *driver.Error
	switch {
	case err == nil:
		return s.complete(), nil
	case errors.Is(err, store.ErrCancelled):
		return store.Finish{State: store.RunCancelled}, nil
	case errors.As(err, &short):
		return store.Finish{State: store.RunIncomplete, ReasonCode: short.code, ReasonDetail: short.detail}, nil
	case errors.As(err, &end):
		return store.Finish{State: store.RunFailed, ReasonCode: end.code, ReasonDetail: end.detail}, nil
	case errors.As(err, &call):
		return s.afterCall(call), call
	case errors.Is(err, store.ErrFull):
		return s.again(problem.ReasonStorageFull, "The disk is full. Free some space; the run goes on by itself.", 0), nil
	default:
		return s.again(problem.ReasonInternal, "Something went wrong inside Busbar; the log has the details. The run is tried again.", 0), nil
	}
}

func (s *runSlice) complete() store.Finish {
	return store.Finish{State: store.RunComplete, CursorAt: s.nextCursor()}
}

// afterCall tries again what may pass by itself, lets a refused login wait for a new one, and ends what else a person must mend.
func (s *runSlice) afterCall(e *driver.Error) store.Finish {
	verdict := e.Kind.Verdict()
	if verdict.Effect == driver.LoginRefused {
		return s.awaitLogin(e)
	}
	if !verdict.Retry {
		return store.Finish{State: store.RunFailed, ReasonCode: verdict.Reason, ReasonDetail: e.Detail}
	}
	return s.again(verdict.Reason, e.Detail, e.RetryAfter)
}

// again queues the run for a later attempt, or ends it when it had enough.
func (s *runSlice) again(code problem.Reason, detail string, wait time.Duration) store.Finish {
	f := store.Finish{State: store.RunFailed, ReasonCode: code, ReasonDetail: detail}
	if s.run.Attempt <= maxRetries {
		backoff := firstBackoff << max(s.run.Attempt-1, 0)
		backoff += jitter(s.worker.Rand, backoff/4)
		f.RetryAt = s.worker.Now().Add(max(wait, backoff))
	}
	return f
}

// jitter gives a random wait below most, so that runs that failed together do not come back together; without randomness it is none.
func jitter(random io.Reader, most time.Duration) time.Duration {
	var b [8]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return 0
	}
	return time.Duration(binary.BigEndian.Uint64(b[:]) % uint64(most))
}

// finish ends the run and sets when the stream is due again.
func (s *runSlice) finish(ctx context.Context, f store.Finish) error {
	stream, err := s.stream(ctx)
	if err != nil {
		return err
	}
	if schedule, err := ParseSchedule(stream.Schedule); err == nil {
		f.NextRunAt = schedule.Next(s.worker.Now(), Spread(s.conn.ID, s.run.Entity))
	}
	f.NextRunAt = s.sooner(f, stream)
	err = s.worker.Store.Write(ctx, func(tx *store.Tx) error { return tx.FinishRun(ctx, s.run, f, s.worker.Now()) })
	if err != nil {
		return fmt.Errorf("finish run %s: %w", s.run.ID, err)
	}
	return nil
}

// report moves the connection's health after the run has ended.
func (s *runSlice) report(ctx context.Context, callErr error) error {
	if _, err := s.worker.Connections.Report(ctx, s.conn, callErr); err != nil {
		return fmt.Errorf("report the health of connection %s: %w", s.conn.ID, err)
	}
	if err := s.worker.Connections.Settled(ctx, s.conn); err != nil {
		return fmt.Errorf("settle connection %s: %w", s.conn.ID, err)
	}
	return nil
}

func (s *runSlice) log(err error, f store.Finish) {
	log := s.worker.Log.With("connection", s.conn.ID, "entity", s.run.Entity, "run", s.run.ID, "mode", s.run.Mode, "state", f.State)
	if err != nil {
		log.Warn("sync run ended", "reason", f.ReasonCode, "error", err, "retry_at", f.RetryAt)
		return
	}
	c := s.run.Counts
	log.Info("sync run ended", "fetched", c.Fetched, "created", c.Created, "updated", c.Updated, "deleted", c.Deleted, "quarantined", c.Quarantined)
}

func notFenced(err error) error {
	if errors.Is(err, store.ErrFenced) {
		return nil
	}
	return err
}
