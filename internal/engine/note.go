package engine

import (
	"context"

	"github.com/busbar-dev/busbar/internal/audit"
	"github.com/busbar-dev/busbar/internal/store"
)

// note tells the audit log what a person does with a connection's syncs, in the transaction that does it and last in it.
func note(ctx context.Context, tx *store.Tx, c *store.Connection, action, target, id string, fields ...string) error {
	return audit.Note(ctx, tx, audit.Act{Action: "sync." + action, Target: target, TargetID: id, ConnectionID: c.ID, ProjectID: c.ProjectID, Fields: fields})
}
