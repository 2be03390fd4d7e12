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
	Strict  bool                                // fields that the model or the system does not have are faults; else they are left out, with a warning
	IfMatch string                              // the caller's If-Match; empty: none
	Current *Current                            // update, delete: the record; nil: there is none
	Mark    string                              // what tells this write from any other; a dry run gives any
	Resolve mapping.Resolver                    // of references
	Words   func(entity, field string) []string // values of a field of stored records, for picklists; none, or nil: they are not checked
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
	Nothing  bool           // the record is already as it is asked to be; there are no steps
	Key      string         // W2 of create: the value of the unique key
	Wanted   []byte         // the unified members that the write asks for, to be compared with what comes of it; nil for a deletion that leaves no record
}

// Step is one send of a write: the operation itself or, behind it, one change of status.
type Step struct {
	Body []byte         // source members; nil for a deletion, and for a move that has a call of its own
	Move *manifest.Move // this change of status; nil: the operation itself. Without a call of its own (Send.Node nil) it is made by Body, sent as an update
}

// Check gives the verdict. Every fault is told at once, with its pointer and the rule that says so.
func Check(in Input) Verdict {
	c := &checker{Input: in, drop: map[string]bool{}}
	if p := c.refusal(); p != nil {
		return Verdict{Problem: p}
	}
	c.matches()
	if in.Op == manifest.Delete {
		return c.deletion()
	}
	return c.change()
}
