package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// health is what the API says of how a connection is.
type health struct {
	Name        string         `json:"name"`
	SystemName  string         `json:"system_name"`
	Status      string         `json:"status"`
	Since       *string        `json:"since"`
	Reason      *syncError     `json:"reason"`
	NextStep    string         `json:"next_step"`
	NextLook    *string        `json:"next_look_at"`
	LastSuccess *string        `json:"last_success_at"`
	Blackout    *blackout      `json:"blackout"`
	Budget      *callBudget    `json:"budget"`
	Entities    []entityHealth `json:"entities"`
	History     []state        `json:"history"`
}

type blackout struct {
	Until *string `json:"until"`
	Next  *string `json:"next_at"`
}

func (b *blackout) text() string {
	switch {
	case b == nil:
		return "none set"
	case b.Until != nil:
		return "now, until " + instant(b.Until)
	default:
		return "next at " + instant(b.Next)
	}
}

// callBudget is what holds calls to the system back.
type callBudget struct {
	Share   float64 `json:"share"`
	Paused  *string `json:"paused_until"`
	Breaker struct {
		State string  `json:"state"`
		Next  *string `json:"next_probe_at"`
	} `json:"breaker"`
}

func (b *callBudget) text() string {
	switch {
	case b == nil:
		return ""
	case b.Paused != nil:
		return "none before " + instant(b.Paused) + ", as the system asked"
	case b.Breaker.State == "open":
		return "none before " + instant(b.Breaker.Next) + ", the system did not answer"
	case b.Share < 1:
		return fmt.Sprintf("slowed to %.0f %%, as the system asked", b.Share*100)
	default:
		return "as the connector allows"
	}
}

type entityHealth struct {
	Entity      string     `json:"entity"`
	Freshness   string     `json:"freshness"`
	Age         *int64     `json:"age_seconds"`
	NextRun     *string    `json:"next_run_at"`
	Run         *activeRun `json:"run"`
	Held        int64      `json:"held_deletions"`
	Quarantined int64      `json:"quarantined"`
	Error       *syncError `json:"error"`
}

type activeRun struct {
	State   string     `json:"state"`
	RetryAt *string    `json:"retry_at"`
	Error   *syncError `json:"error"`
}

// text says what the run does or waits for.
func (r *activeRun) text() string {
	switch {
	case r == nil:
		return ""
	case r.RetryAt == nil:
		return r.State
	case r.Error != nil && r.Error.Code == "blackout":
		return "blackout until " + instant(r.RetryAt)
	default:
		return "again at " + instant(r.RetryAt)
	}
}

// state is a state that a connection was in.
type state struct {
	Status string     `json:"status"`
	Since  *string    `json:"since"`
	Until  *string    `json:"until"`
	Reason *syncError `json:"reason"`
}

func (h health) facts(now time.Time) *table {
	t := facts("connection", h.Name+" ("+h.SystemName+")", "status", h.Status, "since", instant(h.Since)+lasted(h.Since, nil, now))
	if h.Reason != nil {
		t.add("why:", firstSentence(h.Reason.Detail)) // what to do is told below
	}
	if h.NextStep != "" {
		t.add("what to do:", h.NextStep)
	}
	if h.NextLook != nil {
		t.add("next look:", instant(h.NextLook))
	}
	t.add("last success:", instant(h.LastSuccess))
	t.add("blackouts:", h.Blackout.text())
	t.add("calls:", h.Budget.text())
	return t
}

func (h health) entityTable() *table {
	t := newTable("Nothing is synced.", "ENTITY", "FRESHNESS", "AGE", "RUN", "NEXT RUN", "HELD DELETIONS", "QUARANTINED", "PROBLEM")
	for _, e := range h.Entities {
		age := ""
		if e.Age != nil {
			age = rough(time.Duration(*e.Age) * time.Second)
		}
		t.add(e.Entity, e.Freshness, age, e.Run.text(), instant(e.NextRun), count(e.Held), count(e.Quarantined), e.Error.brief())
	}
	return t
}

func stateTable(states []state, now time.Time) *table {
	t := newTable("Nothing is known.", "SINCE", "STATUS", "FOR", "REASON")
	for _, st := range states {
		t.add(instant(st.Since), st.Status, duration(st.Since, st.Until, now), st.Reason.brief())
	}
	return t
}

type connectionHealthCmd struct{ oneConnection }

// Help ends the command's help with an example.
func (connectionHealthCmd) Help() string { return actExample("health") }

// Run shows how the connection is, at a glance.
func (cmd *connectionHealthCmd) Run(ctx context.Context, c *client, s *Streams) error {
	path, err := cmd.path(c)
	if err != nil {
		return err
	}
	h, raw, err := get[health](ctx, c, request{method: http.MethodGet, path: path + "/health", who: aKey})
	if err != nil {
		return err
	}
	if err := c.show(s, raw, h.facts(s.Now())); err != nil || c.Output == "json" {
		return err
	}
	fmt.Fprintln(s.Out)
	if err := h.entityTable().print(s.Out); err != nil {
		return err
	}
	fmt.Fprintln(s.Out, "\nLatest changes:")
	return stateTable(h.History, s.Now()).print(s.Out)
}

type connectionHistoryCmd struct {
	oneConnection
	Limit  int    `default:"100" help:"At most so many (1 to 500)."`
	Cursor string `placeholder:"CURSOR" help:"Go on where an earlier list ended."`
}

// Help ends the command's help with an example.
func (connectionHistoryCmd) Help() string { return actExample("history") }

// Run prints one page of the states that the connection was in.
func (cmd *connectionHistoryCmd) Run(ctx context.Context, c *client, s *Streams) error {
	path, err := cmd.path(c)
	if err != nil {
		return err
	}
	query := url.Values{"limit": {strconv.Itoa(cmd.Limit)}}
	set(query, "cursor", cmd.Cursor)
	page, raw, err := get[list[state]](ctx, c, request{method: http.MethodGet, path: path + "/health/history", query: query, who: aKey})
	if err != nil {
		return err
	}
	if err := c.show(s, raw, stateTable(page.Data, s.Now())); err != nil || page.Next == nil || c.Output == "json" {
		return err
	}
	fmt.Fprintf(s.Err, "There is more: add --cursor %s\n", *page.Next)
	return nil
}

// lasted is duration in brackets.
func lasted(since, until *string, now time.Time) string {
	if d := duration(since, until, now); d != "" {
		return " (" + d + ")"
	}
	return ""
}

// duration says how long something lasted between two times of the API; without an end it lasts still.
func duration(since, until *string, now time.Time) string {
	from, ok := parsed(since)
	if !ok {
		return ""
	}
	if to, ended := parsed(until); ended {
		now = to
	}
	return rough(now.Sub(from))
}

func parsed(s *string) (time.Time, bool) {
	if s == nil {
		return time.Time{}, false
	}
	at, err := time.Parse(time.RFC3339Nano, *s)
	return at, err == nil
}

// rough says how long something is in its two largest units.
func rough(d time.Duration) string {
	switch d = max(d, 0); {
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 24*time.Hour:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	default:
		return fmt.Sprintf("%d d %d h", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
	}
}
