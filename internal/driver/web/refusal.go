package web

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/driver"
)

// So much of a system's own words and of its code is quoted in an error.
const (
	SaidLimit = 300
	CodeLimit = 80
)

// Sentence says what happened, with the system's own words where it has some.
func Sentence(e *driver.Error) string {
	told := map[driver.Kind]string{
		driver.Credentials: "The system refuses the login", driver.Permission: "The login may not do this", driver.RateLimited: "The system asks to wait",
		driver.Fault: "The system failed", driver.TokenGone: "The place in the list is no longer known",
		driver.Conflict: "The record has changed", driver.Gone: "There is no such record", driver.Duplicate: "There is such a record already",
	}[e.Kind]
	if told == "" {
		told = "The system does not accept the request"
	}
	if e.Status >= 300 {
		told = fmt.Sprintf("%s (HTTP %d)", told, e.Status)
	}
	if e.Said == "" {
		return told + "."
	}
	return told + ": " + e.Said
}

// Astray is the error of an answer that is not the system's: a redirect, or a web page where data was asked for. It is nil for any other.
func (a Answerer) Astray(status int, page bool) *driver.Error {
	e := &driver.Error{Kind: driver.NotSystem, Status: status, Field: a.Field}
	switch {
	case status >= 300 && status < 400:
		e.Detail = "The address redirects elsewhere, perhaps to a login page; give the address of the API itself."
	case page && (status < 400 || status == http.StatusNotFound):
		e.Detail = "A web page came instead of data; the address may be wrong, or a login page stands before it."
	default:
		return nil
	}
	return e
}

// IsPage tells whether an answer is a web page where JSON or XML was asked for.
func IsPage(header http.Header, body []byte) bool {
	start := strings.ToLower(string(bytes.TrimLeft(body[:min(len(body), 200)], "\ufeff \t\r\n")))
	return strings.HasPrefix(header.Get("Content-Type"), "text/html") || strings.HasPrefix(start, "<!doctype html") || strings.HasPrefix(start, "<html")
}

// RetryAfter is the wait that an answer asks for: see budget.RetryAfter. A date is meant by the clock of who answers.
func RetryAfter(header http.Header, own time.Time) time.Duration {
	return budget.RetryAfter(&http.Response{Header: header}, ClockOf(header, own))
}

// ClockOf is the answerer's clock, or our own when it tells none.
func ClockOf(header http.Header, own time.Time) time.Time {
	if at := DateOf(header); !at.IsZero() {
		return at
	}
	return own
}
