package rest

import (
	"fmt"
	"net/http"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/web"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// answerer is whom calls go to.
func (c *client) answerer() web.Answerer {
	return web.Answerer{Name: c.base.Hostname(), Field: c.urlField, Quote: c.quote}
}

// judge tells whether an answer is a good one.
func (c *client) judge(a *answer) error {
	switch {
	case a.status >= 300 && a.status < 400:
		return &driver.Error{Kind: driver.NotSystem, Status: a.status, Field: c.urlField, Detail: "The address redirects elsewhere, perhaps to a login page; give the address of the API itself."}
	case web.IsHTML(a.header, a.body) && (a.status < 400 || a.status == http.StatusNotFound):
		return &driver.Error{Kind: driver.NotSystem, Status: a.status, Field: c.urlField, Detail: "A web page came instead of data; the address may be wrong, or a login page stands before it."}
	case a.status >= 200 && a.status < 300 && !c.failed(a):
		return nil
	}
	return c.refusal(a)
}

// failed applies the rules for errors in a 200.
func (c *client) failed(a *answer) bool {
	rules := c.options.Errors
	if len(rules.Failure) > 0 && !isEmpty(find(a.body, rules.Failure)) {
		return true
	}
	return rules.Success != nil && text(find(a.body, rules.Success.Path)) != rules.Success.Value
}

// said gives the words of an error, wherever the system has put them.
func (r errorRules) said(body []byte) string {
	words := text(find(body, r.Message))
	for _, path := range r.Others {
		words = orElse(words, text(find(body, path)))
	}
	return words
}

// speak tells whether the system's errors hold a code or words that show that they are its own.
func (r errorRules) speak() bool { return len(r.Code)+len(r.Message)+len(r.Others) > 0 }

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
	return &driver.Error{Status: a.status, Code: c.quote(text(find(a.body, c.options.Errors.Code)), 80), Kind: web.KindOf(a.status)}
}

// explain adds to the error of a refusal what goes with its kind.
func (c *client) explain(e *driver.Error, a *answer) *driver.Error {
	if e.Kind == driver.Credentials {
		e.Field = c.loginField()
	}
	if e.Kind == driver.RateLimited || e.Kind == driver.Fault {
		e.RetryAfter = c.retryAfter(a.header)
	}
	e.Said = c.quote(c.options.Errors.said(a.body), 200)
	e.Detail = sentence(e)
	return e
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
