// Package jobs owns the job engine: it is the only package that knows River. A job is no more than a wake-up for one
// connection; what there is to do lives in the store's own tables. It knows nothing of runs, pages or systems.
package jobs

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"github.com/busbar-dev/busbar/internal/store"
)

// Slice bounds one job: work hands back after it, so that no connection holds a worker for long. Longest bounds the one step that may be
// under way when the slice ends.
const (
	Slice   = 25 * time.Second
	Longest = 30 * time.Second
)

const (
	jobTimeout   = 60 * time.Second
	rescueAfter  = 90 * time.Second
	pollInterval = 500 * time.Millisecond
	keepDone     = time.Hour
	retryAfter   = 5 * time.Second
)

// Handler does a connection's work until the context's deadline or until nothing is left. In the second case it calls done inside the
// transaction in which it saw that nothing is left, so that no later request can fall between the look and the job's end.
// more says that work is left and the connection wants another turn.
type Handler func(ctx context.Context, connectionID string, done func(tx *store.Tx) error) (more bool, err error)

// Config is what a Runner needs.
type Config struct {
	Store   *store.Store
	Workers int // connections worked on at once
	Log     *slog.Logger
}

// Runner inserts wake-ups and runs the handler for them.
type Runner struct {
	store  *store.Store
	client *river.Client[*sql.Tx]
	handle Handler
}

// New migrates River's tables and prepares the client. Nothing runs before Start.
func New(ctx context.Context, c Config) (*Runner, error) {
	driver := riversqlite.New(c.Store.DB())
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: quiet(c.Log)})
	if err != nil {
		return nil, fmt.Errorf("prepare the job tables: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, fmt.Errorf("migrate the job tables: %w", err)
	}
	r := &Runner{store: c.Store}
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, &wakeWorker{runner: r}); err != nil {
		return nil, fmt.Errorf("register the wake-up worker: %w", err)
	}
	r.client, err = river.NewClient(driver, riverConfig(c, workers))
	if err != nil {
		return nil, fmt.Errorf("prepare the job client: %w", err)
	}
	return r, nil
}

func riverConfig(c Config, workers *river.Workers) *river.Config {
	return &river.Config{
		Queues:                      map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: max(c.Workers, 1)}},
		Workers:                     workers,
		JobTimeout:                  jobTimeout,
		RescueStuckJobsAfter:        rescueAfter,
		FetchPollInterval:           pollInterval,
		CompletedJobRetentionPeriod: keepDone,
		Logger:                      quiet(c.Log),
	}
}

// Start runs handle for every wake-up until Stop. Wake-ups that a killed process left in the middle are made available
// first: in embedded mode nobody else can be working on them.
func (r *Runner) Start(ctx context.Context, handle Handler) error {
	r.handle = handle
	if err := r.store.RequeueInterruptedJobs(ctx); err != nil {
		return err
	}
	if err := r.client.Start(ctx); err != nil {
		return fmt.Errorf("start the job client: %w", err)
	}
	return nil
}

// Stop takes no new jobs, cancels the running ones' contexts and waits for them. Safe to call twice.
func (r *Runner) Stop(ctx context.Context) error {
	if r.handle == nil {
		return nil
	}
	if err := r.client.StopAndCancel(ctx); err != nil {
		return fmt.Errorf("stop the job client: %w", err)
	}
	return nil
}

// Wake asks for a turn of the connection, within the caller's transaction. A turn that is waiting or under way is not doubled.
func (r *Runner) Wake(ctx context.Context, tx *store.Tx, connectionID string) error {
	_, err := r.client.InsertTx(ctx, tx.SQL(), wakeArgs{ConnectionID: connectionID}, nil)
	if err != nil {
		return fmt.Errorf("wake connection %s: %w", connectionID, err)
	}
	return nil
}

// wakeArgs names the connection that has something to do.
type wakeArgs struct {
	ConnectionID string `json:"connection_id"`
}

func (wakeArgs) Kind() string { return "wake_connection" }

// InsertOpts keeps one wake-up per connection: completed ones do not count.
func (wakeArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: 1000, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning,
		rivertype.JobStateRetryable, rivertype.JobStateScheduled,
	}}}
}

type wakeWorker struct {
	river.WorkerDefaults[wakeArgs]
	runner *Runner
}

// Work gives the handler one slice; a connection with work left goes to the back of the queue.
func (w *wakeWorker) Work(ctx context.Context, job *river.Job[wakeArgs]) error {
	done := func(tx *store.Tx) error {
		_, err := river.JobCompleteTx[*riversqlite.Driver](ctx, tx.SQL(), job)
		return err
	}
	more, err := w.runner.handle(ctx, job.Args.ConnectionID, done)
	if err == nil && more {
		return river.JobSnooze(0)
	}
	return err
}

// NextRetry tries again soon and steadily: a failed turn means that the database or the process was in trouble, not the system.
func (w *wakeWorker) NextRetry(job *river.Job[wakeArgs]) time.Time {
	if job.AttemptedAt == nil {
		return job.ScheduledAt.Add(retryAfter)
	}
	return job.AttemptedAt.Add(retryAfter)
}

// quiet keeps River's routine messages out of the log: only warnings and errors pass.
func quiet(log *slog.Logger) *slog.Logger {
	if log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(levelFloor{log.Handler()})
}

type levelFloor struct{ slog.Handler }

func (h levelFloor) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && h.Handler.Enabled(ctx, l)
}
