package cli

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

type syncQuarantineCmd struct {
	RunID string `arg:"" name:"run" help:"The run; busbar sync runs lists them."`
	State string `placeholder:"STATE" help:"Only records in this state: open, stored or superseded."`
	Limit int    `default:"100" help:"At most so many (1 to 500)."`
	Retry bool   `help:"Map what is open again, with the mapping as it is now, and store what maps."`
}

// Help ends the command's help with examples.
func (syncQuarantineCmd) Help() string {
	return `A record that cannot be mapped is kept as it came, and the others go on. "busbar sync runs --entity ENTITY" shows in its column QUARANTINED
which run met one.

Examples:

  busbar sync quarantine 0190b5a4-9a11-7c44-b0f3-5f0a6d1f3e55
  busbar sync quarantine 0190b5a4-9a11-7c44-b0f3-5f0a6d1f3e55 --retry`
}

type badRecord struct {
	RemoteID string `json:"remote_id"`
	State    string `json:"state"`
	Pointer  string `json:"pointer"`
	Reason   string `json:"reason"`
}

type retried struct {
	Tried      int64 `json:"tried"`
	Created    int64 `json:"created"`
	Updated    int64 `json:"updated"`
	Superseded int64 `json:"superseded"`
	Open       int64 `json:"open"`
}

// Run prints the quarantine, or what trying it again did.
func (cmd *syncQuarantineCmd) Run(ctx context.Context, c *client, s *Streams) error {
	path := "/sync-runs/" + url.PathEscape(cmd.RunID) + "/quarantine"
	if cmd.Retry {
		return retryQuarantine(ctx, c, s, path+"/retry")
	}
	query := url.Values{"limit": {strconv.Itoa(cmd.Limit)}}
	set(query, "state", cmd.State)
	page, raw, err := get[list[badRecord]](ctx, c, request{method: http.MethodGet, path: path, query: query})
	if err != nil {
		return err
	}
	t := newTable("Nothing is in quarantine.", "REMOTE ID", "STATE", "MEMBER", "REASON")
	for _, b := range page.Data {
		t.add(b.RemoteID, b.State, b.Pointer, b.Reason)
	}
	return c.show(s, raw, t)
}

func retryQuarantine(ctx context.Context, c *client, s *Streams, path string) error {
	n, raw, err := get[retried](ctx, c, request{method: http.MethodPost, path: path})
	if err != nil {
		return err
	}
	return c.show(s, raw, facts("tried", count(n.Tried), "created", count(n.Created), "updated", count(n.Updated),
		"superseded", count(n.Superseded), "open", count(n.Open)))
}
