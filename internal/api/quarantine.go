package api

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/busbar-dev/busbar/internal/store"
)

// badRecordView is a record that a run could not map.
type badRecordView struct {
	RemoteID string `json:"remote_id" doc:"The system's own key; empty when it could not be read."`
	Pointer  string `json:"pointer" doc:"JSON pointer to the member at fault, in the source's object."`
	Reason   string `json:"reason" doc:"What is wrong with it."`
	Raw      any    `json:"raw" doc:"The source's object as received; text when it is not JSON."`
}

type quarantineInput struct {
	ID string `path:"id" doc:"The run."`
	PageInput
}

func (s *server) listQuarantine(ctx context.Context, in *quarantineInput) (*page[badRecordView], error) {
	c := callerOf(ctx).connection
	if _, err := s.run(ctx, in.ID); err != nil {
		return nil, err
	}
	at := place{kind: idCursor, owner: c.ID, subject: "quarantine/" + in.ID}
	var from position
	if in.Cursor != "" {
		p, err := s.open(at, in.Cursor)
		if err != nil {
			return nil, err
		}
		from = p
	}
	bad, err := s.Store.BadRecords(ctx, c.Scope(), in.ID, from.seq, in.Limit+1)
	if err != nil {
		return nil, fmt.Errorf("read the quarantine: %w", err)
	}
	end := func([]store.BadRecord) position { return position{seq: from.seq + int64(in.Limit)} }
	return pageOf(s, at, in.Limit, bad, viewBad, end), nil
}

func viewBad(b store.BadRecord) badRecordView {
	v := badRecordView{RemoteID: b.RemoteID, Pointer: b.Pointer, Reason: b.Reason, Raw: string(b.Raw)}
	if json.Valid(b.Raw) {
		v.Raw = json.RawMessage(b.Raw)
	}
	return v
}
