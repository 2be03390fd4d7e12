package engine

import (
	"context"
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
	Turn        time.Duration // how long one turn of a connection may take
	ShortTurn   time.Duration // how long when others wait
	FetchWithin time.Duration // bounds one page, retries included

	// Crowded says that connections of the lane wait for a turn; nil: never.
	Crowded func(ctx context.Context, lane store.Lane) (bool, error)
}

// Worker does the work of runs. Safe for concurrent use.
type Worker struct {
	WorkerConfig
	lastLook atomic.Pointer[time.Time] // of Tick
	looks    atomic.Int64
}

// NewWorker gives a Worker.
func NewWorker(c WorkerConfig) *Worker { return &Worker{WorkerConfig: c} }

// priority lets the news go before the rest: a full read waits for everybody else who calls the same system.
func priority(run *store.Run) budget.Priority {
	if run.Mode == store.Incremental {
		return budget.Incremental
	}
	return budget.Backfill
}
