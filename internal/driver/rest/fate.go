package rest

import (
	"bytes"
	"net/http"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/web"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// decide tells whether the answer to a write is a good one. Only a complete answer in the system's own words is definite, a good one as well as a refusal; everything else gets a kind
// that leaves open what became of the write.
func (c *client) decide(a *answer, kindOf func(status int) driver.Kind) error {
	page := web.IsHTML(a.header, a.body)
	if e := c.login.Turned(a.status, a.header, a.body); e != nil {
		return e
	}
	switch {
	case a.status >= 300 && a.status < 400, page && (a.status < 300 || a.status == http.StatusNotFound):
		return c.judge(a)
	case a.status == http.StatusNoContent && len(a.body) == 0:
		return nil
	case c.speaks(a):
		return c.heard(a)
	case a.status < 300 && !c.failed(a):
		return nil
	}
	e := c.refused(a)
	mapped, ok := c.options.Errors.Kinds[text(find(a.body, c.options.Errors.Code))]
	switch {
	case ok && rawjson.Valid(a.body) == nil:
		e.Kind = mapped
	case !c.isDefinite(a):
		e.Kind = driver.Fault
	default:
		e.Kind = kindOf(a.status)
	}
	return c.explain(e, a)
}

// isDefinite tells whether a refusal is the system's own, and says that nothing was done.
func (c *client) isDefinite(a *answer) bool {
	switch {
	case a.status >= 500, a.status == http.StatusRequestTimeout, web.IsHTML(a.header, a.body):
		return false
	case a.status == http.StatusTooManyRequests && c.retryAfter(a.header) > 0:
		return true
	case len(bytes.TrimSpace(a.body)) > 0:
		return c.isOwn(a) || a.status < 300 && c.deniesSuccess(a)
	case a.status == http.StatusUnauthorized, a.status == http.StatusPreconditionFailed, a.status == http.StatusTooManyRequests:
		return true
	}
	rules := c.options.Errors
	return a.status >= 400 && !rules.speak()
}

// deniesSuccess tells whether a 200 says itself that it is none.
func (c *client) deniesSuccess(a *answer) bool {
	rules := c.options.Errors
	return rawjson.Valid(a.body) == nil && (rules.Success != nil && find(a.body, rules.Success.Path) != nil || !isEmpty(find(a.body, rules.Failure)))
}

// kindOfWrite classifies a definite refusal. Where a record that is made clashes with what is there, it exists already.
func kindOfWrite(status int, w driver.Command) driver.Kind {
	changes := w.Op != manifest.Create
	switch status {
	case http.StatusUnauthorized:
		return driver.Credentials
	case http.StatusForbidden:
		return driver.Permission
	case http.StatusTooManyRequests:
		return driver.RateLimited
	case http.StatusNotFound, http.StatusGone:
		if changes {
			return driver.Gone
		}
	case http.StatusConflict, http.StatusPreconditionFailed:
		switch {
		case !changes:
			return driver.Duplicate
		case w.Op == manifest.Update || status == http.StatusPreconditionFailed || w.Insist:
			return driver.Conflict
		}
	}
	return driver.Invalid
}
