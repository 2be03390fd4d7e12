package sqldb

import (
	"strings"
	"time"
)

// statement is SQL in the making. Values are only ever parameters; names are quoted.
type statement struct {
	dialect *dialect
	zone    *time.Location
	text    strings.Builder
	args    []any

	describes bool // no row is wanted, but the columns are
}

func (c *client) statement(parts ...string) *statement {
	s := &statement{dialect: c.dialect, zone: c.config.TimeZone}
	return s.add(parts...)
}

func (s *statement) add(parts ...string) *statement {
	for _, p := range parts {
		s.text.WriteString(p)
	}
	return s
}

// bind writes a parameter for a value that a column is compared with or gets.
func (s *statement) bind(c column, value string) *statement { return s.put(c, value, s.dialect.bound) }

func (s *statement) put(c column, value string, bound func(param string, c column) string) *statement {
	if c.class == zoneless {
		value = wallText(value, s.zone)
	}
	s.args = append(s.args, s.dialect.value(value, c))
	return s.add(bound(s.dialect.param(len(s.args)), c))
}

// beside is bind for a place in the order of rows.
func (s *statement) beside(c column, value string) *statement {
	if s.dialect.beside == nil {
		return s.bind(c, value)
	}
	return s.put(c, value, s.dialect.beside)
}

// give writes a parameter for the JSON of a value.
func (s *statement) give(c column, raw []byte) *statement {
	if value, ok := plain(raw); ok {
		return s.bind(c, value)
	}
	return s.add("NULL")
}

// is writes that a column has a value.
func (s *statement) is(c column, raw []byte) *statement {
	name := s.dialect.quote(c.name)
	if _, ok := plain(raw); !ok {
		return s.add(name, " IS NULL")
	}
	return s.add(name, " = ").give(c, raw)
}

// from writes where rows come from, as q.
func (s *statement) from(src source) *statement {
	if src.Table != "" {
		return s.add(" FROM ", s.dialect.table(src.Table), " q")
	}
	return s.add(" FROM (\n", src.Query, "\n) q")
}

// choose writes the columns of a select.
func (s *statement) choose(columns []column) *statement {
	for i, c := range columns {
		if i > 0 {
			s.add(", ")
		}
		s.add(s.dialect.shown("q."+s.dialect.quote(c.name), c), " AS ", s.dialect.quote(c.name))
	}
	return s
}

// wallText writes an instant as the clocks of a zone show it; other texts stay as they are.
func wallText(text string, zone *time.Location) string {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return text
	}
	return t.In(zone).Format(wallClock)
}
