package api

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/problem"
)

const unknownQuery = "unknown query parameter" // as the router says it

// translate replaces the router's own error body by a problem document.
func (s *server) translate(ctx huma.Context, _ string, body any) (any, error) {
	refused, ok := body.(*huma.ErrorModel)
	if !ok {
		return body, nil
	}
	return s.documentOf(ctx.Context(), refusal(refused)), nil
}

// refusal says as a problem what the router found wrong with a request.
func refusal(e *huma.ErrorModel) *problem.Error {
	switch e.Status {
	case http.StatusBadRequest:
		return noBody()
	case http.StatusRequestEntityTooLarge:
		return tooLarge()
	case http.StatusUnsupportedMediaType:
		return notJSON()
	case http.StatusUnprocessableEntity:
	default:
		return &problem.Error{Code: problem.Internal, Err: e}
	}
	p := &problem.Error{Code: problem.InvalidParameter}
	for _, d := range e.Errors {
		item := itemOf(d)
		if strings.HasPrefix(d.Location, "body") {
			p.Code = problem.ValidationFailed
		}
		p.Items = append(p.Items, item)
	}
	p.Detail = problem.Summary(p.Items)
	return p
}

// itemOf turns the router's location (query.limit, body.tags[0]) into a parameter's name or a JSON pointer.
func itemOf(d *huma.ErrorDetail) problem.Item {
	place, rest, _ := strings.Cut(d.Location, ".")
	if place != "body" {
		return problem.Item{Pointer: rest, Code: codeOf(d.Message), Detail: sentence(d.Message)}
	}
	if pointer, ok := strings.CutSuffix(d.Message, notTaken); ok {
		return problem.Item{Pointer: pointer, Code: problem.Invalid, Detail: "It" + notTaken + "."}
	}
	pointer := strings.NewReplacer(".", "/", "[", "/", "]", "").Replace(rest)
	if pointer != "" {
		pointer = "/" + pointer
	}
	if name, missing := missingMember(d.Message); missing {
		return problem.Item{Pointer: pointer + "/" + name, Code: problem.Required, Detail: "It must be given."}
	}
	return problem.Item{Pointer: pointer, Code: codeOf(d.Message), Detail: sentence(d.Message)}
}

// missingMember finds the name in the router's words for a missing member.
func missingMember(message string) (name string, ok bool) {
	rest, ok := strings.CutPrefix(message, "expected required property ")
	if !ok {
		return "", false
	}
	return strings.CutSuffix(rest, " to be present")
}

// codeOf gives the code of a fault from the router's message.
func codeOf(message string) problem.Fault {
	switch {
	case strings.HasPrefix(message, "required "):
		return problem.Required
	case message == "unexpected property", message == unknownQuery:
		return problem.Unknown
	case strings.HasPrefix(message, "expected number"), strings.HasPrefix(message, "expected length"), strings.HasPrefix(message, "expected array length"):
		return problem.OutOfRange
	}
	return problem.Invalid
}

// sentence makes a message a sentence.
func sentence(message string) string {
	switch {
	case message == unknownQuery:
		message = "unknown parameter"
	case strings.HasPrefix(message, "invalid date/time for format"), strings.HasPrefix(message, "expected string to be RFC 3339 date-time"):
		message = "expected an instant of RFC 3339, such as 2026-11-01T00:00:00Z; write a + in a query as %2B"
	}
	return strings.TrimSuffix(message, ".") + "."
}
