package rest

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// unreachable explains an error of the transport.
func (c *client) unreachable(err error) error {
	return c.unreachableAt(c.base.Hostname(), c.urlField, err)
}

// unreachableAt does so for a host whose address is in that field of the login.
func (c *client) unreachableAt(host, field string, err error) error {
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	var refused *budget.Refusal
	e := &driver.Error{Kind: driver.Unreachable, Field: field, Detail: host + " does not answer.", Err: err}
	switch {
	case errors.As(err, &refused) && refused.Reason == budget.Paused:
		return &driver.Error{Kind: driver.RateLimited, Detail: host + " asked to wait.", RetryAfter: refused.After, Err: err}
	case errors.As(err, &refused):
		e.Detail, e.RetryAfter = host+" did not answer lately; it is tried again in a while.", refused.After
	case errors.Is(err, egress.ErrTooLarge), errors.Is(err, egress.ErrEncoding):
		return c.tornAt(host, err)
	case errors.Is(err, egress.ErrBlocked):
		e.Detail = host + " may not be called: " + egress.ErrBlocked.Error() + "."
	case errors.As(err, &dns) && dns.IsNotFound:
		e.Detail = "There is no host " + host + "; check the address."
	case errors.As(err, &cert):
		e.Detail = "The certificate of " + host + " cannot be trusted: " + c.quote(cert.Err.Error(), 200) + "."
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Detail = host + " refuses connections on this port; check the address, and that the system runs."
	case errors.Is(err, context.Canceled):
		e.Detail, e.Field = "The call was cancelled.", ""
	}
	return e
}

// torn explains an answer that could not be read to its end.
func (c *client) torn(err error) error { return c.tornAt(c.base.Hostname(), err) }

func (c *client) tornAt(host string, err error) error {
	switch {
	case errors.Is(err, egress.ErrTooLarge):
		return &driver.Error{Kind: driver.TooLarge, Detail: "The answer is larger than allowed; ask for smaller pages.", Err: err}
	case errors.Is(err, egress.ErrStalled), errors.Is(err, egress.ErrDeadline):
		return &driver.Error{Kind: driver.Unreachable, Detail: host + " began to answer and did not come to an end. Is it overloaded?", Err: err}
	case errors.Is(err, egress.ErrEncoding):
		return &driver.Error{Kind: driver.Torn, Detail: "The answer is not encoded as it says, or in a way that was not asked for.", Err: err}
	}
	return &driver.Error{Kind: driver.Torn, Detail: "The answer broke off before its end.", Err: err}
}

// judge tells whether an answer is a good one.
func (c *client) judge(a *answer) error {
	switch {
	case a.status >= 300 && a.status < 400:
		return &driver.Error{Kind: driver.NotSystem, Status: a.status, Field: c.urlField, Detail: "The address redirects elsewhere, perhaps to a login page; give the address of the API itself."}
	case isHTML(a) && (a.status < 400 || a.status == http.StatusNotFound):
		return &driver.Error{Kind: driver.NotSystem, Status: a.status, Field: c.urlField, Detail: "A web page came instead of data; the address may be wrong, or a login page stands before it."}
	case a.status >= 200 && a.status < 300 && !c.failed(a):
		return nil
	}
	return c.refusal(a)
}

func isHTML(a *answer) bool {
	body := bytes.TrimLeft(a.body, "\ufeff \t\r\n")
	if len(body) == 0 || body[0] == '{' || body[0] == '[' {
		return false
	}
	return body[0] == '<' || strings.HasPrefix(a.header.Get("Content-Type"), "text/html")
}

// failed applies the rules for errors in a 200.
func (c *client) failed(a *answer) bool {
	rules := c.options.Errors
	if len(rules.Failure) > 0 && !isEmpty(find(a.body, rules.Failure)) {
		return true
	}
	return rules.Success != nil && text(find(a.body, rules.Success.Path)) != rules.Success.Value
}

func isEmpty(raw []byte) bool {
	switch string(raw) {
	case "", "null", "false", `""`, "[]", "{}", "0":
		return true
	}
	return false
}

// refusal makes the error that the system reported.
func (c *client) refusal(a *answer) error {
	e := c.refused(a)
	if kind, ok := c.options.Errors.Kinds[text(find(a.body, c.options.Errors.Code))]; ok {
		e.Kind = driver.Kind(kind)
	}
	return c.explain(e, a)
}

// refused makes the error of a refusal by its status.
func (c *client) refused(a *answer) *driver.Error {
	return &driver.Error{Status: a.status, Code: c.quote(text(find(a.body, c.options.Errors.Code)), 80), Kind: kindOf(a.status)}
}

// explain adds to the error of a refusal what goes with its kind.
func (c *client) explain(e *driver.Error, a *answer) *driver.Error {
	if e.Kind == driver.Credentials {
		e.Field = c.loginField()
	}
	if e.Kind == driver.RateLimited || e.Kind == driver.Fault {
		e.RetryAfter = c.retryAfter(a.header)
	}
	e.Said = c.quote(text(find(a.body, c.options.Errors.Message)), 200)
	e.Detail = sentence(e)
	return e
}

// kindOf classifies a status; a 2xx comes here only with an error in it.
func kindOf(status int) driver.Kind {
	switch {
	case status == http.StatusUnauthorized:
		return driver.Credentials
	case status == http.StatusForbidden:
		return driver.Permission
	case status == http.StatusTooManyRequests:
		return driver.RateLimited
	case status == http.StatusGone:
		return driver.TokenGone
	case status == http.StatusRequestEntityTooLarge:
		return driver.TooLarge
	case status == http.StatusRequestTimeout, status >= 500, status < 300:
		return driver.Fault
	}
	return driver.Invalid
}

// sentence says what happened, with the system's own words where it has some.
func sentence(e *driver.Error) string {
	told := map[driver.Kind]string{
		driver.Credentials: "The system refuses the login", driver.Permission: "The login may not do this", driver.RateLimited: "The system asks to wait",
		driver.Fault: "The system failed", driver.TokenGone: "The place in the list is no longer known",
		driver.Conflict: "The record has changed", driver.Gone: "There is no such record", driver.Duplicate: "There is such a record already",
	}[e.Kind]
	if told == "" {
		told = "The system does not accept the request"
	}
	told = fmt.Sprintf("%s (HTTP %d)", told, e.Status)
	if e.Said == "" {
		return told + "."
	}
	return told + ": " + e.Said
}

// loginField names the secret that the login stands on.
func (c *client) loginField() string {
	a := c.options.Auth
	for _, t := range []string{a.Token, a.Password, a.Value, a.RefreshToken, a.ClientSecret} {
		if names := manifest.Placeholders(t); len(names) > 0 {
			return names[0]
		}
	}
	return ""
}
