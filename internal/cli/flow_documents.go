package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/flow/lang"
)

// readText reads a file, or standard input for -.
func readText(s *Streams, file string) (text []byte, err error) {
	if file == "-" {
		text, err = io.ReadAll(s.In)
	} else {
		text, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, usage{fmt.Errorf("read %s: %w", file, err)}
	}
	return text, nil
}

// readFlow reads a document, and prints everything that is wrong with it.
func readFlow(s *Streams, file string) (f *lang.Flow, text string, err error) {
	b, err := readText(s, file)
	if err != nil {
		return nil, "", err
	}
	f, err = lang.Parse(file, b)
	var wrong lang.Problems
	if errors.As(err, &wrong) {
		for _, one := range wrong {
			fmt.Fprintln(s.Out, cleanLines(one.String()))
		}
		fmt.Fprintln(s.Err, problems(len(wrong)))
		return nil, "", exit(ExitFailed)
	}
	return f, string(b), err
}

// problems counts them in words.
func problems(n int) string {
	if n == 1 {
		return "1 problem"
	}
	return fmt.Sprintf("%d problems", n)
}

// ofFile lets what is wrong with a document be told under the name of its file.
func ofFile(err error, file string) error {
	var f *fault
	if errors.As(err, &f) {
		f.file = file
	}
	return err
}

func formatOf(file string) string {
	if strings.EqualFold(filepath.Ext(file), ".json") {
		return "json"
	}
	return "yaml"
}

type flowCheckCmd struct {
	Files []string `arg:"" name:"file" help:"Documents, in YAML or JSON; - for standard input."`
}

// Help ends the command's help with an example.
func (flowCheckCmd) Help() string {
	return "Needs no running Busbar. What the systems of its connections can do is looked at when it is applied. Exit code 1 when something is wrong.\n\nExample:\n\n  busbar flow check nightly-export.yaml"
}

// Run checks every document before it fails.
func (cmd *flowCheckCmd) Run(s *Streams) error {
	var failed error
	for _, file := range cmd.Files {
		f, _, err := readFlow(s, file)
		switch {
		case is[exit](err):
			failed = err
		case err != nil:
			return err
		default:
			fmt.Fprintf(s.Out, "%s: ok\n", clean(f.Name))
		}
	}
	return failed
}

// settingFlags say what a document leaves open.
type settingFlags struct {
	On         map[string]string `name:"connection-of" placeholder:"ROLE=CONNECTION" help:"Which connection has a role: its id or its name. Repeat the flag."`
	Parameters map[string]string `name:"parameter" placeholder:"NAME=VALUE" help:"Value of a parameter: JSON, or else a text. Repeat the flag. Name a file of secrets with @: token=@token.txt."`
}

// add puts the settings into a body.
func (f settingFlags) add(ctx context.Context, c *client, s *Streams, body map[string]any) error {
	if len(f.On) > 0 {
		ids, err := connectionIDs(ctx, c, f.On)
		if err != nil {
			return err
		}
		body["connections"] = ids
	}
	values := map[string]jsontext.Value{}
	for name, text := range f.Parameters {
		if file, ok := strings.CutPrefix(text, "@"); ok {
			b, err := readText(s, file)
			if err != nil {
				return err
			}
			text = strings.TrimRight(string(b), "\r\n")
		}
		values[name] = valueOf(text)
	}
	if len(values) > 0 {
		body["parameters"] = values
	}
	return nil
}

// valueOf takes what is JSON as that, and the rest as a text.
func valueOf(text string) jsontext.Value {
	if v := jsontext.Value(text); v.IsValid() {
		return v
	}
	b, _ := json.Marshal(text) // a text
	return b
}

// namedConnection is what tells connections from each other.
type namedConnection struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// connectionIDs gives the ids of connections that are named by id or by name.
func connectionIDs(ctx context.Context, c *client, named map[string]string) (map[string]string, error) {
	ids := map[string]string{}
	byName := map[string][]string{}
	for role, name := range named {
		if _, err := uuid.Parse(name); err == nil {
			ids[role] = name
			continue
		}
		if len(byName) == 0 {
			page, _, err := get[list[namedConnection]](ctx, c, request{method: http.MethodGet, path: "/connections", query: map[string][]string{"limit": {"500"}}, who: aKey})
			if err != nil {
				return nil, err
			}
			for _, one := range page.Data {
				byName[one.Name] = append(byName[one.Name], one.ID)
			}
		}
		if found := byName[name]; len(found) != 1 {
			return nil, usage{fmt.Errorf("%d connections are called %q: give the id (`busbar connection list` shows them)", len(found), name)}
		}
		ids[role] = byName[name][0]
	}
	return ids, nil
}

type flowApplyCmd struct {
	File       string `arg:"" help:"The document, in YAML or JSON; - for standard input."`
	Name       string `placeholder:"NAME" help:"Of the flow. Default: the one in the document."`
	NewWebhook bool   `name:"new-webhook" help:"Of a flow with a webhook: a new address and a new secret; the old ones are dead at once."`
	IfVersion  int64  `name:"if-version" placeholder:"N" help:"Only if this is still the newest version."`
	settingFlags
}

// Help ends the command's help with examples.
func (flowApplyCmd) Help() string {
	return `A document that does not differ makes no version. Connections and parameters that are not named stay as they are.

Examples:

  busbar flow apply order.yaml --connection-of cmms=SimCMMS --connection-of erp=SimERP
  busbar flow apply mirror.yaml --name mirror-vendors --parameter least=5 --parameter token=@token.txt`
}

// Run applies the document and prints the flow.
func (cmd *flowApplyCmd) Run(ctx context.Context, c *client, s *Streams) error {
	doc, text, err := readFlow(s, cmd.File)
	if err != nil {
		return err
	}
	name := cmd.Name
	if name == "" {
		name = doc.Name
	}
	body := map[string]any{"document": text, "format": formatOf(cmd.File)}
	if cmd.NewWebhook {
		body["new_webhook"] = true
	}
	if err := cmd.add(ctx, c, s, body); err != nil {
		return err
	}
	r := request{method: http.MethodPut, path: flowPath(name), body: body, who: aKey}
	if cmd.IfVersion > 0 {
		r.headers = map[string]string{"If-Match": fmt.Sprintf("%q", fmt.Sprint(cmd.IfVersion))}
	}
	before, err := flowBefore(ctx, c, name)
	if err != nil {
		return err
	}
	f, raw, err := get[oneFlow](ctx, c, r)
	if err != nil {
		return ofFile(err, cmd.File)
	}
	if before != nil && c.Output != "json" {
		if err := cmd.printChanges(s, before, &f, doc); err != nil {
			return err
		}
	}
	t := f.facts()
	t.add("new version:", yesNo(f.Changed))
	if err := c.show(s, raw, t); err != nil || c.Output == "json" || f.Webhook == nil {
		return err
	}
	fmt.Fprintf(s.Out, "\nIts address takes calls from now on. Keep it and its secret: they are shown only here.\n  %s\n", clean(strings.TrimSuffix(c.URL, "/")+f.Webhook.Path))
	if f.Webhook.Secret != "" {
		fmt.Fprintf(s.Out, "  %s\n", clean(f.Webhook.Secret))
	}
	return nil
}

// printChanges says what an application has changed of the document and of the settings.
func (cmd *flowApplyCmd) printChanges(s *Streams, before, now *oneFlow, doc *lang.Flow) error {
	t := newTable("Nothing has changed.", "WHERE", "WHAT", "BEFORE", "NOW")
	if now.Changed {
		t.none = "Only the way in which it is written differs."
		if was := before.parsed(); was != nil {
			t, _ = differences(was, doc, t.none)
		}
	}
	addSettings(t, before, now, cmd.Parameters)
	if err := t.print(s.Out); err != nil {
		return err
	}
	fmt.Fprintln(s.Out)
	return nil
}

type flowDiffCmd struct {
	File string `arg:"" help:"The document, in YAML or JSON; - for standard input."`
	Name string `placeholder:"NAME" help:"Of the flow. Default: the one in the document."`
}

// Help ends the command's help with an example.
func (flowDiffCmd) Help() string {
	return "Steps are told by their ids. How something is written does not count. Exit code 1 when there is a difference.\n\nExample:\n\n  busbar flow diff order.yaml"
}

// Run prints the difference between the newest version and the document.
func (cmd *flowDiffCmd) Run(ctx context.Context, c *client, s *Streams) error {
	doc, _, err := readFlow(s, cmd.File)
	if err != nil {
		return err
	}
	name := cmd.Name
	if name == "" {
		name = doc.Name
	}
	stored, err := flowBefore(ctx, c, name)
	if err != nil {
		return err
	}
	var newest *lang.Flow // nil: there is none, and all is new
	none := ""
	if stored == nil {
		fmt.Fprintf(s.Err, "There is no flow %s yet: all of it is new.\n", clean(name))
	} else if newest, err = lang.Parse(name, []byte(stored.Document)); err != nil {
		return fmt.Errorf("read version %d: %w", stored.Version, err)
	} else {
		none = fmt.Sprintf("No difference from version %d.", stored.Version)
	}
	t, n := differences(newest, doc, none)
	if err := t.print(s.Out); err != nil || n == 0 {
		return err
	}
	return exit(ExitFailed)
}
