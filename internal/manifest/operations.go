package manifest

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

type operationsForm struct {
	Create *operationForm `yaml:"create"`
	Update *operationForm `yaml:"update"`
	Delete *deletionForm  `yaml:"delete"`
}

type operationForm struct {
	Required []string `yaml:"required"`
}

type deletionForm struct {
	How string `yaml:"how" manifest:"required"`
}

func (b *entityBuilder) operations(f operationsForm) {
	ops := map[Op]Operation{}
	for name, form := range map[Op]*operationForm{Create: f.Create, Update: f.Update} {
		if form != nil {
			ops[name] = Operation{Required: form.Required}
		}
	}
	for _, name := range []Op{Create, Update} {
		for i, field := range ops[name].Required {
			b.required(field, "operations", string(name), "required", strconv.Itoa(i))
		}
	}
	if f.Delete != nil {
		ops[Delete] = Operation{How: f.Delete.How}
		if h := f.Delete.How; h != "" && h != "delete" && h != "cancel" {
			b.wrong("unknown way to delete "+strconv.Quote(h), "write delete or cancel", "operations", "delete", "how")
		}
	}
	b.entity.Operations = ops
}

// required checks a field that an operation needs: it must be one that can be written.
func (b *entityBuilder) required(name string, at ...string) {
	var known []string
	for _, f := range b.entity.Model.Fields {
		known = append(known, f.Name)
	}
	m := b.entity.Field(name)
	switch {
	case !slices.Contains(known, name):
		b.wrong("the model has no such field "+strconv.Quote(name), suggest(name, known), at...)
	case m == nil:
		b.wrong(name+" is not mapped", "map it, or do not require it", at...)
	case !m.Writable():
		b.wrong(name+" cannot be written", "map it from a path, or give its expression an inverse", at...)
	}
}

var evidenceForm = regexp.MustCompile(`^(live \S.*|simulated|documented)$`)

// evidence checks what is said to prove each operation, and that each is spoken of.
func (b *entityBuilder) evidence() {
	e := b.entity
	known := append([]string{"read"}, declared(e)...)
	for name, text := range e.Evidence {
		operation, _, _ := strings.Cut(name, "_")
		if !slices.Contains(known, operation) {
			b.wrong("evidence of an operation that is not declared", suggest(operation, known), "evidence", name)
		}
		if !evidenceForm.MatchString(text) {
			b.wrong(strconv.Quote(text)+" is no evidence", "write live and the version, simulated, or documented", "evidence", name)
		}
		if b.system.Simulated && strings.HasPrefix(text, "live") {
			b.wrong("a simulator is not the live system", "write simulated", "evidence", name)
		}
	}
	for _, name := range known {
		if _, ok := e.Evidence[name]; !ok && e.Evidence != nil {
			b.wrong("says nothing of "+name, "add "+name+": live and the version, simulated, or documented", "evidence")
		}
	}
}

// declared lists the writes of an entity, in fixed order.
func declared(e *Entity) []string {
	var names []string
	for _, op := range Ops() {
		if _, ok := e.Operations[op]; ok {
			names = append(names, string(op))
		}
	}
	return names
}
