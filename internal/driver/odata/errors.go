package odata

import (
	"bytes"
	"encoding/xml"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/web"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// answerer is whom calls go to.
func (c *client) answerer() web.Answerer {
	return web.Answerer{Name: c.base.Hostname(), Field: c.urlField, Quote: func(text string, limit int, _ ...string) string { return c.quote(text, limit) }}
}

// said is an error in the words of the protocol.
type said struct {
	code    string
	message string
	own     bool // it is whole, and the system's
}

// saidIn reads the error of either version, in JSON or in XML.
func saidIn(body []byte) said {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\ufeff")))
	if len(body) > 0 && body[0] == '<' {
		return saidInXML(body)
	}
	if rawjson.Valid(body) != nil {
		return said{}
	}
	e := find(body, "error")
	s := said{code: text(find(e, "code"))}
	if message := find(e, "message"); len(message) > 0 && message[0] == '{' {
		s.message = text(find(message, "value"))
	} else {
		s.message = text(message)
	}
	s.own = s.code+s.message != ""
	s.message = withDetails(s.message, find(e, "innererror", "errordetails"), find(e, "details"))
	return s
}

// mostDetails bounds how many details an error shows.
const mostDetails = 3

// withDetails adds to a message what its details say besides.
func withDetails(message string, lists ...[]byte) string {
	shown := []string{message}
	for _, list := range lists {
		details, err := rawjson.Split(list)
		if len(list) == 0 || err != nil {
			continue
		}
		for _, d := range details {
			if m := text(find(d, "message")); m != "" && !slices.Contains(shown, m) && len(shown) <= mostDetails {
				shown = append(shown, m)
			}
		}
	}
	if message == "" {
		shown = shown[1:]
	}
	return strings.Join(shown, " ")
}

func saidInXML(body []byte) said {
	var e struct {
		XMLName xml.Name
		Code    string `xml:"code"`
		Message string `xml:"message"`
	}
	if xml.Unmarshal(body, &e) != nil || e.XMLName.Local != "error" {
		return said{}
	}
	s := said{code: strings.TrimSpace(e.Code), message: strings.TrimSpace(e.Message)}
	s.own = s.code+s.message != ""
	return s
}

// judge tells whether the answer to a read is a good one.
func (c *client) judge(a *answer) error {
	s := saidIn(a.body)
	if e := c.answerer().Astray(a.status, !s.own && web.IsHTML(a.header, a.body)); e != nil {
		return e
	}
	if a.status >= 200 && a.status < 300 {
		return nil
	}
	return c.refusal(a, s, web.KindOf(a.status))
}

// refusal makes the error that the system reported.
func (c *client) refusal(a *answer, s said, kind driver.Kind) *driver.Error {
	if mapped, ok := c.options.Errors.Kinds[s.code]; ok && s.own {
		kind = mapped
	}
	e := &driver.Error{Kind: kind, Status: a.status, Code: c.quote(s.code, web.CodeLimit), Said: c.quote(s.message, web.SaidLimit)}
	switch kind {
	case driver.Credentials:
		e.Field = c.login.Field()
	case driver.RateLimited, driver.Fault:
		e.RetryAfter = web.RetryAfter(a.header, c.config.Now())
	}
	e.Detail = web.Sentence(e)
	return e
}

// decide tells whether the answer to a write is a good one. Only a whole answer in the words of the protocol is definite; everything else leaves open what became of the write.
func (c *client) decide(a *answer, w driver.Command) error {
	if e := c.login.Turned(a.status, a.header, a.body); e != nil {
		return e
	}
	s := saidIn(a.body)
	switch {
	case a.status >= 300 && a.status < 400, !s.own && web.IsHTML(a.header, a.body) && (a.status < 300 || a.status == http.StatusNotFound):
		return c.judge(a)
	case a.status >= 200 && a.status < 300 && !s.own:
		return nil
	}
	kind := driver.Fault
	if c.isDefinite(a, s) {
		kind = kindOfWrite(a.status, w)
	}
	return c.refusal(a, s, kind)
}

// isDefinite tells whether a refusal is the system's own, and says that nothing was done.
func (c *client) isDefinite(a *answer, s said) bool {
	switch {
	case a.status < 400 || a.status >= 500 || a.status == http.StatusRequestTimeout:
		return false
	case a.status == http.StatusUnauthorized:
		return s.own || a.header.Get("WWW-Authenticate") != "" || len(bytes.TrimSpace(a.body)) == 0
	case a.status == http.StatusTooManyRequests:
		return s.own || web.RetryAfter(a.header, c.config.Now()) > 0
	case a.status == http.StatusPreconditionFailed, a.status == http.StatusPreconditionRequired:
		return s.own || len(bytes.TrimSpace(a.body)) == 0
	}
	return s.own
}

// kindOfWrite classifies a definite refusal. Where a record that is made clashes with what is there, it exists already.
func kindOfWrite(status int, w driver.Command) driver.Kind {
	creates := w.Op == manifest.Create
	switch status {
	case http.StatusUnauthorized:
		return driver.Credentials
	case http.StatusForbidden:
		return driver.Permission
	case http.StatusTooManyRequests:
		return driver.RateLimited
	case http.StatusNotFound, http.StatusGone:
		if !creates {
			return driver.Gone
		}
	case http.StatusConflict:
		if creates {
			return driver.Duplicate
		}
		return driver.Conflict
	case http.StatusPreconditionFailed:
		if !creates {
			return driver.Conflict
		}
	}
	return driver.Invalid
}

func torn(detail string) error { return &driver.Error{Kind: driver.Torn, Detail: detail} }

func notJSON(err error) error {
	return &driver.Error{Kind: driver.Torn, Detail: "The answer is not the JSON that it should be; it may be cut off.", Err: err}
}

// unfit is the error of what the manifest cannot express; nothing was sent, and never will be.
func unfit(detail string) error { return &driver.Error{Kind: driver.Invalid, Detail: detail} }

// statusOf gives the HTTP status in an error, 0 for none.
func statusOf(err error) int {
	var e *driver.Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}
