package api

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/busbar-dev/busbar/internal/problem"
)

const (
	maxBody  = 1 << 20 // bytes
	maxDepth = 64
)

// strictBody reads the body of a route that takes one: JSON, of bounded size and depth, without duplicate names.
func (s *server) strictBody(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	if ctx.Operation().RequestBody != nil && !mannerOf(ctx.Operation()).streamed {
		body, err := readBody(w, r, mannerOf(ctx.Operation()).yaml)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	next(ctx)
}

func readBody(w http.ResponseWriter, r *http.Request, yaml bool) ([]byte, error) {
	if r.ContentLength > maxBody {
		w.Header().Set("Connection", "close")
		return nil, tooLarge()
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return nil, tooLarge()
	}
	if err != nil {
		return nil, &problem.Error{Code: problem.MalformedRequest, Detail: "The body broke off. Send it again.", Err: err}
	}
	if len(body) == 0 {
		return nil, nil
	}
	if yaml {
		if whole, ok, err := bareDocument(r.Header, body); ok {
			return whole, err
		}
	}
	if err := isJSON(r.Header); err != nil {
		return nil, err
	}
	return body, wellFormed(body)
}

// isJSON refuses what does not say that it is plain JSON, and says it the one way that the router knows. It also keeps out forms,
// which a foreign page could post.
func isJSON(h http.Header) error {
	kind, options, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || len(h.Values("Content-Type")) > 1 || kind != "application/json" && kind != "application/merge-patch+json" {
		return notJSON()
	}
	if set, ok := options["charset"]; ok && !strings.EqualFold(set, "utf-8") {
		return &problem.Error{Code: problem.UnsupportedMediaType, Detail: "Send the body in UTF-8: Content-Type: application/json."}
	}
	for _, coding := range h.Values("Content-Encoding") {
		if coding != "" && !strings.EqualFold(coding, "identity") {
			return &problem.Error{Code: problem.UnsupportedMediaType, Detail: "Send the body without Content-Encoding."}
		}
	}
	h.Set("Content-Type", "application/json")
	return nil
}

func notJSON() *problem.Error {
	return &problem.Error{Code: problem.UnsupportedMediaType, Detail: "Send the body as Content-Type: application/json."}
}

// wellFormed checks syntax, UTF-8, duplicate names, depth and numbers in one pass, and that there is one value.
func wellFormed(body []byte) error {
	d := jsontext.NewDecoder(bytes.NewReader(body))
	for whole := false; ; whole = d.StackDepth() == 0 {
		token, err := d.ReadToken()
		switch {
		case err == io.EOF && whole:
			return nil
		case err == io.EOF:
			return noBody()
		case err != nil && !whole:
			return syntaxProblem(err)
		case whole:
			return &problem.Error{Code: problem.MalformedRequest, Detail: "The body holds more than one JSON value. Send one."}
		case d.StackDepth() > maxDepth:
			return &problem.Error{Code: problem.MalformedRequest, Detail: "The JSON is nested more than 64 deep."}
		case token.Kind() == '0':
			if _, err := strconv.ParseFloat(token.String(), 64); err != nil {
				return tooBig(d.StackPointer())
			}
		}
	}
}

func noBody() *problem.Error {
	return &problem.Error{Code: problem.MalformedRequest, Detail: "This request needs a JSON body."}
}

func tooBig(at jsontext.Pointer) error {
	item := problem.Item{Pointer: string(at), Code: problem.OutOfRange, Detail: "The number is too large: it must fit into 64 bits of floating point."}
	return &problem.Error{Code: problem.ValidationFailed, Detail: problem.Summary([]problem.Item{item}), Items: []problem.Item{item}}
}

// syntaxProblem tells where the text stops being JSON, or which name is there twice.
func syntaxProblem(err error) error {
	var at *jsontext.SyntacticError
	if !errors.As(err, &at) {
		return &problem.Error{Code: problem.MalformedRequest, Detail: "The body is not JSON.", Err: err}
	}
	if at.Err == jsontext.ErrDuplicateName {
		item := problem.Item{Pointer: string(at.JSONPointer), Code: problem.Duplicate, Detail: "The member is there twice."}
		return &problem.Error{Code: problem.MalformedRequest, Detail: problem.Summary([]problem.Item{item}), Items: []problem.Item{item}}
	}
	return &problem.Error{Code: problem.MalformedRequest, Detail: "The body is not JSON: " + at.Err.Error() + " at byte " + strconv.FormatInt(at.ByteOffset, 10) + ".", Err: err}
}

func tooLarge() *problem.Error {
	return &problem.Error{Code: problem.PayloadTooLarge, Detail: "A body may be 1 MiB. Split it."}
}

const notTaken = " is not what this request takes"

// unmarshal reads a checked body; names are case-sensitive and must be known.
func unmarshal(data []byte, v any) error {
	if _, anything := v.(*any); anything {
		return jsonv2.Unmarshal(data, v)
	}
	err := jsonv2.Unmarshal(data, v, jsonv2.RejectUnknownMembers(true))
	var semantic *jsonv2.SemanticError
	if errors.As(err, &semantic) {
		return errors.New(string(semantic.JSONPointer) + notTaken)
	}
	return err
}
