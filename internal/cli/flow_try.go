package cli

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

type flowTestCmd struct {
	Flow    string   `arg:"" help:"A document, in YAML or JSON, or the name of a flow."`
	Name    string   `placeholder:"NAME" help:"Of the flow whose settings count. Default: the one in the document."`
	Items   string   `placeholder:"JSON" help:"Object: items by each step, in place of the first of its list; @FILE, or - for standard input."`
	Records []string `name:"record" placeholder:"ID" help:"A record that the trigger's stream or a list of the flow is to give, in place of its first. Repeat the flag."`
	Most    int      `default:"5" help:"Items of each list, or changes (1 to 50)."`
	inputFlag
	settingFlags
}

// Help ends the command's help with examples.
func (flowTestCmd) Help() string {
	return `Writes are checked and not sent; requests and notices are shown and not sent; nothing is stored. A flow that follows a stream is given its first records as changes. Exit code 1 when something would fail, or nothing was tested.

Examples:

  busbar flow test nightly-export
  busbar flow test order.yaml --connection-of erp=SimERP --items '{"orders": [{"number": "PR-1"}]}'`
}

// testReport is what tables show of what a run would do.
type testReport struct {
	Threads []struct {
		Step   string       `json:"step"`
		N      int64        `json:"n"`
		Status string       `json:"status"`
		Error  *testFailure `json:"error"`
		Steps  []struct {
			ID     string         `json:"id"`
			Kind   string         `json:"kind"`
			Result jsontext.Value `json:"result"`
			Would  jsontext.Value `json:"would"`
		} `json:"steps"`
	} `json:"threads"`
	Nothing string `json:"nothing"`
}

// testFailure is why a thread of a test fails.
type testFailure struct {
	syncError
	Step       string `json:"step"`
	Path       string `json:"path"`
	Expression string `json:"expression"`
	Errors     []struct {
		Pointer string `json:"pointer"`
		Detail  string `json:"detail"`
	} `json:"errors"`
}

// lines tell it: what happened, then where, or what of the data is wrong.
func (f *testFailure) lines() []string {
	all := []string{f.text()}
	if f.Expression != "" {
		all = append(all, fmt.Sprintf("at %s: %s", f.Path, shortened(f.Expression)))
	}
	for _, e := range f.Errors {
		all = append(all, e.Pointer+": "+e.Detail)
	}
	return all
}

// Run prints what a run would do, thread by thread.
func (cmd *flowTestCmd) Run(ctx context.Context, c *client, s *Streams) error {
	body, name, err := cmd.body(ctx, c, s)
	if err != nil {
		return err
	}
	report, raw, err := get[testReport](ctx, c, request{method: http.MethodPost, path: flowPath(name) + "/test", body: body, who: aKey})
	if err != nil {
		return ofFile(err, cmd.Flow)
	}
	t, failed := newTable("Nothing.", "ITEM", "STATUS", "STEP", "RESULT OR WHAT WOULD BE SENT"), false
	for _, th := range report.Threads {
		item := th.Step + "/" + count(th.N)
		for _, one := range th.Steps {
			what := one.Result
			if len(one.Would) > 0 && string(one.Would) != "null" {
				what = one.Would
			}
			t.add(item, "", one.ID+" ("+one.Kind+")", shortened(string(what)))
		}
		failed = failed || th.Status == "failed"
		if th.Error == nil {
			t.add(item, th.Status, "", "")
			continue
		}
		for _, line := range th.Error.lines() {
			t.add(item, th.Status, th.Error.Step, line)
		}
	}
	if err := c.show(s, raw, t); err != nil || !failed && report.Nothing == "" {
		return err
	}
	if report.Nothing != "" {
		fmt.Fprintf(s.Err, "%s See --input, --items and --record.\n", clean(report.Nothing))
	}
	return exit(ExitFailed)
}

// body gives what is asked, and of which flow.
func (cmd *flowTestCmd) body(ctx context.Context, c *client, s *Streams) (body map[string]any, name string, err error) {
	body, name = map[string]any{"most": cmd.Most}, cmd.Flow
	if looksLikeFile(cmd.Flow) {
		doc, text, err := readFlow(s, cmd.Flow)
		if err != nil {
			return nil, "", err
		}
		body["document"], body["format"], name = text, formatOf(cmd.Flow), doc.Name
	}
	if cmd.Name != "" {
		name = cmd.Name
	}
	if len(cmd.Records) > 0 {
		body["records"] = cmd.Records
	}
	for member, text := range map[string]string{"input": cmd.Input, "items": cmd.Items} {
		v, err := readJSON(s, text)
		if err != nil {
			return nil, "", err
		}
		if v != nil {
			body[member] = v
		}
	}
	return body, name, cmd.add(ctx, c, s, body)
}

// looksLikeFile tells a document from the name of a flow, which has no point and no slash.
func looksLikeFile(text string) bool { return text == "-" || strings.ContainsAny(text, "./") }
