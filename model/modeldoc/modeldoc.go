// Package modeldoc writes the reference pages of the unified model, docs/model/, from the model itself. It knows Markdown and
// the model, nothing else.
package modeldoc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/busbar-dev/busbar/model"
)

// Dir is where the pages live in the repository.
const Dir = "docs/model"

// Page is one generated file.
type Page struct {
	Name string // file name: "purchase-orders.md"
	Text []byte
}

// Pages gives all pages: the index, the units of measure, and one for each entity.
func Pages(m *model.Model) []Page {
	pages := []Page{{"README.md", Index(m)}, {"units.md", Units()}}
	for _, e := range m.Entities {
		pages = append(pages, Page{e.Name + ".md", Markdown(m, e)})
	}
	return pages
}

// Markdown gives the page of one entity.
func Markdown(m *model.Model, e *model.Entity) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "<!-- Generated from model/%s.yaml by `go run ./model/modeldoc/gen`. Edit that file, not this one. -->\n", e.Name)
	fmt.Fprintf(&b, "# %s\n\n%s\n\n", e.Title, e.Meaning)
	fmt.Fprintf(&b, "Path `/v1/%s` · found in %s · [all entities](README.md)\n\n", e.Name, domains(e.Domains))
	fmt.Fprintf(&b, "## Fields\n\nBesides the [fields of every record](README.md#every-record). Each is `null` where the source has it empty, and absent where the source cannot deliver it.\n\n")
	table(&b, e.Fields, true)
	sections(&b, e.Fields, "")
	fmt.Fprintf(&b, "## Example\n\n```json\n%s\n```\n", indent(m.Example(e)))
	return b.Bytes()
}

// Index gives the page about all entities: the list, the envelope and the kinds of value.
func Index(m *model.Model) []byte {
	var b bytes.Buffer
	b.WriteString("<!-- Generated from model/ by `go run ./model/modeldoc/gen`. Edit the files there, not this one. -->\n")
	b.WriteString("# The unified model\n\nEvery system's records appear as these entities, with the same fields whatever system they come from. ")
	b.WriteString("JSON names are `snake_case`, entity names in paths are plural `kebab-case`.\n\n## Entities\n\n| entity | found in | what it is |\n|---|---|---|\n")
	for _, e := range m.Entities {
		fmt.Fprintf(&b, "| [%s](%s.md) | %s | %s |\n", e.Name, e.Name, domains(e.Domains), cell(e.Meaning))
	}
	b.WriteString("\n## Every record\n\nThese fields stand in every record, before those of its entity. Only Busbar writes them, but for `custom_fields`.\n\n")
	table(&b, m.Record, false)
	sections(&b, m.Record, "")
	b.WriteString("## Kinds of value\n\n| kind | in JSON | meaning | example |\n|---|---|---|---|\n")
	for _, k := range m.Kinds {
		fmt.Fprintf(&b, "| %s | %s | %s | `%s` |\n", k.Kind, code(k.JSON), cell(k.Meaning), k.Example)
	}
	b.WriteByte('\n')
	for _, k := range m.Kinds {
		if k.Fields != nil {
			fmt.Fprintf(&b, "### %s\n\n", k.Kind)
			table(&b, k.Fields, false)
		}
	}
	b.WriteString("The texts that give a `unit_code` are listed in [units of measure](units.md).\n")
	return slices.Concat(bytes.TrimRight(b.Bytes(), "\n"), []byte("\n"))
}

func domains(names []string) string {
	if slices.Contains(names, "all") {
		return "ERP, EAM and WMS"
	}
	upper := make([]string, len(names))
	for i, n := range names {
		upper[i] = strings.ToUpper(n)
	}
	if len(upper) < 2 {
		return strings.Join(upper, "")
	}
	last := len(upper) - 1
	return strings.Join(upper[:last], ", ") + " and " + upper[last]
}

// cell makes text fit into a table cell.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;").Replace(s)
}

func code(json string) string {
	if strings.HasPrefix(json, "{") {
		return "`" + json + "`"
	}
	return json
}

func indent(text string) string {
	var b bytes.Buffer
	if json.Indent(&b, []byte(text), "", "  ") != nil {
		return text
	}
	return b.String()
}
