package manifest

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/busbar-dev/busbar/model"
)

func (b *entityBuilder) picklists(forms map[string]picklistForm) {
	if len(forms) == 0 {
		return
	}
	b.entity.Picklists = map[string]Picklist{}
	for _, name := range sorted(forms) {
		f := forms[name]
		at := []string{"picklists", name}
		b.entity.Picklists[name] = f.Picklist
		if !b.writable(name, at...) {
			continue
		}
		if _, m := b.entity.At(name); !isText(m.Field.Kind) || len(m.Field.Values) > 0 {
			b.wrong("a "+string(m.Field.Kind)+" has no picklist", "only fields of kind string or text without words of the model have one", at...)
		}
		b.distinct(f.Values, at...)
		if f.Values != nil && len(f.Values) == 0 {
			b.wrong("allows nothing", "write the values, or make the field read_only", at...)
		}
	}
}

func isText(k model.Kind) bool { return k == model.String || k == model.Text }

// picklistSources checks picklists that are records of other entities, once all are known.
func (b *builder) picklistSources() {
	var mapped []string
	for _, e := range b.system.Entities {
		mapped = append(mapped, e.Name)
	}
	for _, e := range b.system.Entities {
		for _, name := range sorted(e.Picklists) {
			p := e.Picklists[name]
			at := []string{"entities", e.Name, "picklists", name}
			source := b.system.Entity(p.Entity)
			switch {
			case p.Entity == "":
			case source == nil:
				b.problem("this system maps no "+p.Entity, suggest(p.Entity, mapped), append(at, "entity")...)
			default:
				b.picklistField(source, p.Field, append(at, "field"))
			}
		}
	}
}

func (b *builder) picklistField(source *Entity, name string, at []string) {
	var texts []string
	for _, m := range source.Fields {
		if isText(m.Field.Kind) {
			texts = append(texts, m.Field.Name)
		}
	}
	if name != "" && !slices.Contains(texts, name) {
		b.problem(source.Name+" has no text "+strconv.Quote(name), suggest(name, texts), at...)
	}
}

// distinct reports what is written twice in a list.
func (b *entityBuilder) distinct(words []string, at ...string) {
	for i, w := range words {
		if slices.Contains(words[:i], w) {
			b.wrong(strconv.Quote(w)+" is written twice", "keep one", append(slices.Clone(at), strconv.Itoa(i))...)
		}
	}
}

// reportedAt tells whether a problem within this place of the entity is known already.
func (b *entityBuilder) reportedAt(at ...string) bool {
	return b.reported(scope{path: append(slices.Clone(b.path), at...)})
}

// entityOptions hands a part of the entity to the driver.
func (b *entityBuilder) entityOptions(f *yaml.Node, at ...string) Options {
	return b.options(f, strings.Join(append(slices.Clone(b.path), at...), "."))
}

func (b *entityBuilder) place(at ...string) Pos {
	return position(b.File, b.root, append(slices.Clone(b.path), at...))
}
