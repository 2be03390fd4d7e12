package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/engine"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// latestStates is how many changes the health shows; its history has all.
const latestStates = 10

// healthView tells how a connection is.
type healthView struct {
	ID            string             `json:"id"`
	Name          string             `json:"name" example:"Plant Rotterdam"`
	SystemName    string             `json:"system_name" example:"Tryton"`
	Status        string             `json:"status" enum:"pending,syncing,active,degraded,unreachable,needs_reauthorization,paused,disconnected"`
	Since         *time.Time         `json:"since"`
	Reason        *reason            `json:"reason"`
	NextStep      string             `json:"next_step" doc:"What to do, for a person; empty when there is nothing to do."`
	NextLookAt    *time.Time         `json:"next_look_at" doc:"Unreachable: when Busbar looks next whether the system is back."`
	Blackout      *blackoutView      `json:"blackout" doc:"Null when the connection has no blackouts."`
	LastSuccessAt *time.Time         `json:"last_success_at" doc:"End of the last successful sync of any entity."`
	Budget        *budget.Look       `json:"budget" doc:"How much the system may be asked, and what holds calls back now; null when its connector is gone."`
	Entities      []entityHealthView `json:"entities"`
	History       []stateView        `json:"history" doc:"The latest states, newest first; GET /v1/connections/{id}/health/history has all."`
}

// blackoutView tells whether the system is left alone now.
type blackoutView struct {
	Until  *time.Time `json:"until" doc:"A window holds now, until then; null when none does."`
	NextAt *time.Time `json:"next_at" doc:"When the next window begins; null while one holds."`
}

// entityHealthView tells how one entity of it is.
type entityHealthView struct {
	Entity        string     `json:"entity" example:"purchase-orders"`
	Freshness     string     `json:"freshness" enum:"fresh,late,never,paused,unscheduled" doc:"fresh: synced as scheduled. late: a whole scheduled time has passed without a success. never: no sync has succeeded yet. unscheduled: it syncs only when asked."`
	AgeSeconds    *int64     `json:"age_seconds" doc:"Seconds since the last success; null when there was none."`
	LastSuccessAt *time.Time `json:"last_success_at"`
	Failures      int        `json:"failures" doc:"Failed runs in a row."`
	Paused        bool       `json:"paused"`
	NextRunAt     *time.Time `json:"next_run_at" doc:"By the schedule."`
	Run           *runView   `json:"run" doc:"The run that is under way, or that waits; then its retry_at says until when."`
	HeldDeletions int64      `json:"held_deletions" doc:"Deletions that wait for a person's decision."`
	Quarantined   int64      `json:"quarantined" doc:"Records that could not be mapped."`
	Error         *reason    `json:"error"`
	NextStep      string     `json:"next_step" doc:"What to do about the error, for a person."`
}

// stateView is a state that the connection was in.
type stateView struct {
	Status string     `json:"status" enum:"pending,syncing,active,degraded,unreachable,needs_reauthorization,paused,disconnected"`
	Since  *time.Time `json:"since"`
	Until  *time.Time `json:"until" doc:"Null for the present one."`
	Reason *reason    `json:"reason"`
}

func (s *server) registerHealth() {
	register(s, access{controlPlane, connection.ScopeRead}, huma.Operation{
		OperationID: "get-connection-health", Method: http.MethodGet, Path: "/v1/connections/{id}/health", Tags: []string{tagConnections},
		Summary:     "Is this connection well, and if not, why, since when, and what to do",
		Description: "With each entity's freshness, the run that works or waits, and the latest states.",
	}, s.connectionHealth)
	register(s, access{controlPlane, connection.ScopeRead}, huma.Operation{
		OperationID: "list-connection-states", Method: http.MethodGet, Path: "/v1/connections/{id}/health/history", Tags: []string{tagConnections},
		Summary:     "List the states that a connection was in, newest first",
		Description: fmt.Sprintf("Every change of its state or of the reason. The latest %d are kept.", store.KeptStates),
	}, s.listStates)
}

func (s *server) connectionHealth(ctx context.Context, in *connectionInput) (*one[healthView], error) {
	c, err := s.owned(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	states, err := s.Store.States(ctx, c.Scope(), 0, latestStates)
	if err != nil {
		return nil, err
	}
	entities, err := s.entityHealth(ctx, c)
	if err != nil {
		return nil, err
	}
	look, err := s.lookAtBudget(ctx, c)
	if err != nil {
		return nil, err
	}
	v := healthView{
		ID: c.ID, Name: c.Name, SystemName: s.systemName(c),
		Status: string(c.State), Since: moment(c.StateSince), Reason: reasonOf(c.StateCode, c.StateDetail), NextStep: nextStep(c),
		NextLookAt: moment(c.ProbeAt), Blackout: s.viewBlackout(c), LastSuccessAt: moment(c.LastSuccessAt), Budget: look, Entities: entities,
		History: make([]stateView, len(states)),
	}
	for i, st := range states {
		v.History[i] = viewState(st)
	}
	return &one[healthView]{v}, nil
}

// nextStep says what to do about the connection's state.
func nextStep(c *store.Connection) string {
	if c.State == store.ConnectionDisconnected {
		t, _ := problem.Lookup(problem.ConnectionDisconnected)
		return t.Next
	}
	return problem.NextStep(c.StateCode)
}

func (s *server) lookAtBudget(ctx context.Context, c *store.Connection) (*budget.Look, error) {
	sys := s.Systems.System(c.System)
	if sys == nil || s.Budgets == nil {
		return nil, nil
	}
	look, err := s.Budgets.Look(ctx, c.ID, sys.Limits)
	if err != nil {
		return nil, fmt.Errorf("look at the budget: %w", err)
	}
	return &look, nil
}

func (s *server) viewBlackout(c *store.Connection) *blackoutView {
	if len(c.Blackouts) == 0 {
		return nil
	}
	until, next := connection.Blackout(c, s.Now())
	return &blackoutView{Until: moment(until), NextAt: moment(next)}
}

func (s *server) entityHealth(ctx context.Context, c *store.Connection) ([]entityHealthView, error) {
	streams, err := s.Store.Streams(ctx, c.Scope())
	if err != nil {
		return nil, fmt.Errorf("read streams: %w", err)
	}
	views := make([]entityHealthView, len(streams))
	for i, st := range streams {
		views[i] = s.viewEntityHealth(c, st)
	}
	return views, nil
}

func (s *server) viewEntityHealth(c *store.Connection, st store.Stream) entityHealthView {
	v := entityHealthView{
		Entity: st.Entity, Freshness: string(engine.FreshnessOf(c.ID, st, s.Now())), LastSuccessAt: moment(st.LastSuccessAt), Failures: st.Failures,
		Paused: st.Paused, NextRunAt: moment(st.NextRunAt), Run: optionalRun(st.ActiveRun), Error: reasonOf(st.ErrorCode, st.ErrorDetail),
		NextStep: problem.NextStep(st.ErrorCode), Quarantined: st.Quarantined,
	}
	if h := st.Held; h != nil && h.Decision == store.DecisionPending {
		v.HeldDeletions = h.Missing
	}
	if !st.LastSuccessAt.IsZero() {
		age := int64(s.Now().Sub(st.LastSuccessAt).Seconds())
		v.AgeSeconds = &age
	}
	return v
}

func viewState(st store.StateChange) stateView {
	return stateView{Status: string(st.State), Since: moment(st.Since), Until: moment(st.Until), Reason: reasonOf(st.Code, st.Detail)}
}

type statesInput struct {
	ID string `path:"id" doc:"The connection."`
	PageInput
}

func (s *server) listStates(ctx context.Context, in *statesInput) (*page[stateView], error) {
	c, err := s.owned(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	at := place{kind: idCursor, owner: c.ID, subject: "states"}
	var before position
	if in.Cursor != "" {
		if before, err = s.open(at, in.Cursor); err != nil {
			return nil, err
		}
	}
	states, err := s.Store.States(ctx, c.Scope(), before.seq, in.Limit+1)
	if err != nil {
		return nil, err
	}
	end := func(shown []store.StateChange) position { return position{seq: shown[len(shown)-1].N} }
	return pageOf(s, at, in.Limit, states, viewState, end), nil
}
