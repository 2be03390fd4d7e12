package driver

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/manifest"
)

// Writer is what a Client can do besides where its manifest declares writes. No method retries a write, and none follows a redirect. Errors are *Error; FateOf tells
// what one proves. The context carries the marks of egress.AsWrite for Write and WriteMany.
type Writer interface {
	// Write sends one write: one call that has an effect.
	Write(ctx context.Context, c Command) (Written, error)
	// WriteMany sends several of one operation and entity by the system's own call for many (Operation.Bulk). Results are aligned with the commands; they are matched
	// by the system's key for each, never by position alone, and one without an answer is an error whose fate is Unknown. With atomic, all have an effect or none.
	// An error of the whole call stands for every command.
	WriteMany(ctx context.Context, cs []Command, atomic bool) ([]Result, error)
	// ReadOne reads one record as the system has it now; nil: there is none of that id.
	ReadOne(ctx context.Context, e *manifest.Entity, remoteID string) ([]byte, error)
	// Job tells how far a job is that the system took a write as (Written.Job). An error says that it could not be asked.
	Job(ctx context.Context, c Command, id string) (Job, error)
	// Search finds records as a rung of the ladder of reconciliation says, all of them up to a few dozen.
	Search(ctx context.Context, s Search) ([][]byte, error)
}

// Command is one write, in the source's own members.
type Command struct {
	Entity   *manifest.Entity
	Op       manifest.Op    // create, update, delete
	Move     *manifest.Move // update: this change of status instead of the operation's own call; Body is empty
	RemoteID string         // update, delete
	Body     []byte         // create, update: JSON object of source members, as mapping makes it
	Current  []byte         // update, delete: the record as the system gave it last
	Insist   bool           // the system is to refuse when the record is not Current any more, where it can (Operation.Insists)
	Mark     string         // the same for every attempt to do the same thing, and no other: the key for W1, the key of an element of WriteMany
}

// Written is what came of a write that had its effect.
type Written struct {
	RemoteID string // create: the new record's; may be empty where the answer does not say
	Record   []byte // the record after the write, where the answer holds all of it; nil: it is to be read
	Answer   []byte // what came back, for the ledger: Config.Kept

	// Job, when not empty, says that the system has only taken the write, and does it later as the job of this id. Nothing is known then but that.
	Job string
}

// Job is how far a job of the system is.
type Job struct {
	Over   bool          // it does nothing more
	After  time.Duration // not over: when to ask again, at the soonest
	Result               // over: what came of the write; an error whose fate is Unknown: the system does not tell
}

// Result is what came of one command of several.
type Result struct {
	Written
	Err error // *Error
}

// Search asks for records that may be the effect of a write whose answer is lost.
type Search struct {
	Entity *manifest.Entity
	Rung   *manifest.Rung
	Value  string    // W2: the key; W3: the mark
	Since  time.Time // W4: made at or after this instant
}

// Shows gives the member of a record that holds the key or the mark; nil where nothing single does.
func (s Search) Shows() manifest.Path {
	if s.Rung.Class == manifest.W3 {
		return s.Rung.Member
	}
	if f := s.Entity.Field(s.Rung.Key); s.Rung.Class == manifest.W2 && f != nil && len(f.From) == 1 {
		return f.From[0]
	}
	return nil
}

// Is tells whether that member, as text, is what is searched for: a system may put blanks around it, and write a key in capitals.
func (s Search) Is(shown string) bool {
	got, want := strings.TrimSpace(shown), strings.TrimSpace(s.Value)
	return got == want || s.Rung.Class == manifest.W2 && strings.EqualFold(got, want)
}

// Fate is what an error of a write proves.
type Fate string

// The fates.
const (
	NotSent   Fate = "not_sent"  // no byte of the write went out, or the system said that it did not look at it: it may be sent again
	Refused   Fate = "refused"   // the system looked at it and said no
	Conflicts Fate = "conflicts" // the record is not what the write was made for any more: nothing was changed
	Missing   Fate = "missing"   // there is no such record
	Doubled   Fate = "doubled"   // a record with this key exists already
	Unknown   Fate = "unknown"   // it may have had its effect
)

// FateOf tells what an error of Write proves; whatever is not a complete, valid answer of the system is Unknown.
func FateOf(err error) Fate {
	var e *Error
	if !errors.As(err, &e) {
		return Unknown
	}
	if e.Unsent {
		return NotSent
	}
	switch e.Kind {
	case Credentials, RateLimited:
		return NotSent
	case Permission, Invalid:
		return Refused
	case Conflict:
		return Conflicts
	case Gone:
		return Missing
	case Duplicate:
		return Doubled
	}
	return Unknown
}
