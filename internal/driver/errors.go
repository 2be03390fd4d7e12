package driver

import (
	"errors"
	"fmt"
	"time"
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
)

// Error is what a Client reports.
type Error struct {
	Kind       Kind
	Detail     string        // one sentence for a person, without secrets or raw bodies
	Field      string        // Credentials, Unreachable: the credential field to look at ("password", "database", "url"); may be empty
	Status     int           // the HTTP status, if any
	Code       string        // the system's own code, if any
	RetryAfter time.Duration // RateLimited, Fault: what the system asked for; 0 when it did not
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
