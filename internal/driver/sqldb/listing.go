package sqldb

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
)

// term is an expression by which rows are ordered.
type term struct {
	column
	expr string
}

// modifiedTerm is the time of the last change: the first of its columns that is not null.
func (f *fetching) modifiedTerm() term {
	columns := f.shape.modified
	var names []string
	for _, c := range columns {
		names = append(names, "q."+f.dialect.quote(c.name))
	}
	if len(names) == 1 {
		return term{columns[0], names[0]}
	}
	return term{columns[0], "COALESCE(" + strings.Join(names, ", ") + ")"}
}

// order is that of the page.
func (f *fetching) order() (terms []term) {
	if f.byChange() && f.at.Stamped {
		terms = append(terms, f.modifiedTerm())
	}
	for _, c := range f.shape.key {
		expr := "q." + f.dialect.quote(c.name)
		if f.dialect.sorted != nil {
			expr = f.dialect.sorted(expr, c)
		}
		terms = append(terms, term{c, expr})
	}
	return terms
}

// listing selects rows behind the place at hand, with the values of the order behind their columns.
func (f *fetching) listing(order []term, limit int) *statement {
	q := f.statement("SELECT ", f.dialect.top(limit)).choose(f.shape.columns)
	for i, t := range order {
		q.add(", ", f.dialect.shown(t.expr, t.column), " AS ", f.dialect.quote("busbar_"+strconv.Itoa(i)))
	}
	q.from(f.r.source)
	conditions := f.conditions()
	if f.byChange() {
		conditions = append(conditions, f.phase)
	}
	if len(f.at.At) > 0 {
		conditions = append(conditions, func(q *statement) { q.behind(order, f.at.At) })
	}
	q.where(conditions).add(" ORDER BY ")
	for i, t := range order {
		if i > 0 {
			q.add(", ")
		}
		q.add(t.expr)
	}
	return q.add(f.dialect.limit(limit))
}

type condition func(*statement)

func (s *statement) where(all []condition) *statement {
	for i, c := range all {
		if i == 0 {
			s.add(" WHERE ")
		} else {
			s.add(" AND ")
		}
		c(s)
	}
	return s
}

// behind asks for rows that come after a place in the order.
func (s *statement) behind(order []term, at []string) {
	if s.dialect.tuples && len(order) > 1 {
		var names []string
		for _, t := range order {
			names = append(names, t.expr)
		}
		s.add("(", strings.Join(names, ", "), ") > (")
		for i, t := range order {
			if i > 0 {
				s.add(", ")
			}
			s.beside(t.column, at[i])
		}
		s.add(")")
		return
	}
	if len(order) > 1 { // tells an index where to begin
		s.add(order[0].expr, " >= ").beside(order[0].column, at[0]).add(" AND (")
	}
	for i := range order {
		if i > 0 {
			s.add(" OR ")
		}
		for k := range i {
			s.add(order[k].expr, " = ").beside(order[k].column, at[k]).add(" AND ")
		}
		s.add(order[i].expr, " > ").beside(order[i].column, at[i])
	}
	if len(order) > 1 {
		s.add(")")
	}
}

// conditions are those of the whole listing.
func (f *fetching) conditions() (all []condition) {
	all = f.filters(f.r.Where)
	if f.q.Hot {
		all = append(all, f.filters(f.r.hot)...)
	}
	if from := f.q.HistoryFrom; !from.IsZero() && f.r.history != "" {
		h := f.shape.history
		name := "q." + f.dialect.quote(h.name)
		all = append(all, func(q *statement) {
			q.add("(", name, " >= ")
			if h.class == zoneless { // a day of the calendar there
				q.bind(h, from.UTC().Format(wallClock))
			} else {
				q.bind(h, from.UTC().Format(time.RFC3339Nano))
			}
			q.add(" OR ", name, " IS NULL)")
		})
	}
	return all
}

func (f *fetching) filters(where map[string][]any) (all []condition) {
	for _, name := range slices.Sorted(maps.Keys(where)) {
		c := f.shape.find(f.dialect, name)
		all = append(all, func(q *statement) { q.among([]column{*c}, tuplesOf(where[name])) })
	}
	return all
}

func tuplesOf(values []any) (tuples [][]string) {
	for _, v := range values {
		switch v := v.(type) {
		case string:
			tuples = append(tuples, []string{v})
		case int:
			tuples = append(tuples, []string{strconv.Itoa(v)})
		case bool:
			tuples = append(tuples, []string{strconv.FormatBool(v)})
		}
	}
	return tuples
}

// among asks for rows whose columns have the values of one of several tuples.
func (s *statement) among(columns []column, tuples [][]string) {
	if len(columns) == 1 {
		s.add("q.", s.dialect.quote(columns[0].name), " IN (")
		for i, t := range tuples {
			if i > 0 {
				s.add(", ")
			}
			s.bind(columns[0], t[0])
		}
		s.add(")")
		return
	}
	s.add("(")
	for i, t := range tuples {
		if i > 0 {
			s.add(" OR ")
		}
		for k, c := range columns {
			if k > 0 {
				s.add(" AND ")
			}
			s.add("q.", s.dialect.quote(c.name), " = ").bind(c, t[k])
		}
	}
	s.add(")")
}

// phase asks for the rows without a time of change, or for those that changed since.
func (f *fetching) phase(q *statement) {
	m := f.modifiedTerm()
	if !f.at.Stamped {
		q.add(m.expr, " IS NULL")
		return
	}
	f.since(q, m)
}

func (f *fetching) since(q *statement, m term) {
	since := f.q.Since.UTC().Format(time.RFC3339Nano)
	if m.class != zoned {
		since = lowest(f.q.Since, f.config.TimeZone)
	}
	q.add(m.expr, " >= ").bind(m.column, since)
}

// counted are the rows of the whole listing.
func (f *fetching) counted(q *statement) *statement {
	all := f.conditions()
	if f.byChange() {
		m := f.modifiedTerm()
		all = append(all, func(q *statement) {
			q.add("(")
			f.since(q, m)
			q.add(" OR ", m.expr, " IS NULL)")
		})
	}
	return q.from(f.r.source).where(all)
}

// survey fills what only the first page carries: the count, how far the changes had come, and the server's clock.
func (f *fetching) survey(ctx context.Context, page *driver.Page) error {
	counts := f.r.Count == nil || *f.r.Count
	dated := len(f.shape.modified) > 0 && !f.q.Hot
	if !counts && !dated {
		return nil
	}
	q := f.statement("SELECT ")
	if counts {
		q.add("COUNT(*), ")
	}
	if dated {
		m := f.modifiedTerm()
		q.add(f.dialect.shown("MAX("+m.expr+")", m.column), ", ")
	}
	f.counted(q.add(f.dialect.clock))
	return f.query(ctx, q, func(_ []*sql.ColumnType, values []any) error {
		clock, _ := render(column{class: zoned}, values[len(values)-1])
		shown, _ := plain(clock)
		f.at.Clock = instant(column{class: zoned}, shown, time.UTC)
		if counts {
			page.Total = wholeOf(values[0])
			f.at.Total = page.Total
		}
		if dated && !f.byChange() {
			newest, err := render(f.shape.modified[0], values[len(values)-2])
			if stamp, ok := plain(newest); ok && err == nil {
				page.HighWater = f.bounded(stamp)
			}
		}
		if f.at.Clock.IsZero() {
			return &driver.Error{Kind: driver.Torn, Detail: "The database does not tell its time."}
		}
		return nil
	})
}

func (f *fetching) count(ctx context.Context) (n int64, err error) {
	err = f.query(ctx, f.counted(f.statement("SELECT COUNT(*)")), func(_ []*sql.ColumnType, values []any) error {
		n = wholeOf(values[0])
		return nil
	})
	return n, err
}

// wholeOf reads a count, however the client of the database gives it; -1 when it is none.
func wholeOf(v any) int64 {
	if f, ok := v.(float64); ok {
		return int64(f)
	}
	raw, err := render(column{class: integer}, v)
	if err != nil {
		return -1
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		return -1
	}
	return n
}
