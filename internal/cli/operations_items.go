package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// writeItem is what tables show of an item.
type writeItem struct {
	Index     int64   `json:"index"`
	ClientRef string  `json:"client_ref"`
	Op        string  `json:"op"`
	Status    string  `json:"status"`
	ID        *string `json:"id"`
	RemoteID  *string `json:"remote_id"`
	Attempts  int64   `json:"attempts"`
	Error     *struct {
		Code   string        `json:"code"`
		Detail string        `json:"detail"`
		Errors []verdictItem `json:"errors"`
	} `json:"error"`
}

// record names the record of an item as far as it is known.
func (it writeItem) record() string {
	if text(it.RemoteID) == "" {
		return text(it.ID)
	}
	return strings.TrimSpace(text(it.ID) + " (" + *it.RemoteID + ")")
}

// why says what is wrong with an item: fault by fault where there are any.
func (it writeItem) why() string {
	if it.Error == nil {
		return ""
	}
	said := it.Error.Detail
	if len(it.Error.Errors) > 0 {
		parts := make([]string, len(it.Error.Errors))
		for i, e := range it.Error.Errors {
			parts[i] = e.Pointer + ": " + e.Detail
		}
		said = strings.Join(parts, " ")
	}
	return it.Error.Code + ": " + said
}

type operationsItemsCmd struct {
	ID     string   `arg:"" help:"The operation's id."`
	Status []string `placeholder:"STATUS" help:"Only items of these: failed (rejected, needs_human and unknown), pending, sending, applied, rejected, unknown, reconciling, needs_human, cancelled. Separate with commas."`
	CSV    bool     `name:"csv" help:"All of them as CSV, for spreadsheets."`
	Limit  int      `default:"100" help:"At most so many (1 to 500); with --csv all."`
	Cursor string   `placeholder:"CURSOR" help:"Go on where an earlier list ended."`
}

// Help ends the command's help with examples.
func (operationsItemsCmd) Help() string {
	return `Examples:

  busbar operations items 0190b5a4-9a11-7c44-b0f3-5f0a6d1f3e55 --status failed
  busbar operations items 0190b5a4-9a11-7c44-b0f3-5f0a6d1f3e55 --status failed --csv > errors.csv`
}

// Run prints the items.
func (cmd *operationsItemsCmd) Run(ctx context.Context, c *client, s *Streams) error {
	query := url.Values{}
	set(query, "status", strings.Join(cmd.Status, ","))
	if cmd.CSV {
		raw, err := c.call(ctx, request{method: http.MethodGet, path: operationPath(cmd.ID) + "/items.csv", query: query})
		if err == nil {
			_, err = s.Out.Write(raw)
		}
		return err
	}
	query.Set("limit", strconv.Itoa(cmd.Limit))
	set(query, "cursor", cmd.Cursor)
	page, raw, err := get[list[writeItem]](ctx, c, request{method: http.MethodGet, path: operationPath(cmd.ID) + "/items", query: query})
	if err != nil {
		return err
	}
	t := newTable("No such items.", "N", "REF", "OP", "STATUS", "RECORD", "WHY")
	for _, it := range page.Data {
		t.add(count(it.Index), it.ClientRef, it.Op, it.Status, it.record(), it.why())
	}
	if err := c.show(s, raw, t); err != nil || page.Next == nil || c.Output == "json" {
		return err
	}
	fmt.Fprintf(s.Err, "There is more: add --cursor %s\n", *page.Next)
	return nil
}

type operationsItemCmd struct {
	ID string `arg:"" help:"The operation's id."`
	N  int64  `arg:"" help:"The item's number."`
}

// Help ends the command's help with an example.
func (operationsItemCmd) Help() string {
	return "Example:\n\n  busbar operations item 0190b5a4-9a11-7c44-b0f3-5f0a6d1f3e55 0"
}

// Run prints the item as JSON: its ledger is too much for a table.
func (cmd *operationsItemCmd) Run(ctx context.Context, c *client, s *Streams) error {
	raw, err := c.call(ctx, request{method: http.MethodGet, path: itemPath(cmd.ID, cmd.N)})
	if err != nil {
		return err
	}
	return printJSON(s.Out, raw)
}

func itemPath(id string, n int64) string { return fmt.Sprintf("%s/items/%d", operationPath(id), n) }

type operationsResolveCmd struct {
	ID          string `arg:"" help:"The operation's id."`
	N           int64  `arg:"" help:"The item's number."`
	RemoteID    string `arg:"" optional:"" help:"With --happened, of a create: the system's own key of the record that came of it."`
	Happened    bool   `xor:"outcome" help:"The write had its effect."`
	NotHappened bool   `name:"not-happened" xor:"outcome" help:"It had none: send it again."`
}

// Help ends the command's help with examples.
func (operationsResolveCmd) Help() string {
	return `Look in the system first: what did happen and is sent again, happens twice.

Examples:

  busbar operations resolve 0190b5a4-9a11-7c44-b0f3-5f0a6d1f3e55 0 --happened PO-4711
  busbar operations resolve 0190b5a4-9a11-7c44-b0f3-5f0a6d1f3e55 0 --not-happened`
}

type decision struct {
	Outcome  string `json:"outcome"`
	RemoteID string `json:"remote_id,omitempty"`
}

// Run tells the decision and prints the item.
func (cmd *operationsResolveCmd) Run(ctx context.Context, c *client, s *Streams) error {
	d := decision{Outcome: "happened", RemoteID: cmd.RemoteID}
	switch {
	case !cmd.Happened && !cmd.NotHappened:
		return usage{errors.New("say what happened: --happened REMOTE_ID, or --not-happened")}
	case cmd.NotHappened && cmd.RemoteID != "":
		return usage{errors.New("a record comes of it only with --happened")}
	case cmd.NotHappened:
		d.Outcome = "not_happened"
	}
	it, raw, err := get[writeItem](ctx, c, request{method: http.MethodPost, path: itemPath(cmd.ID, cmd.N) + "/resolve", body: d})
	if err != nil {
		return err
	}
	return c.show(s, raw, facts("item", count(it.Index), "op", it.Op, "status", it.Status, "record", it.record(), "error", it.why()))
}
