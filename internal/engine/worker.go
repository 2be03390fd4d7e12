package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/store"
)

// The lease on a run: long enough to outlive a pause, short enough that a dead worker's run goes on soon.
const (
	leaseFor   = 60 * time.Second
	leaseRenew = 15 * time.Second
)

// Connections is what the worker needs of package connection.
type Connections interface {
	// Open gives a client for the connection's system.
	Open(ctx context.Context, c *store.Connection) (driver.Client, *manifest.System, error)
	// Report tells how calling the system went (nil: well) and gives the state the connection has now.
	Report(ctx context.Context, c *store.Connection, err error) (store.ConnectionState, error)
	// Settled ends the connection's `syncing` state once no first run is left.
	Settled(ctx context.Context, c *store.Connection) error
}

// WorkerConfig is what a Worker needs.
type WorkerConfig struct {
	Store       *store.Store
	Connections Connections
	Mapper      func(system, entity string) *mapping.Mapper // nil where the system does not map the entity
	Waker       Waker
	Now         func() time.Time
	Rand        io.Reader
	Log         *slog.Logger
	Owner       string        // this process, unique
	Slice       time.Duration // how long one turn of a connection may take
	FetchWithin time.Duration // bounds one page, retries included
}

// Worker does the work of runs. Safe for concurrent use.
type Worker struct {
	WorkerConfig
	lastLook atomic.Pointer[time.Time] // of Tick
}

// NewWorker gives a Worker.
func NewWorker(c WorkerConfig) *Worker { return &Worker{WorkerConfig: c} }

// Work gives a connection one turn: it works on its runs in their order until nothing is left or the slice is over. done is called in the
// transaction that sees that nothing is left; more says that work is left.
func (w *Worker) Work(ctx context.Context, connectionID string, done func(*store.Tx) error) (more bool, err error) {
	turn, cancel := context.WithTimeout(ctx, w.Slice)
	defer cancel()
	for {
		conn, err := w.Store.ConnectionForWork(ctx, connectionID)
		if errors.Is(err, store.ErrNotFound) {
			return false, w.Store.Write(ctx, done)
		}
		if err != nil {
			return false, fmt.Errorf("read connection %s: %w", connectionID, err)
		}
		worked, err := w.workOne(ctx, turn, conn)
		if err != nil || turn.Err() != nil {
			return err == nil, err
		}
		if !worked {
			return w.finishTurn(ctx, conn, done)
		}
	}
}

// workOne takes the first run that can be had and gives it what is left of the turn.
func (w *Worker) workOne(ctx, turn context.Context, conn *store.Connection) (worked bool, err error) {
	if mayRequest(conn) != nil {
		return false, nil
	}
	runs, err := w.Store.RunnableRuns(ctx, conn.Scope(), w.Now())
	if err != nil {
		return false, fmt.Errorf("list the runs of connection %s: %w", conn.ID, err)
	}
	for i := range runs {
		run, err := w.Store.AcquireRun(ctx, &runs[i], w.Owner, w.Now().Add(leaseFor), w.Now())
		if errors.Is(err, store.ErrConflict) {
			continue
		}
		if err != nil {
			return false, fmt.Errorf("take run %s: %w", runs[i].ID, err)
		}
		return true, w.slice(ctx, turn, conn, run)
	}
	return false, nil
}

// finishTurn ends the turn unless a run came in meanwhile.
func (w *Worker) finishTurn(ctx context.Context, conn *store.Connection, done func(*store.Tx) error) (more bool, err error) {
	err = w.Store.Write(ctx, func(tx *store.Tx) error {
		runs, err := tx.RunnableRuns(ctx, conn.Scope(), w.Now())
		if err != nil {
			return err
		}
		if more = len(runs) > 0 && mayRequest(conn) == nil; more {
			return nil
		}
		return done(tx)
	})
	return more, err
}

// slice works on one run under its lease and settles what became of it.
func (w *Worker) slice(ctx, turn context.Context, conn *store.Connection, run *store.Run) error {
	leased, lost := context.WithCancelCause(budget.WithPriority(ctx, priority(run)))
	stop := w.keepLease(leased, run, lost)
	s := &runSlice{worker: w, conn: conn, run: run, turn: turn}
	err := s.advance(leased)
	stop()
	if cause := context.Cause(leased); cause != nil && ctx.Err() == nil {
		err = cause // the lease ended or a cancel came while a call was under way
	}
	lost(nil)
	return s.settle(ctx, err)
}

// priority lets the news go before the rest: a full read waits for everybody else who calls the same system.
func priority(run *store.Run) budget.Priority {
	if run.Mode == store.Incremental {
		return budget.Incremental
	}
	return budget.Backfill
}

// keepLease renews the lease until stop; when it is lost or a cancel is asked for, it ends the work with that cause.
func (w *Worker) keepLease(ctx context.Context, run *store.Run, end context.CancelCauseFunc) (stop func()) {
	quit, ended := make(chan struct{}), make(chan struct{})
	copyOfRun := *run
	go func() {
		defer close(ended)
		tick := time.NewTicker(leaseRenew)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			err := w.Store.RenewRun(ctx, &copyOfRun, w.Now().Add(leaseFor))
			if errors.Is(err, store.ErrFenced) || errors.Is(err, store.ErrCancelled) {
				end(err)
			}
		}
	}()
	return func() { close(quit); <-ended }
}
