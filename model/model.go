// Package model owns the unified model: what an entity is, which fields it has and what they mean.
//
// The model is data: one YAML file per entity beside this file, and _record.yaml for the fields that
// every record has. Everything else (validation, OpenAPI, documentation, mapping) is derived from it.
// The package knows nothing of systems, connections or storage.
package model

// Kind is the type of a field's value.
type Kind string

// The kinds. See docs/model/ for how each looks in JSON.
const (
	String   Kind = "string"   // one line of text
	Text     Kind = "text"     // text of any length
	Boolean  Kind = "boolean"  //
	Integer  Kind = "integer"  // JSON number without fraction
	Decimal  Kind = "decimal"  // JSON string, exact: "12.50"
	Money    Kind = "money"    // {amount: decimal, currency: ISO 4217}
	Quantity Kind = "quantity" // {value: decimal, unit, unit_code: UN/ECE Rec 20 or null}
	Instant  Kind = "instant"  // RFC 3339 in UTC with Z
	Date     Kind = "date"     // YYYY-MM-DD
	Duration Kind = "duration" // ISO 8601
	Ref      Kind = "ref"      // id of a record of another entity; wire name <name>_id
	Refs     Kind = "refs"     // list of ids; wire name <singular>_ids
	Enum     Kind = "enum"     // normalised word in <name>, the source's word in <name>_source
	Address  Kind = "address"  // {name, lines[], city, region, postal_code, country, phone, email}
	Contact  Kind = "contact"  // {name, role, phone, email}
	Link     Kind = "link"     // {name, url}
	Object   Kind = "object"   // Fields
	List     Kind = "list"     // Items
	Map      Kind = "map"      // free-form object (custom_fields)
)

// EnumValue is one normalised word of an enum field.
type EnumValue struct {
	Name    string
	Meaning string
}

// KindInfo says what values of a kind look like.
type KindInfo struct {
	Kind    Kind
	JSON    string   // short notation: "string, exact"
	Meaning string   // one sentence
	Example string   // JSON text
	Fields  []*Field // the members, for money, quantity, address, contact and link
}

// Field is one field of an entity, of the record envelope or of a nested object.
type Field struct {
	Name       string      // as the model names it: "vendor", "status", "lines"
	Kind       Kind        //
	To         string      // Ref, Refs: the entity referred to
	ToField    string      // Ref to a record of any entity: the sibling field that names the entity; To is then ""
	Values     []EnumValue // Enum: in the order of a record's life, "other" always among them. String: Busbar's own closed list
	Format     string      // String: "uuid" for ids of Busbar's own, "" otherwise
	Fields     []*Field    // Object: in documented order
	Items      *Field      // List: what each element is (Name empty)
	Identified bool        // List of Object: each element has an id of its own and a remote_id
	Meaning    string      // one sentence
	Example    string      // JSON text of an example value
	Indexed    bool        // sortable and filterable
	Required   bool        // never null; fields that come from the source never promise this

	at       place  // where the model declares it
	toSchema string // the component of the entity referred to
	readOnly bool   // only Busbar writes it
}

// WireNames gives the JSON names under which the field appears: vendor_id for a ref, status and
// status_source for an enum, the plain name otherwise.
func (f *Field) WireNames() []string {
	switch f.Kind {
	case Ref:
		return []string{f.Name + "_id"}
	case Refs:
		return []string{singular(f.Name) + "_ids"}
	case Enum:
		return []string{f.Name, f.Name + "_source"}
	default:
		return []string{f.Name}
	}
}

// Entity is one kind of record in the unified model.
type Entity struct {
	Name     string   // plural kebab case, as in paths: "purchase-orders"
	Singular string   // "purchase order"
	Title    string   // "Purchase orders"
	Meaning  string   // one or two sentences
	Domains  []string // erp, eam, wms; "all"
	Tier     int      // 1 or 2
	Fields   []*Field // beyond the record envelope, in documented order

	at place
}

// Field returns the field with the model's name, or nil.
func (e *Entity) Field(name string) *Field { return find(e.Fields, name) }

// Field returns the nested field with the model's name, or nil. For lists it looks into the elements.
func (f *Field) Field(name string) *Field {
	if f.Items != nil {
		return f.Items.Field(name)
	}
	return find(f.Fields, name)
}

// Model is the whole unified model.
type Model struct {
	Record   []*Field  // the envelope every record has, in documented order
	Entities []*Entity // sorted by name
	Kinds    []*KindInfo
}

// Names lists the entities' names, sorted.
func (m *Model) Names() []string {
	names := make([]string, len(m.Entities))
	for i, e := range m.Entities {
		names[i] = e.Name
	}
	return names
}

// Entity returns the entity of that name, or nil.
func (m *Model) Entity(name string) *Entity {
	for _, e := range m.Entities {
		if e.Name == name {
			return e
		}
	}
	return nil
}

// Indexed lists the fields that lists can be sorted and filtered by.
func (e *Entity) Indexed() []*Field {
	var out []*Field
	for _, f := range e.Fields {
		if f.Indexed {
			out = append(out, f)
		}
	}
	return out
}

// Kind describes a kind, or is nil for an unknown one.
func (m *Model) Kind(k Kind) *KindInfo {
	for _, i := range m.Kinds {
		if i.Kind == k {
			return i
		}
	}
	return nil
}

func find(fields []*Field, name string) *Field {
	for _, f := range fields {
		if f.Name == name {
			return f
		}
	}
	return nil
}
