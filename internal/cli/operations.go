package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

type operationsGroup struct {
	clientFlags `embed:""`

	List    operationsListCmd    `cmd:"" default:"withargs" help:"List operations, newest first."`
	Show    operationsShowCmd    `cmd:"" help:"Show one operation."`
	Items   operationsItemsCmd   `cmd:"" help:"List what became of each item, as a table or as CSV."`
	Item    operationsItemCmd    `cmd:"" help:"Show one item with everything that was done about it, as JSON."`
	Retry   operationsRetryCmd   `cmd:"" help:"Send again what was rejected or cancelled."`
	Cancel  operationsCancelCmd  `cmd:"" help:"Cancel what was not sent yet."`
	Resolve operationsResolveCmd `cmd:"" help:"Say what became of an item that nobody could find out about."`
}

// writeOperation is what tables show of an operation.
type writeOperation struct {
	ID         string     `json:"id"`
	Entity     string     `json:"entity"`
	Kind       string     `json:"kind"`
	State      string     `json:"state"`
	Mode       string     `json:"mode"`
	OnError    string     `json:"on_error"`
	ChunkSize  int64      `json:"chunk_size"`
	ChunkDelay string     `json:"chunk_delay"`
	Total      int64      `json:"total"`
	Counts     itemCounts `json:"counts"`
	Progress   float64    `json:"progress"`
	ExpectedAt *string    `json:"expected_at"`
	CreatedAt  *string    `json:"created_at"`
	StartedAt  *string    `json:"started_at"`
	FinishedAt *string    `json:"finished_at"`
	DueAt      *string    `json:"due_at"`
	Reason     *syncError `json:"reason"`
	Item       *writeItem `json:"item"`
}

type itemCounts struct {
	Pending     int64 `json:"pending"`
	Sending     int64 `json:"sending"`
	Applied     int64 `json:"applied"`
	Rejected    int64 `json:"rejected"`
	Unknown     int64 `json:"unknown"`
	Reconciling int64 `json:"reconciling"`
	NeedsHuman  int64 `json:"needs_human"`
	Cancelled   int64 `json:"cancelled"`
}

// open is how many items are not settled.
func (n itemCounts) open() int64 { return n.Pending + n.Sending + n.Unknown + n.Reconciling }

// failed is how many somebody should look at.
func (n itemCounts) failed() int64 { return n.Rejected + n.Unknown + n.NeedsHuman }

func (o writeOperation) ended() bool { return o.State == "completed" || o.State == "cancelled" }

// facts is all that there is to say of an operation.
func (o writeOperation) facts() *table {
	n := o.Counts
	t := facts("operation", o.ID, "entity", o.Entity, "kind", o.Kind, "state", o.State, "reason", o.Reason.text(), "created", instant(o.CreatedAt),
		"started", instant(o.StartedAt), "finished", instant(o.FinishedAt))
	if o.Kind == "batch" {
		t.add("mode:", o.Mode+", on error "+o.OnError)
		t.add("chunks:", fmt.Sprintf("of %d, pause %s", o.ChunkSize, o.ChunkDelay))
		t.add("progress:", fmt.Sprintf("%d of %d (%.0f %%)", o.Total-n.open(), o.Total, 100*o.Progress))
		t.add("expected:", instant(o.ExpectedAt))
	}
	for _, c := range []struct {
		name string
		n    int64
	}{{"pending", n.Pending}, {"sending", n.Sending}, {"applied", n.Applied}, {"rejected", n.Rejected}, {"unknown", n.Unknown},
		{"reconciling", n.Reconciling}, {"needs human", n.NeedsHuman}, {"cancelled", n.Cancelled}} {
		if o.Kind == "batch" || c.n > 0 {
			t.add(c.name+":", count(c.n))
		}
	}
	if it := o.Item; it != nil {
		t.add("record:", it.record())
		t.add("error:", it.why())
	}
	return t
}

// next says what a person may do about an operation.
func (o writeOperation) next(s *Streams) {
	id := clean(o.ID)
	if o.Counts.Rejected > 0 && o.Kind == "batch" {
		fmt.Fprintf(s.Err, "See what was rejected: busbar operations items %s --status failed\n", id)
	}
	if o.Counts.NeedsHuman > 0 {
		fmt.Fprintf(s.Err, "Nobody could find out what became of %d. Look in the system, then say so: busbar operations resolve %s N --happened REMOTE_ID, or --not-happened\n", o.Counts.NeedsHuman, id)
	}
}

func showOperation(ctx context.Context, c *client, s *Streams, method, path string) error {
	o, raw, err := get[writeOperation](ctx, c, request{method: method, path: path})
	if err != nil {
		return err
	}
	if err := c.show(s, raw, o.facts()); err != nil || c.Output == "json" {
		return err
	}
	o.next(s)
	return nil
}

func operationPath(id string) string { return "/operations/" + url.PathEscape(id) }

type operationsListCmd struct {
	Entity string `placeholder:"ENTITY" help:"Only operations on this entity."`
	State  string `placeholder:"STATE" help:"Only operations in this state: queued, running, completed or cancelled."`
	Kind   string `placeholder:"KIND" help:"single or batch."`
	Failed bool   `help:"Only operations with items that were rejected, need a decision, or of unknown outcome."`
	Limit  int    `default:"20" help:"At most so many (1 to 500)."`
}

// Help ends the command's help with examples.
func (operationsListCmd) Help() string {
	return "Examples:\n\n  busbar operations\n  busbar operations --failed --entity purchase-orders"
}

// Run prints the newest operations.
func (cmd *operationsListCmd) Run(ctx context.Context, c *client, s *Streams) error {
	query := url.Values{"limit": {strconv.Itoa(cmd.Limit)}}
	set(query, "entity", cmd.Entity)
	set(query, "state", cmd.State)
	set(query, "kind", cmd.Kind)
	if cmd.Failed {
		query.Set("failed", "true")
	}
	page, raw, err := get[list[writeOperation]](ctx, c, request{method: http.MethodGet, path: "/operations", query: query})
	if err != nil {
		return err
	}
	t := newTable("No operations.", "OPERATION", "ENTITY", "KIND", "STATE", "ITEMS", "APPLIED", "FAILED", "OPEN", "CREATED", "REASON")
	for _, o := range page.Data {
		t.add(o.ID, o.Entity, o.Kind, o.State, count(o.Total), count(o.Counts.Applied), count(o.Counts.failed()), count(o.Counts.open()), instant(o.CreatedAt), o.Reason.brief())
	}
	return c.show(s, raw, t)
}

type operationsShowCmd struct {
	ID string `arg:"" help:"The operation's id."`
}

// Help ends the command's help with an example.
func (operationsShowCmd) Help() string {
	return "Example:\n\n  busbar operations show 0190b5a4-9a11-7c44-b0f3-5f0a6d1f3e55"
}

// Run prints the operation.
func (cmd *operationsShowCmd) Run(ctx context.Context, c *client, s *Streams) error {
	return showOperation(ctx, c, s, http.MethodGet, operationPath(cmd.ID))
}

type operationsRetryCmd struct {
	ID string `arg:"" help:"The operation's id."`
}

// Help ends the command's help with an example.
func (operationsRetryCmd) Help() string {
	return `Only items that are known to have had no effect are sent again: those that were rejected or cancelled.

Example:

  busbar operations retry 0190b5a4-9a11-7c44-b0f3-5f0a6d1f3e55`
}

// Run lets the items be sent again and prints the operation.
func (cmd *operationsRetryCmd) Run(ctx context.Context, c *client, s *Streams) error {
	return showOperation(ctx, c, s, http.MethodPost, operationPath(cmd.ID)+"/retry")
}

type operationsCancelCmd struct {
	ID string `arg:"" help:"The operation's id."`
}

// Help ends the command's help with an example.
func (operationsCancelCmd) Help() string {
	return `What is under way ends, and what had its effect stays.

Example:

  busbar operations cancel 0190b5a4-9a11-7c44-b0f3-5f0a6d1f3e55`
}

// Run cancels and prints the operation.
func (cmd *operationsCancelCmd) Run(ctx context.Context, c *client, s *Streams) error {
	return showOperation(ctx, c, s, http.MethodPost, operationPath(cmd.ID)+"/cancel")
}
