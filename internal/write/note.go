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
