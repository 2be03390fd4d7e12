package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

const problemType = "application/problem+json"

// problemDocument is an error as it is served: RFC 9457 with the members that make it useful.
type problemDocument struct {
	problem.Body
	Instance  string `json:"instance" format:"uri-reference" doc:"The path that was asked for." example:"/v1/purchase-orders"`
	RequestID string `json:"request_id" doc:"Names this request in the logs." example:"req_0192f0c1a7b87c3e9d2f4b5a6c7d8e9f"`

	extra   map[string]any
	headers http.Header
}

// Error, GetStatus, GetHeaders and ContentType let the router serve it.
func (d *problemDocument) Error() string             { return d.Code + ": " + d.Detail }
func (d *problemDocument) GetStatus() int            { return d.Status }
func (d *problemDocument) GetHeaders() http.Header   { return d.headers }
func (d *problemDocument) ContentType(string) string { return problemType }

// MarshalJSON writes the document and its further members as one object, without secrets of ours that the caller put where they are told back, such as in a member's name.
func (d *problemDocument) MarshalJSON() ([]byte, error) {
	doc, err := d.whole()
	return ownSecret.ReplaceAll(doc, []byte("${1}[redacted]")), err
}

func (d *problemDocument) whole() ([]byte, error) {
	type plain problemDocument
	doc, err := json.Marshal((*plain)(d))
	if err != nil || len(d.extra) == 0 {
		return doc, err
	}
	more, err := json.Marshal(d.extra)
	if err != nil {
		return nil, err
	}
	return append(append(doc[:len(doc)-1], ','), more[1:]...), nil
}

// documentOf turns any error into a problem document, and logs what only we may know.
func (s *server) documentOf(ctx context.Context, err error) *problemDocument {
	info := infoOf(ctx)
	p := problemOf(err)
	if p.Code == problem.Internal && s.Store != nil && s.Store.Away(err) {
		p = &problem.Error{Code: problem.Overloaded, Detail: "The database does not answer. Try again in a few seconds; if you asked for a change, look first whether it was made.", RetryAfter: 5, Err: err}
	}
	kind := p.Type()
	if kind.Status >= 500 {
		s.logFailure(ctx, kind, p, err)
	}
	return info.document(p)
}

// document gives the problem document of an error for the request.
func (i *info) document(p *problem.Error) *problemDocument {
	d := &problemDocument{Body: p.Body(), Instance: i.path, RequestID: i.id, extra: p.Extra}
	d.headers = headersOf(d)
	return d
}

// logFailure tells operators what the caller may not know. What a customer's system or our own limits cause is no fault of ours.
func (s *server) logFailure(ctx context.Context, kind problem.Type, p *problem.Error, err error) {
	attrs := []slog.Attr{slog.String("request_id", infoOf(ctx).id), slog.String("code", p.Code), slog.String("error", err.Error())}
	if p.Err != nil {
		attrs = append(attrs, slog.String("cause", p.Err.Error()))
	}
	level := slog.LevelError
	if kind.Origin != "busbar" || kind.Code == problem.Overloaded {
		level = slog.LevelWarn
	}
	s.Log.LogAttrs(ctx, level, "request failed", attrs...)
}

// gone breaks off a request whose client has gone away: there is nobody to answer, and nothing went wrong.
func (s *server) gone(ctx context.Context, err error) {
	if ctx.Err() != nil {
		s.Log.DebugContext(ctx, "client went away", "request_id", infoOf(ctx).id, "error", err.Error())
		panic(http.ErrAbortHandler)
	}
}

// problemOf gives the problem that an error carries, or the one that stands for it.
func problemOf(err error) *problem.Error {
	var p *problem.Error
	switch {
	case errors.As(err, &p):
		return p
	case errors.Is(err, store.ErrFull):
		return &problem.Error{Code: problem.StorageFull, Err: err}
	case errors.Is(err, store.ErrNotFound):
		return &problem.Error{Code: problem.NotFound, Err: err}
	case errors.Is(err, store.ErrConflict):
		return &problem.Error{Code: problem.Conflict, Err: err}
	}
	return &problem.Error{Code: problem.Internal, Err: err}
}

// headersOf gives the headers that go with some problems.
func headersOf(d *problemDocument) http.Header {
	h := http.Header{}
	if d.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(d.RetryAfter))
	}
	if d.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="busbar", error="invalid_token"`)
	}
	if version, ok := d.extra["current_version"].(string); ok && d.Code == problem.VersionMismatch {
		h.Set("ETag", strconv.Quote(version))
	}
	if d.Code == problem.MissingScope {
		h.Set("WWW-Authenticate", `Bearer realm="busbar", error="insufficient_scope"`)
	}
	return h
}

// fail answers a request with a problem outside of the router's own ways.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	s.gone(r.Context(), err)
	d := s.documentOf(r.Context(), err)
	for k, v := range d.headers {
		w.Header()[k] = v
	}
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(d.Status)
	_ = json.NewEncoder(w).Encode(d)
}

// invalidParameter refuses one parameter or header by name.
func invalidParameter(name, detail string) *problem.Error {
	return &problem.Error{Code: problem.InvalidParameter, Detail: detail,
		Items: []problem.Item{{Pointer: name, Code: problem.Invalid, Detail: detail}}}
}

// quote shows what the caller sent, cut short and free of control characters.
func quote(text string) string { return strconv.Quote(cut(text)) }

// cut shortens what the caller sent to what can be told back, in valid UTF-8 and without Busbar's own secrets.
func cut(text string) string {
	const most = 64
	text = withoutSecrets(text)
	if len(text) > most {
		end := most
		for end > 0 && !utf8.RuneStart(text[end]) {
			end--
		}
		text = text[:end] + "…"
	}
	return strings.ToValidUTF8(text, "�")
}
