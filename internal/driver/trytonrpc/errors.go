package trytonrpc

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/web"
)

// answerer is whom calls go to.
func (w *wire) answerer() web.Answerer {
	return web.Answerer{Name: "Tryton", Field: fieldURL, Quote: func(text string, _ int, _ ...string) string { return w.quote(text) }}
}

func torn(err error) error {
	return &driver.Error{Kind: driver.Torn, Detail: "The answer is cut off or damaged.", Err: err}
}

func notTryton(status int) error {
	return &driver.Error{Kind: driver.NotSystem, Field: fieldURL, Status: status,
		Detail: "Something answers at this address, but it does not speak Tryton's JSON-RPC; a login page or proxy may stand in front of it."}
}

// statusError is about an answer whose HTTP status is not 200.
func (w *wire) statusError(resp *http.Response) error {
	e := &driver.Error{Status: resp.StatusCode, RetryAfter: web.RetryAfter(resp.Header, w.config.Now())}
	switch s := resp.StatusCode; {
	case s == http.StatusUnauthorized:
		e.Kind, e.Field, e.Detail = driver.Credentials, fieldPassword, "Tryton refuses the user name or the password."
	case s == http.StatusForbidden:
		e.Kind, e.Detail = driver.Permission, "Tryton, or a proxy before it, forbids this call."
	case s == http.StatusTooManyRequests:
		e.Kind, e.Detail = driver.RateLimited, "Tryton asks to wait: too many calls, or too many failed logins."
	case s >= 300 && s < 400:
		e.Kind, e.Field, e.Detail = driver.NotSystem, fieldURL, "The address redirects"+w.target(resp)+"; write the address of Tryton itself."
	case s >= 500:
		e.Kind, e.Detail = driver.Fault, fmt.Sprintf("Tryton, or a proxy before it, failed with HTTP %d.", s)
	case s == http.StatusNotFound:
		return notTryton(s)
	default:
		e.Kind, e.Detail = driver.Invalid, fmt.Sprintf("Tryton, or a proxy before it, refuses the call with HTTP %d.", s)
	}
	return e
}

// target names where a redirect leads, without path or query.
func (w *wire) target(resp *http.Response) string {
	u, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || u.Host == "" {
		return ""
	}
	return " to " + w.quote(u.Scheme+"://"+u.Host)
}

// errMetEnded is in the error of a read that proves nothing: Tryton looks through the sessions of its user before a call and stamps them behind it, and one of them was ended meanwhile.
var errMetEnded = errors.New("a session had ended")

// faultError is about an error inside an answer: [type, [message, ...]] of Tryton's own exceptions, [text, ...] of any other.
// Its text may hold data and whole schemas, so only the beginning of messages meant for users is repeated.
func (w *wire) faultError(fault []byte) error {
	code, message := parseFault(fault)
	e := &driver.Error{Kind: driver.Fault, Code: code, Status: http.StatusOK}
	switch {
	case code == "LoginException":
		e.Kind, e.Field, e.Detail = driver.Credentials, fieldPassword, "Tryton asks for more than this password, such as a code by SMS; give Busbar a user who logs in with a password alone."
	case code == userError && strings.Contains(message, `of "Session" `):
		e.Detail, e.Err = "Tryton met a session of its user that had ended.", errMetEnded
	case code == userError:
		e.Kind, e.Detail = driver.Permission, "Tryton refuses"+w.said(e, message)
	case code == "RateLimitException":
		e.Kind, e.Detail = driver.RateLimited, "Tryton asks to wait."
	case code == "UserWarning" || code == "ConcurrencyException":
		e.Detail = "Tryton answers with a question" + w.said(e, message)
	case strings.HasPrefix(code, "'") && strings.HasSuffix(code, "'"):
		e.Code = w.quote(code)
		e.Kind, e.Detail = driver.Invalid, "This Tryton has no "+cmp.Or(e.Code, "such field or model")+": a module is not activated, or its version is another."
	case strings.HasPrefix(code, "Database "):
		e.Kind, e.Field, e.Code, e.Detail = driver.Credentials, fieldDatabase, "", "Tryton has no database of this name."
	default:
		e.Code, e.Detail, e.Err = "", "Tryton failed with an error of its own.", errors.New(w.quote(code))
	}
	return e
}

func parseFault(fault []byte) (code, message string) {
	var parts []json.RawMessage
	if json.Unmarshal(fault, &parts) != nil || len(parts) == 0 {
		return "", ""
	}
	_ = json.Unmarshal(parts[0], &code)
	var args []json.RawMessage
	if len(parts) > 1 && json.Unmarshal(parts[1], &args) == nil && len(args) > 0 {
		text := args[0]
		if code == "UserWarning" && len(args) > 1 { // the first is the name of the warning
			text = args[1]
		}
		_ = json.Unmarshal(text, &message)
	}
	return code, message
}

// said gives the end of a sentence that repeats a message, and keeps the message with the error.
func (w *wire) said(e *driver.Error, message string) string {
	if e.Said = w.quote(message); e.Said != "" {
		return ": " + e.Said
	}
	return "."
}

// quote makes the first line of a foreign text fit to be shown, up to 200 characters.
func (w *wire) quote(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	return w.config.Quote(text, 200, w.issued.all()...)
}
