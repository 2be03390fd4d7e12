// Package engine owns sync: it plans runs, fetches pages, maps, classifies and stores records, proves completeness and finds
// deletions. It knows drivers and connections by their interfaces; it knows no HTTP of our own API and no job engine.
package engine

import (
	"context"

	"github.com/busbar-dev/busbar/internal/store"
)

// CONTRACT: Service is what the API and the CLI ask.

// Service asks for syncs and works on them.
type Service struct{}

// Request makes runs (or gives the ones already under way) for the named entities, all when none are named. Errors are *problem.Error: not-found
// (unknown-entity, entity-not-enabled with the names), connection-paused, connection-disconnected, connection-needs-reauthorization.
func (s *Service) Request(ctx context.Context, c *store.Connection, entities []string, mode store.Mode, trigger string) ([]store.Run, error) {
	panic("contract")
}

// RequestTx does the same within the caller's transaction.
func (s *Service) RequestTx(ctx context.Context, tx *store.Tx, c *store.Connection, entities []string, mode store.Mode, trigger string) ([]store.Run, error) {
	panic("contract")
}

// Cancel cancels a run. *problem.Error not-found.
func (s *Service) Cancel(ctx context.Context, c *store.Connection, runID string) (*store.Run, error) {
	panic("contract")
}

// Settings changes a stream's schedule, history or pause. *problem.Error validation-failed with pointers.
type Settings struct {
	Schedule, History *string
	Paused            *bool
}

func (s *Service) Settings(ctx context.Context, c *store.Connection, entity string, set Settings) (*store.Stream, error) {
	panic("contract")
}
