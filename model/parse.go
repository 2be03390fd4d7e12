package model

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// parser turns one file into fields. It checks form: known keys, known kinds, what each kind needs.
type parser struct {
	file     string
	problems *Problems
}

func (p *parser) at(n *yaml.Node) place { return place{p.file, n.Line} }

func (p *parser) problem(n *yaml.Node, path, message, mend string) {
	p.problems.add(p.at(n), path, message, mend)
}

// entry is one key of a mapping with its value.
type entry struct{ key, value *yaml.Node }

// entries gives the entries of a mapping in the file's order, without repeated keys.
func (p *parser) entries(n *yaml.Node, path string) []entry {
	if n.Kind != yaml.MappingNode {
		p.problem(n, path, "is not a mapping", "write keys and values")
		return nil
	}
	var out []entry
	for i := 0; i+1 < len(n.Content); i += 2 {
		e := entry{n.Content[i], n.Content[i+1]}
		if slices.ContainsFunc(out, func(o entry) bool { return o.key.Value == e.key.Value }) {
			p.problem(e.key, path, "names "+quote(e.key.Value)+" twice", "keep one of them")
			continue
		}
		out = append(out, e)
	}
	return out
}

// keys gives the values of a mapping by key and reports keys that are not allowed and required ones that are missing.
// A required key is written with "!" in front.
func (p *parser) keys(n *yaml.Node, path string, allowed ...string) map[string]*yaml.Node {
	got := map[string]*yaml.Node{}
	for _, e := range p.entries(n, path) {
		if !slices.Contains(allowed, e.key.Value) && !slices.Contains(allowed, "!"+e.key.Value) {
			names := strings.ReplaceAll(strings.Join(allowed, ", "), "!", "")
			p.problem(e.key, path, "has an unknown key "+quote(e.key.Value), "the keys are "+names)
			continue
		}
		got[e.key.Value] = e.value
	}
	for _, a := range allowed {
		name, required := strings.CutPrefix(a, "!")
		if required && got[name] == nil {
			p.problem(n, path, "has no "+name, "add "+quote(name+":"))
		}
	}
	return got
}

// text gives a non-empty scalar; "" for a key that is not there, which keys has reported if it must be.
func (p *parser) text(n *yaml.Node, path string) string {
	if n == nil {
		return ""
	}
	s := strings.TrimSpace(n.Value)
	if n.Kind != yaml.ScalarNode || s == "" {
		p.problem(n, path, "is empty", "write a word or a sentence")
	}
	return s
}

func (p *parser) flag(n *yaml.Node, path string) bool {
	if n == nil {
		return false
	}
	if n.Tag != "!!bool" {
		p.problem(n, path, "is "+quote(n.Value), "write true or leave the key out")
	}
	return n.Value == "true"
}

func (p *parser) entity(root *yaml.Node) *Entity {
	k := p.keys(root, "", "!name", "!singular", "!title", "!meaning", "!domains", "!tier", "!fields")
	e := &Entity{
		at:       p.at(root),
		Name:     p.text(k["name"], "name"),
		Singular: p.text(k["singular"], "singular"),
		Title:    p.text(k["title"], "title"),
		Meaning:  p.text(k["meaning"], "meaning"),
	}
	e.Domains = p.domains(k["domains"])
	if t := k["tier"]; t != nil && (t.Decode(&e.Tier) != nil || e.Tier < 1 || e.Tier > 2) {
		p.problem(t, "tier", "is "+quote(t.Value), "write 1 or 2")
	}
	e.Fields = p.fields(k["fields"], "fields")
	return e
}

func (p *parser) domains(n *yaml.Node) []string {
	var names []string
	if n != nil && n.Decode(&names) != nil {
		p.problem(n, "domains", "is not a list of words", "write [erp, wms] or [all]")
	}
	for _, d := range names {
		if !slices.Contains([]string{"all", "erp", "eam", "wms"}, d) {
			p.problem(n, "domains", "has the unknown domain "+quote(d), "the domains are all, erp, eam, wms")
		}
	}
	return names
}

func (p *parser) record(root *yaml.Node) []*Field {
	return p.fields(p.keys(root, "", "!fields")["fields"], "fields")
}

func (p *parser) kinds(root *yaml.Node) []*KindInfo {
	var out []*KindInfo
	for _, e := range p.entries(root, "") {
		name := e.key.Value
		k := p.keys(e.value, name, "!json", "!meaning", "!example", "fields")
		info := &KindInfo{Kind: Kind(name), JSON: p.text(k["json"], name+".json"), Meaning: p.text(k["meaning"], name+".meaning")}
		info.Example = p.example(k["example"], name+".example")
		info.Fields = p.fields(k["fields"], name+".fields")
		out = append(out, info)
	}
	return out
}
