// Package jobs owns the job engine: it is the only package that knows River. A job is no more than a wake-up for one
// connection or flow; what there is to do lives in the store's own tables. It knows nothing of runs, pages or systems.
package jobs

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"github.com/busbar-dev/busbar/internal/store"
)

// A turn is one job: work hands back after Turn, so that no connection holds a worker for long; after ShortTurn already, when others wait.
// LastStep bounds the one step that may be under way when the turn ends; StopStep when the process is to stop and the step is one that should not be broken off.
const (
	Turn      = 25 * time.Second
	ShortTurn = 5 * time.Second
	LastStep  = 30 * time.Second
	StopStep  = 15 * time.Second
)

const (
	jobTimeout  = 60 * time.Second
	stranded    = 65 * time.Second // a job that runs for longer has no process any more
	rescueAfter = 90 * time.Second // the job engine's own rescue: the net below
	keepDone    = 5 * time.Minute
	retryAfter  = 5 * time.Second
	fetchPause  = 5 * time.Millisecond
	fetchPoll   = 500 * time.Millisecond
)

// Handler does the work of a connection, or of a flow in the lane of flows, until the context's deadline or until nothing is left; more says that work is left and the connection wants
// another turn. Where a request must not be lost between the last look and the job's end, it calls done and then looks once more, in one
// transaction: done holds off new wake-ups of the connection until that transaction ends. Without done the job ends a little later.
type Handler func(ctx context.Context, id string, done func(tx *store.Tx) error) (more bool, err error)

// Config is what a Runner needs.
type Config struct {
	Store *store.Store
	Now   func() time.Time
	Log   *slog.Logger
}

// Runner inserts wake-ups and runs the handlers for them.
type Runner struct {
	store   *store.Store
	client  *river.Client[*sql.Tx]
	handle  map[store.Lane]Handler
	started bool
}

// New migrates the job engine's tables and prepares the client. Nothing runs before Start.
func New(ctx context.Context, c Config) (*Runner, error) {
	driver := driverFor(c.Store)
	if err := migrate(ctx, c, driver); err != nil {
		return nil, err
	}
	r := &Runner{store: c.Store}
	workers := river.NewWorkers()
	for _, s := range lanes() {
		if err := s.register(workers, r); err != nil {
			return nil, fmt.Errorf("register the worker of lane %s: %w", s.lane, err)
		}
	}
	var err error
	if r.client, err = river.NewClient(driver, riverConfig(c, workers)); err != nil {
		return nil, fmt.Errorf("prepare the job client: %w", err)
	}
	return r, nil
}

func riverConfig(c Config, workers *river.Workers) *river.Config {
	queues := map[string]river.QueueConfig{}
	for _, s := range lanes() {
		queues[s.queue] = river.QueueConfig{MaxWorkers: s.turns, FetchPollInterval: s.poll, FetchCooldown: s.pause}
	}
	return &river.Config{
		Queues:                      queues,
		Workers:                     workers,
		JobTimeout:                  jobTimeout,
		RescueStuckJobsAfter:        rescueAfter,
		FetchCooldown:               fetchPause,
		FetchPollInterval:           fetchPoll,
		CompletedJobRetentionPeriod: keepDone,
		Logger:                      quiet(c.Log),
		Test:                        river.TestConfig{Time: clock{c.Now}},
	}
}

// Start runs the lane's handler for every wake-up until Stop. Where this process has the database to itself, wake-ups that a killed one left
// in the middle are made available first.
func (r *Runner) Start(ctx context.Context, handle map[store.Lane]Handler) error {
	r.handle = handle
	if r.store.Shared() == nil {
		if err := r.store.RequeueInterruptedJobs(ctx); err != nil {
			return err
		}
	}
	if err := r.client.Start(ctx); err != nil {
		return fmt.Errorf("start the job client: %w", err)
	}
	r.started = true
	return nil
}

// Stop takes no new jobs, cancels the running ones' contexts and waits for them. Safe to call twice.
func (r *Runner) Stop(ctx context.Context) error {
	if !r.started {
		return nil
	}
	if err := r.client.StopAndCancel(ctx); err != nil {
		return fmt.Errorf("stop the job client: %w", err)
	}
	return nil
}

// Recover gives the wake-ups of processes that are gone to those that live.
func (r *Runner) Recover(ctx context.Context) error {
	if r.store.Shared() == nil {
		return nil
	}
	return r.store.RequeueStrandedJobs(ctx, stranded)
}

// Crowded says that wake-ups of the lane wait for a turn.
func (r *Runner) Crowded(ctx context.Context, lane store.Lane) (bool, error) {
	in, err := specFor(lane)
	if err != nil {
		return false, err
	}
	return r.store.JobsWait(ctx, in.queue)
}
