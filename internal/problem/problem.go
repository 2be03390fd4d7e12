// Package problem owns the error codes of the API: what each means, its HTTP status, where it comes from and what the reader
// should do next. The list is data (problems.yaml). It knows no HTTP handler and no storage.
package problem

// Error is an error with a stable code, made by the package that knows the facts and served as problem+json by the API.
type Error struct {
	Code       string         // a code of problems.yaml
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
}

// Upstream is the system's own answer.
type Upstream struct {
	Status  int    `json:"status,omitempty"`
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
}

func (e *Error) Error() string { return e.Code + ": " + e.Detail }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }
