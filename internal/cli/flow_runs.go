package cli

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// flowRun is what tables show of a run.
type flowRun struct {
	ID         string     `json:"id"`
	Flow       string     `json:"flow"`
	Version    int64      `json:"version"`
	State      string     `json:"state"`
	Trigger    string     `json:"trigger"`
	Paused     bool       `json:"paused"`
	Counts     flowCounts `json:"counts"`
	Progress   float64    `json:"progress"`
	Reason     *syncError `json:"reason"`
	Retries    int64      `json:"retries"`
	CreatedAt  *string    `json:"created_at"`
	StartedAt  *string    `json:"started_at"`
	FinishedAt *string    `json:"finished_at"`
	DueAt      *string    `json:"due_at"`

	Connections map[string]string         `json:"connections"`
	Parameters  map[string]jsontext.Value `json:"parameters"`

	Steps []struct {
		Step   string     `json:"step"`
		Counts flowCounts `json:"counts"`
	} `json:"steps"`
}

type flowCounts struct {
	In        int64 `json:"in"`
	Pending   int64 `json:"pending"`
	Running   int64 `json:"running"`
	OK        int64 `json:"ok"`
	Failed    int64 `json:"failed"`
	Skipped   int64 `json:"skipped"`
	Cancelled int64 `json:"cancelled"`
}

func (n flowCounts) cells() []string {
	return []string{count(n.In), count(n.OK), count(n.Failed), count(n.Skipped), count(n.Cancelled), count(n.Pending + n.Running)}
}

func (r flowRun) ended() bool {
	return r.State == "completed" || r.State == "failed" || r.State == "cancelled"
}

// sameSettings says that a run has the settings of its flow.
func (r flowRun) sameSettings(f *oneFlow) bool {
	equal := func(a, b jsontext.Value) bool { return string(a) == string(b) }
	return maps.Equal(r.Connections, f.Connections) && maps.EqualFunc(r.Parameters, f.Parameters, equal)
}

// facts is all that there is to say of a run.
func (r flowRun) facts() *table {
	t := facts("run", r.ID, "flow", fmt.Sprintf("%s, version %d", r.Flow, r.Version), "state", r.State, "reason", r.Reason.text(), "trigger", r.Trigger, "paused", yesNo(r.Paused),
		"created", instant(r.CreatedAt), "started", instant(r.StartedAt), "finished", instant(r.FinishedAt), "goes on", instant(r.DueAt))
	t.add("progress:", fmt.Sprintf("%.0f %%", 100*r.Progress))
	t.add("items:", r.Counts.text())
	for _, step := range r.Steps {
		t.add("step "+step.Step+":", step.Counts.text())
	}
	return t
}

func (n flowCounts) text() string {
	return fmt.Sprintf("%d in: %d ok, %d failed, %d skipped, %d cancelled, %d open", n.In, n.OK, n.Failed, n.Skipped, n.Cancelled, n.Pending+n.Running)
}

// next says what a person may do about a run.
func (r flowRun) next(s *Streams) {
	if r.ended() && r.Counts.Failed > 0 {
		fmt.Fprintf(s.Err, "See what failed: busbar flow items %s %s --status failed\nBegin it again: busbar flow retry %s %s\n", clean(r.Flow), clean(r.ID), clean(r.Flow), clean(r.ID))
	}
}

func flowRunPath(name, id string) string { return flowPath(name) + "/runs/" + url.PathEscape(id) }

// showFlowRun asks for a run, or for an act on one, and prints it.
func showFlowRun(ctx context.Context, c *client, s *Streams, method, path string, body any) error {
	r, raw, err := get[flowRun](ctx, c, request{method: method, path: path, body: body, who: aKey})
	if err != nil {
		return err
	}
	if err := c.show(s, raw, r.facts()); err != nil || c.Output == "json" {
		return err
	}
	r.next(s)
	return nil
}

// inputFlag gives the input of a run, or of a test.
type inputFlag struct {
	Input string `placeholder:"JSON" help:"A value, such as 888 or {\"since\": \"2026-11-01\"}; @FILE for that of a file, - for standard input."`
}

// read gives the input; nil when there is none.
func (f inputFlag) read(s *Streams) (jsontext.Value, error) { return readJSON(s, f.Input) }

// readJSON takes a value as it is written, or that of the file behind an @, or of standard input for -.
func readJSON(s *Streams, text string) (jsontext.Value, error) {
	if text == "" {
		return nil, nil
	}
	file, named := strings.CutPrefix(text, "@")
	if !named && text != "-" {
		if v := jsontext.Value(text); v.IsValid() {
			return v, nil
		}
		return nil, usage{fmt.Errorf("%s is not JSON: write a value, such as 888, \"text\" or {\"a\": 1}, or @FILE for that of a file", text)}
	}
	b, err := readText(s, file)
	if err != nil {
		return nil, err
	}
	if v := jsontext.Value(b); v.IsValid() {
		return v, nil
	}
	return nil, usage{fmt.Errorf("what is in %s is not JSON", file)}
}

type flowRunCmd struct {
	Name string `arg:"" help:"The flow's name."`
	Wait bool   `help:"Wait for its end. Exit code 1 when it failed, or items of it did."`
	Key  string `name:"idempotency-key" placeholder:"KEY" help:"The same request with the same key begins one run."`
	inputFlag
	settingFlags
}

// Help ends the command's help with examples.
func (flowRunCmd) Help() string {
	return "Examples:\n\n  busbar flow run nightly-export --wait\n  busbar flow run order --input '{\"since\": \"2026-11-01\"}' --parameter least=5"
}

// Run begins a run and prints it.
func (cmd *flowRunCmd) Run(ctx context.Context, c *client, s *Streams) error {
	body := map[string]any{}
	input, err := cmd.read(s)
	if err != nil {
		return err
	}
	if input != nil {
		body["input"] = input
	}
	if err := cmd.add(ctx, c, s, body); err != nil {
		return err
	}
	r := request{method: http.MethodPost, path: flowPath(cmd.Name) + "/runs", body: body, who: aKey}
	if cmd.Key != "" {
		r.headers = map[string]string{"Idempotency-Key": cmd.Key}
	}
	run, raw, err := get[flowRun](ctx, c, r)
	if err != nil {
		return err
	}
	if cmd.Wait {
		if run, raw, err = awaitRun(ctx, c, run, raw); err != nil {
			return err
		}
	}
	if err := c.show(s, raw, run.facts()); err != nil || !cmd.Wait {
		return err
	}
	if run.State != "completed" || run.Counts.Failed > 0 {
		run.next(s)
		return exit(ExitFailed)
	}
	return nil
}

// awaitRun looks after a run until it has ended.
func awaitRun(ctx context.Context, c *client, r flowRun, raw []byte) (flowRun, []byte, error) {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for !r.ended() {
		select {
		case <-ctx.Done():
			return r, raw, ctx.Err()
		case <-tick.C:
		}
		var err error
		if r, raw, err = get[flowRun](ctx, c, request{method: http.MethodGet, path: flowRunPath(r.Flow, r.ID), who: aKey}); err != nil {
			return r, raw, err
		}
	}
	return r, raw, nil
}

type flowRunsCmd struct {
	Name  string `arg:"" optional:"" help:"The flow's name. Default: all flows."`
	State string `placeholder:"STATE" help:"Only runs in this state: queued, running, waiting, completed, failed or cancelled."`
	Limit int    `default:"20" help:"At most so many (1 to 500)."`
}

// Help ends the command's help with examples.
func (flowRunsCmd) Help() string {
	return "Examples:\n\n  busbar flow runs\n  busbar flow runs nightly-export --state failed"
}

// Run prints the newest runs.
func (cmd *flowRunsCmd) Run(ctx context.Context, c *client, s *Streams) error {
	query := url.Values{"limit": {strconv.Itoa(cmd.Limit)}}
	set(query, "flow", cmd.Name)
	set(query, "state", cmd.State)
	page, raw, err := get[list[flowRun]](ctx, c, request{method: http.MethodGet, path: "/flow-runs", query: query, who: aKey})
	if err != nil {
		return err
	}
	t := newTable("No runs.", "RUN", "FLOW", "STATE", "TRIGGER", "IN", "OK", "FAILED", "SKIPPED", "CANCELLED", "OPEN", "CREATED", "REASON")
	for _, r := range page.Data {
		row := append([]string{r.ID, r.Flow, r.State, r.Trigger}, r.Counts.cells()...)
		t.add(append(row, instant(r.CreatedAt), r.Reason.brief())...)
	}
	return c.show(s, raw, t)
}

// runArgs name a run.
type runArgs struct {
	Name string `arg:"" help:"The flow's name."`
	Of   string `arg:"" name:"run" help:"The run's id."`
}

func (a runArgs) path() string { return flowRunPath(a.Name, a.Of) }

type flowStatusCmd struct{ runArgs }

// Help ends the command's help with an example.
func (flowStatusCmd) Help() string {
	return "Example:\n\n  busbar flow status nightly-export 0190b5a4-9a11-7c44-b0f3-5f0a6d1f3e55"
}

// Run prints the run.
func (cmd *flowStatusCmd) Run(ctx context.Context, c *client, s *Streams) error {
	return showFlowRun(ctx, c, s, http.MethodGet, cmd.path(), nil)
}

type flowCancelCmd struct{ runArgs }

// Help ends the command's help with an example.
func (flowCancelCmd) Help() string {
	return "What was sent is waited for, and what had its effect stays.\n\nExample:\n\n  busbar flow cancel nightly-export 0190b5a4-9a11-7c44-b0f3-5f0a6d1f3e55"
}

// Run cancels and prints the run.
func (cmd *flowCancelCmd) Run(ctx context.Context, c *client, s *Streams) error {
	return showFlowRun(ctx, c, s, http.MethodPost, cmd.path()+"/cancel", nil)
}

// shortened cuts a long text for a table.
func shortened(text string) string {
	const most = 120
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}
