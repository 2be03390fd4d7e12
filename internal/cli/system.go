package cli

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
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

type capabilitiesCmd struct {
	clientFlags `embed:""`
}

// Help ends the command's help with an example.
func (capabilitiesCmd) Help() string {
	return "With --output json: every field, with its rules and evidence.\n\nExample:\n\n  busbar capabilities"
}

type capabilities struct {
	Entities []entityCapabilities `json:"entities"`
}

type entityCapabilities struct {
	Entity      string           `json:"entity"`
	Read        operation        `json:"read"`
	Create      operation        `json:"create"`
	Update      operation        `json:"update"`
	Delete      operation        `json:"delete"`
	Incremental bool             `json:"incremental"`
	Deletions   string           `json:"deletions"`
	Fields      []jsontext.Value `json:"fields"`
	Missing     []string         `json:"unsupported_fields"`
}

type operation struct {
	Supported bool   `json:"supported"`
	Evidence  string `json:"evidence"`
}

// operations names what can be done, with the evidence of each.
func (e entityCapabilities) operations() string {
	var can []string
	add := func(name string, o operation) {
		if o.Supported {
			can = append(can, strings.TrimSpace(name+" ("+o.Evidence+")"))
		}
	}
	add("read", e.Read)
	add("create", e.Create)
	add("update", e.Update)
	add("delete", e.Delete)
	return strings.Join(can, ", ")
}

// Run prints the entities and what can be done with each.
func (capabilitiesCmd) Run(ctx context.Context, c *client, s *Streams) error {
	matrix, raw, err := get[capabilities](ctx, c, request{method: http.MethodGet, path: "/capabilities"})
	if err != nil {
		return err
	}
	t := newTable("No entities.", "ENTITY", "OPERATIONS", "SYNC", "DELETIONS", "FIELDS", "NOT DELIVERED")
	for _, e := range matrix.Entities {
		sync := "full"
		if e.Incremental {
			sync = "incremental"
		}
		t.add(e.Entity, e.operations(), sync, e.Deletions, count(int64(len(e.Fields))), strings.Join(e.Missing, ", "))
	}
	return c.show(s, raw, t)
}
