package driver

import (
	"errors"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/problem"
)

// Kind says what went wrong, from the caller's point of view.
type Kind string

// The kinds of error.
const (
	Credentials Kind = "credentials"  // the system refuses the login (or the database, tenant, ...)
	Permission  Kind = "permission"   // the login may not do this
	Unreachable Kind = "unreachable"  // no answer: refused, DNS, TLS, timeout, reset, blocked by policy
	NotSystem   Kind = "not-system"   // something answered, but not this kind of system (HTML page, other JSON)
	RateLimited Kind = "rate-limited" // told to wait
	Invalid     Kind = "invalid"      // the system says that our request is wrong: the manifest or version does not fit
	Fault       Kind = "fault"        // the system failed (5xx, an exception of its own)
	Torn        Kind = "torn"         // an answer that is cut off or not what the protocol promises
	TooLarge    Kind = "too-large"    // beyond the limits of egress
	TokenGone   Kind = "token-gone"   // the page token is no longer accepted: start the stream anew
	Conflict    Kind = "conflict"     // a write: the record has changed since it was read, nothing was done
	Gone        Kind = "gone"         // a write or a read of one record: there is no such record
	Duplicate   Kind = "duplicate"    // a create: a record with this key exists already, nothing was done
)

// Words are the kinds as a manifest names them.
func (Kind) Words() []string {
	var words []string
	for _, k := range Kinds() {
		words = append(words, string(k))
	}
	return words
}

// Effect is what an error says of the whole connection.
type Effect int

// The effects.
const (
	Passing      Effect = iota // nothing: it concerns this call only
	Waiting                    // all is well, but the system asks to wait
	Impaired                   // the system answered, but failed or refused a part
	Unanswered                 // no usable answer came
	LoginRefused               // the system refuses the login
)

// Whole says that it concerns every entity alike, so that none of them is to blame.
func (e Effect) Whole() bool { return e == Waiting || e == Unanswered || e == LoginRefused }

// Verdict is what a kind of error means to everybody who meets one.
type Verdict struct {
	Kind   Kind
	Reason problem.Reason // why a run failed, or the connection is in its state
	Effect Effect
	Retry  bool // it may pass by itself; else a person must mend something
}

// Verdicts is the whole table, a row for each kind; each has a reason of its own.
func Verdicts() []Verdict {
	return []Verdict{
		{Credentials, problem.ReasonCredentialsRefused, LoginRefused, false},
		{Permission, problem.ReasonPermissionMissing, Impaired, false},
		{Unreachable, problem.ReasonSystemUnreachable, Unanswered, true},
		{NotSystem, problem.ReasonNotThisSystem, Unanswered, true},
		{RateLimited, problem.ReasonSystemRateLimited, Waiting, true},
		{Invalid, problem.ReasonRequestRefused, Impaired, false},
		{Fault, problem.ReasonSystemError, Impaired, true},
		{Torn, problem.ReasonAnswerDamaged, Impaired, true},
		{TooLarge, problem.ReasonAnswerTooLarge, Impaired, false},
		{TokenGone, problem.ReasonPageTokenGone, Passing, true},
		{Conflict, problem.ReasonRecordChanged, Passing, false},
		{Gone, problem.ReasonRecordGone, Passing, false},
		{Duplicate, problem.ReasonRecordExists, Passing, false},
	}
}

// Verdict gives the row of a kind; that of Fault for one that does not exist.
func (k Kind) Verdict() Verdict {
	for _, v := range Verdicts() {
		if v.Kind == k {
			return v
		}
	}
	return Fault.Verdict()
}

// EffectOf gives the effect that goes with a reason; Passing for a reason that no call to a system gives.
func EffectOf(reason problem.Reason) Effect {
	for _, v := range Verdicts() {
		if v.Reason == reason {
			return v.Effect
		}
	}
	return Passing
}

// Kinds lists all kinds.
func Kinds() []Kind {
	var kinds []Kind
	for _, v := range Verdicts() {
		kinds = append(kinds, v.Kind)
	}
	return kinds
}

// Error is what a Client reports.
type Error struct {
	Kind       Kind
	Detail     string        // one sentence for a person, without secrets or raw bodies
	Said       string        // the system's own words, as in Detail; empty when it has none
	Field      string        // Credentials, Unreachable: the credential field to look at ("password", "database", "url"); may be empty
	Untrusted  bool          // Unreachable: it answered, but TLS was not agreed on; Detail says what to mend
	Lost       bool          // Credentials: the answer to a renewal of the login was lost, and the login with it; only the customer can give a new one
	Status     int           // the HTTP status, if any
	Code       string        // the system's own code, if any
	RetryAfter time.Duration // what the system asked for, or when it is called again after calls without an answer; 0 when nothing says
	Unsent     bool          // a write: no byte of it went out
	Again      bool          // of a write that was Unsent: what was in its way is gone, and it can be sent again at once
	Answer     []byte        // a write: what came back, for the ledger: Config.Kept
	Err        error         // the cause; may be nil
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %s", e.Kind, e.Detail) }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf gives the kind of a driver error, or "" for any other error.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}
