package manifest

import (
	"slices"
	"time"
)

// Op is a kind of write, or Read where the right to read is spoken of.
type Op string

// Read is no write.
const Read Op = "read"

// The kinds of write.
const (
	Create Op = "create"
	Update Op = "update"
	Delete Op = "delete"
)

// Ops lists the kinds of write, in fixed order.
func Ops() []Op { return []Op{Create, Update, Delete} }

// Operation is a declared write. Fields are named as in the model, those of a list's elements lines.item.
type Operation struct {
	How      string          // delete only: "delete" or "cancel"
	Required []string        // create: fields that must be given and not be null; for a list at least one element
	When     When            // update, delete: in which states of the record it may be done
	Except   map[string]When // update: fields with a condition of their own instead of When
	Fresh    bool            // update, delete: the record is read from the system right before the rules are applied
	Insists  bool            // update, delete: the system itself refuses when the record is not the one that was read
	Send     Options         // for the driver
	Bulk     *Bulk           // nil: the system has no call for many
	Ladder   []Rung          // how an unknown outcome is found out, the best way first; none: W5
}

// When is a condition on the record as it is. The zero value holds always.
type When struct {
	Never  bool
	Status []string // words of the model's status field; nil: any
}

// Holds tells whether a record in this status meets the condition.
func (w When) Holds(status string) bool {
	return !w.Never && (w.Status == nil || slices.Contains(w.Status, status))
}

// Bulk is the system's own call for many writes of one operation.
type Bulk struct {
	Max    int     // at once
	Atomic bool    // all of a call have an effect or none, when that is asked for
	Send   Options // for the driver
}

// Class says what a system offers for finding out what became of a write whose answer is lost.
type Class string

// The classes.
const (
	W1 Class = "W1" // a key of the system's own: the same write sent again has one effect
	W2 Class = "W2" // a unique key that the caller sets; for update and delete the record's own id: setting the same again changes nothing
	W3 Class = "W3" // a member that can be searched and that nobody else fills: it carries our mark
	W4 Class = "W4" // a search by content and time: probable, a person decides
	W5 Class = "W5" // nothing: a person decides
)

// Rung is one way to find out.
type Rung struct {
	Class  Class
	Window time.Duration // W1: for how long the system knows a key; default 24h
	Key    string        // W2 of create: the model's field that is the unique key; where it is not given, it is given our mark
	Member Path          // W3: the source's member that carries the mark
	Match  []string      // W4: fields that are compared
	Settle time.Duration // W2 to W4: how long after a send an effect may still appear; default 30s
	Find   Options       // W2 of create, W3, W4: for the driver
	Pos    Pos
}

// Moves are the changes of status that a record may go through.
type Moves struct {
	Field string // "status"
	Rows  []Move
}

// Move is one change of status.
type Move struct {
	From []string // words of the model
	To   string
	Send Options // for the driver: the call that does it; Node nil: it is done by writing the field
	Pos  Pos
}

// Picklist is the closed list of values of a field.
type Picklist struct {
	Values []string // as written here
	Entity string   // or: the stored records of this entity ...
	Field  string   // ... and of them this field
}

// ListStyle says how an update sends lists whose elements have ids.
type ListStyle string

// The styles.
const (
	ListsReplaced ListStyle = "replace" // the whole list as it is to be; default
	ListsChanged  ListStyle = "changes" // only what changes: [{"op": "create|update|delete", "key": <the element's id members>, "data": {...}}]
)

// Rules are the connection's own rules for an entity, laid over the manifest's: they only forbid.
type Rules struct {
	Forbidden []Op                `json:"forbidden,omitempty" enum:"create,update,delete" doc:"Operations that this connection does not do."`
	Required  []string            `json:"required,omitempty" doc:"Fields without which nothing is created, beside those that the system needs." example:"[\"site_id\"]"`
	ReadOnly  []string            `json:"read_only,omitempty" doc:"Fields that are not written." example:"[\"payment_terms\"]"`
	Values    map[string][]string `json:"values,omitempty" doc:"By field (string, text or enum): what may be written into it."`
}
