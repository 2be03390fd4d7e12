package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

type recordsGroup struct {
	clientFlags `embed:""`

	List     recordsListCmd     `cmd:"" help:"List the records of an entity."`
	Get      recordsGetCmd      `cmd:"" help:"Show one record, whole, as JSON."`
	Create   recordsCreateCmd   `cmd:"" help:"Create a record in the system."`
	Update   recordsUpdateCmd   `cmd:"" help:"Change a record in the system."`
	Delete   recordsDeleteCmd   `cmd:"" help:"Delete a record in the system."`
	Validate recordsValidateCmd `cmd:"" help:"Would a write be accepted, and why not."`
}

type recordsListCmd struct {
	Entity        string   `arg:"" help:"The entity, such as purchase-orders."`
	All           bool     `help:"Every page. With --output json each record is one line."`
	Limit         int      `default:"100" help:"Records a page (1 to 500)."`
	Cursor        string   `placeholder:"CURSOR" help:"Go on where an earlier list ended."`
	ModifiedAfter string   `name:"modified-after" placeholder:"TIME" help:"Only records that changed here after that time, such as 2026-11-01T00:00:00Z."`
	Include       []string `placeholder:"WHAT" help:"raw: the source's own object too. deleted: deleted records too. Separate with commas."`
}

// Help ends the command's help with examples.
func (recordsListCmd) Help() string {
	return `Examples:

  busbar records list purchase-orders --limit 20
  busbar records list vendors --all -o json > vendors.ndjson`
}

// record is what a table shows of a record; raw is all of it.
type record struct {
	ID          string  `json:"id"`
	RemoteID    string  `json:"remote_id"`
	DisplayID   *string `json:"display_id"`
	DisplayName *string `json:"display_name"`
	Status      *string `json:"status"`
	UpdatedAt   *string `json:"updated_at"`
	DeletedAt   *string `json:"deleted_at"`
}

func (r record) row() []string {
	status := text(r.Status)
	if r.DeletedAt != nil {
		status = "deleted " + instant(r.DeletedAt)
	}
	return []string{r.ID, r.RemoteID, text(r.DisplayID), text(r.DisplayName), status, instant(r.UpdatedAt)}
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// Run prints one page, or all.
func (cmd *recordsListCmd) Run(ctx context.Context, c *client, s *Streams) error {
	if cmd.All {
		return cmd.all(ctx, c, s)
	}
	page, raw, err := cmd.page(ctx, c, cmd.Cursor)
	if err != nil {
		return err
	}
	t, err := recordTable(page.Data)
	if err != nil {
		return err
	}
	if err := c.show(s, raw, t); err != nil || page.Next == nil || c.Output == "json" {
		return err
	}
	fmt.Fprintf(s.Err, "There is more: add --all, or --cursor %s\n", *page.Next)
	return nil
}

func (cmd *recordsListCmd) page(ctx context.Context, c *client, cursor string) (list[jsontext.Value], []byte, error) {
	query := url.Values{"limit": {strconv.Itoa(cmd.Limit)}}
	set(query, "cursor", cursor)
	set(query, "modified_after", cmd.ModifiedAfter)
	set(query, "include", strings.Join(cmd.Include, ","))
	return get[list[jsontext.Value]](ctx, c, request{method: http.MethodGet, path: "/" + url.PathEscape(cmd.Entity), query: query})
}

// all prints page after page as they come, so that memory stays flat.
func (cmd *recordsListCmd) all(ctx context.Context, c *client, s *Streams) error {
	cursor := cmd.Cursor
	for first := true; ; first = false {
		page, _, err := cmd.page(ctx, c, cursor)
		if err != nil {
			return err
		}
		if err := cmd.print(c, s, page.Data, first); err != nil || page.Next == nil {
			return err
		}
		cursor = *page.Next
	}
}

func (cmd *recordsListCmd) print(c *client, s *Streams, data []jsontext.Value, first bool) error {
	if c.Output == "json" {
		return printLines(s, data)
	}
	t, err := recordTable(data)
	if err != nil {
		return err
	}
	if !first {
		t.titles = nil
		if len(data) == 0 {
			return nil
		}
	}
	return t.print(s.Out)
}

// printLines prints each value on a line of its own.
func printLines(s *Streams, values []jsontext.Value) error {
	for _, v := range values {
		if err := v.Compact(); err != nil {
			return fmt.Errorf("the answer is not JSON: %w", err)
		}
		if _, err := fmt.Fprintf(s.Out, "%s\n", escaped(v)); err != nil {
			return err
		}
	}
	return nil
}

func recordTable(data []jsontext.Value) (*table, error) {
	t := newTable("No records.", "ID", "REMOTE ID", "NUMBER", "NAME", "STATUS", "UPDATED")
	for _, raw := range data {
		var r record
		if err := json.Unmarshal(raw, &r); err != nil {
			return nil, fmt.Errorf("read a record: %w", err)
		}
		t.add(r.row()...)
	}
	return t, nil
}

type recordsGetCmd struct {
	Entity  string   `arg:"" help:"The entity, such as purchase-orders."`
	ID      string   `arg:"" help:"The record's id."`
	Include []string `placeholder:"WHAT" help:"raw: the source's own object too."`
}

// Help ends the command's help with an example.
func (recordsGetCmd) Help() string {
	return "Example:\n\n  busbar records get vendors 3f0c8b1e-5b0a-5a52-9d55-6b7d6c0f2a10 --include raw"
}

// Run prints the record as JSON: a record has too many fields for a table.
func (cmd *recordsGetCmd) Run(ctx context.Context, c *client, s *Streams) error {
	query := url.Values{}
	set(query, "include", strings.Join(cmd.Include, ","))
	raw, err := c.call(ctx, request{method: http.MethodGet, path: "/" + url.PathEscape(cmd.Entity) + "/" + url.PathEscape(cmd.ID), query: query})
	if err != nil {
		return err
	}
	return printJSON(s.Out, raw)
}
