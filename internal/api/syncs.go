package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/engine"
	"github.com/busbar-dev/busbar/internal/store"
)

// syncView is how one entity of a connection is synced.
type syncView struct {
	Entity        string       `json:"entity" example:"purchase-orders"`
	State         string       `json:"state" enum:"idle,queued,running"`
	LastRun       *runView     `json:"last_run" doc:"The last run that ended."`
	ActiveRun     *runView     `json:"active_run" doc:"The queued or running one."`
	LastSuccessAt *time.Time   `json:"last_success_at"`
	LastFullAt    *time.Time   `json:"last_full_at" doc:"The last complete full run, which finds deletions."`
	CursorAt      *time.Time   `json:"cursor_at" doc:"Where the source was left, on its own clock."`
	Counts        recordCounts `json:"counts" doc:"Records stored now."`
	NextRunAt     *time.Time   `json:"next_run_at"`
	Schedule      string       `json:"schedule" doc:"An interval (5m), a cron line, or manual." example:"1h"`
	History       string       `json:"history" doc:"Historical period: PnD, PnW, PnM or PnY (days, weeks, months, years), or all." example:"P90D"`
	Paused        bool         `json:"paused"`
	Failures      int          `json:"failures" doc:"Failed runs in a row."`
	Error         *reason      `json:"error" doc:"Why the last run did not succeed."`
	HeldDeletions *heldView    `json:"held_deletions" doc:"Deletions that wait for a decision, for the run that carries them out, or were rejected; null when there are none."`
}

type recordCounts struct {
	Live        int64 `json:"live"`
	Deleted     int64 `json:"deleted"`
	Quarantined int64 `json:"quarantined" doc:"Records of the source that cannot be mapped at present; the quarantine of each run has its own."`
}

func viewSync(st store.Stream) syncView {
	v := syncView{
		Entity: st.Entity, State: "idle", LastSuccessAt: moment(st.LastSuccessAt), LastFullAt: moment(st.LastFullAt),
		CursorAt: moment(st.CursorAt), Counts: recordCounts{st.Live, st.Deleted, st.Quarantined}, NextRunAt: moment(st.NextRunAt),
		Schedule: st.Schedule, History: st.History, Paused: st.Paused, Failures: st.Failures,
		LastRun: optionalRun(st.LastRun), ActiveRun: optionalRun(st.ActiveRun), Error: reasonOf(st.ErrorCode, st.ErrorDetail),
		HeldDeletions: viewHeld(st.Held),
	}
	if st.ActiveRun != nil {
		v.State = string(st.ActiveRun.State)
	}
	return v
}

func optionalRun(r *store.Run) *runView {
	if r == nil {
		return nil
	}
	v := viewRun(*r)
	return &v
}

type requestSyncInput struct {
	Body requestSync
}

type requestSync struct {
	Entities []string `json:"entities,omitempty" maxItems:"200" doc:"What to sync; none means all." example:"[\"purchase-orders\"]"`
	Mode     string   `json:"mode,omitempty" enum:"incremental,full,reset" default:"incremental" doc:"incremental: what changed since the last success. full: re-read the historical period. reset: also forget the change history; cursors expire."`
}

type changeSyncInput struct {
	Entity string `path:"entity" doc:"The entity." example:"purchase-orders"`
	Body   changeSync
}

type changeSync struct {
	Schedule *string `json:"schedule,omitempty" doc:"An interval (30s to 31 days), a cron line, or manual." example:"15m"`
	History  *string `json:"history,omitempty" doc:"Historical period: PnD, PnW, PnM or PnY (days, weeks, months, years), or all. Holds from the next full run." example:"P1Y"`
	Paused   *bool   `json:"paused,omitempty" doc:"A paused entity is synced only when asked."`
}

type acceptedRuns struct {
	Body listBody[runView]
}

func (s *server) registerSyncs() {
	register(s, access{dataPlane, connection.ScopeRead}, huma.Operation{
		OperationID: "list-syncs", Method: http.MethodGet, Path: "/v1/syncs", Tags: []string{tagSyncs},
		Summary: "How each entity is synced: state, last success, next run, error",
	}, func(ctx context.Context, _ *empty) (*many[syncView], error) { return s.listSyncs(ctx) })
	register(s, access{dataPlane, connection.ScopeSync}, huma.Operation{
		OperationID: "request-sync", Method: http.MethodPost, Path: "/v1/syncs", Tags: []string{tagSyncs}, DefaultStatus: http.StatusAccepted,
		Summary:     "Sync now",
		RequestBody: example(map[string]any{"entities": []string{"purchase-orders"}, "mode": "incremental"}),
		Description: "Asking for what a queued or running run covers already gives that run. A stronger mode queues behind a running one.",
	}, s.requestSync)
	register(s, access{dataPlane, connection.ScopeSync}, huma.Operation{
		OperationID: "update-sync", Method: http.MethodPatch, Path: "/v1/syncs/{entity}", Tags: []string{tagSyncs},
		Summary:     "Change schedule, historical period or pause of one entity",
		RequestBody: example(map[string]any{"schedule": "15m"}),
	}, s.updateSync)
}

func (s *server) listSyncs(ctx context.Context) (*many[syncView], error) {
	streams, err := s.Store.Streams(ctx, callerOf(ctx).connection.Scope())
	if err != nil {
		return nil, fmt.Errorf("read streams: %w", err)
	}
	views := make([]syncView, len(streams))
	for i, st := range streams {
		views[i] = viewSync(st)
	}
	return whole(views), nil
}

func (s *server) requestSync(ctx context.Context, in *requestSyncInput) (*acceptedRuns, error) {
	runs, err := s.Syncs.Request(ctx, callerOf(ctx).connection, in.Body.Entities, store.Mode(in.Body.Mode), store.TriggerManual)
	if err != nil {
		return nil, err
	}
	return &acceptedRuns{listBody[runView]{viewRuns(runs)}}, nil
}

func (s *server) updateSync(ctx context.Context, in *changeSyncInput) (*one[syncView], error) {
	c := callerOf(ctx).connection
	if s.Model.Entity(in.Entity) == nil {
		return nil, s.unknownEntity(in.Entity)
	}
	if _, err := s.stream(ctx, c, in.Entity); err != nil {
		return nil, err
	}
	st, err := s.Syncs.Settings(ctx, c, in.Entity, settingsOf(in.Body))
	if err != nil {
		return nil, err
	}
	if in.Body.Paused != nil {
		if err := s.Connections.Settled(ctx, c); err != nil {
			return nil, err
		}
	}
	return &one[syncView]{viewSync(*st)}, nil
}

func settingsOf(b changeSync) engine.Settings {
	return engine.Settings{Schedule: b.Schedule, History: b.History, Paused: b.Paused}
}
