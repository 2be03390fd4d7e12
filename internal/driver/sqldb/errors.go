package sqldb

import (
	"errors"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/web"
	"github.com/busbar-dev/busbar/internal/egress"
)

// silent tells an error that means that the database did not answer.
func (c *client) silent(err error) bool {
	var own *driver.Error
	if errors.As(err, &own) {
		return own.Kind == driver.Unreachable
	}
	s, answered := c.dialect.explain(err)
	return !answered || s.verdict == away
}

// fail explains an error of a call that reads. It is a *driver.Error.
func (c *client) fail(err error) error {
	var own *driver.Error
	if errors.As(err, &own) {
		return err
	}
	s, answered := c.dialect.explain(err)
	switch {
	case answered:
		return c.refusal(s, err)
	case errors.Is(err, errSlow):
		return &driver.Error{Kind: driver.Fault, Detail: "The database did not answer a query within " + c.login.timeout.String() + ".", Err: err}
	case unprotected(err):
		return &driver.Error{Kind: driver.Unreachable, Field: fieldTLS, Err: err,
			Detail: "The database offers no encrypted line; let its administrator set one up, or choose off where the line is protected otherwise."}
	}
	return c.who.Unanswered(err)
}

// unprotected tells that the server takes no encrypted line: the clients have no type for it.
func unprotected(err error) bool {
	for _, words := range []string{"server refused TLS connection", "TLS requested but server does not support TLS", "server does not support encryption"} {
		if strings.Contains(err.Error(), words) {
			return true
		}
	}
	return false
}

const maxSaid = 200

// refusal puts the server's own words into an error.
func (c *client) refusal(s said, err error) *driver.Error {
	e := &driver.Error{Code: s.code, Err: err, Said: c.config.Quote(s.words, maxSaid)}
	words := func(begin string) string {
		if e.Said == "" {
			return begin + "."
		}
		return begin + ": " + e.Said
	}
	switch s.verdict {
	case badLogin:
		e.Kind, e.Field, e.Detail = driver.Credentials, fieldPassword, "The database refuses the user name or the password."
	case badDatabase:
		e.Kind, e.Field, e.Detail = driver.Credentials, fieldDatabase, words("The server has no such database, or not for this user")
	case forbidden:
		e.Kind, e.Detail = driver.Permission, words("The database user may not do this")
	case wrong:
		e.Kind, e.Detail = driver.Invalid, words("The database does not have what the manifest names")
	case badValue:
		e.Kind, e.Detail = driver.Invalid, words("The database refuses a value"+ofRule(s.name))
	case doubled:
		e.Kind, e.Detail = driver.Duplicate, words("There is such a row already"+ofRule(s.name))
	case again:
		e.Kind, e.Detail = driver.Fault, words("Others changed the same rows, and the database gave this transaction up")
	case slow:
		e.Kind, e.Detail = driver.Fault, "The database gave a query up after "+c.login.timeout.String()+"; an index on the key and on the column of changes may be missing."
	case crowded:
		e.Kind, e.Detail = driver.RateLimited, words("The database has no place for another connection")
	case away:
		e.Kind, e.Detail = driver.Unreachable, words("The database is starting or stopping")
	default:
		e.Kind, e.Detail = driver.Fault, words("The database failed")
	}
	return e
}

func ofRule(name string) string {
	if name == "" {
		return ""
	}
	return " (its rule " + name + ")"
}

// failWrite explains an error of a write. Before the commit was asked for nothing has had an effect; behind that only the server's own words that it undid the
// transaction prove the same.
func (c *client) failWrite(err error, committing bool) error {
	if err == nil {
		return nil
	}
	e := web.As(c.fail(err))
	if e.Kind == driver.Duplicate || e.Kind == driver.Invalid || e.Kind == driver.Permission || e.Kind == driver.Conflict || e.Kind == driver.Gone {
		if !committing || c.undone(err) {
			return e
		}
		return &driver.Error{Kind: driver.Fault, Detail: "The database answered a commit with an error that does not say whether it was carried out.", Code: e.Code, Err: err}
	}
	e.Unsent = !committing || c.undone(err) || egress.Unsent(err)
	s, answered := c.dialect.explain(err)
	e.Again = e.Unsent && answered && s.verdict == again
	if committing && !e.Unsent && (e.Kind == driver.Credentials || e.Kind == driver.RateLimited) {
		e.Kind = driver.Fault
	}
	return e
}

// undone tells an answer to a commit that says that the transaction was undone.
func (c *client) undone(err error) bool {
	s, answered := c.dialect.explain(err)
	if !answered {
		return false
	}
	switch c.dialect.kind {
	case "postgresql":
		return strings.HasPrefix(s.code, "23") || s.code == "40001" || s.code == "40P01"
	case "mysql":
		return s.code == "1213"
	}
	return false
}

func invalid(detail string) error { return &driver.Error{Kind: driver.Invalid, Detail: detail} }
