// Package engine owns sync: it plans runs, fetches pages, maps, classifies and stores records, proves completeness, finds
// deletions and holds those that are suspiciously many; schedules, and what counts as fresh, are its own too. It knows drivers and connections
// by their interfaces; it knows no HTTP of our own API and no job engine.
//
// A run's states and their leases have one owner, package store, which shows them. What this package adds is when a run moves: a slice ends
// with its connection's turn and frees the lease, and whoever comes next resumes from the checkpoint; a trouble that may pass queues the run
// for a later try; a run that read everything but cannot prove it ends incomplete, deletes nothing and leaves the cursor where it was.
package engine

import (
	"context"
	"io"
	"time"

	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/store"
)

// Waker asks for a turn of each connection in the lane, at the end of the transaction that gives it something to do.
type Waker interface {
	Wake(ctx context.Context, tx *store.Tx, lane store.Lane, connectionIDs ...string) error
}

// Config is what a Service needs.
type Config struct {
	Store *store.Store
	Waker Waker
	Now   func() time.Time
	Rand  io.Reader // for ids

	// Mapper gives what maps an entity of a system, nil where nothing does; what is in quarantine is tried again with it.
	Mapper func(system, entity string) *mapping.Mapper
}

// Service asks for syncs, cancels them and changes their settings. The work itself is the Worker's.
type Service struct{ Config }

// NewService gives a Service.
func NewService(c Config) *Service { return &Service{c} }
