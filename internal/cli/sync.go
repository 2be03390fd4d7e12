package cli

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

type syncGroup struct {
	clientFlags `embed:""`

	Start      syncStartCmd      `cmd:"" help:"Start a sync of some entities, or of all."`
	Status     syncStatusCmd     `cmd:"" help:"Where each entity stands."`
	Runs       syncRunsCmd       `cmd:"" help:"List runs, newest first."`
	Run        syncRunCmd        `cmd:"" help:"Show one run."`
	Cancel     syncCancelCmd     `cmd:"" help:"Cancel a run."`
	Set        syncSetCmd        `cmd:"" help:"Change how an entity is synced."`
	Quarantine syncQuarantineCmd `cmd:"" help:"List the records of a run that could not be mapped, and why; or try them again."`
	Held       syncHeldCmd       `cmd:"" help:"List deletions that are held back until a person decides."`
	Approve    syncApproveCmd    `cmd:"" help:"Let the deletions go through that a run holds."`
	Reject     syncRejectCmd     `cmd:"" help:"Keep the records whose deletions a run holds."`
}

type syncCounts struct {
	Fetched     int64 `json:"fetched"`
	Created     int64 `json:"created"`
	Updated     int64 `json:"updated"`
	Deleted     int64 `json:"deleted"`
	Unchanged   int64 `json:"unchanged"`
	Quarantined int64 `json:"quarantined"`
}

type syncError struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

func (e *syncError) text() string {
	if e == nil {
		return ""
	}
	if e.Detail == "" {
		return e.Code
	}
	return e.Code + ": " + e.Detail
}

// brief is text for a line of a table: without the sentences after the first, which "sync run" shows.
func (e *syncError) brief() string { return firstSentence(e.text()) }

func firstSentence(s string) string {
	if first, _, more := strings.Cut(s, ". "); more {
		return first + "."
	}
	return s
}

type syncRun struct {
	ID         string     `json:"id"`
	Entity     string     `json:"entity"`
	Mode       string     `json:"mode"`
	Trigger    string     `json:"trigger"`
	State      string     `json:"state"`
	Counts     syncCounts `json:"counts"`
	Expected   *int64     `json:"expected"`
	Requested  *string    `json:"requested_at"`
	StartedAt  *string    `json:"started_at"`
	FinishedAt *string    `json:"finished_at"`
	Error      *syncError `json:"error"`
	Held       *held      `json:"held_deletions"`
}

func (r syncRun) ended() bool { return r.State != "queued" && r.State != "running" }

// needsLogin says that the run waits for a new login.
func (r syncRun) needsLogin() bool {
	return !r.ended() && r.Error != nil && r.Error.Code == "credentials-refused"
}

func (r syncRun) reason() string { return r.Error.text() }

func runTable(runs []syncRun) *table {
	t := newTable("No runs.", "RUN", "ENTITY", "MODE", "TRIGGER", "STATE", "FETCHED", "CREATED", "UPDATED", "DELETED", "QUARANTINED", "FINISHED", "REASON")
	for _, r := range runs {
		n := r.Counts
		t.add(r.ID, r.Entity, r.Mode, r.Trigger, r.State, count(n.Fetched), count(n.Created), count(n.Updated), count(n.Deleted),
			count(n.Quarantined), instant(r.FinishedAt), r.Error.brief())
	}
	return t
}

type stream struct {
	Entity      string     `json:"entity"`
	State       string     `json:"state"`
	LastSuccess *string    `json:"last_success_at"`
	NextRun     *string    `json:"next_run_at"`
	Schedule    *string    `json:"schedule"`
	History     string     `json:"history"`
	Paused      bool       `json:"paused"`
	Error       *syncError `json:"error"`
	Held        *held      `json:"held_deletions"`
	Counts      struct {
		Live        int64 `json:"live"`
		Deleted     int64 `json:"deleted"`
		Quarantined int64 `json:"quarantined"`
	} `json:"counts"`
}

func (st stream) row() []string {
	state, schedule := st.State, "manual"
	if st.Paused {
		state += " (paused)"
	}
	if st.Schedule != nil && *st.Schedule != "" {
		schedule = *st.Schedule
	}
	return []string{st.Entity, state, count(st.Counts.Live), count(st.Counts.Quarantined), instant(st.LastSuccess), schedule, instant(st.NextRun), st.Error.brief()}
}

func streamTable(streams ...stream) *table {
	t := newTable("Nothing is synced.", "ENTITY", "STATE", "RECORDS", "QUARANTINED", "LAST SUCCESS", "SCHEDULE", "NEXT RUN", "ERROR")
	for _, st := range streams {
		t.add(st.row()...)
	}
	return t
}

type syncStatusCmd struct{}

// Help ends the command's help with an example.
func (syncStatusCmd) Help() string { return "Example:\n\n  busbar sync status" }

// Run prints every stream.
func (syncStatusCmd) Run(ctx context.Context, c *client, s *Streams) error {
	page, raw, err := get[list[stream]](ctx, c, request{method: http.MethodGet, path: "/syncs"})
	if err != nil {
		return err
	}
	return c.show(s, raw, streamTable(page.Data...))
}

type syncRunsCmd struct {
	Entity string `placeholder:"ENTITY" help:"Only runs of this entity."`
	State  string `placeholder:"STATE" help:"Only runs in this state: queued, running, complete, incomplete, failed or cancelled."`
	Limit  int    `default:"20" help:"At most so many (1 to 500)."`
}

// Help ends the command's help with an example.
func (syncRunsCmd) Help() string {
	return "Example:\n\n  busbar sync runs --entity purchase-orders --state failed"
}

// Run prints the newest runs.
func (cmd *syncRunsCmd) Run(ctx context.Context, c *client, s *Streams) error {
	query := url.Values{"limit": {strconv.Itoa(cmd.Limit)}}
	set(query, "entity", cmd.Entity)
	set(query, "state", cmd.State)
	page, raw, err := get[list[syncRun]](ctx, c, request{method: http.MethodGet, path: "/sync-runs", query: query})
	if err != nil {
		return err
	}
	return c.show(s, raw, runTable(page.Data))
}

type syncRunCmd struct {
	ID string `arg:"" help:"The run's id."`
}

// Help ends the command's help with an example.
func (syncRunCmd) Help() string {
	return "Example:\n\n  busbar sync run 0190b5a4-9a11-7c44-b0f3-5f0a6d1f3e55"
}

// Run prints the run.
func (cmd *syncRunCmd) Run(ctx context.Context, c *client, s *Streams) error {
	return showRun(ctx, c, s, http.MethodGet, "/sync-runs/"+url.PathEscape(cmd.ID))
}

type syncCancelCmd struct {
	ID string `arg:"" help:"The run's id."`
}

// Help ends the command's help with an example.
func (syncCancelCmd) Help() string {
	return "A running sync stops after the page at hand; what it stored stays.\n\nExample:\n\n  busbar sync cancel 0190b5a4-9a11-7c44-b0f3-5f0a6d1f3e55"
}

// Run cancels the run and prints it.
func (cmd *syncCancelCmd) Run(ctx context.Context, c *client, s *Streams) error {
	return showRun(ctx, c, s, http.MethodPost, "/sync-runs/"+url.PathEscape(cmd.ID)+"/cancel")
}

func showRun(ctx context.Context, c *client, s *Streams, method, path string) error {
	r, raw, err := get[syncRun](ctx, c, request{method: method, path: path})
	if err != nil {
		return err
	}
	return c.show(s, raw, r.facts())
}

// facts is all that the API says of the run.
func (r syncRun) facts() *table {
	n := r.Counts
	return facts("run", r.ID, "entity", r.Entity, "mode", r.Mode, "trigger", r.Trigger, "state", r.State, "reason", r.reason(),
		"requested", instant(r.Requested), "started", instant(r.StartedAt), "finished", instant(r.FinishedAt), "fetched", count(n.Fetched),
		"created", count(n.Created), "updated", count(n.Updated), "deleted", count(n.Deleted), "unchanged", count(n.Unchanged), "quarantined", count(n.Quarantined),
		"held deletions", r.Held.text())
}

type syncSetCmd struct {
	Entity   string  `arg:"" help:"The entity."`
	Schedule *string `placeholder:"1h" help:"How often to sync: 5m, 1h, a cron expression, or manual."`
	History  *string `placeholder:"P90D" help:"How far back full syncs read: an ISO 8601 duration, or all."`
	Pause    *bool   `negatable:"" help:"Stop syncing this entity, or go on with --no-pause."`
}

// Help ends the command's help with examples.
func (syncSetCmd) Help() string {
	return "Examples:\n\n  busbar sync set purchase-orders --schedule 5m\n  busbar sync set work-orders --pause"
}

// Run stores the settings that are given.
func (cmd *syncSetCmd) Run(ctx context.Context, c *client, s *Streams) error {
	body := map[string]any{}
	if cmd.Schedule != nil {
		body["schedule"] = *cmd.Schedule
	}
	if cmd.History != nil {
		body["history"] = *cmd.History
	}
	if cmd.Pause != nil {
		body["paused"] = *cmd.Pause
	}
	if len(body) == 0 {
		return usage{errors.New("say what to change: --schedule, --history or --pause")}
	}
	st, raw, err := get[stream](ctx, c, request{method: http.MethodPatch, path: "/syncs/" + url.PathEscape(cmd.Entity), body: body})
	if err != nil {
		return err
	}
	return c.show(s, raw, streamTable(st))
}
