package manifest

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

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
