package odoorpc

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/web"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// answerer is whom calls go to.
func (w *wire) answerer() web.Answerer {
	return web.Answerer{Name: "Odoo", Field: fieldURL, Quote: w.config.Quote}
}

func torn(err error) error {
	return &driver.Error{Kind: driver.Torn, Detail: "The answer is cut off or damaged.", Err: err}
}

func notOdoo(status int) error {
	return &driver.Error{Kind: driver.NotSystem, Field: fieldURL, Status: status,
		Detail: "Something answers at this address, but it does not speak Odoo's external API; a login page or proxy may stand in front of it."}
}

func invalid(detail string) error { return &driver.Error{Kind: driver.Invalid, Detail: detail} }

// statusError is about an answer whose HTTP status is not 200, and that holds no error of Odoo's own.
func (w *wire) statusError(got answer) error {
	e := &driver.Error{Kind: web.KindOf(got.status), Status: got.status, RetryAfter: web.RetryAfter(got.header, w.config.Now())}
	switch {
	case got.status == http.StatusUnauthorized:
		e.Field, e.Detail = fieldKey, "Odoo, or a proxy before it, refuses the login."
	case got.status == http.StatusForbidden:
		e.Detail = "Odoo, or a proxy before it, forbids this call."
	case got.status == http.StatusTooManyRequests:
		e.Detail = "Odoo asks to wait."
	case got.status >= 300 && got.status < 400:
		e.Kind, e.Field, e.Detail = driver.NotSystem, fieldURL, "The address redirects"+w.target(got)+"; write the address of Odoo itself."
	case got.status == http.StatusNotFound, got.status == http.StatusGone, got.status == http.StatusMethodNotAllowed:
		return notOdoo(got.status)
	default:
		e.Detail = fmt.Sprintf("Odoo, or a proxy before it, answered with HTTP %d.", got.status)
	}
	return e
}

// target names where a redirect leads, without path or query.
func (w *wire) target(got answer) string {
	u, err := url.Parse(got.header.Get("Location"))
	if err != nil || u.Host == "" {
		return ""
	}
	return " to " + w.quote(u.Scheme+"://"+u.Host, 200)
}

// fault is an error in Odoo's own words.
type fault struct {
	name, message string // builtins.ValueError, "Invalid field 'x' on model 'y'"
	status        int
}

// The names of exceptions: Odoo's own, by which it says no, without what stands in front of them; and those of Python and its web server.
const (
	ownErrors    = ".exceptions."
	accessDenied = ownErrors + "AccessDenied"
	accessError  = ownErrors + "AccessError"
	missingError = ownErrors + "MissingError"
	pythonErrors = "builtins."
	webErrors    = "werkzeug.exceptions."
)

// own tells whether it is an exception of Odoo's own.
func (f fault) own() bool {
	return strings.Contains(f.name, ownErrors) && !strings.HasPrefix(f.name, "werkzeug.")
}

// faultError is about an error inside an answer. Its debug text may hold data and code, so only its message is repeated.
func (w *wire) faultError(status int, raw []byte, at ...string) error {
	f := fault{status: status}
	if text, ok, err := rawjson.Find(raw, at...); err == nil && ok {
		_ = json.Unmarshal(text, &f.name)
	}
	within := append(slices.Clone(at[:len(at)-1]), "message")
	if text, ok, err := rawjson.Find(raw, within...); err == nil && ok {
		_ = json.Unmarshal(text, &f.message)
	}
	return w.explainFault(f)
}

// explainFault says what an exception means to a call that reads.
func (w *wire) explainFault(f fault) error {
	e := &driver.Error{Kind: driver.Fault, Code: w.quote(f.name, 80), Status: f.status}
	said := w.said(e, f.message)
	switch {
	case f.own() && strings.HasSuffix(f.name, accessDenied) || strings.HasSuffix(f.name, ".SessionExpired") || f.name == webErrors+"Unauthorized":
		e.Kind, e.Field, e.Detail = driver.Credentials, fieldKey, "Odoo refuses the user name or the API key."
	case f.own() && strings.HasSuffix(f.name, accessError) || f.name == webErrors+"Forbidden":
		e.Kind, e.Detail = driver.Permission, "Odoo does not let this user do it"+said
	case f.own() && strings.HasSuffix(f.name, missingError):
		e.Kind, e.Detail = driver.Gone, "Odoo has no such record any more."
	case f.own(), f.name == webErrors+"NotFound", f.name == webErrors+"BadRequest", f.name == webErrors+"UnprocessableEntity":
		e.Kind, e.Detail = driver.Invalid, "Odoo refuses"+said
	case strings.HasPrefix(f.name, pythonErrors):
		e.Kind, e.Detail = driver.Invalid, "Odoo cannot make sense of the call"+said
	default:
		e.Detail = "Odoo failed with an error of its own" + said
	}
	return e
}

// said gives the end of a sentence that repeats a message, and keeps the message with the error.
func (w *wire) said(e *driver.Error, message string) string {
	if e.Said = w.quote(message, 300); e.Said != "" {
		return ": " + e.Said
	}
	return "."
}

// quote makes a foreign text of several lines fit to be shown.
func (w *wire) quote(text string, limit int) string {
	return w.config.Quote(strings.Join(strings.Fields(text), " "), limit)
}
