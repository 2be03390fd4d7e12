package api

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/engine"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// connectionCounts counts connections by status.
type connectionCounts struct {
	Total        int64 `json:"total" doc:"All but those that are disconnected."`
	Pending      int64 `json:"pending"`
	Syncing      int64 `json:"syncing"`
	Active       int64 `json:"active"`
	Degraded     int64 `json:"degraded"`
	Unreachable  int64 `json:"unreachable"`
	NeedsReauth  int64 `json:"needs_reauthorization"`
	Paused       int64 `json:"paused"`
	Disconnected int64 `json:"disconnected"`
}

func countConnections(by map[store.ConnectionState]int64) connectionCounts {
	c := connectionCounts{
		Pending: by[store.ConnectionPending], Syncing: by[store.ConnectionSyncing], Active: by[store.ConnectionActive], Degraded: by[store.ConnectionDegraded],
		Unreachable: by[store.ConnectionUnreachable], NeedsReauth: by[store.ConnectionNeedsReauth], Paused: by[store.ConnectionPaused], Disconnected: by[store.ConnectionDisconnected],
	}
	c.Total = c.Pending + c.Syncing + c.Active + c.Degraded + c.Unreachable + c.NeedsReauth + c.Paused
	return c
}

// streamCounts counts streams: each once, but for synced.
type streamCounts struct {
	Total       int64 `json:"total" doc:"Of connections that are not disconnected; up to 10,000 are looked at."`
	Fresh       int64 `json:"fresh" doc:"Synced as scheduled."`
	Late        int64 `json:"late" doc:"A whole scheduled time has passed without a success."`
	Never       int64 `json:"never" doc:"No sync has succeeded yet."`
	Failing     int64 `json:"failing" doc:"The last run failed for a reason of its own, and no later one succeeded. What keeps the whole connection from its system is told of the connection."`
	Paused      int64 `json:"paused" doc:"Itself or its connection."`
	Unscheduled int64 `json:"unscheduled" doc:"It syncs only when asked."`
	Synced      int64 `json:"synced" doc:"At least one sync has succeeded."`
	Records     int64 `json:"records" doc:"Records that they hold."`
	More        bool  `json:"more" doc:"There are streams that were not looked at."`
}

// streamTroubleView is a stream that is not well, and why.
type streamTroubleView struct {
	ConnectionID   string     `json:"connection_id"`
	ConnectionName string     `json:"connection_name"`
	Entity         string     `json:"entity" example:"purchase-orders"`
	Condition      string     `json:"condition" enum:"failing,late"`
	Failures       int        `json:"failures" doc:"Failed runs in a row."`
	LastSuccessAt  *time.Time `json:"last_success_at"`
	NextRunAt      *time.Time `json:"next_run_at"`
	RunID          *string    `json:"run_id" doc:"The last run that ended."`
	Error          *reason    `json:"error"`
	NextStep       string     `json:"next_step" doc:"What to do about the error, for a person."`
}

// failing is what a stream is besides the kinds of freshness.
const failing engine.Freshness = "failing"

// conditionOf tells how a stream is: that it fails comes before how old it is. What keeps the whole connection from its system is told of the connection, and once.
func conditionOf(st store.StreamOf, now time.Time) engine.Freshness {
	switch {
	case st.State == store.ConnectionPaused || st.Stream.Paused:
		return engine.Paused
	case connection.OwnFailure(st.Stream):
		return failing
	}
	return engine.FreshnessOf(st.ConnectionID, st.Stream, now)
}

// judgeStreams counts streams and picks out the worst.
func judgeStreams(streams []store.StreamOf, now time.Time) (n streamCounts, worst []streamTroubleView) {
	n.More = len(streams) > mostStreams
	worst = []streamTroubleView{}
	for _, st := range streams[:min(len(streams), mostStreams)] {
		condition := conditionOf(st, now)
		n.add(condition)
		n.Total++
		n.Records += st.Stream.Live
		if !st.Stream.LastSuccessAt.IsZero() {
			n.Synced++
		}
		if condition == failing || condition == engine.Late {
			worst = append(worst, viewTrouble(st, condition))
		}
	}
	slices.SortStableFunc(worst, worse)
	return n, worst[:min(len(worst), shownWorst)]
}

func (n *streamCounts) add(f engine.Freshness) {
	switch f {
	case failing:
		n.Failing++
	case engine.Fresh:
		n.Fresh++
	case engine.Late:
		n.Late++
	case engine.Never:
		n.Never++
	case engine.Paused:
		n.Paused++
	case engine.Unscheduled:
		n.Unscheduled++
	}
}

// worse orders streams: first what fails most often in a row, then what is oldest.
func worse(a, b streamTroubleView) int {
	old := func(t *time.Time) int64 {
		if t == nil {
			return 0
		}
		return t.UnixMicro()
	}
	return cmp.Or(cmp.Compare(b.Failures, a.Failures), cmp.Compare(old(a.LastSuccessAt), old(b.LastSuccessAt)))
}

func viewTrouble(st store.StreamOf, condition engine.Freshness) streamTroubleView {
	return streamTroubleView{
		ConnectionID: st.ConnectionID, ConnectionName: st.ConnectionName, Entity: st.Entity, Condition: string(condition), Failures: st.Stream.Failures,
		LastSuccessAt: moment(st.Stream.LastSuccessAt), NextRunAt: moment(st.Stream.NextRunAt), RunID: text(st.Run),
		Error: reasonOf(st.Stream.ErrorCode, st.Stream.ErrorDetail), NextStep: problem.NextStep(st.Stream.ErrorCode),
	}
}

// activityView is what ended over time.
type activityView struct {
	Hours []activityOfView `json:"hours" doc:"The last 24 hours, oldest first; the last one is the present hour."`
	Days  []activityOfView `json:"days" doc:"The last 14 days of UTC, oldest first; the last one is today."`
}

// activityOfView is what ended in an hour or a day.
type activityOfView struct {
	BeginsAt *time.Time  `json:"begins_at"`
	Runs     runEnds     `json:"runs" doc:"Sync runs that ended, by how."`
	Writes   writeCounts `json:"writes" doc:"Items of operations that ended, by what became of them."`
}

type runEnds struct {
	Complete   int64 `json:"complete"`
	Incomplete int64 `json:"incomplete"`
	Failed     int64 `json:"failed"`
	Cancelled  int64 `json:"cancelled"`
}

type writeCounts struct {
	Applied    int64 `json:"applied"`
	Rejected   int64 `json:"rejected"`
	NeedsHuman int64 `json:"needs_human"`
	Cancelled  int64 `json:"cancelled"`
}

func (s *server) activity(ctx context.Context, project string, now time.Time) (v activityView, err error) {
	if v.Hours, err = s.activityBy(ctx, project, store.Hourly, shownHours, now); err != nil {
		return v, err
	}
	v.Days, err = s.activityBy(ctx, project, store.Daily, shownDays, now)
	return v, err
}

// activityBy gives the last n stretches up to now, also those in which nothing ended.
func (s *server) activityBy(ctx context.Context, project string, span time.Duration, n int, now time.Time) ([]activityOfView, error) {
	first := now.Truncate(span).Add(-time.Duration(n-1) * span)
	found, err := s.Store.Activity(ctx, project, span, first)
	if err != nil {
		return nil, err
	}
	all := make([]activityOfView, n)
	for i := range all {
		all[i].BeginsAt = moment(first.Add(time.Duration(i) * span))
	}
	for _, a := range found {
		if i := int(a.BeginsAt.Sub(first) / span); i < n {
			all[i].Runs = runEnds{a.RunsComplete, a.RunsIncomplete, a.RunsFailed, a.RunsCancelled}
			all[i].Writes = writeCounts{a.WritesApplied, a.WritesRejected, a.WritesNeedsHuman, a.WritesCancelled}
		}
	}
	return all, nil
}
