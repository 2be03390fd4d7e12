package connection

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// writeRules checks rules of the connection's own against its system and gives them as they are stored; nil when none are given.
func (s *Service) writeRules(c *store.Connection, given *manifest.RuleSet) (json.RawMessage, error) {
	if given == nil {
		return nil, nil
	}
	sys := s.Systems.System(c.System)
	if sys == nil {
		return nil, noConnector(c)
	}
	f := newFaults()
	rules := f.rules(sys, *given)
	if err := f.err(); err != nil {
		return nil, err
	}
	return stored(rules)
}

// rules are those given, with fields named as in the model.
func (f *faults) rules(sys *manifest.System, given manifest.RuleSet) manifest.RuleSet {
	rules, wrong := given.Check(sys)
	for _, w := range wrong {
		code := problem.Invalid
		if w.Unknown {
			code = problem.Unknown
		}
		f.at(code, w.Text, append([]string{"write_rules"}, w.At...)...)
	}
	return rules
}

// stored writes rules as they are stored.
func stored(rules manifest.RuleSet) (json.RawMessage, error) {
	text, err := json.Marshal(rules)
	if err != nil {
		return nil, fmt.Errorf("write the rules of a connection: %w", err)
	}
	return text, nil
}

func setRules(ctx context.Context, tx *store.Tx, c *store.Connection, rules json.RawMessage) error {
	if rules == nil {
		return nil
	}
	c.WriteRules = rules
	return tx.SetWriteRules(ctx, c.Scope(), rules, c.UpdatedAt)
}
