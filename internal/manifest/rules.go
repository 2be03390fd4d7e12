package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/busbar-dev/busbar/model"
)

// RuleSet is the rules of a connection's own, by entity. Fields are named as in the model.
type RuleSet map[string]Rules

// ParseRules reads a rule set as it is stored; no text is no rules.
func ParseRules(text []byte) (RuleSet, error) {
	rules := RuleSet{}
	if len(text) == 0 {
		return rules, nil
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&rules); err != nil {
		return nil, fmt.Errorf("read write rules: %w", err)
	}
	return rules, nil
}

// RuleFault is one thing wrong with a rule set.
type RuleFault struct {
	At      []string // keys and list positions that lead to it
	Unknown bool     // it names what is not there
	Text    string   // what is wrong and how to mend it, a sentence
}

// IsReadOnly tells whether the connection does not write the field, or what holds it.
func (r Rules) IsReadOnly(name string) bool {
	return slices.ContainsFunc(r.ReadOnly, func(own string) bool { return Within(own, name) })
}

func (r Rules) empty() bool {
	return len(r.Forbidden)+len(r.Required)+len(r.ReadOnly)+len(r.Values) == 0
}

// Check holds the rules against a system. Fields may be named as in the model or as the API shows them; the rules that it gives name them as the model does.
func (rs RuleSet) Check(s *System) (RuleSet, []RuleFault) {
	c := &ruleChecker{}
	var names []string
	for _, e := range s.Entities {
		names = append(names, e.Name)
	}
	out := RuleSet{}
	for _, name := range sorted(rs) {
		e := s.Entity(name)
		if e == nil {
			c.unknown(s.Name+" has no "+name, suggest(name, names), name)
			continue
		}
		c.entity, c.own = e, Rules{}
		if r := c.rules(rs[name]); !r.empty() {
			out[name] = r
		}
	}
	return out, c.faults
}

// Shown gives the rules with fields named as the API shows them.
func (rs RuleSet) Shown(s *System) RuleSet {
	out := RuleSet{}
	for name, r := range rs {
		e := s.Entity(name)
		if e == nil { // the connector maps it no more
			out[name] = r
			continue
		}
		shown := Rules{Forbidden: r.Forbidden, Required: e.wire(r.Required), ReadOnly: e.wire(r.ReadOnly)}
		for field, values := range r.Values {
			if shown.Values == nil {
				shown.Values = map[string][]string{}
			}
			shown.Values[e.WireName(field)] = values
		}
		out[name] = shown
	}
	return out
}

// ruleChecker checks the rules of one entity after another.
type ruleChecker struct {
	faults []RuleFault
	entity *Entity
	own    Rules // as far as they are checked
}

func (c *ruleChecker) wrong(what, mend string, at ...string) { c.fault(false, what, mend, at) }

func (c *ruleChecker) unknown(what, mend string, at ...string) { c.fault(true, what, mend, at) }

func (c *ruleChecker) fault(unknown bool, what, mend string, at []string) {
	if mend != "" {
		what += "; " + mend
	}
	if !strings.HasSuffix(what, "?") {
		what += "."
	}
	c.faults = append(c.faults, RuleFault{at, unknown, what})
}

func (c *ruleChecker) rules(r Rules) Rules {
	name := c.entity.Name
	for i, op := range r.Forbidden {
		known := []string{string(Create), string(Update), string(Delete)}
		if !slices.Contains(known, string(op)) {
			c.unknown("There is no operation "+string(op), suggest(string(op), known), name, "forbidden", fmt.Sprint(i))
		}
		if !slices.Contains(c.own.Forbidden, op) {
			c.own.Forbidden = append(c.own.Forbidden, op)
		}
	}
	c.own.ReadOnly = c.fields(r.ReadOnly, "read_only")
	c.own.Required = c.fields(r.Required, "required")
	c.required(r.Required)
	for _, given := range sorted(r.Values) {
		c.values(given, r.Values[given])
	}
	return c.own
}

// fields checks fields and gives their names in the model.
func (c *ruleChecker) fields(given []string, key string) []string {
	var out []string
	for i, name := range given {
		if own := c.field(name, c.entity.Name, key, fmt.Sprint(i)); own != "" && !slices.Contains(out, own) {
			out = append(out, own)
		}
	}
	return out
}

// field gives the name in the model of a field that this system can write.
func (c *ruleChecker) field(given string, at ...string) string {
	own := c.entity.Named(given)
	if own == "" {
		c.unknown(c.entity.Name+" have no field "+given, suggest(given, c.entity.wire(c.entity.known(given))), at...)
		return ""
	}
	if !c.entity.Gives(Create, own) && !c.entity.Gives(Update, own) {
		c.wrong(c.entity.WireName(own)+" cannot be written on this system anyway", "remove it", at...)
		return ""
	}
	return own
}

// required checks that what the rules ask for can be given.
func (c *ruleChecker) required(given []string) {
	if slices.Contains(c.own.Forbidden, Create) {
		return
	}
	for i, name := range given {
		own := c.entity.Named(name)
		at := []string{c.entity.Name, "required", fmt.Sprint(i)}
		switch {
		case !slices.Contains(c.own.Required, own):
		case !c.entity.Gives(Create, own):
			c.wrong("Nothing is created on this system with "+c.entity.WireName(own), "remove it", at...)
		case c.own.IsReadOnly(own):
			c.wrong(c.entity.WireName(own)+" is read_only and required", "remove it from one of them", at...)
		}
	}
	for _, name := range c.entity.Operations[Create].Required {
		if c.own.IsReadOnly(name) {
			c.wrong(c.entity.Name+" cannot be created without "+c.entity.WireName(name), "leave it out, or forbid create", c.entity.Name, "read_only")
		}
	}
}

func (c *ruleChecker) values(given string, values []string) {
	at := []string{c.entity.Name, "values", given}
	own := c.field(given, at...)
	if own == "" {
		return
	}
	if c.own.Values[own] != nil {
		c.wrong(c.entity.WireName(own)+" is written twice", "keep one", at...)
	}
	f, m := c.entity.At(own)
	if !isText(f.Kind) && f.Kind != model.Enum {
		c.wrong("The values of a "+string(f.Kind)+" cannot be limited", "limit fields of kind string, text or enum", at...)
		return
	}
	if len(values) == 0 {
		c.wrong("No value is left", "write the values, or make the field read_only", at...)
	}
	for i, v := range values {
		if words := m.words(); len(f.Values) > 0 && !slices.Contains(words, v) {
			c.unknown(c.entity.WireName(own)+" cannot be "+v+" on this system", suggest(v, words), append(slices.Clone(at), fmt.Sprint(i))...)
		}
	}
	if c.own.Values == nil {
		c.own.Values = map[string][]string{}
	}
	c.own.Values[own] = values
}
