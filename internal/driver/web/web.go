// Package web owns what every driver that speaks HTTP needs besides its protocol: errors of the transport and of broken answers in words for people, what a
// status means, and reading an answer to its end. It knows no protocol above HTTP.
package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/egress"
)

// Answerer is whom a call goes to, in words for people.
type Answerer struct {
	Name  string // "erp.example.com", "Tryton"
	Field string // of the login that leads there, for errors; may be empty
	Quote func(text string, limit int, also ...string) string
}

// Unanswered explains an error of the HTTP client: no answer came. It is a *driver.Error. Whether the address is forbidden, leads nowhere, is closed or silent, it says in the same words: who enters addresses
// shall not learn from them what there is in the network. The log of the way out tells operators.
func (a Answerer) Unanswered(err error) error {
	var refused *budget.Refusal
	e := &driver.Error{Kind: driver.Unreachable, Field: a.Field, Detail: a.Name + " does not answer. Check the address and the port, that the system runs, and that Busbar may call it.", Err: err}
	switch {
	case errors.As(err, &refused) && refused.Reason == budget.Paused:
		return &driver.Error{Kind: driver.RateLimited, Detail: a.Name + " asked to wait.", RetryAfter: refused.After, Err: err}
	case errors.As(err, &refused):
		e.Detail, e.RetryAfter = a.Name+" did not answer lately; it is tried again in a while.", refused.After
	case errors.Is(err, egress.ErrTooLarge), errors.Is(err, egress.ErrEncoding):
		return a.Broken(err)
	case errors.Is(err, context.Canceled):
		e.Detail, e.Field = "The call was cancelled.", ""
	default:
		if of := a.untrusted(err); of != nil {
			return of
		}
	}
	return e
}

// Broken explains an answer that could not be read to its end. It is a *driver.Error.
func (a Answerer) Broken(err error) error {
	switch {
	case errors.Is(err, egress.ErrTooLarge):
		return &driver.Error{Kind: driver.TooLarge, Detail: "The answer is larger than allowed; ask for smaller pages.", Err: err}
	case errors.Is(err, egress.ErrStalled), errors.Is(err, egress.ErrDeadline):
		return &driver.Error{Kind: driver.Unreachable, Detail: a.Name + " began to answer and did not come to an end. Is it overloaded?", Err: err}
	case errors.Is(err, egress.ErrEncoding):
		return &driver.Error{Kind: driver.Torn, Detail: "The answer is not encoded as it says, or in a way that was not asked for.", Err: err}
	}
	return &driver.Error{Kind: driver.Torn, Detail: "The answer broke off before its end.", Err: err}
}

// Lost explains an error of the HTTP client that came of a write: its Unsent says whether a byte of it went out.
func (a Answerer) Lost(err error) error {
	e := As(a.Unanswered(err))
	e.Unsent = egress.Unsent(err)
	return e
}

// Before gives the error of what stands before a write: nothing of the write went out. What is final (a refusal, a record that is gone) stays as it is.
func Before(err error) error {
	final := []driver.Kind{driver.Invalid, driver.Permission, driver.Conflict, driver.Gone, driver.Duplicate}
	e := As(err)
	if err == nil || slices.Contains(final, e.Kind) {
		return err
	}
	e.Unsent = true
	return e
}

// As gives a copy of the *driver.Error in err; an error of any other kind is a Fault.
func As(err error) *driver.Error {
	var e *driver.Error
	if !errors.As(err, &e) {
		return &driver.Error{Kind: driver.Fault, Detail: "The call failed.", Err: err}
	}
	again := *e
	return &again
}

// IsHTML tells whether an answer is a web page where data was asked for.
func IsHTML(header http.Header, body []byte) bool {
	body = bytes.TrimLeft(body, "\ufeff \t\r\n")
	if len(body) == 0 || body[0] == '{' || body[0] == '[' {
		return false
	}
	return body[0] == '<' || strings.HasPrefix(header.Get("Content-Type"), "text/html")
}

// KindOf classifies a status that is no good answer; a 2xx comes here only with an error in it.
func KindOf(status int) driver.Kind {
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

// DateOf is the answerer's clock, against which it means a Retry-After date; zero when it tells none.
func DateOf(header http.Header) time.Time {
	at, _ := http.ParseTime(header.Get("Date"))
	return at
}

// maxTrusted bounds what is set aside before anything has arrived; partSize is what is read at a time where nothing is announced.
const (
	maxTrusted = 16 << 20
	partSize   = 256 << 10
)

// ReadAll reads a body into one buffer, of the announced size where there is one. The records of a page lie in it. Of an unknown size it is
// read in parts, for a buffer that grows holds everything twice.
func ReadAll(resp *http.Response) ([]byte, error) {
	if n := resp.ContentLength; n >= 0 && n <= maxTrusted {
		body := make([]byte, n)
		read, err := io.ReadFull(resp.Body, body)
		return body[:read], err
	}
	var parts [][]byte
	for {
		var part bytes.Buffer
		part.Grow(partSize + bytes.MinRead)
		_, err := io.CopyN(&part, resp.Body, partSize)
		parts = append(parts, part.Bytes())
		if errors.Is(err, io.EOF) {
			return bytes.Join(parts, nil), nil
		}
		if err != nil {
			return bytes.Join(parts, nil), err
		}
	}
}
