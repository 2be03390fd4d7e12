package odoorpc

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/web"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// effect makes one call that has an effect, once. It gives the result, nil where the method gives none, and the whole answer.
func (c *client) effect(ctx context.Context, k call) (result, kept []byte, err error) {
	s, err := c.obtain(ctx)
	if err != nil {
		return nil, nil, web.Before(err)
	}
	req, err := c.request(ctx, s, k)
	if err != nil {
		return nil, nil, web.Before(err)
	}
	resp, err := egress.Do(c.config.HTTP, req)
	if err != nil {
		return nil, nil, c.answerer().Lost(err)
	}
	defer resp.Body.Close()
	body, broken := web.ReadAll(resp)
	result, err = c.outcome(s, answer{resp.StatusCode, resp.Header, body}, broken)
	kept = c.config.Kept(body, err == nil)
	if err != nil {
		return nil, nil, answered(err, kept)
	}
	return result, kept, nil
}

func answered(err error, answer []byte) error {
	e := web.As(err)
	e.Answer = answer
	return e
}

// outcome reads what the answer to a write proves.
func (w *wire) outcome(s *session, got answer, broken error) ([]byte, error) {
	if broken != nil {
		return nil, w.answerer().Broken(broken)
	}
	result, err := w.unwrap(got)
	own := got.status == http.StatusOK
	if s.json2 {
		result, err = w.bare(got)
		own = rawjson.Valid(bytes.TrimSpace(got.body)) == nil
	}
	if err == nil {
		return result, nil
	}
	e := web.As(err)
	if own && e.Code != "" {
		return nil, proved(e)
	}
	return nil, unproved(e)
}

// proved is about an error in Odoo's own words. By its exceptions Odoo takes everything back; of those of Python only the ones that it raises over what was written are known to come before anything
// is kept. Behind any other it may have kept the write.
func proved(e *driver.Error) error {
	if !strings.HasPrefix(e.Code, pythonErrors) {
		return e
	}
	ofValues := []string{"Invalid field", "Wrong value for", "time data", "Wrong selection", "unconverted data remains", "could not convert"}
	if !slices.ContainsFunc(ofValues, func(s string) bool { return strings.Contains(e.Said, s) }) {
		e.Kind, e.Detail = driver.Fault, "Odoo failed with an error of its own."
	}
	return e
}

// unproved is about any other answer. 400, 411, 413 and 415 are about a request that nobody could read, 429 about one that nobody looked at; behind anything else the write may have had its effect.
func unproved(e *driver.Error) error {
	unread := []int{http.StatusBadRequest, http.StatusLengthRequired, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusTooManyRequests}
	if slices.Contains(unread, e.Status) {
		return e
	}
	switch e.Kind {
	case driver.Permission, driver.Invalid, driver.Credentials, driver.Gone, driver.TooLarge:
		e.Kind, e.Field = driver.Fault, ""
	}
	return e
}

// explain finds out what Odoo's words mean, which are in the language of the user: that another record has the key, or that what is missing is not the record itself.
func (c *client) explain(ctx context.Context, w *write, err error) error {
	e := web.As(err)
	switch {
	case w.Op == manifest.Create && e.Kind == driver.Invalid && c.taken(ctx, w):
		e.Kind = driver.Duplicate
	case e.Kind == driver.Gone && w.Op == manifest.Create:
		return answered(noOther(err), e.Answer)
	case e.Kind == driver.Gone:
		if is, failed := c.there(ctx, w.reading, w.id); failed == nil && is {
			return answered(noOther(err), e.Answer)
		}
	}
	return e
}

// taken tells whether a record has a key that the new one was to have.
func (c *client) taken(ctx context.Context, w *write) bool {
	for _, name := range w.sending.Unique {
		if !given(w.values, name) {
			continue
		}
		if n, err := c.count(ctx, w.reading, []any{[]any{name, "=", w.values[name]}}); err == nil && n > 0 {
			return true
		}
	}
	return false
}
