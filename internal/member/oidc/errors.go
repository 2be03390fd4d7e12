package oidc

import (
	"errors"
	"fmt"
	"net/url"

	"golang.org/x/oauth2"
)

// Reason is why a login came to nothing.
type Reason string

// The reasons.
const (
	Unavailable Reason = "unavailable" // the server does not answer, or not as one
	NotBegun    Reason = "not-begun"   // no login that began in this browser is under way: begin again
	Denied      Reason = "denied"      // the server, or the person there, says no
	OtherServer Reason = "other"       // another server answers than the one that was asked
	Unproved    Reason = "unproved"    // what the server says proves nothing: its signature, audience, nonce or time is not right
	Stale       Reason = "stale"       // the server does not say that the person proved it anew
)

// ErrNoAttempt is what Attempts gives for a state that it does not know, or not any more.
var ErrNoAttempt = errors.New("no login of this state is under way")

// Error is what Begin and Finish give. It repeats nothing that a server said but codes of the protocol.
type Error struct {
	Reason Reason
	Err    error // may be nil
}

func (e *Error) Error() string {
	if e.Err == nil {
		return "log in by another server: " + string(e.Reason)
	}
	return fmt.Sprintf("log in by another server: %s: %v", e.Reason, e.Err)
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

func because(reason Reason, text string) error { return &Error{reason, errors.New(text)} }

// failed keeps of an error what may be logged: no address, no raw answer.
func failed(reason Reason, err error) error {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) {
		return &Error{reason, fmt.Errorf("HTTP %d, %s", refused.Response.StatusCode, code(refused.ErrorCode))}
	}
	var called *url.Error
	if errors.As(err, &called) {
		return &Error{reason, called.Err}
	}
	return &Error{reason, err}
}

// code gives an error code of the protocol as it is, anything else not at all.
func code(text string) string {
	for _, r := range text {
		if (r < 'a' || r > 'z') && r != '_' {
			return "an error code that is none"
		}
	}
	return fmt.Sprintf("%.60s", text)
}
