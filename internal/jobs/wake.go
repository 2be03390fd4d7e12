package jobs

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivertype"

	"github.com/busbar-dev/busbar/internal/store"
)

// maxAttempts is how often a wake-up may fail: a turn that goes on later is no failure.
const maxAttempts = 1000

// Wake asks for a turn of each connection in the lane, within the caller's transaction, which must have stored before what there is to do.
// A turn that is waiting or under way is not doubled.
func (r *Runner) Wake(ctx context.Context, tx *store.Tx, lane store.Lane, connectionIDs ...string) error {
	if len(connectionIDs) == 0 {
		return nil
	}
	ids := slices.Clone(connectionIDs)
	slices.Sort(ids) // all processes in one order, so that they do not wait for each other in a circle
	var params []river.InsertManyParams
	for _, id := range slices.Compact(ids) {
		params = append(params, river.InsertManyParams{Args: argsFor(lane, id)})
	}
	if _, err := r.client.InsertManyTx(ctx, tx.SQL(), params); err != nil {
		return fmt.Errorf("wake %d connections, %s among them: %w", len(params), ids[0], err)
	}
	return nil
}

// scheduledArgs and askedArgs name the connection that has something to do; each lane has a kind and a queue of its own.
type (
	scheduledArgs struct {
		ConnectionID string `json:"connection_id"`
	}
	askedArgs struct {
		ConnectionID string `json:"connection_id"`
	}
)

func (scheduledArgs) Kind() string { return "wake_connection" }
func (askedArgs) Kind() string     { return "wake_now" }

// InsertOpts says how it waits.
func (scheduledArgs) InsertOpts() river.InsertOpts { return insertOpts(store.LaneScheduled) }

// InsertOpts says how it waits.
func (askedArgs) InsertOpts() river.InsertOpts { return insertOpts(store.LaneAsked) }

func (a scheduledArgs) connection() string { return a.ConnectionID }
func (a askedArgs) connection() string     { return a.ConnectionID }

func argsFor(lane store.Lane, connectionID string) river.JobArgs {
	if lane == store.LaneAsked {
		return askedArgs{connectionID}
	}
	return scheduledArgs{connectionID}
}

func queueOf(lane store.Lane) string {
	if lane == store.LaneAsked {
		return "asked"
	}
	return river.QueueDefault
}

// insertOpts keeps one wake-up per connection and lane: completed ones do not count.
func insertOpts(lane store.Lane) river.InsertOpts {
	return river.InsertOpts{MaxAttempts: maxAttempts, Queue: queueOf(lane), UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning,
		rivertype.JobStateRetryable, rivertype.JobStateScheduled,
	}}}
}

type wakeArgs interface {
	river.JobArgs
	connection() string
}

// worker gives a lane's handler its turns.
type worker[A wakeArgs] struct {
	river.WorkerDefaults[A]
	runner *Runner
	lane   store.Lane
}

func register(workers *river.Workers, r *Runner) error {
	if err := river.AddWorkerSafely(workers, &worker[scheduledArgs]{runner: r, lane: store.LaneScheduled}); err != nil {
		return err
	}
	return river.AddWorkerSafely(workers, &worker[askedArgs]{runner: r, lane: store.LaneAsked})
}

// Work gives the handler one turn; a connection with work left goes to the back of the queue.
func (w *worker[A]) Work(ctx context.Context, job *river.Job[A]) error {
	done := func(tx *store.Tx) error {
		_, err := river.JobCompleteTx[*riversqlite.Driver](ctx, tx.SQL(), job) // any driver of database/sql does; the client's own is used
		return err
	}
	more, err := w.runner.handle[w.lane](ctx, job.Args.connection(), done)
	if err == nil && more {
		return river.JobSnooze(0)
	}
	return err
}

// NextRetry tries again soon and steadily: a failed turn means that the database or the process was in trouble, not the system.
func (w *worker[A]) NextRetry(job *river.Job[A]) time.Time {
	if job.AttemptedAt == nil {
		return job.ScheduledAt.Add(retryAfter)
	}
	return job.AttemptedAt.Add(retryAfter)
}
