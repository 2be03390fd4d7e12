package graphql

import (
	"strconv"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/envelope"
	"github.com/busbar-dev/busbar/internal/driver/web"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// speaker implements envelope.Speaker.
type speaker struct{ errors errorOptions }

// Read implements envelope.Speaker: what an answer holds is its data. Data beside errors is not: what is missing in it cannot be told from what is not there.
func (s *speaker) Read(a *envelope.Answer) ([]byte, *envelope.Refusal) {
	if rawjson.Valid(a.Body) != nil || !isObject(a.Body) {
		return nil, envelope.ByStatus(a)
	}
	data := envelope.Find(a.Body, "data")
	raw := envelope.Find(a.Body, "errors")
	errors, err := rawjson.Split(raw)
	switch {
	case err == nil && len(errors) > 0:
		return nil, s.refusal(a, data, errors)
	case err != nil && len(raw) > 0 && string(raw) != "null":
		return nil, &envelope.Refusal{Kind: driver.Torn, Detail: "The errors of the answer are not a list, so nothing tells whether its data is whole."}
	case a.Status >= 300:
		return nil, envelope.ByStatus(a)
	case !isObject(data):
		return nil, &envelope.Refusal{Kind: driver.Torn, Detail: "The answer has neither data nor errors."}
	}
	return data, nil
}

func isObject(raw []byte) bool {
	for _, b := range raw {
		if b != ' ' && b != '\t' && b != '\r' && b != '\n' {
			return b == '{'
		}
	}
	return false
}

// kinds are the codes that many servers share.
func kinds() map[string]driver.Kind {
	return map[string]driver.Kind{
		"UNAUTHENTICATED": driver.Credentials, "FORBIDDEN": driver.Permission, "THROTTLED": driver.RateLimited, "RATE_LIMITED": driver.RateLimited,
		"GRAPHQL_PARSE_FAILED": driver.Invalid, "GRAPHQL_VALIDATION_FAILED": driver.Invalid, "BAD_USER_INPUT": driver.Invalid, "INTERNAL_SERVER_ERROR": driver.Fault,
	}
}

func (s *speaker) kind(code string) (driver.Kind, bool) {
	if kind, ok := s.errors.Kinds[code]; ok {
		return kind, true
	}
	kind, ok := kinds()[code]
	return kind, ok
}

// refusal makes one of a list of errors. It is definite only where every error has a code of one known kind and came before anything was done: none is about a field of what
// a mutation gives, and there is no data.
func (s *speaker) refusal(a *envelope.Answer, data []byte, errors [][]byte) *envelope.Refusal {
	r := &envelope.Refusal{Code: s.code(errors[0]), Said: envelope.Text(envelope.Find(errors[0], "message")), Definite: !holds(data)}
	kind, known := s.kind(r.Code)
	r.Kind = kind
	switch {
	case known:
	case a.Status >= 300:
		by := envelope.ByStatus(a)
		r.Kind = web.KindOf(a.Status)
		r.Definite = r.Definite && by.Definite
	case data == nil:
		r.Kind, r.Definite = driver.Invalid, false
	default:
		r.Kind, r.Definite = driver.Fault, false
	}
	for _, e := range errors {
		if other, ok := s.kind(s.code(e)); known && (!ok || other != kind) || envelope.Find(e, "path", "1") != nil {
			r.Definite = false
		}
		if seconds, err := strconv.ParseFloat(envelope.Text(envelope.Find(e, s.errors.Wait...)), 64); err == nil && seconds > 0 && seconds < 1e6 {
			r.Wait = max(r.Wait, time.Duration(seconds*float64(time.Second)))
		}
	}
	return r
}

func (s *speaker) code(e []byte) string { return envelope.Text(envelope.Find(e, s.errors.Code...)) }

// holds tells whether data has a member that is not null.
func holds(data []byte) bool {
	if !isObject(data) {
		return false
	}
	var x rawjson.Index
	object, err := x.Parse(data)
	if err != nil {
		return true
	}
	for m := object.First(); m.Kind() != rawjson.Missing; m = m.Next() {
		if m.Kind() != rawjson.Null {
			return true
		}
	}
	return false
}
