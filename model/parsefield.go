package model

import (
	"regexp"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

var snakeCase = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

func quote(s string) string { return strconv.Quote(s) }

// allKinds lists every kind.
func allKinds() []Kind {
	return []Kind{String, Text, Boolean, Integer, Decimal, Money, Quantity, Instant, Date, Duration, Ref, Refs, Enum, Address, Contact, Link, Object, List, Map}
}

func (p *parser) fields(n *yaml.Node, path string) []*Field {
	if n == nil {
		return nil
	}
	var out []*Field
	for _, e := range p.entries(n, path) {
		at := path + "." + e.key.Value
		if !snakeCase.MatchString(e.key.Value) {
			p.problem(e.key, at, "is not snake_case", "write lower-case words joined with _")
		}
		f := p.field(e.value, at)
		f.Name, f.at = e.key.Value, p.at(e.key)
		out = append(out, f)
	}
	if len(out) == 0 {
		p.problem(n, path, "is empty", "name at least one field")
	}
	return out
}

// field reads one field, or the element of a list (which has no name).
func (p *parser) field(n *yaml.Node, path string) *Field {
	k := p.keys(n, path, "!kind", "!meaning", "example", "indexed", "required", "to", "to_field", "format", "values", "fields", "items", "identified")
	f := &Field{
		at:         p.at(n),
		Kind:       Kind(p.text(k["kind"], path+".kind")),
		To:         p.text(k["to"], path+".to"),
		ToField:    p.text(k["to_field"], path+".to_field"),
		Format:     p.text(k["format"], path+".format"),
		Meaning:    p.text(k["meaning"], path+".meaning"),
		Example:    p.example(k["example"], path+".example"),
		Values:     p.values(k["values"], path+".values"),
		Indexed:    p.flag(k["indexed"], path+".indexed"),
		Required:   p.flag(k["required"], path+".required"),
		Identified: p.flag(k["identified"], path+".identified"),
		Fields:     p.fields(k["fields"], path+".fields"),
	}
	if k["items"] != nil {
		f.Items = p.field(k["items"], path+".items")
	}
	p.shape(n, path, f)
	return f
}

// values reads an enum's words: a mapping from each word to its meaning.
func (p *parser) values(n *yaml.Node, path string) []EnumValue {
	if n == nil {
		return nil
	}
	var out []EnumValue
	for _, e := range p.entries(n, path) {
		name := e.key.Value
		if !snakeCase.MatchString(name) {
			p.problem(e.key, path, quote(name)+" is not snake_case", "write lower-case words joined with _")
		}
		out = append(out, EnumValue{Name: name, Meaning: p.text(e.value, path+"."+name)})
	}
	return out
}

// shape checks that a field has what its kind needs and nothing that belongs to another kind.
func (p *parser) shape(n *yaml.Node, path string, f *Field) {
	if f.Kind != "" && !slices.Contains(allKinds(), f.Kind) {
		p.problem(n, path, "has the unknown kind "+quote(string(f.Kind)), "the kinds are listed in "+kindsFile)
		return
	}
	p.part(n, path, f, "to", f.To != "" || f.ToField != "", f.Kind == Ref || f.Kind == Refs)
	p.part(n, path, f, "items", f.Items != nil, f.Kind == List)
	p.part(n, path, f, "fields", f.Fields != nil, f.Kind == Object)
	p.part(n, path, f, "values", f.Values != nil, f.Kind == Enum || f.Kind == String && f.Values != nil)
	if f.Format != "" && (f.Kind != String || f.Format != "uuid") {
		p.problem(n, path, "has the format "+quote(f.Format), "the one format is uuid, for strings")
	}
	if f.Identified && (f.Items == nil || f.Items.Kind != Object) {
		p.problem(n, path, "is identified but not a list of objects", "remove identified")
	}
}

func (p *parser) part(n *yaml.Node, path string, f *Field, key string, has, wants bool) {
	switch {
	case wants && !has:
		p.problem(n, path, "is of kind "+string(f.Kind)+" and has no "+key, "add "+quote(key+":"))
	case has && !wants:
		p.problem(n, path, "is of kind "+string(f.Kind)+" and cannot have "+key, "remove "+quote(key+":"))
	}
}
