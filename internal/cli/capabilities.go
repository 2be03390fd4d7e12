package cli

import (
	"context"
	"fmt"
	"net/http"
	"strings"
)

type capabilitiesCmd struct {
	clientFlags `embed:""`
	Entity      string `arg:"" optional:"" help:"Show what can be written of this entity, and every rule for it."`
}

// Help ends the command's help with examples.
func (capabilitiesCmd) Help() string {
	return `It tells what this connection can do, with the rights of its login (where the system tells them), its own write rules and the scopes of the token. With --output json: every field, with its rules and evidence.

Examples:

  busbar capabilities
  busbar capabilities purchase-orders`
}

// loginRule is cited where the system does not let the connection's login do something.
const loginRule = "login"

type capabilities struct {
	Entities []entityCapabilities `json:"entities"`
}

type entityCapabilities struct {
	Entity      string            `json:"entity"`
	Read        operation         `json:"read"`
	Create      operation         `json:"create"`
	Update      operation         `json:"update"`
	Delete      operation         `json:"delete"`
	Incremental bool              `json:"incremental"`
	Deletions   string            `json:"deletions"`
	Fields      []fieldCapability `json:"fields"`
	Missing     []string          `json:"unsupported_fields"`
	Rules       []ruleText        `json:"rules"`
}

type operation struct {
	Supported   bool        `json:"supported"`
	ForbiddenBy string      `json:"forbidden_by"`
	How         string      `json:"how"`
	Evidence    string      `json:"evidence"`
	Class       []string    `json:"class"`
	Bulk        *bulkWrites `json:"bulk"`
}

type bulkWrites struct {
	Max    int  `json:"max"`
	Atomic bool `json:"atomic"`
}

type fieldCapability struct {
	Name       string   `json:"name"`
	WritableOn []string `json:"writable_on"`
}

type ruleText struct {
	Rule string `json:"rule"`
	Text string `json:"text"`
}

// operations names what can be done, with the evidence of each.
func (e entityCapabilities) operations() string {
	var can []string
	add := func(name string, o operation) {
		switch {
		case o.Supported:
			can = append(can, strings.TrimSpace(name+" ("+o.Evidence+")"))
		case o.ForbiddenBy == loginRule:
			can = append(can, "no "+name+" (login)")
		}
	}
	add("read", e.Read)
	add("create", e.Create)
	add("update", e.Update)
	add("delete", e.Delete)
	return strings.Join(can, ", ")
}

// Run prints the entities and what can be done with each, or what can be written of one.
func (cmd *capabilitiesCmd) Run(ctx context.Context, c *client, s *Streams) error {
	matrix, raw, err := get[capabilities](ctx, c, request{method: http.MethodGet, path: "/capabilities"})
	if err != nil {
		return err
	}
	if cmd.Entity == "" {
		return c.show(s, raw, matrix.overview())
	}
	for _, e := range matrix.Entities {
		if e.Entity == cmd.Entity {
			return c.show(s, raw, e.writes())
		}
	}
	return fmt.Errorf("this connection has no %s; `busbar capabilities` lists what it has", cmd.Entity)
}

func (m capabilities) overview() *table {
	t := newTable("No entities.", "ENTITY", "OPERATIONS", "SYNC", "DELETIONS", "FIELDS", "NOT DELIVERED")
	for _, e := range m.Entities {
		sync := "full"
		if e.Incremental {
			sync = "incremental"
		}
		t.add(e.Entity, e.operations(), sync, e.Deletions, count(int64(len(e.Fields))), strings.Join(e.Missing, ", "))
	}
	return t
}

// writes shows what can be written of an entity, the rules for it, and the fields of each operation.
func (e entityCapabilities) writes() *table {
	t := facts("entity", e.Entity, "read", e.Read.Evidence)
	t.add("create:", e.Create.said())
	t.add("update:", e.Update.said())
	t.add("delete:", e.Delete.said())
	for _, op := range []string{"create", "update"} {
		if names := e.fieldsOf(op); names != "" {
			t.add("fields to "+op+":", names)
		}
	}
	for _, r := range e.Rules {
		t.add(r.Rule+":", r.Text)
	}
	return t
}

// said gives an operation in words.
func (o operation) said() string {
	switch {
	case o.ForbiddenBy != "":
		return "no: " + o.ForbiddenBy
	case !o.Supported:
		return "no: not offered by this system"
	}
	words := []string{"yes"}
	if o.How == "cancel" {
		words[0] = "sets the status to cancelled"
	}
	words = append(words, o.Evidence, "after a lost answer "+strings.Join(o.Class, ", then "))
	if o.Bulk != nil {
		words = append(words, o.Bulk.said())
	}
	return strings.Join(words, "; ")
}

func (b bulkWrites) said() string {
	if b.Atomic {
		return fmt.Sprintf("up to %d at once, all or none", b.Max)
	}
	return fmt.Sprintf("up to %d at once", b.Max)
}

func (e entityCapabilities) fieldsOf(op string) string {
	var names []string
	for _, f := range e.Fields {
		for _, on := range f.WritableOn {
			if on == op {
				names = append(names, f.Name)
			}
		}
	}
	return strings.Join(names, ", ")
}
