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

// Wake asks for a turn of each connection in the lane (of each flow, in the lane of flows), within the caller's transaction, which must have stored before what there is to do.
// A turn that is waiting or under way is not doubled.
func (r *Runner) Wake(ctx context.Context, tx *store.Tx, lane store.Lane, ids ...string) error {
	if len(ids) == 0 {
		return nil
	}
	in, err := specFor(lane)
	if err != nil {
		return err
	}
	ids = slices.Clone(ids)
	slices.Sort(ids) // all processes in one order, so that they do not wait for each other in a circle
	var params []river.InsertManyParams
	for _, id := range slices.Compact(ids) {
		params = append(params, river.InsertManyParams{Args: in.args(id)})
	}
	if _, err := r.client.InsertManyTx(ctx, tx.SQL(), params); err != nil {
		return fmt.Errorf("wake %d in lane %s, %s among them: %w", len(params), lane, ids[0], err)
	}
	return nil
}

// wakeUp names the connection, or the flow, that has something to do in a lane.
type wakeUp[L lane] struct {
	ConnectionID string `json:"connection_id"`
}

// Kind is the lane's own.
func (wakeUp[L]) Kind() string { return specOf[L]().kind }

// InsertOpts keeps one wake-up per connection and lane: completed ones do not count.
func (wakeUp[L]) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: maxAttempts, Queue: specOf[L]().queue, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning,
		rivertype.JobStateRetryable, rivertype.JobStateScheduled,
	}}}
}

// worker gives a lane's handler its turns.
type worker[L lane] struct {
	river.WorkerDefaults[wakeUp[L]]
	runner *Runner
}

// Work gives the handler one turn; a connection with work left goes to the back of the queue.
func (w *worker[L]) Work(ctx context.Context, job *river.Job[wakeUp[L]]) error {
	done := func(tx *store.Tx) error {
		_, err := river.JobCompleteTx[*riversqlite.Driver](ctx, tx.SQL(), job) // any driver of database/sql does; the client's own is used
		return err
	}
	more, err := w.runner.handle[specOf[L]().lane](ctx, job.Args.ConnectionID, done)
	if err == nil && more {
		return river.JobSnooze(0)
	}
	return err
}

// NextRetry tries again soon and steadily: a failed turn means that the database or the process was in trouble, not the system.
func (w *worker[L]) NextRetry(job *river.Job[wakeUp[L]]) time.Time {
	if job.AttemptedAt == nil {
		return job.ScheduledAt.Add(retryAfter)
	}
	return job.AttemptedAt.Add(retryAfter)
}
