package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// flowItem is what tables show of an item of a run.
type flowItem struct {
	Step      string     `json:"step"`
	N         int64      `json:"n"`
	Key       string     `json:"key"`
	Status    string     `json:"status"`
	Attempts  int64      `json:"attempts"`
	Waits     string     `json:"waits"`
	Error     *syncError `json:"error"`
	Operation *struct {
		ID string `json:"id"`
		N  int64  `json:"n"`
	} `json:"operation"`
}

func (it flowItem) write() string {
	if it.Operation == nil {
		return ""
	}
	return it.Operation.ID + "/" + count(it.Operation.N)
}

type flowItemsCmd struct {
	runArgs
	Status []string `placeholder:"STATUS" help:"Only items with this status: pending, running, ok, failed, skipped or cancelled. Repeat the flag."`
	Step   string   `placeholder:"STEP" help:"Only items of this step; - is the one of the steps on top."`
	Limit  int      `default:"100" help:"At most so many (1 to 500)."`
}

// Help ends the command's help with an example.
func (flowItemsCmd) Help() string {
	return "Example:\n\n  busbar flow items nightly-export 0190b5a4-9a11-7c44-b0f3-5f0a6d1f3e55 --status failed"
}

// Run prints the items.
func (cmd *flowItemsCmd) Run(ctx context.Context, c *client, s *Streams) error {
	query := url.Values{"limit": {strconv.Itoa(cmd.Limit)}}
	set(query, "status", strings.Join(cmd.Status, ","))
	set(query, "step", cmd.Step)
	page, raw, err := get[list[flowItem]](ctx, c, request{method: http.MethodGet, path: cmd.path() + "/items", query: query, who: aKey})
	if err != nil {
		return err
	}
	t := newTable("No items.", "STEP", "N", "KEY", "STATUS", "ATTEMPTS", "WAITS FOR", "WRITE", "ERROR")
	for _, it := range page.Data {
		t.add(it.Step, count(it.N), it.Key, it.Status, count(it.Attempts), it.Waits, it.write(), it.Error.text())
	}
	if err := c.show(s, raw, t); err != nil || c.Output == "json" || page.Next == nil {
		return err
	}
	fmt.Fprintln(s.Err, "There are more: --limit shows up to 500, --status and --step narrow them.")
	return nil
}

type flowItemCmd struct {
	runArgs
	Step string `arg:"" help:"The step that took it in; - for the steps on top."`
	N    int64  `arg:"" help:"Its number in the step, from 0."`
}

// Help ends the command's help with an example.
func (flowItemCmd) Help() string {
	return "Example:\n\n  busbar flow item order 0190b5a4-9a11-7c44-b0f3-5f0a6d1f3e55 orders 17"
}

// Run prints the item as JSON.
func (cmd *flowItemCmd) Run(ctx context.Context, c *client, s *Streams) error {
	raw, err := c.call(ctx, request{method: http.MethodGet, path: fmt.Sprintf("%s/items/%s/%d", cmd.path(), url.PathEscape(cmd.Step), cmd.N), who: aKey})
	if err != nil {
		return err
	}
	return printJSON(s.Out, raw)
}

type flowSkipCmd struct {
	runArgs
	Step string `arg:"" help:"The step that took it in."`
	N    int64  `arg:"" help:"Its number in the step, from 0."`
}

// Help ends the command's help with an example.
func (flowSkipCmd) Help() string {
	return "An item that failed, that was not begun, or that waits for a time. It counts as skipped; the audit log says who did it.\n\nExample:\n\n  busbar flow skip order 0190b5a4-9a11-7c44-b0f3-5f0a6d1f3e55 orders 17"
}

// Run skips the item and says so.
func (cmd *flowSkipCmd) Run(ctx context.Context, c *client, s *Streams) error {
	_, err := c.call(ctx, request{method: http.MethodPost, path: fmt.Sprintf("%s/items/%s/%d/skip", cmd.path(), url.PathEscape(cmd.Step), cmd.N), who: aKey})
	if err == nil {
		fmt.Fprintf(s.Err, "Skipped %s/%d.\n", clean(cmd.Step), cmd.N)
	}
	return err
}

type flowRetryCmd struct {
	runArgs
	Items    []string `name:"item" placeholder:"STEP/N" help:"A failed item. Repeat the flag. Default: all that failed."`
	From     string   `placeholder:"STEP" help:"The step to go on from. Default: the one that failed; with --input, the first."`
	Repeat   bool     `help:"Also do again what had its effect, such as writes that were applied."`
	Continue bool     `help:"Also what was cancelled when the run stopped, and the rest of its lists."`
	inputFlag
}

// Help ends the command's help with examples.
func (flowRetryCmd) Help() string {
	return `Items go on from the step that failed, with the results so far. --input takes the place of the input of the one item that is named, which begins
at its first step then, or at --from. Write secrets out in it, which are shown as •••.

Examples:

  busbar flow retry order 0190b5a4-9a11-7c44-b0f3-5f0a6d1f3e55
  busbar flow retry order 0190b5a4-9a11-7c44-b0f3-5f0a6d1f3e55 --item orders/17 --input @mended.json`
}

// Run begins the items again and prints the run.
func (cmd *flowRetryCmd) Run(ctx context.Context, c *client, s *Streams) error {
	body := map[string]any{}
	var items []map[string]any
	for _, one := range cmd.Items {
		step, text, _ := strings.Cut(one, "/")
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || step == "" || n < 0 {
			return usage{fmt.Errorf("--item %s names no item: write the step and the number, such as orders/17", one)}
		}
		items = append(items, map[string]any{"step": step, "n": n})
	}
	input, err := cmd.read(s)
	if err != nil {
		return err
	}
	if len(items) > 0 {
		body["items"] = items
	}
	if input != nil {
		body["input"] = input
	}
	for name, is := range map[string]bool{"repeat": cmd.Repeat, "continue": cmd.Continue} {
		if is {
			body[name] = true
		}
	}
	if cmd.From != "" {
		body["from"] = cmd.From
	}
	now, _ := flowBefore(ctx, c, cmd.Name) // nil: it is told no more than that
	got, raw, err := get[struct {
		Retried int64   `json:"retried"`
		Run     flowRun `json:"run"`
	}](ctx, c, request{method: http.MethodPost, path: cmd.path() + "/retry", body: body, who: aKey})
	if err != nil {
		return err
	}
	t := got.Run.facts()
	t.add("begun again:", count(got.Retried))
	if err := c.show(s, raw, t); err != nil || now == nil {
		return err
	}
	got.Run.keeps(s, now)
	return nil
}

// keeps says what a run that is begun again does not take of its flow.
func (r flowRun) keeps(s *Streams, now *oneFlow) {
	what := ""
	switch {
	case r.Version != now.Version:
		what = fmt.Sprintf("version %d, with which it began; the flow has version %d now", r.Version, now.Version)
	case !r.sameSettings(now):
		what = "the parameters and connections with which it began; the flow has others now"
	default:
		return
	}
	fmt.Fprintf(s.Err, "The run keeps %s. A new run takes those; --item with --input mends one item.\n", what)
}
