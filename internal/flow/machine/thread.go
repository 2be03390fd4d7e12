// Package machine owns what a flow does next. It is pure: from what is stored of a thread, and from what its last effect came to, it makes what is stored next and the effect that is
// wanted. It reads no clock, calls nobody and stores nothing, so that a thread can be stopped between any two of its calls and go on elsewhere:
//
//	Advance (thread at a step) ─▶ pure steps are done ─▶ the effect of the next step, or the end
//	     ▲                                                     │ stored with the thread, then carried out
//	     └──────────────── Resume (what came of it) ◀──────────┘
//
// Advance changes nothing that the same Advance would not do again: a thread that was stored at an effect wants the same effect after a crash.
package machine

import (
	"encoding/json"
	"time"

	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/problem"
)

// Thread is what is stored of one thread of a run: the steps on top, or those of an each for one of its items.
type Thread struct {
	At      []int                      `json:"at"`                // the step that comes next: its place, and in a branch the arm and the place there
	Results map[string]json.RawMessage `json:"results,omitempty"` // of steps that are done, by id
	Attempt int                        `json:"attempt,omitempty"` // effects of this thread with a definite end: the next is another one
	Failed  int                        `json:"failed,omitempty"`  // times that the step at hand has failed
	Resting bool                       `json:"resting,omitempty"` // before the step at hand is tried again
	Last    string                     `json:"last,omitempty"`    // the step whose result came last
	Target  *Target                    `json:"target,omitempty"`  // of an upsert: what was found
	Many    *Many                      `json:"many,omitempty"`    // of a get or find for each of a list
}

// Target is what an upsert writes to.
type Target struct {
	ID string `json:"id"` // empty: there is no such record, it is created
}

// Frame is what a thread sees beside its own results.
type Frame struct {
	Trigger, Params, Run any            // as lang.Decode gives them
	Outer                map[string]any // of an item: the results of the steps on top, see Seen
	Each                 string         // id of the each step; empty: the steps on top
	Item                 any
	Index                int64
}

// Kind is a kind of effect.
type Kind string

// The kinds of effects.
const (
	End     Kind = "end" // nothing more
	Get     Kind = lang.StepGet
	Find    Kind = lang.StepFind
	Write   Kind = lang.StepWrite
	Request Kind = lang.StepRequest
	Wait    Kind = lang.StepWait
	Notify  Kind = lang.StepNotify
	Call    Kind = lang.StepCall
	Each    Kind = lang.StepEach
)

// Status is how a thread ended.
type Status string

// The ends of a thread.
const (
	OK      Status = "ok"
	Failed  Status = "failed"
	Skipped Status = "skipped"

	Cancelled Status = "cancelled" // by whoever works on the thread; the machine never says so
)

// Effect is what a thread wants done; which members are set, its Kind tells.
type Effect struct {
	Kind Kind
	Step *lang.Step // nil at the end of the steps

	Status  Status          // End
	Failure *problem.Error  // End, Failed; Wait before a step is tried again
	Result  json.RawMessage // End, OK: of the last step; nil: there was none

	Role, Entity string // Get, Find, Write
	ID           string // Get, Write
	By           []Field
	None         string          // Find: what no record is
	Op           string          // Write: create, update, delete
	Data         json.RawMessage // Write, Notify
	IfMatch      string

	Method, URL, ContentType string // Request, Notify
	Headers                  []Field
	Body                     []byte
	Expect                   []int
	Repeatable               bool
	Timeout                  time.Duration
	Secret                   string // Notify
	To                       []string
	Subject, Text            string

	For   time.Duration // Wait
	Until time.Time

	Flow              string          // Call
	Input, Parameters json.RawMessage // JSON; nil: none
}

// Field is a name with its value as text.
type Field struct{ Name, Value string }

// Result is what an effect came to: a value, or why not.
type Result struct {
	Value   json.RawMessage // JSON; nil: null
	Skip    bool            // the thread ends here, skipped
	Failure *problem.Error
	Unknown bool // of a failure: nobody knows whether it had its effect
}
