package connection

import (
	"context"

	"github.com/busbar-dev/busbar/internal/audit"
	"github.com/busbar-dev/busbar/internal/store"
)

// note tells the audit log what is done to a connection, in the transaction that does it and last in it.
func note(ctx context.Context, tx *store.Tx, c *store.Connection, action string, fields ...string) error {
	return audit.Note(ctx, tx, audit.Act{Action: "connection." + action, Target: "connection", TargetID: c.ID, ConnectionID: c.ID, ProjectID: c.ProjectID, Fields: fields})
}

// noteToken does so of a connection's token.
func noteToken(ctx context.Context, tx *store.Tx, c *store.Connection, action, id string) error {
	return audit.Note(ctx, tx, audit.Act{Action: "token." + action, Target: "token", TargetID: id, ConnectionID: c.ID, ProjectID: c.ProjectID})
}

// noteKey does so of a project key.
func noteKey(ctx context.Context, tx *store.Tx, k store.Key, action string, fields ...string) error {
	return audit.Note(ctx, tx, audit.Act{Action: "key." + action, Target: "key", TargetID: k.ID, ProjectID: k.ProjectID, Fields: fields})
}
