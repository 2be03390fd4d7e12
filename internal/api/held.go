package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/store"
)

// heldView is deletions that were held back.
type heldView struct {
	Run          string     `json:"run" doc:"The run that found them, and under which they are decided on."`
	Missing      int64      `json:"missing" doc:"Records that every complete full run since has missed."`
	Of           int64      `json:"of" doc:"Records that the latest of these runs spoke of."`
	Since        *time.Time `json:"since"`
	ConfirmedRun *string    `json:"confirmed_run" doc:"The latest further run that misses them; null while there is none."`
	ConfirmedAt  *time.Time `json:"confirmed_at"`
	Decision     string     `json:"decision" enum:"pending,approved,rejected"`
	DecidedAt    *time.Time `json:"decided_at"`
	CarriedOutBy *string    `json:"carried_out_by" doc:"The run that deleted the approved ones."`
	CarriedOutAt *time.Time `json:"carried_out_at"`
}

func viewHeld(h *store.HeldDeletions) *heldView {
	if h == nil {
		return nil
	}
	return &heldView{
		Run: h.Run, Missing: h.Missing, Of: h.InRange, Since: moment(h.HeldAt), ConfirmedRun: text(h.ConfirmedRun), ConfirmedAt: moment(h.ConfirmedAt),
		Decision: string(h.Decision), DecidedAt: moment(h.DecidedAt), CarriedOutBy: text(h.CarriedRun), CarriedOutAt: moment(h.CarriedAt),
	}
}

// text gives a text for an answer, nil for none.
func text(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// heldByRun is what runs hold.
type heldByRun map[string]*store.HeldDeletions

func (s *server) heldBy(ctx context.Context, c *store.Connection) (heldByRun, error) {
	list, err := s.Store.HeldDeletions(ctx, c.Scope())
	if err != nil {
		return nil, err
	}
	by := heldByRun{}
	for i := range list {
		by[list[i].Run] = &list[i]
		if list[i].ConfirmedRun != "" {
			by[list[i].ConfirmedRun] = &list[i]
		}
	}
	return by, nil
}

func (h heldByRun) view(r store.Run) runView {
	v := viewRun(r)
	v.HeldDeletions = viewHeld(h[r.ID])
	return v
}

type acceptedRun struct {
	Body runView
}

func (s *server) registerHeld() {
	register(s, access{dataPlane, connection.ScopeSync}, huma.Operation{
		OperationID: "approve-pending-deletions", Method: http.MethodPost, Path: "/v1/sync-runs/{id}/pending-deletions/approve", Tags: []string{tagSyncs},
		DefaultStatus: http.StatusAccepted,
		Summary:       "Approve the deletions that a run holds",
		Description: "Asks for a full run, gives it, and lets it delete those of the records that it misses too: nothing is deleted unless two complete runs miss it and a person approved. " +
			"Again it gives the same run; once carried out, the run that did it.",
	}, s.approveDeletions)
	register(s, access{dataPlane, connection.ScopeSync}, huma.Operation{
		OperationID: "reject-pending-deletions", Method: http.MethodPost, Path: "/v1/sync-runs/{id}/pending-deletions/reject", Tags: []string{tagSyncs},
		Summary: "Reject the deletions that a run holds",
		Description: "The records stay, and later runs that miss them complete without holding them again. A record that comes back is like any other from then on. " +
			"They may be approved later, while they are still missing.",
	}, s.rejectDeletions)
}

func (s *server) approveDeletions(ctx context.Context, in *runInput) (*acceptedRun, error) {
	c := callerOf(ctx).connection
	r, err := s.Syncs.ApproveDeletions(ctx, c, in.ID)
	if err != nil {
		return nil, err
	}
	if err := s.Connections.Settled(ctx, c); err != nil {
		return nil, err
	}
	return &acceptedRun{viewRun(*r)}, nil
}

func (s *server) rejectDeletions(ctx context.Context, in *runInput) (*one[runView], error) {
	c := callerOf(ctx).connection
	if err := s.Syncs.RejectDeletions(ctx, c, in.ID); err != nil {
		return nil, err
	}
	if err := s.Connections.Settled(ctx, c); err != nil {
		return nil, err
	}
	return s.getRun(ctx, in)
}
