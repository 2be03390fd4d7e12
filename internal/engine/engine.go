// Package engine owns sync: it plans runs, fetches pages, maps, classifies and stores records, proves completeness and finds
// deletions. It knows drivers and connections by their interfaces; it knows no HTTP of our own API and no job engine.
//
// A run's life (its states have one owner, package store, which moves them under a lease):
//
//	queued ──acquire──▶ running ──┬─▶ complete     every page followed to a proved end: cursor moves, deletions are made
//	  ▲                  │  │     ├─▶ incomplete   read, but not proved: nothing deleted, cursor stays
//	  └──── retry at ────┘  │     ├─▶ failed       gave up
//	                        │     └─▶ cancelled
//	                        └─ slice over: lease freed, resumed from the checkpoint by whoever comes next
package engine

import (
	"context"
	"io"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

// Waker asks for a connection's turn, within the transaction that gives it something to do.
type Waker interface {
	Wake(ctx context.Context, tx *store.Tx, connectionID string) error
}

// Config is what a Service needs.
type Config struct {
	Store *store.Store
	Waker Waker
	Now   func() time.Time
	Rand  io.Reader // for ids
}

// Service asks for syncs, cancels them and changes their settings. The work itself is the Worker's.
type Service struct{ Config }

// NewService gives a Service.
func NewService(c Config) *Service { return &Service{c} }
