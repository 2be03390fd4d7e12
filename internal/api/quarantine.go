package api

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/engine"
	"github.com/busbar-dev/busbar/internal/store"
)

// badRecordView is a record that a run could not map.
type badRecordView struct {
	RemoteID string `json:"remote_id" doc:"The system's own key; empty when it could not be read."`
	Pointer  string `json:"pointer" doc:"JSON pointer to the member at fault, in the source's object."`
	Reason   string `json:"reason" doc:"What is wrong with it."`
	State    string `json:"state" enum:"open,stored,superseded" doc:"open: it cannot be mapped. stored: a retry mapped it. superseded: a newer one is stored, or in quarantine itself."`
	Raw      any    `json:"raw" doc:"The source's object as received; text when it is not JSON."`
}

type quarantineInput struct {
	ID    string `path:"id" doc:"The run."`
	State string `query:"state" enum:"open,stored,superseded" doc:"Only records in this state."`
	PageInput
}

// retryView is what a retry of a quarantine did.
type retryView struct {
	Tried      int64 `json:"tried" doc:"Records that were open; the sum of the others."`
	Created    int64 `json:"created"`
	Updated    int64 `json:"updated"`
	Superseded int64 `json:"superseded" doc:"A newer one is stored already."`
	Open       int64 `json:"open" doc:"They still cannot be mapped."`
}

func (s *server) registerQuarantine() {
	register(s, access{dataPlane, connection.ScopeRead}, huma.Operation{
		OperationID: "list-quarantine", Method: http.MethodGet, Path: "/v1/sync-runs/{id}/quarantine", Tags: []string{tagSyncs},
		Summary: "List the records that a run could not map",
		Description: "Each with the reason, where it is, and the source's object as received. They are tried again when the source changes them and in every full run. " +
			"When a later full run has read everything anew, it takes the place of this list. A page may be shorter than its limit; go on until next_cursor is null.",
	}, s.listQuarantine)
	register(s, access{dataPlane, connection.ScopeSync}, huma.Operation{
		OperationID: "retry-quarantine", Method: http.MethodPost, Path: "/v1/sync-runs/{id}/quarantine/retry", Tags: []string{tagSyncs},
		Summary: "Try to map a run's quarantine again",
		Description: "With the mapping as it is now, from the objects as received; the system is not asked. What maps is stored and appears in the feed, unless a newer one is stored. " +
			"The rest stays, with its present reason. It may be repeated.",
	}, s.retryQuarantine)
}

func (s *server) listQuarantine(ctx context.Context, in *quarantineInput) (*page[badRecordView], error) {
	c := callerOf(ctx).connection
	if _, err := s.run(ctx, in.ID); err != nil {
		return nil, err
	}
	at := place{kind: idCursor, owner: c.ID, subject: "quarantine/" + in.ID, filters: "state=" + in.State}
	var from position
	if in.Cursor != "" {
		p, err := s.open(at, in.Cursor)
		if err != nil {
			return nil, err
		}
		from = p
	}
	bad, more, err := s.Store.Quarantine(ctx, c.Scope(), in.ID, store.QuarantineRange{
		After: from.seq, State: store.QuarantineState(in.State), Limit: in.Limit, Bytes: pageBytes,
	})
	if err != nil {
		return nil, err
	}
	out := pageOf(s, at, len(bad), bad, viewBad, nil)
	if more {
		next := s.seal(at, position{seq: bad[len(bad)-1].N})
		out.Body.NextCursor = &next
	}
	return out, nil
}

func viewBad(b store.Quarantined) badRecordView {
	v := badRecordView{RemoteID: b.RemoteID, Pointer: b.Pointer, Reason: b.Reason, State: string(b.State), Raw: string(b.Raw)}
	if json.Valid(b.Raw) {
		v.Raw = json.RawMessage(b.Raw)
	}
	return v
}

func (s *server) retryQuarantine(ctx context.Context, in *runInput) (*one[retryView], error) {
	n, err := s.Syncs.RetryQuarantine(ctx, callerOf(ctx).connection, in.ID)
	if err != nil {
		return nil, err
	}
	return &one[retryView]{viewRetry(n)}, nil
}

func viewRetry(n engine.Retry) retryView { return retryView(n) }
