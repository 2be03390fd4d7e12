package trytonrpc

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/web"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// seenWithin is for how long a session counts as known to Tryton after it was used.
const seenWithin = time.Minute

// awake gives a session that Tryton knew a moment ago: a session that has ended is renewed before a write, not by it.
func (c *client) awake(ctx context.Context) (*session, error) {
	s, err := c.obtain(ctx, nil)
	if err != nil || c.config.Now().Sub(s.lastSeen()) < seenWithin {
		return s, err
	}
	if _, err := c.call(ctx, nil, "model.res.user.get_preferences", true); err != nil {
		return nil, err
	}
	return c.obtain(ctx, nil)
}

// effect makes one call that has an effect, once. It gives the result and the whole answer.
func (c *client) effect(ctx context.Context, more map[string]any, method string, params ...any) (result, answer []byte, err error) {
	s, err := c.awake(ctx)
	if err != nil {
		return nil, nil, web.Before(err)
	}
	req, err := c.request(ctx, c.login.path(), s.auth, method, append(params, s.context(more)))
	if err != nil {
		return nil, nil, web.Before(err)
	}
	resp, err := egress.Do(c.config.HTTP, req)
	if err != nil {
		return nil, nil, c.answerer().Lost(err)
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(resp.Body)
	if resp.StatusCode == http.StatusUnauthorized {
		c.forget(s)
	}
	result, err = c.outcome(resp, answer, err)
	err = c.ofTheWrite(ctx, s, err, answer)
	answer = c.config.Kept(answer, err == nil, c.issued.all()...)
	if err != nil {
		return nil, nil, answered(err, answer)
	}
	s.see(c.config.Now())
	return result, answer, nil
}

// ofTheWrite tells whether a refusal is one of the write. Tryton looks for the session among all of its user's before a call, and stamps it when the effect is stored; where one is ended meanwhile, either may be refused
// in the same form as the write. While ours stands, a refusal that speaks of sessions comes from before the call; else no refusal proves anything.
func (c *client) ofTheWrite(ctx context.Context, s *session, err error, said []byte) error {
	e, ok := asError(err)
	if !ok || e.Code != userError {
		return err
	}
	_, failed := c.send(ctx, c.login.path(), s.auth, "model.res.user.get_preferences", true, map[string]any{})
	switch {
	case failed == nil && bytes.Contains(said, []byte(ofSession)):
		return &driver.Error{Kind: driver.Fault, Status: e.Status, Unsent: true, Again: true, Detail: "Tryton met another session of its user that had ended, and did not look at the write. It can be sent again.", Err: err}
	case failed == nil:
		return err
	case unauthorized(failed):
		c.forget(s)
	}
	return &driver.Error{Kind: driver.Fault, Status: e.Status, Detail: "Tryton refused something while Busbar's session ended; whether that was the write cannot be told.", Err: err}
}

// ofSession is what an answer has that speaks of records of the model of sessions.
const ofSession = `of \"Session\" `

// userError is the code of a refusal that people are meant to read.
const userError = "UserError"

func answered(err error, answer []byte) error {
	e, ok := asError(err)
	if !ok {
		return err
	}
	e.Answer = answer
	return &e
}

func asError(err error) (driver.Error, bool) {
	var e *driver.Error
	if !errors.As(err, &e) {
		return driver.Error{}, false
	}
	return *e, true
}

// outcome reads what the answer to a write proves.
func (w *wire) outcome(resp *http.Response, body []byte, broken error) ([]byte, error) {
	if resp.StatusCode != http.StatusOK {
		return nil, w.writeStatus(resp, body)
	}
	if broken != nil {
		return nil, w.answerer().Broken(broken)
	}
	if err := rawjson.Valid(body); err != nil {
		return nil, notTryton(http.StatusOK)
	}
	if id, _, err := rawjson.Find(body, "id"); err != nil || string(id) != callID {
		return nil, notTryton(http.StatusOK)
	}
	if fault, ok, err := rawjson.Find(body, "error"); err == nil && ok && string(fault) != "null" {
		return nil, w.writeFault(fault)
	}
	return w.unwrap(body)
}

// forbiddenByTryton is in the page with which Tryton refuses a method that it does not offer.
const forbiddenByTryton = "It is either read-protected or not readable by the server."

// writeStatus is about an answer to a write whose HTTP status is not 200. Tryton itself answers 401 before it looks at a call, and 403 for a method that it does not
// offer; 400, 411, 413 and 415 are about a request that nobody could read. Behind anything else the write may have had its effect.
func (w *wire) writeStatus(resp *http.Response, body []byte) error {
	err := w.statusError(resp)
	e, ok := asError(err)
	if !ok {
		return err
	}
	unreadable := []int{http.StatusBadRequest, http.StatusLengthRequired, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType}
	switch s := resp.StatusCode; {
	case s == http.StatusUnauthorized:
		e.Kind, e.Field, e.Unsent, e.Again = driver.Fault, "", true, true
		e.Detail = "Tryton had ended Busbar's session, and did not look at the write. It can be sent again."
	case s == http.StatusTooManyRequests:
	case s == http.StatusForbidden && strings.Contains(string(body), forbiddenByTryton):
	case slices.Contains(unreadable, s):
	case e.Kind == driver.Permission || e.Kind == driver.Invalid:
		e.Kind = driver.Fault
	}
	return &e
}

// writeFault is about an error inside the answer to a write. Tryton's own exceptions prove that it took everything back; behind any other it may have kept it.
func (w *wire) writeFault(fault []byte) error {
	code, message := parseFault(fault)
	e := &driver.Error{Kind: driver.Fault, Code: code, Status: http.StatusOK}
	switch {
	case code == userError:
		e.Kind, e.Detail = driver.Invalid, "Tryton refuses"+w.said(e, message)
	case code == "UserWarning":
		e.Kind, e.Detail = driver.Invalid, "Tryton wants somebody to confirm this in its own client"+w.said(e, message)
	case code == "ConcurrencyException":
		e.Kind, e.Detail = driver.Conflict, "The record has changed in Tryton since it was read."
	case strings.HasPrefix(code, "'") && strings.HasSuffix(code, "'"):
		return w.faultError(fault)
	default:
		e.Code, e.Detail, e.Err = "", "Tryton failed with an error of its own.", errors.New(w.quote(code))
	}
	return e
}

// explain finds out what Tryton's words mean, which are in the language of the user: that the record is gone, or that another one has the key.
func (c *client) explain(ctx context.Context, w *write, err error) error {
	e, ok := asError(err)
	if !ok || e.Code != userError {
		return err
	}
	switch w.Op {
	case manifest.Create:
		if c.taken(ctx, w) {
			e.Kind = driver.Duplicate
		}
	default:
		if now, failed := c.one(ctx, w.reading, w.id, []string{"id"}); failed == nil && now == nil {
			e.Kind = driver.Gone
		}
	}
	return &e
}

// taken tells whether a record has a key that the new one was to have.
func (c *client) taken(ctx context.Context, w *write) bool {
	own, held, err := w.parts()
	if err != nil {
		return false
	}
	for _, name := range w.sending.Unique {
		for _, part := range []members{own, held} {
			key, ok := unquote(part[name])
			if !ok || key == "" {
				continue
			}
			raw, err := c.call(ctx, nil, "model."+w.sending.Model+".search_count", append(all(nil, w.reading.Archived), []any{name, "=", key}))
			if err == nil && string(raw) != "0" {
				return true
			}
		}
	}
	return false
}
