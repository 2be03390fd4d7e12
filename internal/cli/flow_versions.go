package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/busbar-dev/busbar/internal/flow/lang"
)

type flowVersionsCmd struct {
	Name  string `arg:"" help:"The flow's name."`
	Limit int    `default:"20" help:"At most so many (1 to 500)."`
}

// Help ends the command's help with examples.
func (flowVersionsCmd) Help() string {
	return "Examples:\n\n  busbar flow versions nightly-export\n  busbar flow show nightly-export --version 2"
}

// Run prints the versions.
func (cmd *flowVersionsCmd) Run(ctx context.Context, c *client, s *Streams) error {
	query := url.Values{"limit": {strconv.Itoa(cmd.Limit)}}
	page, raw, err := get[list[struct {
		Version int64   `json:"version"`
		Format  string  `json:"format"`
		MadeAt  *string `json:"made_at"`
		MadeBy  string  `json:"made_by"`
	}]](ctx, c, request{method: http.MethodGet, path: flowPath(cmd.Name) + "/versions", query: query, who: aKey})
	if err != nil {
		return err
	}
	t := newTable("No versions.", "VERSION", "FORMAT", "MADE", "BY")
	for _, v := range page.Data {
		t.add(count(v.Version), v.Format, instant(v.MadeAt), v.MadeBy)
	}
	return c.show(s, raw, t)
}

type flowSchemaCmd struct{}

// Help ends the command's help with an example.
func (flowSchemaCmd) Help() string {
	return "Editors that know it complete and check documents. Needs no running Busbar.\n\nExample:\n\n  busbar flow schema > flow.schema.json"
}

// Run prints the schema.
func (flowSchemaCmd) Run(s *Streams) error {
	text, err := lang.Schema()
	if err != nil {
		return fmt.Errorf("make the schema: %w", err)
	}
	_, err = s.Out.Write(text)
	return err
}

// flowBefore gives the newest document of a flow before another is applied; nil: there is none, or one that cannot be read any more.
func flowBefore(ctx context.Context, c *client, name string) (*lang.Flow, error) {
	stored, _, err := get[oneFlow](ctx, c, request{method: http.MethodGet, path: flowPath(name), who: aKey})
	if err != nil && exitCode(err) == ExitNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	before, err := lang.Parse(name, []byte(stored.Document))
	if err != nil {
		return nil, nil
	}
	return before, nil
}

// differences is the table of what differs between two documents.
func differences(before, now *lang.Flow, none string) (t *table, n int) {
	t = newTable(none, "WHERE", "WHAT", "BEFORE", "NOW")
	all := lang.Diff(before, now)
	for _, one := range all {
		t.add(one.Path, one.Kind, shortened(one.Old), shortened(one.New))
	}
	return t, len(all)
}
