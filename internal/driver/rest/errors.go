package rest

import (
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/web"
)

// answerer is whom calls go to.
func (c *client) answerer() web.Answerer {
	return web.Answerer{Name: c.base.Hostname(), Field: c.urlField, Quote: c.quote}
}

// judge tells whether an answer is a good one.
func (c *client) judge(a *answer) error {
	if e := c.answerer().Astray(a.status, web.IsHTML(a.header, a.body)); e != nil {
		return e
	}
	if a.status >= 200 && a.status < 300 && !c.failed(a) {
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
		e.Kind = kind
	}
	return c.explain(e, a)
}

// refused makes the error of a refusal by its status.
func (c *client) refused(a *answer) *driver.Error {
	return &driver.Error{Status: a.status, Code: c.quote(text(find(a.body, c.options.Errors.Code)), web.CodeLimit), Kind: web.KindOf(a.status)}
}

// explain adds to the error of a refusal what goes with its kind.
func (c *client) explain(e *driver.Error, a *answer) *driver.Error {
	if e.Kind == driver.Credentials {
		e.Field = c.login.Field()
	}
	if e.Kind == driver.RateLimited || e.Kind == driver.Fault {
		e.RetryAfter = c.retryAfter(a.header)
	}
	e.Said = c.quote(c.options.Errors.said(a.body), web.SaidLimit)
	e.Detail = web.Sentence(e)
	return e
}
