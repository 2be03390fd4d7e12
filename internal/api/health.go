package api

import (
	"context"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

// healthView tells how a connection is.
type healthView struct {
	Status        string             `json:"status" enum:"pending,syncing,active,degraded,unreachable,needs_reauthorization,paused,disconnected"`
	Since         *time.Time         `json:"since"`
	Reason        *reason            `json:"reason"`
	LastSuccessAt *time.Time         `json:"last_success_at" doc:"End of the last successful sync of any entity."`
	Entities      []entityHealthView `json:"entities"`
}

// entityHealthView tells how one entity of it is.
type entityHealthView struct {
	Entity        string     `json:"entity" example:"purchase-orders"`
	LastSuccessAt *time.Time `json:"last_success_at"`
	Failures      int        `json:"failures" doc:"Failed runs in a row."`
	Paused        bool       `json:"paused"`
	NextRunAt     *time.Time `json:"next_run_at"`
	Error         *reason    `json:"error"`
}

func (s *server) connectionHealth(ctx context.Context, in *connectionInput) (*one[healthView], error) {
	c, err := s.owned(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	streams, err := s.Store.Streams(ctx, c.Scope())
	if err != nil {
		return nil, fmt.Errorf("read streams: %w", err)
	}
	v := healthView{
		Status: string(c.State), Since: moment(c.StateSince), Reason: reasonOf(c.StateCode, c.StateDetail),
		LastSuccessAt: moment(c.LastSuccessAt), Entities: make([]entityHealthView, len(streams)),
	}
	for i, st := range streams {
		v.Entities[i] = viewEntityHealth(st)
	}
	return &one[healthView]{v}, nil
}

func viewEntityHealth(st store.Stream) entityHealthView {
	return entityHealthView{
		Entity: st.Entity, LastSuccessAt: moment(st.LastSuccessAt), Failures: st.Failures, Paused: st.Paused,
		NextRunAt: moment(st.NextRunAt), Error: reasonOf(st.ErrorCode, st.ErrorDetail),
	}
}
