package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

type connectionRulesCmd struct {
	oneConnection
	Set string `placeholder:"FILE" help:"JSON object of rules by entity, which replaces all; - reads standard input, {} removes them."`
}

// Help ends the command's help with examples.
func (connectionRulesCmd) Help() string {
	return `The connection's own rules for writes forbid what the system would take; they allow nothing. By entity: forbidden (create, update, delete), required
and read_only (fields), values (by field, what may be written). Without --set they are shown. ` + "`busbar capabilities`" + ` shows what is left.

Examples:

  busbar connection rules 0190b5a4-7c1e-7d7a-9f5e-2f6f6d0e8a11
  echo '{"purchase-orders": {"forbidden": ["delete"], "required": ["site_id"], "values": {"currency": ["EUR"]}}}' |
    busbar connection rules 0190b5a4-7c1e-7d7a-9f5e-2f6f6d0e8a11 --set -`
}

type entityRules struct {
	Forbidden []string            `json:"forbidden"`
	Required  []string            `json:"required"`
	ReadOnly  []string            `json:"read_only"`
	Values    map[string][]string `json:"values"`
}

type ruledConnection struct {
	Rules map[string]entityRules `json:"write_rules"`
}

// Run replaces the rules, or shows them when none are given.
func (cmd *connectionRulesCmd) Run(ctx context.Context, c *client, s *Streams) error {
	path, err := cmd.path(c)
	if err != nil {
		return err
	}
	r := request{method: http.MethodGet, path: path, who: aKey}
	if cmd.Set != "" {
		rules, err := cmd.read(s.In)
		if err != nil {
			return err
		}
		r.method, r.body = http.MethodPatch, map[string]jsontext.Value{"write_rules": rules}
	}
	one, raw, err := get[ruledConnection](ctx, c, r)
	if err != nil {
		return err
	}
	return c.show(s, raw, one.table())
}

func (cmd *connectionRulesCmd) read(stdin io.Reader) (jsontext.Value, error) {
	read := func() ([]byte, error) { return os.ReadFile(cmd.Set) }
	if cmd.Set == "-" {
		read = func() ([]byte, error) { return io.ReadAll(stdin) }
	}
	text, err := read()
	if err != nil {
		return nil, usage{fmt.Errorf("read the rules: %w", err)}
	}
	if rules := jsontext.Value(text); rules.IsValid() {
		return rules, nil
	}
	return nil, usage{errors.New("the rules are not JSON; `busbar connection rules --help` shows an example")}
}

func (c ruledConnection) table() *table {
	t := newTable("No rules of its own: what the system takes may be written.", "ENTITY", "RULE", "SAYS")
	for _, entity := range slices.Sorted(maps.Keys(c.Rules)) {
		r := c.Rules[entity]
		for _, rule := range []struct {
			name  string
			words []string
		}{{"forbidden", r.Forbidden}, {"required", r.Required}, {"read_only", r.ReadOnly}} {
			if len(rule.words) > 0 {
				t.add(entity, rule.name, strings.Join(rule.words, ", "))
			}
		}
		for _, field := range slices.Sorted(maps.Keys(r.Values)) {
			t.add(entity, "values", field+": "+strings.Join(r.Values[field], ", "))
		}
	}
	return t
}
