package sqldb

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const maxName = 128

// checkName says what is wrong with the name of a column. Every other name is put in quotes, whatever is in it.
func checkName(name string) error {
	bad := func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }
	if name == "" || len(name) > maxName || strings.ContainsFunc(name, bad) {
		return fmt.Errorf("%q is no name in a database", name)
	}
	return nil
}

// splitName takes schema.table apart. A part in double quotes may hold a dot.
func splitName(name string) ([]string, error) {
	var parts []string
	var part strings.Builder
	quoted := false
	for _, r := range name {
		switch {
		case r == '"':
			quoted = !quoted
		case r == '.' && !quoted:
			parts = append(parts, part.String())
			part.Reset()
		default:
			part.WriteRune(r)
		}
	}
	parts = append(parts, part.String())
	if quoted || len(parts) > 3 {
		return nil, fmt.Errorf("%q is no name of a table", name)
	}
	for _, p := range parts {
		if err := checkName(p); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// stored writes a name as the database stores it.
func (d *dialect) stored(name string) string {
	if d.upper && strings.ToLower(name) == name {
		return strings.ToUpper(name)
	}
	return name
}

// member is the inverse: the name of a column as a manifest writes it.
func (d *dialect) member(name string) string {
	if d.upper && strings.ToUpper(name) == name {
		return strings.ToLower(name)
	}
	return name
}

func (d *dialect) column(name string) string { return d.quote(d.stored(name)) }

// table writes the name of a table, which has been checked.
func (d *dialect) table(name string) string {
	parts, _ := splitName(name)
	for i, p := range parts {
		parts[i] = d.column(p)
	}
	return strings.Join(parts, ".")
}

func listOf(d *dialect, columns []column) string {
	var names []string
	for _, c := range columns {
		names = append(names, d.quote(c.name))
	}
	return strings.Join(names, ", ")
}

var firstWord = regexp.MustCompile(`(?i)^\s*(select|with)\b`)

// checkQuery lets one SELECT pass that can stand in parentheses as a table.
func checkQuery(query, kind string) error {
	word := firstWord.FindStringSubmatch(query)
	if word == nil {
		return errors.New("the query does not begin with SELECT")
	}
	if kind == "sqlserver" && strings.EqualFold(word[1], "with") {
		return errors.New("SQL Server takes no WITH within another query")
	}
	return checkShape(query)
}

// checkShape walks over a query: outside of quotes there is no end of a statement, no comment, no other kind of quote, and parentheses are balanced.
func checkShape(query string) error {
	depth := 0
	var quote rune
	last := ' '
	for _, r := range query {
		switch {
		case r == '\\' || r == 0:
			return errors.New(`the query holds a backslash, which databases read differently`)
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '\'' || r == '"' || r == '`':
			quote = r
		case r == '[':
			quote = ']'
		case r == ';' || r == '#' || last == '-' && r == '-' || last == '/' && r == '*' || last == '$' && r == '$':
			return errors.New("the query holds more than one SELECT: a semicolon, a comment or the like")
		case r == '(':
			depth++
		case r == ')':
			depth--
		}
		if depth < 0 {
			break
		}
		last = r
	}
	if depth != 0 || quote != 0 {
		return errors.New("the query has parentheses or quotes that do not match")
	}
	return nil
}
