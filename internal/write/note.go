package write

import (
	"context"

	"github.com/busbar-dev/busbar/internal/audit"
	"github.com/busbar-dev/busbar/internal/store"
)

// note tells the audit log what a person decides about an operation, in the transaction that stores it and last in it. What is written has a ledger of its own.
func note(ctx context.Context, tx *store.Tx, c *store.Connection, action, id string) error {
	return audit.Note(ctx, tx, audit.Act{Action: "operation." + action, Target: "operation", TargetID: id, ConnectionID: c.ID, ProjectID: c.ProjectID})
}

// tell tells of a batch that has ended, or has fewer items that are not final than before.
func (s *Service) tell(ctx context.Context, o *store.Operation, before int64) {
	if s.Ended != nil && o.Kind == store.OperationBatch && (o.DueAt.IsZero() || o.Counts.Open() < before) {
		s.Ended(ctx, o)
	}
}
