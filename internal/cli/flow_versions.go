package cli

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
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

// flowBefore gives a flow as it is before a document is applied; nil: there is none.
func flowBefore(ctx context.Context, c *client, name string) (*oneFlow, error) {
	stored, _, err := get[oneFlow](ctx, c, request{method: http.MethodGet, path: flowPath(name), who: aKey})
	if err != nil && exitCode(err) == ExitNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &stored, nil
}

// parsed gives a flow's newest document; nil: it cannot be read any more.
func (f *oneFlow) parsed() *lang.Flow {
	doc, err := lang.Parse(f.Name, []byte(f.Document))
	if err != nil {
		return nil
	}
	return doc
}

// addSettings adds what differs between the settings of a flow before and now. Of secret parameters, which were given or not, it tells no value.
func addSettings(t *table, before, now *oneFlow, given map[string]string) {
	compare := func(where string, was, is string) {
		kind := lang.Changed
		switch {
		case was == is:
			return
		case was == "":
			kind = lang.Added
		case is == "":
			kind = lang.Removed
		}
		t.add(where, kind, shortened(was), shortened(is))
	}
	for _, role := range union(maps.Keys(before.Connections), maps.Keys(now.Connections)) {
		compare("connection "+role, before.Connections[role], now.Connections[role])
	}
	for _, name := range union(maps.Keys(before.Parameters), maps.Keys(now.Parameters)) {
		compare("parameter "+name, string(before.Parameters[name]), string(now.Parameters[name]))
	}
	for _, name := range union(slices.Values(before.Secrets), slices.Values(now.Secrets)) {
		_, anew := given[name]
		switch was, is := slices.Contains(before.Secrets, name), slices.Contains(now.Secrets, name); {
		case was && !is:
			t.add("secret "+name, lang.Removed, "", "")
		case !was:
			t.add("secret "+name, lang.Added, "", "")
		case anew:
			t.add("secret "+name, "given anew", "", "")
		}
	}
}

// union gives what is in one of two lists, in order.
func union(a, b iter.Seq[string]) []string {
	all := slices.AppendSeq(slices.Collect(a), b)
	slices.Sort(all)
	return slices.Compact(all)
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
