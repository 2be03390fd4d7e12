package modeldoc

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/busbar-dev/busbar/model"
)

// table writes the fields of one object, with a column for what can be sorted and filtered where there can be such fields.
func table(b *bytes.Buffer, fields []*model.Field, indexed bool) {
	head, rule := "| field | type | meaning |", "|---|---|---|"
	if indexed {
		head, rule = head+" sort, filter |", rule+"---|"
	}
	fmt.Fprintf(b, "%s\n%s\n", head, rule)
	for _, f := range fields {
		fmt.Fprintf(b, "| %s | %s | %s |", names(f), kind(f), cell(f.Meaning))
		if indexed {
			b.WriteString(mark(f.Indexed))
		}
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
}

func mark(yes bool) string {
	if yes {
		return " yes |"
	}
	return " |"
}

func names(f *model.Field) string {
	wire := f.WireNames()
	return "`" + strings.Join(wire, "`, `") + "`"
}

func kind(f *model.Field) string {
	switch {
	case f.Kind == model.Ref && f.To == "":
		return "id of a record of the entity in `" + f.ToField + "`"
	case f.Kind == model.Ref:
		return "id → [" + f.To + "](" + f.To + ".md)"
	case f.Kind == model.Refs:
		return "ids → [" + f.To + "](" + f.To + ".md)"
	case f.Kind == model.List && f.Items.Kind == model.Object:
		return "list of objects"
	case f.Kind == model.List:
		return "list of " + string(f.Items.Kind)
	}
	return string(f.Kind)
}

// sections writes what does not fit into the table: the words of enums and the members of objects. In gives the place of the
// fields: "`lines`" or nothing.
func sections(b *bytes.Buffer, fields []*model.Field, in string) {
	for _, f := range fields {
		name := in + f.Name
		switch {
		case f.Values != nil:
			values(b, f, name)
		case f.Kind == model.Object:
			fmt.Fprintf(b, "### %s\n\n%s\n\n", name, f.Meaning)
			table(b, f.Fields, false)
			sections(b, f.Fields, name+".")
		case f.Kind == model.List && f.Items.Kind == model.Object:
			elements(b, f, name)
		}
	}
}

func values(b *bytes.Buffer, f *model.Field, name string) {
	fmt.Fprintf(b, "### %s\n\n| value | meaning |\n|---|---|\n", name)
	for _, v := range f.Values {
		fmt.Fprintf(b, "| `%s` | %s |\n", v.Name, cell(v.Meaning))
	}
	b.WriteByte('\n')
}

func elements(b *bytes.Buffer, f *model.Field, name string) {
	fmt.Fprintf(b, "### %s\n\n%s", name, f.Items.Meaning)
	if f.Identified {
		b.WriteString(" Each has an `id` of its own, stable like a record's, and a `remote_id`, the source's own key.")
	}
	b.WriteString("\n\n")
	table(b, f.Items.Fields, false)
	sections(b, f.Items.Fields, name+".")
}
