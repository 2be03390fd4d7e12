package manifest

import (
	"time"

	"github.com/busbar-dev/busbar/model"
)

// Capabilities is what can be done with a system, entity by entity in their order of sync.
type Capabilities struct {
	System    string             `json:"system"`
	Simulated bool               `json:"simulated"`
	Login     *LoginRights       `json:"login,omitempty" doc:"What the system tells of the rights of the connection's login; absent for a system."`
	Entities  []EntityCapability `json:"entities"`
}

// LoginRights say whether the matrix knows what the login may do.
type LoginRights struct {
	Told      bool       `json:"told" doc:"The system told it. Where it did not, the matrix shows what the system can do, and a login with fewer rights learns it from a refusal."`
	CheckedAt *time.Time `json:"checked_at,omitempty" doc:"When it was asked."`
}

// EntityCapability is what can be done with one entity.
type EntityCapability struct {
	Entity            string            `json:"entity"`
	Read              Capability        `json:"read"`
	Create            Capability        `json:"create"`
	Update            Capability        `json:"update"`
	Delete            Capability        `json:"delete"`
	Moves             []MoveCapability  `json:"moves,omitempty" doc:"The changes of status that a record may go through; absent where the status is a field like any other."`
	Incremental       bool              `json:"incremental"`
	Deletions         string            `json:"deletions"` // sweep or none: how deletions in the source are found
	History           string            `json:"history"`   // source field that the historical period applies to; "": everything is read
	Fields            []FieldCapability `json:"fields"`
	UnsupportedFields []string          `json:"unsupported_fields"`
	Rules             []RuleText        `json:"rules,omitempty" doc:"Every rule for writes, in words. A refusal cites the rule by its name."`
}

// Capability is one operation, and what proves that it works.
type Capability struct {
	Supported   bool             `json:"supported"`
	ForbiddenBy string           `json:"forbidden_by,omitempty" doc:"The rule that takes away what the system itself could do: login where the system does not let this login do it, one of the connection's own, or token.scopes."`
	How         string           `json:"how,omitempty" enum:"delete,cancel" doc:"What a delete does: delete removes the record, cancel sets its status to cancelled."`
	Evidence    string           `json:"evidence,omitempty" doc:"What proves it: live and the system's version, simulated, or documented."`
	Required    []string         `json:"required,omitempty" doc:"Fields that must be given and not be null. Those of a list's elements are written lines.item_id."`
	When        *Condition       `json:"when,omitempty" doc:"On what condition of the record it may be done; absent: always."`
	Except      []FieldCondition `json:"except,omitempty" doc:"Fields with a condition of their own in its place."`
	Class       []Class          `json:"class,omitempty" doc:"How it is found out what became of a write whose answer is lost, the surest way first: W1 the system's own key, W2 a unique key or the record's id, W3 a mark of ours that can be searched, W4 a search by content (a person decides), W5 a person decides."`
	Fresh       bool             `json:"fresh,omitempty" doc:"The record is read from the system right before the rules are applied."`
	Bulk        *BulkCapability  `json:"bulk,omitempty" doc:"The system's own call for many; absent: it has none, and a batch is sent one by one."`
}

// BulkCapability is what the system's own call for many writes takes.
type BulkCapability struct {
	Max    int  `json:"max" doc:"At most so many at once."`
	Atomic bool `json:"atomic" doc:"All or none of a call have an effect, where that is asked for."`
}

// Condition is on what a write depends. Exactly one of always, never and status is there.
type Condition struct {
	Rule   string   `json:"rule" doc:"The name by which a refusal cites it." example:"purchase-orders.update.when"`
	Always bool     `json:"always,omitempty"`
	Never  bool     `json:"never,omitempty"`
	Status []string `json:"status,omitempty" doc:"The status of the record is one of these." example:"[\"draft\"]"`
}

// FieldCondition is the condition of one field.
type FieldCondition struct {
	Field string `json:"field" example:"expected_date"`
	Condition
}

// MoveCapability is one change of status.
type MoveCapability struct {
	From []string `json:"from" example:"[\"draft\"]"`
	To   string   `json:"to" example:"pending_approval"`
}

// FieldCapability is one field by its wire name. Fields of a list's elements are written lines.quantity.
type FieldCapability struct {
	Name       string    `json:"name"`
	Kind       string    `json:"kind"`
	RefersTo   string    `json:"refers_to,omitempty" doc:"References: the entity of the records referred to; absent where that differs from record to record." example:"vendors"`
	Supported  bool      `json:"supported"`
	Writable   bool      `json:"writable"`
	WritableOn []Op      `json:"writable_on,omitempty" enum:"create,update" doc:"The operations in which it can be given."`
	ReadOnlyBy string    `json:"read_only_by,omitempty" doc:"The rule by which it cannot be written; absent where the mapping has no way back."`
	Values     []string  `json:"values,omitempty" doc:"Enums: the words that this system's words map to."`
	Allowed    []Allowed `json:"allowed,omitempty" doc:"Closed lists of what may be written; a value is in all of them."`
}

// Allowed is a closed list of values, or where they are.
type Allowed struct {
	Rule   string   `json:"rule" doc:"The name by which a refusal cites it." example:"purchase-orders.picklists.currency"`
	Values []string `json:"values,omitempty"`
	Entity string   `json:"entity,omitempty" doc:"The values are those of the stored records of this entity ..." example:"currencies"`
	Field  string   `json:"field,omitempty" doc:"... in this field." example:"code"`
}

// RuleText is a rule in words.
type RuleText struct {
	Rule string `json:"rule" example:"purchase-orders.update.when"`
	Text string `json:"text" example:"It can be changed while the status is draft or pending_approval."`
}

// Capabilities computes the matrix.
func (s *System) Capabilities() Capabilities { return s.CapabilitiesOf(View{MayWrite: true}) }

// View is what lies over the matrix of a system for one connection and its caller.
type View struct {
	Rules    RuleSet // the connection's own
	MayWrite bool    // the caller's credential has the scope
	Rights   Rights  // what the system lets the login do, as far as it tells
}

// Rights are what a login may do: by entity, by operation (Read among them). What the system does not speak of is absent.
type Rights map[string]map[Op]bool

// denies tells whether the system says that the login may not do this.
func (r Rights) denies(entity string, op Op) bool {
	may, told := r[entity][op]
	return told && !may
}

// CapabilitiesOf computes the matrix of one connection.
func (s *System) CapabilitiesOf(v View) Capabilities {
	c := Capabilities{System: s.System, Simulated: s.Simulated, Entities: []EntityCapability{}}
	for _, e := range s.Entities {
		c.Entities = append(c.Entities, (&matrix{Entity: e, own: v.Rules[e.Name], mayWrite: v.MayWrite, rights: v.Rights}).capability())
	}
	return c
}

// UnsupportedFields lists the wire names that the model has and this system cannot deliver; those of a list's elements are
// written lines.notes.
func (e *Entity) UnsupportedFields() []string {
	out := []string{}
	for _, own := range []struct {
		name   string
		mapped bool
	}{
		{"display_id", e.DisplayID != nil}, {"display_name", e.DisplayName != nil}, {"remote_created_at", e.CreatedAt != nil},
		{"remote_updated_at", e.UpdatedAt != nil}, {"url", e.URL != ""},
	} {
		if !own.mapped {
			out = append(out, own.name)
		}
	}
	return unsupported(out, "", e.Model.Fields, e.Fields)
}

func unsupported(out []string, prefix string, fields []*model.Field, maps []*FieldMap) []string {
	for _, f := range fields {
		m, inner := mapOf(maps, f), nested(f)
		switch {
		case m == nil:
			for _, name := range f.WireNames() {
				out = append(out, prefix+name)
			}
		case inner != nil:
			out = unsupported(out, prefix+f.Name+".", inner, m.Fields)
		}
	}
	return out
}

// nested gives the fields of an object or of a list's elements; nil for anything else.
func nested(f *model.Field) []*model.Field {
	if f.Items != nil {
		return f.Items.Fields
	}
	return f.Fields
}

func mapOf(maps []*FieldMap, f *model.Field) *FieldMap {
	for _, m := range maps {
		if m.Field == f {
			return m
		}
	}
	return nil
}
