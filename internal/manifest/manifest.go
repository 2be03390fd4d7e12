// Package manifest owns the connector language: the shape of a manifest, how it is loaded and checked, and the
// capability matrix computed from it. It knows the model; it knows no driver, no connection and no storage.
// The language is documented in docs/connectors/manifest.md.
package manifest

import (
	"time"

	"github.com/busbar-dev/busbar/model"
)

// System is one loaded manifest.
type System struct {
	System     string // folder name and identifier: "tryton"
	Name       string // what people call it: "Tryton"
	Summary    string // one sentence
	Categories []string
	Driver     string
	Versions   []string
	Simulated  bool // a simulator of our own, never a real system
	Auth       []AuthMethod
	Limits     Limits
	TimeZone   string    // default zone of source times that carry none; "UTC" when unset
	Nulls      []string  // raw JSON texts that mean "empty" besides null: `""`, `false`
	Decimals   string    // write: exact numbers as JSON "number" or "text" where a field does not say; "" leaves it to the dialect
	Options    Options   // `connect:`, for the driver
	Entities   []*Entity // in the order in which they are synced: referred-to first, small ones first among equals
	Guide      string    // guide.md
}

// Entity returns the mapped entity of that name, or nil.
func (s *System) Entity(name string) *Entity {
	for _, e := range s.Entities {
		if e.Name == name {
			return e
		}
	}
	return nil
}

// PublicFields lists the fields that are secret in no way to log in to the system.
func (s *System) PublicFields() (names []string) {
	secret := map[string]bool{}
	for _, m := range s.Auth {
		for _, field := range m.Fields {
			secret[field.Name] = secret[field.Name] || field.Secret
		}
	}
	for name, is := range secret {
		if !is {
			names = append(names, name)
		}
	}
	return names
}

// AuthMethod is one way to log in, and the form for it.
type AuthMethod struct {
	Method string            // basic, api_key, oauth2, session, ...
	Fields []CredentialField // those of the manifest, then those that every login over TLS has
}

// CredentialField is one input of the form.
type CredentialField struct {
	Name     string
	Label    string
	Type     string             // url, text, password, integer, multiline, select
	Options  []CredentialOption // of a select
	Secret   bool
	Identity bool // another value leads to another instance of the system, with records of its own; default for type url
	Required bool // default true
	Default  string
	Example  string
	Help     string
	Group    string // where the form shows it: "" among the first, GroupTLS
	Vendor   bool   // names something of the machine that Busbar runs on: filled in by whoever runs it, never by a customer
}

// CredentialOption is one of the values that a select takes.
type CredentialOption struct {
	Value string `yaml:"value" manifest:"required"`
	Label string `yaml:"label" manifest:"required"`
}

// Limits is the budget that the system grants one connection.
type Limits struct {
	Concurrency int     `yaml:"concurrency"` // calls at once; default 2
	PerSecond   float64 `yaml:"per_second"`  // 0: no such limit
	PerMinute   float64 `yaml:"per_minute"`
	PerDay      float64 `yaml:"per_day"`
}

// Entity is how one entity of the model is read from (and written to) the system.
type Entity struct {
	Name        string
	Model       *model.Entity
	Read        Options
	ID          []Path // joined with ":" when several
	DisplayID   Path
	DisplayName Path
	CreatedAt   Path
	UpdatedAt   []Path  // the first that is not null
	URL         string  // template with {path}; "" when there is none
	Cursor      *Cursor // nil: cannot be read incrementally, every run is full
	History     string  // source field that the historical period applies to; "" for master data
	Hot         *Hot    // nil: the source's stamps show every change
	Deletions   string  // "sweep" or "none"
	Needs       string  // what the administrator gives the login so that it may read this, in the system's words; "" when nobody wrote it down
	PageSize    int
	Volatile    []Path              // left out when deciding whether a record changed
	Fields      []*FieldMap         // in the model's order
	ReadOnly    []string            // fields that the source alone sets: total, lines.line_total
	Operations  map[Op]Operation    // declared ones only
	Moves       *Moves              // nil: the status is a field like any other
	Picklists   map[string]Picklist // by field
	Lists       ListStyle           // how lists with ids are sent in an update
	Evidence    map[string]string   // "read", "create", ...: live 6.0 | simulated | documented
	Pos         Pos
}

// Cursor says how the source marks changes.
type Cursor struct {
	Precision time.Duration // of the source's stamps; the cursor is rounded down to it
	Lookback  time.Duration // default 15m
}

// Hot says which records change in ways their stamps do not show, and how often they are read again whatever their stamps say.
type Hot struct {
	Every time.Duration
	Read  Options // for the driver: what it asks for besides
}

// Path is a list of member names, written with "/" between them in a manifest. Empty: not given. Digits pick an element of a
// list; Up and Each have their special meaning.
type Path []string

// FieldMap maps one model field. Exactly one of From, Const, Expr, Parts or Fields is given, as the field's kind wants.
type FieldMap struct {
	Field   *model.Field
	From    []Path           // scalar, enum, ref, refs, list; several only for composite refs
	Const   string           // raw JSON of a constant
	Expr    string           // read: expression over the source record
	Inverse string           // write: expression over the unified record; "" means read-only
	Values  []EnumMap        // enum: source word to normalised word
	Parts   map[string]*Part // money: amount, currency; quantity: value, unit; address: name, lines, city, ...
	Members []*model.Field   // money, quantity, address, contact, link (or a list of them): the members, in documented order
	As      string           // write: ids and numbers as JSON "number" or "text"; "" leaves it to the dialect
	Unit    string           // duration: what a plain number counts: d, h, min, s; "" wants ISO 8601
	ID      []Path           // identified lists: the element's own key
	Fields  []*FieldMap      // object, list of objects: relative to the element
	Pos     Pos
}

// EnumMap is one row of an enum table. The first row of a normalised word is the one written back.
type EnumMap struct{ Source, Name string }

// Part is a member of a money, quantity or address value.
type Part struct {
	From  []Path // address lines may name several
	Const string // raw JSON of a constant
}

// Dialect turns a protocol's own notations of scalars into plain ones and back.
type Dialect interface {
	// Scalar gives the plain JSON of a value that the protocol wraps (a Decimal, date or datetime object ...): a JSON
	// string or number; ok is false when the value is not such a wrapper.
	Scalar(raw []byte) (plain []byte, ok bool)
	// Wrap is the inverse: the protocol's JSON of a plain scalar of that kind.
	Wrap(kind model.Kind, plain []byte) []byte
}
