package write

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

// WorkerConfig is what a Worker needs.
type WorkerConfig struct {
	Turn      time.Duration // how long one turn of a connection may take
	ShortTurn time.Duration // how long one operation may, and one turn, when others wait
	LastStep  time.Duration // how long what is under way at the end of a turn may take to end
	StopStep  time.Duration // how long when the process stops

	// Crowded says that connections of the lane wait for a turn; nil: never.
	Crowded func(ctx context.Context, lane store.Lane) (bool, error)
}

// Worker sends in the background what nobody waits for. Safe for concurrent use.
type Worker struct {
	*Service
	WorkerConfig
	ticks atomic.Int64
}

// NewWorker gives the Worker of a Service's operations.
func NewWorker(s *Service, c WorkerConfig) *Worker { return &Worker{Service: s, WorkerConfig: c} }

// wakeAtOnce bounds one look at the backlog.
const wakeAtOnce = 500

// Tick does what time brings: it wakes connections that have operations which nobody works on (their time has come, their connection is back, their worker died), and now and then deletes what is old.
func (w *Worker) Tick(ctx context.Context) error {
	err := w.wakeBacklog(ctx)
	if w.ticks.Add(1)%ticksPerPurge == 1 {
		err = errors.Join(err, w.purge(ctx))
	}
	return err
}

func (w *Worker) wakeBacklog(ctx context.Context) error {
	scopes, err := w.Store.OperationBacklog(ctx, w.Now(), wakeAtOnce)
	if err != nil {
		return fmt.Errorf("list connections with operations: %w", err)
	}
	if len(scopes) == 0 {
		return nil
	}
	ids := make([]string, len(scopes))
	for i, sc := range scopes {
		ids[i] = sc.ConnectionID()
	}
	return w.Store.Write(ctx, func(tx *store.Tx) error { return w.Waker.Wake(ctx, tx, store.LaneWrites, ids...) })
}
