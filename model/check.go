package model

import (
	"regexp"
	"slices"
	"strconv"
)

// MaxIndexed is how many fields of an entity may be sortable and filterable.
const MaxIndexed = 8

var kebabCase = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// ControlPlaneNames lists the first path segments of the API that are not entities. Entities share one namespace with them.
func ControlPlaneNames() []string {
	return []string{
		"audit-log", "capabilities", "change-consumers", "changes", "connection", "connections", "docs", "events", "flows", "keys",
		"link-sessions", "live", "members", "openapi", "operations", "passthrough", "project", "request-log", "sync-runs", "syncs",
		"systems", "tokens", "webhook-endpoints",
	}
}

// checker finds what is wrong between fields and between files.
type checker struct {
	m        *Model
	problems *Problems
}

func (c *checker) check() {
	c.wholes()
	c.siblings(c.m.Record, "fields", nil)
	for _, i := range c.m.Kinds {
		c.siblings(i.Fields, string(i.Kind)+".fields", nil)
	}
	for n, e := range c.m.Entities {
		c.entity(n, e)
	}
}

func (c *checker) wholes() {
	if len(c.m.Record) == 0 {
		c.problems.add(place{recordFile, 1}, "", "is missing", "describe the fields that every record has")
	}
	for _, k := range allKinds() {
		if c.m.Kind(k) == nil {
			c.problems.add(place{kindsFile, 1}, string(k), "is missing", "describe the kind")
		}
	}
	for _, i := range c.m.Kinds {
		if !slices.Contains(allKinds(), i.Kind) {
			c.problems.add(place{kindsFile, 1}, string(i.Kind), "is not a kind", "remove it")
		}
	}
}

func (c *checker) entity(n int, e *Entity) {
	if e.at.file != e.Name+".yaml" || !kebabCase.MatchString(e.Name) {
		c.problems.add(e.at, "name", quote(e.Name)+" and the file's name differ or are not kebab case", "name the file <name>.yaml, in lower-case words joined with -")
	}
	if slices.ContainsFunc(c.m.Entities[:n], func(o *Entity) bool { return o.Name == e.Name }) {
		c.problems.add(e.at, "name", "the entity "+quote(e.Name)+" exists already", "give each entity one file")
	}
	if slices.Contains(ControlPlaneNames(), e.Name) {
		c.problems.add(e.at, "name", quote(e.Name)+" is a name of the control plane", "choose another name")
	}
	if got := len(e.Indexed()); got > MaxIndexed {
		c.problems.add(e.at, "fields", "has "+strconv.Itoa(got)+" indexed fields", "keep the "+strconv.Itoa(MaxIndexed)+" that people sort and filter by most")
	}
	for _, f := range e.Indexed() {
		if !indexable(f.Kind) {
			c.problems.add(f.at, "fields."+f.Name, "is indexed and of kind "+string(f.Kind), "index only plain values, references and enums")
		}
	}
	c.siblings(e.Fields, "fields", c.m.Record)
}

func indexable(k Kind) bool {
	return slices.Contains([]Kind{String, Boolean, Integer, Decimal, Instant, Date, Ref, Enum}, k)
}

// siblings checks the fields of one object; above are those that stand beside them on the wire.
func (c *checker) siblings(fields []*Field, path string, above []*Field) {
	taken := map[string]string{}
	for _, f := range above {
		for _, w := range f.expanded() {
			taken[w] = f.Name + ", which is always there"
		}
	}
	for _, f := range fields {
		for _, w := range f.expanded() {
			if by := taken[w]; by != "" {
				c.problems.add(f.at, path+"."+f.Name, "has the wire name "+quote(w)+", as has "+by, "rename it")
			}
			taken[w] = f.Name
		}
		c.field(f, path+"."+f.Name, fields)
	}
}

// expanded gives the wire names and, for references, the name of the record when expanded.
func (f *Field) expanded() []string {
	if f.Kind == Ref || f.Kind == Refs {
		return append(f.WireNames(), f.Name)
	}
	return f.WireNames()
}

func (c *checker) field(f *Field, path string, beside []*Field) {
	if f.To != "" && c.m.Entity(f.To) == nil {
		c.problems.add(f.at, path, "refers to the unknown entity "+quote(f.To), "name an entity that has a file")
	}
	if f.ToField != "" && find(beside, f.ToField) == nil {
		c.problems.add(f.at, path, "takes its entity from the unknown field "+quote(f.ToField), "name a field beside it")
	}
	if f.Kind == Enum && !slices.ContainsFunc(f.Values, func(v EnumValue) bool { return v.Name == "other" }) {
		c.problems.add(f.at, path, "has no value other", `add "other:" for words of the source that mean something else`)
	}
	if f.Items != nil {
		c.element(f, path)
	}
	c.siblings(f.Fields, path, nil)
}

func (c *checker) element(f *Field, path string) {
	var own []*Field
	if f.Identified {
		own = f.ownFields()
	}
	if f.Items.Kind == Object {
		c.siblings(f.Items.Fields, path, own)
		return
	}
	c.field(f.Items, path, nil)
}

// ownFields gives the fields that each element of an identified list has besides the model's.
func (f *Field) ownFields() []*Field {
	return []*Field{
		{Name: "id", Kind: String, Format: "uuid", Required: true, Meaning: "Busbar's id of this element, stable like a record's.", Example: jsonText(exampleID(f.at.file + " " + f.Name))},
		{Name: "remote_id", Kind: String, Meaning: "The source's own key of this element.", Example: `"10"`},
	}
}
