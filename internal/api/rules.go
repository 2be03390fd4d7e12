package api

import (
	"context"
	"fmt"
	"slices"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/store"
)

// viewRules gives the connection's own rules with fields named as in records; none when what is stored cannot be read, which the log of writes tells.
func (s *server) viewRules(c *store.Connection) manifest.RuleSet {
	rules, err := manifest.ParseRules(c.WriteRules)
	sys := s.Systems.System(c.System)
	switch {
	case err != nil:
		return manifest.RuleSet{}
	case sys == nil:
		return rules
	}
	return rules.Shown(sys)
}

// ownCapabilities is what the caller can do with their connection.
func (s *server) ownCapabilities(ctx context.Context, _ *empty) (*one[manifest.Capabilities], error) {
	who := callerOf(ctx)
	sys, err := s.system(who.connection.System)
	if err != nil {
		return nil, err
	}
	rules, err := manifest.ParseRules(who.connection.WriteRules)
	if err != nil {
		return nil, fmt.Errorf("connection %s: %w", who.connection.ID, err)
	}
	rights, at := s.Connections.Rights(ctx, who.connection)
	c := sys.CapabilitiesOf(manifest.View{Rules: rules, MayWrite: who.writes(), Rights: rights})
	c.Login = &manifest.LoginRights{Told: rights != nil}
	if rights != nil {
		at = at.UTC()
		c.Login.CheckedAt = &at
	}
	return &one[manifest.Capabilities]{c}, nil
}

// writes tells whether the caller's credential may write at all.
func (c caller) writes() bool {
	return slices.Contains(c.scopes(), connection.ScopeWrite)
}
