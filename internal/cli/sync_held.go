package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
)

// held is deletions that were held back.
type held struct {
	Run         string  `json:"run"`
	Missing     int64   `json:"missing"`
	Of          int64   `json:"of"`
	Since       *string `json:"since"`
	ConfirmedAt *string `json:"confirmed_at"`
	Decision    string  `json:"decision"`
	CarriedOut  *string `json:"carried_out_by"`
}

// text says in a line what is held and what was decided.
func (h *held) text() string {
	if h == nil {
		return ""
	}
	state := h.Decision
	if h.CarriedOut != nil {
		state += ", carried out by " + *h.CarriedOut
	}
	return fmt.Sprintf("%d of %d (%s)", h.Missing, h.Of, state)
}

type syncHeldCmd struct{}

// Help ends the command's help with an example.
func (syncHeldCmd) Help() string {
	return `When a full sync misses suspiciously many records, nothing is deleted until a second one misses them too and a person approves.

Example:

  busbar sync held`
}

// Run prints what is held.
func (syncHeldCmd) Run(ctx context.Context, c *client, s *Streams) error {
	page, raw, err := get[list[stream]](ctx, c, request{method: http.MethodGet, path: "/syncs"})
	if err != nil {
		return err
	}
	t := newTable("No deletions are held.", "ENTITY", "RUN", "MISSING", "OF", "SINCE", "CONFIRMED", "DECISION")
	for _, st := range page.Data {
		if h := st.Held; h != nil {
			t.add(st.Entity, h.Run, count(h.Missing), count(h.Of), instant(h.Since), instant(h.ConfirmedAt), h.Decision)
		}
	}
	return c.show(s, raw, t)
}

type syncApproveCmd struct {
	RunID string `arg:"" name:"run" help:"The run that holds the deletions; busbar sync held names it."`
	sure  `embed:""`
}

// Help ends the command's help with an example.
func (syncApproveCmd) Help() string {
	return `A full sync starts at once. It deletes those of the held records that it misses too.

Example:

  busbar sync approve 0190b5a4-9a11-7c44-b0f3-5f0a6d1f3e55`
}

// Run asks whether the person is sure, approves, and prints the run that deletes.
func (cmd *syncApproveCmd) Run(ctx context.Context, c *client, s *Streams) error {
	path := "/sync-runs/" + url.PathEscape(cmd.RunID)
	r, _, err := get[syncRun](ctx, c, request{method: http.MethodGet, path: path})
	if err != nil {
		return err
	}
	if h := r.Held; h != nil && h.CarriedOut == nil {
		if err := cmd.ask(s, fmt.Sprintf("This deletes up to %d of %d %s, if a full sync misses them again", h.Missing, h.Of, r.Entity)); err != nil {
			return err
		}
	}
	return approve(ctx, c, s, path+"/pending-deletions/approve")
}

func approve(ctx context.Context, c *client, s *Streams, path string) error {
	r, raw, err := get[syncRun](ctx, c, request{method: http.MethodPost, path: path})
	if err != nil {
		return err
	}
	if err := c.show(s, raw, r.facts()); err != nil || c.Output == "json" {
		return err
	}
	fmt.Fprintf(s.Err, "See how it ends: busbar sync run %s\n", clean(r.ID))
	return nil
}

type syncRejectCmd struct {
	RunID string `arg:"" name:"run" help:"The run that holds the deletions; busbar sync held names it."`
}

// Help ends the command's help with an example.
func (syncRejectCmd) Help() string {
	return `The records stay, and later syncs do not hold them again. They may be approved later, while they are still missing.

Example:

  busbar sync reject 0190b5a4-9a11-7c44-b0f3-5f0a6d1f3e55`
}

// Run rejects and prints the run that held the deletions.
func (cmd *syncRejectCmd) Run(ctx context.Context, c *client, s *Streams) error {
	return showRun(ctx, c, s, http.MethodPost, "/sync-runs/"+url.PathEscape(cmd.RunID)+"/pending-deletions/reject")
}
