package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

type changesCmd struct {
	clientFlags `embed:""`

	Entity  string `arg:"" help:"The entity, such as purchase-orders."`
	Cursor  string `placeholder:"CURSOR" help:"Go on where an earlier reading ended. Default: from the beginning."`
	Follow  bool   `short:"f" help:"Keep waiting for more, until interrupted."`
	Limit   int    `default:"100" help:"Changes a page (1 to 500)."`
	Records bool   `help:"With --output json: the changed records too."`
}

// Help ends the command's help with examples.
func (changesCmd) Help() string {
	return `With --output json each change is one line. At the end the cursor to go on from is printed to standard error.

Examples:

  busbar changes purchase-orders
  busbar changes purchase-orders --follow -o json`
}

type change struct {
	Seq       int64   `json:"seq"`
	Type      string  `json:"type"`
	ID        string  `json:"id"`
	RemoteID  string  `json:"remote_id"`
	ChangedAt *string `json:"changed_at"`
}

// Run prints the feed until its end, or for ever.
func (cmd *changesCmd) Run(ctx context.Context, c *client, s *Streams) error {
	cursor, err := cmd.read(ctx, c, s)
	if cursor != "" {
		fmt.Fprintf(s.Err, "Go on with --cursor %s\n", cursor)
	}
	return err
}

// read gives the cursor behind the last change that was printed.
func (cmd *changesCmd) read(ctx context.Context, c *client, s *Streams) (cursor string, err error) {
	cursor = cmd.Cursor
	for first := true; ; first = false {
		page, _, err := get[feed](ctx, c, cmd.request(cursor))
		if err != nil {
			return cursor, err
		}
		if err := cmd.print(c, s, page.Data, first); err != nil {
			return cursor, err
		}
		if page.Next != nil {
			cursor = *page.Next
		}
		if !cmd.Follow && !page.More {
			return cursor, nil
		}
	}
}

// feed is a page of changes; its cursor is there even at the end.
type feed struct {
	list[jsontext.Value]
	More bool `json:"has_more"`
}

func (cmd *changesCmd) request(cursor string) request {
	query := url.Values{"entity": {cmd.Entity}, "limit": {strconv.Itoa(cmd.Limit)}}
	set(query, "cursor", cursor)
	if cmd.Follow {
		query.Set("wait", "30")
	}
	if cmd.Records {
		query.Set("include", "record")
	}
	return request{method: http.MethodGet, path: "/changes", query: query}
}

func (cmd *changesCmd) print(c *client, s *Streams, data []jsontext.Value, first bool) error {
	if c.Output == "json" {
		return printLines(s, data)
	}
	t := newTable("No changes.", "SEQ", "CHANGE", "ID", "REMOTE ID", "AT")
	for _, raw := range data {
		var ch change
		if err := json.Unmarshal(raw, &ch); err != nil {
			return fmt.Errorf("read a change: %w", err)
		}
		t.add(count(ch.Seq), ch.Type, ch.ID, ch.RemoteID, instant(ch.ChangedAt))
	}
	if !first {
		t.titles = nil
	}
	if len(data) == 0 && (!first || cmd.Follow) {
		return nil
	}
	return t.print(s.Out)
}
