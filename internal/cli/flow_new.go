package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/busbar-dev/busbar/internal/flow/lang"
)

// newDocument is what a flow begins with: it can be applied as it is, and does nothing yet.
const newDocument = `# docs/flows/language.md says what a flow may say.
# busbar flow check NAME.yaml finds mistakes; busbar flow test NAME.yaml shows what it would do.
flow: NAME
title: Say in a line what it does
# connections:            # by role; which ones those are is said when the flow is applied
#   cmms: {}
#   erp: {}
# parameters:
#   least: {type: number, default: 0}
# trigger:                # none: it is begun by people and programs
#   schedule: {every: 1h}
steps:
  - id: rows
    transform:
      list: '${trigger.input?.rows ?? []}'
  - id: items
    each:
      in: steps.rows.list
      on_error: continue
      steps:
        - id: seen
          transform: {row: '${item}'}
`

type flowNewCmd struct {
	Name     string `arg:"" help:"The flow's name, in lower-case words joined with -."`
	Template string `placeholder:"TEMPLATE" help:"A flow to begin with, such as nightly-export. Default: one that does nothing yet."`
}

// Help ends the command's help with an example.
func (flowNewCmd) Help() string {
	return "Writes NAME.yaml into this folder, to be filled in. docs/flows/language.md says what a document may say.\n\nExample:\n\n  busbar flow new export --template nightly-export\n  busbar flow check export.yaml"
}

// Run writes the document; what is there already is left alone.
func (cmd *flowNewCmd) Run(s *Streams, p *Programs) error {
	if !lang.IsName(cmd.Name) {
		return usage{fmt.Errorf("%q is no name of a flow: %s, such as nightly-export", cmd.Name, lang.NameHint)}
	}
	file := cmd.Name + ".yaml"
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is a %s already", file)
	}
	text, err := cmd.text(p)
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	open := leftOpen(file, text)
	fmt.Fprintf(s.Out, "Fill in %s. Then:\n  busbar flow check %s\n  busbar flow test %s%s\n  busbar flow apply %s%s\n", file, file, file, open, file, open)
	return nil
}

// leftOpen gives the flags for what a document leaves open.
func leftOpen(file, text string) (flags string) {
	doc, err := lang.Parse(file, []byte(text))
	if err != nil {
		return ""
	}
	for _, role := range doc.Connections {
		flags += " --connection-of " + role.Name + "=CONNECTION"
	}
	for _, p := range doc.Parameters {
		switch {
		case !p.Required || p.Default != nil:
		case p.Type == lang.Secret:
			flags += " --parameter " + p.Name + "=@FILE"
		default:
			flags += " --parameter " + p.Name + "=VALUE"
		}
	}
	return flags
}

// text gives the document, under the flow's name.
func (cmd *flowNewCmd) text(p *Programs) (string, error) {
	if cmd.Template == "" {
		return strings.ReplaceAll(newDocument, "NAME", cmd.Name), nil
	}
	text, err := fs.ReadFile(p.Flows, cmd.Template+".yaml")
	if err != nil {
		files, _ := fs.Glob(p.Flows, "*.yaml")
		return "", usage{fmt.Errorf("there is no template %q; write one of %s", cmd.Template, strings.ReplaceAll(strings.Join(files, ", "), ".yaml", ""))}
	}
	return "# docs/flows/language.md says what a flow may say.\n" + strings.Replace(string(text), "flow: "+cmd.Template+"\n", "flow: "+cmd.Name+"\n", 1), nil
}
