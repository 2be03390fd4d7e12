package check

import (
	"strconv"
	"strings"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/rawjson"
	"github.com/busbar-dev/busbar/internal/spelling"
	"github.com/busbar-dev/busbar/model"
)

// itemOf tells a caller what the mapping found wrong.
func (c *checker) itemOf(b *mapping.BadValue) problem.Item {
	i := problem.Item{Pointer: b.Pointer, Code: problem.Invalid, Detail: sentence(b.Reason)}
	switch b.Flaw {
	case mapping.NoField:
		i.Code, i.Detail = c.nobodys(b.Pointer)
	case mapping.NotMapped:
		i.Code, i.Detail = problem.NotSupported, c.System.Name+" has no such field; leave it out."
		i.Rule = manifest.OperationRule(c.Entity.Name, c.Op)
	case mapping.NotWritable:
		i.Code, i.Detail = problem.NotWritable, sentence(b.Reason)+" Leave it out."
		i.Rule = manifest.OperationRule(c.Entity.Name, c.Op)
	case mapping.NoReference:
		i.Code, i.Detail = problem.UnknownReference, sentence(b.Reason)+` Sync it first, or name the record by its own key: {"remote_id": "..."}.`
	case mapping.NamedTwice:
		i.Code, i.Detail = problem.Duplicate, sentence(b.Reason)+" Put all of its changes into one."
	}
	return i
}

// sentence makes one of a reason.
func sentence(reason string) string {
	return strings.ToUpper(reason[:1]) + strings.TrimSuffix(reason[1:], ".") + "."
}

// nobodys is about a name that the model does not have: one of the record's own, or a misspelt one.
func (c *checker) nobodys(pointer string) (problem.Fault, string) {
	names := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	last := strings.NewReplacer("~1", "/", "~0", "~").Replace(names[len(names)-1])
	if len(names) == 1 && c.now.Get(last).Kind() != rawjson.Missing || last == "custom_fields" {
		return problem.NotWritable, "This cannot be written; leave it out."
	}
	if near := nearest(last, fieldsAt(c.Entity.Model.Fields, names)); near != "" {
		return problem.Unknown, "There is no such field. Did you mean " + near + "?"
	}
	return problem.Unknown, "There is no such field; leave it out."
}

// nearest guesses which wire name was meant; a reference may have been called by its plain name.
func nearest(word string, fields []*model.Field) string {
	meant, names := map[string]string{}, []string{}
	for _, f := range fields {
		for _, name := range append(f.WireNames(), f.Name) {
			if _, known := meant[name]; !known {
				names = append(names, name)
				meant[name] = name
			}
		}
		meant[f.Name] = f.WireNames()[0]
	}
	near := spelling.Near(word, names)
	if len(near) == 0 {
		return ""
	}
	return meant[near[0]]
}

// fieldsAt lists the fields beside which a member stands.
func fieldsAt(fields []*model.Field, pointer []string) []*model.Field {
	if len(pointer) < 2 {
		return fields
	}
	f := fieldOf(fields, pointer[0])
	if f == nil {
		return nil
	}
	rest, inner := pointer[1:], f.Fields
	if _, err := strconv.Atoi(rest[0]); err == nil && f.Items != nil {
		rest, inner = rest[1:], f.Items.Fields
	}
	return fieldsAt(inner, rest)
}
