// Package problem owns the error codes of the API: what each means, its HTTP status, where it comes from and what the reader
// should do next. The list is data (problems.yaml). It knows no HTTP handler and no storage.
package problem

import (
	"fmt"
	"math"
	"time"
)

// Error is an error with a stable code, made by the package that knows the facts and served as problem+json by the API.
type Error struct {
	Code       Code           // a code of problems.yaml
	Detail     string         // what happened and what to do next, for a person
	Items      []Item         // single faults, with pointers
	RetryAfter int            // seconds; 0: none
	Upstream   *Upstream      // what the system answered, redacted; nil when it was not asked
	Extra      map[string]any // further members of the problem document
	Err        error          // cause, for the log only
}

// Item is one fault within a request.
type Item struct {
	Pointer string `json:"pointer"` // JSON pointer into the body, or the name of the parameter
	Code    string `json:"code"`
	Detail  string `json:"detail"`
	Rule    string `json:"rule,omitempty"` // the rule that says so, as the capabilities name it: purchase-orders.update.when
}

// Upstream is the system's own answer.
type Upstream struct {
	Status  int    `json:"status,omitempty"`
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
}

// New makes an error with a code and a sentence for a person.
func New(code Code, detail string) *Error { return &Error{Code: code, Detail: detail} }

// Newf makes an error with a formatted sentence.
func Newf(code Code, format string, args ...any) *Error {
	return New(code, fmt.Sprintf(format, args...))
}

// At adds a fault and gives the error back.
func (e *Error) At(pointer string, code Fault, detail string) *Error {
	e.Items = append(e.Items, Item{Pointer: pointer, Code: code, Detail: detail})
	return e
}

// Wrap sets the cause, which is for the log only, and gives the error back.
func (e *Error) Wrap(err error) *Error {
	e.Err = err
	return e
}

// After sets RetryAfter, rounded up to whole seconds, and gives the error back.
func (e *Error) After(d time.Duration) *Error {
	e.RetryAfter = int(math.Ceil(d.Seconds()))
	return e
}

// With adds a member to the problem document and gives the error back.
func (e *Error) With(name string, value any) *Error {
	if e.Extra == nil {
		e.Extra = map[string]any{}
	}
	e.Extra[name] = value
	return e
}

func (e *Error) Error() string { return e.Code + ": " + e.Detail }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Type gives what is known of the error's code; of an unknown code, what is known of internal.
func (e *Error) Type() Type {
	if t, ok := Lookup(e.Code); ok {
		return t
	}
	t, _ := Lookup(Internal)
	return t
}
