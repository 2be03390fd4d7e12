package cli

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

type systemGroup struct {
	clientFlags `embed:""`

	List systemListCmd `cmd:"" help:"List the systems."`
	Get  systemGetCmd  `cmd:"" help:"Show a system: how to log in, and what it can deliver."`
}

type systemShape struct {
	System     string       `json:"system"`
	Name       string       `json:"name"`
	Summary    string       `json:"summary"`
	Categories []string     `json:"categories"`
	Simulated  bool         `json:"simulated"`
	Versions   []string     `json:"versions"`
	Auth       []authMethod `json:"auth"`
}

type systemListCmd struct{}

// Help ends the command's help with an example.
func (systemListCmd) Help() string { return "Example:\n\n  busbar system list" }

// Run prints the systems.
func (systemListCmd) Run(ctx context.Context, c *client, s *Streams) error {
	page, raw, err := get[list[systemShape]](ctx, c, request{method: http.MethodGet, path: "/systems", who: anyCredential})
	if err != nil {
		return err
	}
	t := newTable("No systems.", "SYSTEM", "NAME", "CATEGORIES", "SUMMARY")
	for _, one := range page.Data {
		summary := one.Summary
		if one.Simulated {
			summary = "(simulated) " + summary
		}
		t.add(one.System, one.Name, strings.Join(one.Categories, ","), summary)
	}
	return c.show(s, raw, t)
}

type systemGetCmd struct {
	System string `arg:"" help:"The system."`
}

// Help ends the command's help with an example.
func (systemGetCmd) Help() string { return "Example:\n\n  busbar system get tryton" }

// Run prints the system and the fields of its login.
func (cmd *systemGetCmd) Run(ctx context.Context, c *client, s *Streams) error {
	one, raw, err := get[systemShape](ctx, c, request{method: http.MethodGet, path: "/systems/" + url.PathEscape(cmd.System), who: anyCredential})
	if err != nil {
		return err
	}
	t := facts("system", one.System, "name", one.Name, "summary", one.Summary, "versions", strings.Join(one.Versions, ", "))
	for _, m := range one.Auth {
		for _, f := range m.Fields {
			t.add("login "+m.Method+":", f.describe())
		}
	}
	return c.show(s, raw, t)
}

func (f credentialField) describe() string {
	words := []string{f.Name}
	if !f.Required {
		words = append(words, "(optional)")
	}
	if f.Secret {
		words = append(words, "(secret)")
	}
	return strings.Join(append(words, f.Label), " ")
}
