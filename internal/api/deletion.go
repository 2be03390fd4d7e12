package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// dataDeletionView is what became of the data of a connection.
type dataDeletionView struct {
	ConnectionID string           `json:"connection_id"`
	System       string           `json:"system"`
	AskedAt      *time.Time       `json:"asked_at"`
	FinishedAt   *time.Time       `json:"finished_at" doc:"When nothing was left. null: it is under way; the login and its key are gone already."`
	Deleted      map[string]int64 `json:"deleted" doc:"How much of what was deleted so far: credentials, data_keys, login_tokens, records (each with its raw form), runs, operations, operation_items, operation_attempts, tokens, links, entities, quarantined_records, idempotency_keys."`
}

func (s *server) registerDeletion() {
	register(s, access{controlPlane, connection.ScopeConnect}, huma.Operation{
		OperationID: "get-deletion", Method: http.MethodGet, Path: "/v1/connections/{id}/deletion", Tags: []string{tagConnections},
		Summary: "Report on the deletion of a connection's data", Description: "The report stays when the connection is gone. It holds counts, and no word of what was deleted.",
	}, func(ctx context.Context, in *connectionInput) (*one[dataDeletionView], error) {
		d, err := s.Store.Deletion(ctx, callerOf(ctx).project(), in.ID)
		if errors.Is(err, store.ErrNotFound) {
			return nil, &problem.Error{Code: problem.NotFound, Detail: fmt.Sprintf("Nobody asked for the deletion of the data of a connection %s in your project.", quote(in.ID))}
		}
		if err != nil {
			return nil, fmt.Errorf("read the report of a deletion: %w", err)
		}
		return &one[dataDeletionView]{dataDeletionView{d.ConnectionID, d.System, moment(d.AskedAt), moment(d.FinishedAt), d.Counts}}, nil
	})
}
