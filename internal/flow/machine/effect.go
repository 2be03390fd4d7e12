package machine

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/problem"
)

// names gives what expressions see.
func (w *walk) names() lang.Env {
	if w.env != nil {
		return w.env
	}
	steps := make(map[string]any, len(w.Results)+len(w.frame.Outer))
	maps.Copy(steps, w.frame.Outer)
	for id, text := range w.Results {
		steps[id] = mustDecode(text)
	}
	w.env = lang.Env{"trigger": w.frame.Trigger, "params": w.frame.Params, "run": w.frame.Run, "steps": steps}
	if w.frame.Each != "" {
		w.env["item"], w.env["index"] = w.frame.Item, w.frame.Index
	}
	return w.env
}

// effect calculates what a step wants done.
func (w *walk) effect(s *lang.Step) (e Effect, err error) {
	e = Effect{Kind: Kind(s.Kind), Step: s}
	switch s.Kind {
	case lang.StepGet:
		e.Role, e.Entity = s.Get.Connection, s.Get.Entity
		if e, err = w.look(e, []lang.Member{{Name: "id", Value: s.Get.ID}}); err == nil && len(e.By) == 1 {
			e.ID, e.By = e.By[0].Value, nil
		}
	case lang.StepFind:
		e.Role, e.Entity, e.None = s.Find.Connection, s.Find.Entity, s.Find.None
		e, err = w.look(e, s.Find.By)
	case lang.StepWrite:
		return w.write(s, e)
	case lang.StepRequest:
		return w.request(s.Request, e)
	case lang.StepWait:
		e.For = s.Wait.For
		if s.Wait.Until != nil {
			e.Until, err = w.time(s.Wait.Until)
		}
	case lang.StepNotify:
		return w.notify(s.Notify, e)
	case lang.StepCall:
		e.Flow = s.Call.Flow
		if e.Input, err = w.json(s.Call.Input); err == nil {
			e.Parameters, err = w.json(s.Call.Parameters)
		}
	}
	return e, err
}

func (w *walk) write(s *lang.Step, e Effect) (Effect, error) {
	c := s.Write
	e.Role, e.Entity, e.Op = c.Connection, c.Entity, c.Op
	var err error
	if c.Op == lang.Upsert {
		if w.Target == nil {
			e.Kind, e.None = Find, lang.NoneEmpty
			e.By, err = w.fields(c.By)
			return e, err
		}
		if e.ID, e.Op = w.Target.ID, lang.Create; e.ID != "" {
			e.Op = lang.Update
		}
	} else if c.ID != nil {
		if e.ID, err = w.text(c.ID); err != nil {
			return e, err
		}
	}
	if e.IfMatch, err = w.optional(c.IfMatch); err != nil {
		return e, err
	}
	if c.Op != lang.Delete {
		e.Data, err = w.json(c.Data)
	}
	return e, err
}

func (w *walk) request(c *lang.Request, e Effect) (_ Effect, err error) {
	e.Method, e.Expect, e.Timeout = c.Method, c.Expect, c.Timeout
	e.Repeatable = c.Repeatable || strings.Contains(" GET HEAD OPTIONS PUT DELETE ", " "+c.Method+" ")
	if e.URL, err = w.text(c.URL); err != nil {
		return e, err
	}
	query, err := w.fields(c.Query)
	if err != nil {
		return e, err
	}
	if e.URL, err = withQuery(e.URL, query); err != nil {
		return e, problem.Newf(problem.RequestUnusable, "The address %q is none: %s.", e.URL, err)
	}
	if e.Headers, err = w.fields(c.Headers); err != nil || c.Body == nil {
		return e, err
	}
	v, err := c.Body.Eval(w.names())
	if err != nil {
		return e, err
	}
	if text, ok := v.(string); ok {
		e.Body, e.ContentType = []byte(text), "text/plain; charset=utf-8"
		return e, tooLong(c.Body, len(text))
	}
	e.ContentType = "application/json"
	e.Body, err = encoded(c.Body, v)
	return e, err
}

func withQuery(address string, query []Field) (string, error) {
	if len(query) == 0 {
		return address, nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return address, err
	}
	values := u.Query()
	for _, f := range query {
		values.Add(f.Name, f.Value)
	}
	u.RawQuery = values.Encode()
	return u.String(), nil
}

func (w *walk) notify(c *lang.Notify, e Effect) (_ Effect, err error) {
	e.Repeatable = true
	if e.Data, err = w.json(c.Data); err != nil {
		return e, err
	}
	if c.Webhook != nil {
		if e.URL, err = w.text(c.Webhook.URL); err == nil {
			e.Secret, err = w.optional(c.Webhook.Secret)
		}
		return e, err
	}
	to, err := c.Email.To.Eval(w.names())
	if err != nil {
		return e, err
	}
	if e.To, err = texts(to); err != nil {
		return e, err
	}
	if e.Subject, err = w.text(c.Email.Subject); err == nil {
		e.Text, err = w.text(c.Email.Text)
	}
	return e, err
}

func texts(v any) ([]string, error) {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	out := make([]string, len(list))
	for i, each := range list {
		if out[i], ok = each.(string); !ok || out[i] == "" {
			return nil, problem.Newf(problem.ExpressionFailed, "An address to send to is %s, not a text.", lang.Describe(each))
		}
	}
	return out, nil
}

func (w *walk) fields(members []lang.Member) ([]Field, error) {
	out := make([]Field, len(members))
	for i, m := range members {
		text, err := w.text(m.Value)
		if err != nil {
			return nil, err
		}
		out[i] = Field{m.Name, text}
	}
	return out, nil
}

// text calculates a text; a number or truth value is written out.
func (w *walk) text(v *lang.Value) (string, error) {
	got, err := v.Eval(w.names())
	if err != nil {
		return "", err
	}
	return textOf(v, got)
}

func textOf(v *lang.Value, got any) (string, error) {
	switch x := got.(type) {
	case string:
		return x, nil
	case bool, int64, int, float64:
		text, err := encoded(v, x)
		return string(text), err
	}
	return "", &lang.EvalError{Path: v.Path, Line: v.Line, Detail: fmt.Sprintf("wants a text, and this is %s", lang.Describe(got))}
}

func (w *walk) optional(v *lang.Value) (string, error) {
	if v == nil {
		return "", nil
	}
	return w.text(v)
}

func (w *walk) time(v *lang.Value) (time.Time, error) {
	text, err := w.text(v)
	if err != nil {
		return time.Time{}, err
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, &lang.EvalError{Path: v.Path, Line: v.Line, Detail: fmt.Sprintf("wants a time such as 2026-11-30T06:00:00Z, and this is %q", text)}
	}
	return at.UTC(), nil
}

// json calculates a value as JSON; nil of a nil Value.
func (w *walk) json(v *lang.Value) (json.RawMessage, error) {
	if v == nil {
		return nil, nil
	}
	got, err := v.Eval(w.names())
	if err != nil {
		return nil, err
	}
	return encoded(v, got)
}

// encoded writes what a Value came to as JSON.
func encoded(v *lang.Value, got any) (json.RawMessage, error) {
	text, err := lang.Encode(got)
	if err != nil {
		return nil, &lang.EvalError{Path: v.Path, Line: v.Line, Detail: err.Error()}
	}
	return text, tooLong(v, len(text))
}

// tooLong says that a value of so many bytes cannot be kept.
func tooLong(v *lang.Value, n int) error {
	if n <= MaxValue {
		return nil
	}
	return &lang.EvalError{Path: v.Path, Line: v.Line, Detail: fmt.Sprintf("is %d bytes long, and a value may have %d", n, MaxValue)}
}

// MaxValue bounds the JSON of one value, in bytes.
const MaxValue = 1 << 20

// Seen gives results as expressions see them.
func Seen(results map[string]json.RawMessage) map[string]any {
	seen := make(map[string]any, len(results))
	for id, text := range results {
		seen[id] = mustDecode(text)
	}
	return seen
}

// mustDecode decodes what the machine has stored.
func mustDecode(text json.RawMessage) any {
	v, err := lang.Decode(text)
	if err != nil {
		panic(fmt.Sprintf("read a result that was stored: %v", err))
	}
	return v
}

func mustMarshal(v any) json.RawMessage {
	text, err := lang.Encode(v)
	if err != nil {
		panic(fmt.Sprintf("write a value that was read: %v", err))
	}
	return text
}

// Env gives what expressions of the step at hand see.
func (p *Program) Env(f Frame, t *Thread) lang.Env { return p.walk(f, t).names() }
