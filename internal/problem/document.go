package problem

import (
	"encoding/json"
	"strings"
)

// Body is a problem document without what belongs to one request: as errors are served, and as they are kept with an item of an operation.
type Body struct {
	Type       string    `json:"type" format:"uri-reference" doc:"The page that explains this code." example:"/docs/problems/invalid-parameter"`
	Title      string    `json:"title" doc:"What the code means, the same every time." example:"A parameter is not valid"`
	Status     int       `json:"status" doc:"The HTTP status." example:"422"`
	Detail     string    `json:"detail" doc:"What happened this time and what to do next." example:"limit must be between 1 and 500."`
	Code       string    `json:"code" doc:"The stable word for programs; /docs/problems/ lists them all." example:"invalid-parameter"`
	Origin     string    `json:"origin" enum:"client,busbar,system,connection" doc:"Whose side the cause is on."`
	Retryable  bool      `json:"retryable" doc:"Whether the same request may succeed later."`
	RetryAfter int       `json:"retry_after,omitempty" doc:"Seconds to wait before trying again."`
	Errors     []Item    `json:"errors,omitempty" doc:"Each single fault, with where it is."`
	Upstream   *Upstream `json:"upstream,omitempty" doc:"What the system answered."`
}

// Body gives what is told of an error.
func (e *Error) Body() Body {
	t := e.Type()
	b := Body{
		Type: t.URI(), Title: t.Title, Status: t.Status, Detail: e.Detail, Code: t.Code, Origin: t.Origin, Retryable: t.Retryable,
		RetryAfter: e.RetryAfter, Errors: e.Items, Upstream: e.Upstream,
	}
	if b.Detail == "" {
		b.Detail = t.Next
	}
	if t.Code == ValidationFailed && len(e.Items) > 0 && !strings.Contains(b.Detail, strings.TrimSuffix(e.Items[0].Detail, ".")) {
		b.Detail += " " + Summary(e.Items[:1])
	}
	return b
}

// Document writes an error for keeping, as one JSON object with its further members.
func Document(e *Error) []byte { return e.Body().With(e.Extra) }

// With writes the body and further members as one JSON object. A member that cannot be written is left out.
func (b Body) With(extra map[string]any) []byte {
	doc, _ := json.Marshal(b) // plain texts and numbers
	if len(extra) == 0 {
		return doc
	}
	more, err := json.Marshal(extra)
	if err != nil {
		return doc
	}
	return append(append(doc[:len(doc)-1], ','), more[1:]...)
}

// FromDocument gives back the error that Document wrote; of anything else, what is known of internal.
func FromDocument(text []byte) *Error {
	var b Body
	var all map[string]any
	if json.Unmarshal(text, &b) != nil || json.Unmarshal(text, &all) != nil || b.Code == "" {
		return New(Internal, "")
	}
	for _, name := range []string{"type", "title", "status", "detail", "code", "origin", "retryable", "retry_after", "errors", "upstream"} {
		delete(all, name)
	}
	e := &Error{Code: b.Code, Detail: b.Detail, Items: b.Errors, RetryAfter: b.RetryAfter, Upstream: b.Upstream}
	if len(all) > 0 {
		e.Extra = all
	}
	return e
}

// Summary says in one line what faults say; it ends as a sentence does.
func Summary(items []Item) string {
	parts := make([]string, 0, len(items))
	for _, i := range items {
		at := i.Pointer
		if at == "" {
			at = "the body"
		}
		parts = append(parts, at+": "+strings.TrimSuffix(i.Detail, "."))
	}
	line := strings.Join(parts, "; ")
	if strings.HasSuffix(line, "?") {
		return line
	}
	return line + "."
}
