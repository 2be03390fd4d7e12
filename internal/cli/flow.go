package cli

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

type flowGroup struct {
	clientFlags `embed:""`

	New      flowNewCmd      `cmd:"" help:"Begin a document, to fill in."`
	Check    flowCheckCmd    `cmd:"" help:"Check a document: every problem with its line and what to write instead. Needs no running Busbar."`
	Apply    flowApplyCmd    `cmd:"" help:"Make a flow of a document, or a new version of one."`
	Diff     flowDiffCmd     `cmd:"" help:"Show what applying a document would change."`
	Test     flowTestCmd     `cmd:"" help:"Say what a run would do, without doing it."`
	Run      flowRunCmd      `cmd:"" help:"Begin a run."`
	List     flowListCmd     `cmd:"" help:"List flows."`
	Show     flowShowCmd     `cmd:"" help:"Show a flow, or print its document."`
	Versions flowVersionsCmd `cmd:"" help:"List the versions of a flow's document, newest first."`
	Schema   flowSchemaCmd   `cmd:"" help:"Print the JSON Schema of documents, for editors."`
	Runs     flowRunsCmd     `cmd:"" help:"List runs, newest first."`
	Status   flowStatusCmd   `cmd:"" help:"Show a run, with its items counted step by step."`
	Items    flowItemsCmd    `cmd:"" help:"List what became of each item of a run."`
	Item     flowItemCmd     `cmd:"" help:"Show one item with its input and the result of each step, as JSON."`
	Retry    flowRetryCmd    `cmd:"" help:"Begin failed items of a run again."`
	Skip     flowSkipCmd     `cmd:"" help:"Leave an item of a run out for good."`
	Cancel   flowCancelCmd   `cmd:"" help:"Cancel what a run has not begun."`
	Pause    flowPauseCmd    `cmd:"" help:"Let a flow's trigger, or a run, begin nothing more."`
	Resume   flowResumeCmd   `cmd:"" help:"Let what was paused go on."`
	Delete   flowDeleteCmd   `cmd:"" help:"Delete a flow with its versions and runs."`
}

// oneFlow is what tables show of a flow.
type oneFlow struct {
	Name    string `json:"name"`
	Title   string `json:"title"`
	Version int64  `json:"version"`
	Paused  bool   `json:"paused"`
	Changed bool   `json:"changed"`
	Trigger struct {
		Kind    string     `json:"kind"`
		NextAt  *string    `json:"next_at"`
		FiredAt *string    `json:"fired_at"`
		Reason  *syncError `json:"reason"`
	} `json:"trigger"`
	Connections map[string]string         `json:"connections"`
	Parameters  map[string]jsontext.Value `json:"parameters"`
	Secrets     []string                  `json:"secrets"`
	OpenRuns    struct {
		Queued  int64 `json:"queued"`
		Running int64 `json:"running"`
		Waiting int64 `json:"waiting"`
	} `json:"open_runs"`
	Document string `json:"document"`
	Webhook  *struct {
		Path   string `json:"path"`
		Secret string `json:"secret"`
	} `json:"webhook"`
}

func (f oneFlow) facts() *table {
	t := facts("flow", f.Name, "title", f.Title, "version", count(f.Version), "paused", yesNo(f.Paused), "trigger", f.Trigger.Kind, "next look", instant(f.Trigger.NextAt),
		"last began", instant(f.Trigger.FiredAt), "rests", f.Trigger.Reason.text())
	for _, role := range slices.Sorted(maps.Keys(f.Connections)) {
		t.add("connection "+role+":", f.Connections[role])
	}
	for _, name := range slices.Sorted(maps.Keys(f.Parameters)) {
		t.add("parameter "+name+":", shortened(string(f.Parameters[name])))
	}
	t.add("secrets set:", strings.Join(f.Secrets, ", "))
	n := f.OpenRuns
	t.add("open runs:", fmt.Sprintf("%d queued, %d running, %d waiting", n.Queued, n.Running, n.Waiting))
	return t
}

func yesNo(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

func flowPath(name string) string { return "/flows/" + url.PathEscape(name) }

type flowListCmd struct {
	On    string `name:"with" placeholder:"CONNECTION" help:"Only flows in which this connection has a role."`
	Limit int    `default:"100" help:"At most so many (1 to 500)."`
}

// Help ends the command's help with an example.
func (flowListCmd) Help() string { return "Example:\n\n  busbar flow list" }

// Run prints the flows.
func (cmd *flowListCmd) Run(ctx context.Context, c *client, s *Streams) error {
	query := url.Values{"limit": {strconv.Itoa(cmd.Limit)}}
	set(query, "connection_id", cmd.On)
	page, raw, err := get[list[oneFlow]](ctx, c, request{method: http.MethodGet, path: "/flows", query: query, who: aKey})
	if err != nil {
		return err
	}
	t := newTable("No flows.", "FLOW", "TITLE", "VERSION", "TRIGGER", "PAUSED", "LAST BEGAN", "RESTS")
	for _, f := range page.Data {
		t.add(f.Name, f.Title, count(f.Version), f.Trigger.Kind, yesNo(f.Paused), instant(f.Trigger.FiredAt), f.Trigger.Reason.brief())
	}
	return c.show(s, raw, t)
}

type flowShowCmd struct {
	Name     string `arg:"" help:"The flow's name."`
	Document bool   `help:"Print its document instead."`
	Version  int64  `placeholder:"N" help:"Of the document. Default: the newest."`
}

// Help ends the command's help with examples.
func (flowShowCmd) Help() string {
	return "Examples:\n\n  busbar flow show nightly-export\n  busbar flow show nightly-export --document > nightly-export.yaml"
}

// Run prints the flow.
func (cmd *flowShowCmd) Run(ctx context.Context, c *client, s *Streams) error {
	path := flowPath(cmd.Name)
	if cmd.Version > 0 {
		path += "/versions/" + strconv.FormatInt(cmd.Version, 10)
	}
	f, raw, err := get[oneFlow](ctx, c, request{method: http.MethodGet, path: path, who: aKey})
	if err != nil {
		return err
	}
	if cmd.Document || cmd.Version > 0 {
		_, err := fmt.Fprint(s.Out, cleanDocument(f.Document))
		return err
	}
	return c.show(s, raw, f.facts())
}

// cleanDocument is clean for a document, whose lines stay as they are otherwise.
func cleanDocument(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && obeyed(r) {
			return ' '
		}
		return r
	}, text)
}

type flowDeleteCmd struct {
	Name string `arg:"" help:"The flow's name."`
	sure
}

// Help ends the command's help with an example.
func (flowDeleteCmd) Help() string { return "Example:\n\n  busbar flow delete nightly-export" }

// Run asks whether the person is sure, and deletes.
func (cmd *flowDeleteCmd) Run(ctx context.Context, c *client, s *Streams) error {
	if err := cmd.ask(s, fmt.Sprintf("This deletes the flow %s with its versions and all that is known of its runs", clean(cmd.Name))); err != nil {
		return err
	}
	_, err := c.call(ctx, request{method: http.MethodDelete, path: flowPath(cmd.Name), who: aKey})
	if err == nil {
		fmt.Fprintf(s.Err, "Deleted %s.\n", clean(cmd.Name))
	}
	return err
}

type flowPauseCmd struct {
	Name string `arg:"" help:"The flow's name."`
	Of   string `arg:"" name:"run" optional:"" help:"A run of it. Default: the flow's trigger is paused, and runs that are under way go on."`
}

// Help ends the command's help with examples.
func (flowPauseCmd) Help() string {
	return "Examples:\n\n  busbar flow pause nightly-export\n  busbar flow pause nightly-export 0190b5a4-9a11-7c44-b0f3-5f0a6d1f3e55"
}

// Run pauses the flow or the run.
func (cmd *flowPauseCmd) Run(ctx context.Context, c *client, s *Streams) error {
	if cmd.Of != "" {
		return showFlowRun(ctx, c, s, http.MethodPost, flowRunPath(cmd.Name, cmd.Of)+"/pause", nil)
	}
	return showFlow(ctx, c, s, flowPath(cmd.Name)+"/pause", nil)
}

type flowResumeCmd struct {
	Name string `arg:"" help:"The flow's name."`
	Of   string `arg:"" name:"run" optional:"" help:"A run of it. Default: the flow's trigger."`
	From string `enum:"now,start," default:"" help:"Of a trigger whose stream was reset: now, or start for the beginning of the stream."`
}

// Help ends the command's help with examples.
func (flowResumeCmd) Help() string {
	return "Examples:\n\n  busbar flow resume nightly-export\n  busbar flow resume mirror-vendors --from now"
}

// Run lets the flow or the run go on.
func (cmd *flowResumeCmd) Run(ctx context.Context, c *client, s *Streams) error {
	if cmd.Of != "" {
		return showFlowRun(ctx, c, s, http.MethodPost, flowRunPath(cmd.Name, cmd.Of)+"/resume", nil)
	}
	body := map[string]any{}
	if cmd.From != "" {
		body["from"] = cmd.From
	}
	return showFlow(ctx, c, s, flowPath(cmd.Name)+"/resume", body)
}

// showFlow asks for an act on a flow, and prints the flow.
func showFlow(ctx context.Context, c *client, s *Streams, path string, body any) error {
	f, raw, err := get[oneFlow](ctx, c, request{method: http.MethodPost, path: path, body: body, who: aKey})
	if err != nil {
		return err
	}
	return c.show(s, raw, f.facts())
}
