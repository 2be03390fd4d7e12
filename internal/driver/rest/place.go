package rest

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// recordURL makes the URL of a call about one record: {id} in path and query takes its id. An id never leads to another path.
func (c *client) recordURL(path string, query map[string]string, id string) (*url.URL, error) {
	q := url.Values{}
	for name, text := range query {
		value, ok := c.fill(text, id, same, same)
		if !ok {
			return nil, noID(id)
		}
		q.Set(name, value)
	}
	escaped, ok := c.fill(strings.TrimLeft(path, "/"), id, escapeLiteral, url.PathEscape)
	if !ok || slices.ContainsFunc(strings.Split(escaped, "/"), isDots) {
		return nil, noID(id)
	}
	u := *c.base
	u.RawPath = strings.TrimRight(u.EscapedPath(), "/") + "/" + escaped
	var err error
	if u.Path, err = url.PathUnescape(u.RawPath); err != nil {
		return nil, noID(id)
	}
	u.RawQuery = q.Encode()
	return &u, nil
}

func same(s string) string { return s }

// escapeLiteral leaves what may stand in a path as it is, and escapes the rest.
func escapeLiteral(s string) string {
	plain, err := url.PathUnescape(s)
	if err != nil {
		plain = s
	}
	return (&url.URL{Path: plain, RawPath: s}).EscapedPath()
}

// isDots tells a path segment that leads elsewhere.
func isDots(segment string) bool { return segment == "." || segment == ".." }

func noID(id string) error {
	return &driver.Error{Kind: driver.Invalid, Detail: "The id " + strconv.Quote(id) + " cannot be part of an address."}
}

// fill puts the login's fields and a record's id into a text: an id goes through escape and keeps to the quotes around it, everything else goes through literal. It is not ok when
// the id lacks a part.
func (c *client) fill(template, id string, literal, escape func(string) string) (text string, ok bool) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(template, "{")
		b.WriteString(literal(before))
		if !found {
			return b.String(), true
		}
		name, after, _ := strings.Cut(rest, "}")
		value, isID := idPart(name, id)
		switch {
		case !isID:
			b.WriteString(literal(c.expand("{" + name + "}")))
		case value == "":
			return "", false
		default:
			b.WriteString(escape(within(before, value)))
		}
		template = after
	}
}

// idPart gives what {id} or {id.1} stands for.
func idPart(name, id string) (value string, ok bool) {
	if name == "id" {
		return id, true
	}
	number, ok := strings.CutPrefix(name, "id.")
	n, err := strconv.Atoi(number)
	parts := manifest.SplitID(id, 0)
	if !ok || err != nil || n < 1 {
		return "", false
	}
	if n > len(parts) {
		return "", true
	}
	return parts[n-1], true
}

// within keeps a value inside the quotes that its place begins with.
func within(before, value string) string {
	switch {
	case strings.HasSuffix(before, "'"):
		return strings.ReplaceAll(value, "'", "''")
	case strings.HasSuffix(before, `"`):
		return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value)
	}
	return value
}

// quoted puts a value into a text that has {} for it.
func quoted(template, value string) string {
	if template == "" {
		return value
	}
	before, after, _ := strings.Cut(template, "{}")
	return before + within(before, value) + after
}

// isID tells a placeholder that takes a record's id.
func isID(name string) bool {
	_, ok := idPart(name, "")
	return ok
}
