package sqldb

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver"
)

const (
	maxTuples = 400      // of one query, for databases bound the parameters of a statement
	maxNested = 64 << 20 // bytes of a page with what is nested in it
)

// nest gives the records of the page, with the rows that belong to them.
func (f *fetching) nest(ctx context.Context) ([][]byte, error) {
	records := make([][]byte, len(f.rows))
	for i, r := range f.rows {
		records[i] = r.record
	}
	return f.nestIn(ctx, f.session, f.r, f.shape, records)
}

// nestIn adds the rows of every member of With to records.
func (c *client) nestIn(ctx context.Context, from reader, r *reading, shape *shape, records [][]byte) ([][]byte, error) {
	whole := 0
	for _, name := range slices.Sorted(maps.Keys(r.With)) {
		n := &nesting{client: c, from: from, member: name, related: r.With[name], shape: shape.with[name]}
		if err := n.add(ctx, records); err != nil {
			return nil, err
		}
		if whole += n.size; whole > maxNested {
			return nil, tooLarge("A page of " + r.called() + " is larger than 64 MiB; write a smaller page_size.")
		}
	}
	for _, record := range records {
		if len(record) > maxRow {
			return nil, tooLarge("A row of " + r.called() + " is larger than 16 MiB with what belongs to it.")
		}
	}
	return records, nil
}

func tooLarge(detail string) error { return &driver.Error{Kind: driver.TooLarge, Detail: detail} }

// nesting adds one member.
type nesting struct {
	*client
	from    reader
	member  string
	related related
	shape   *shape
	found   map[string][][]byte // rows by the values that join them
	size    int
}

func (n *nesting) add(ctx context.Context, records [][]byte) error {
	n.found = map[string][][]byte{}
	theirs := slices.Sorted(maps.Keys(n.related.On))
	keys := make([]string, len(records))
	var tuples [][]string
	seen := map[string]bool{}
	for i, record := range records {
		tuple, err := n.tupleOf(record, theirs)
		if err != nil {
			return err
		}
		if tuple == nil {
			continue
		}
		if keys[i] = strings.Join(tuple, "\x00"); !seen[keys[i]] {
			seen[keys[i]] = true
			tuples = append(tuples, tuple)
		}
	}
	for part := range slices.Chunk(tuples, max(1, maxTuples/len(theirs))) {
		if err := n.read(ctx, n.shape.named(n.dialect, theirs), part, seen); err != nil {
			return err
		}
	}
	for i := range records {
		var err error
		if records[i], err = n.into(records[i], n.found[keys[i]]); err != nil {
			return err
		}
	}
	return nil
}

// tupleOf gives the values of a record that join rows to it; nil when one is empty.
func (n *nesting) tupleOf(record []byte, theirs []string) ([]string, error) {
	var tuple []string
	for _, column := range theirs {
		value, ok, err := member(record, n.related.On[column])
		if err != nil || !ok {
			return nil, err
		}
		tuple = append(tuple, value)
	}
	return tuple, nil
}

func (n *nesting) read(ctx context.Context, on []column, tuples [][]string, wanted map[string]bool) error {
	q := n.statement("SELECT ").choose(n.shape.columns)
	for _, c := range on {
		q.add(", ", n.dialect.shown("q."+n.dialect.quote(c.name), c), " AS ", n.dialect.quote("on_"+c.name))
	}
	q.from(n.related.source).add(" WHERE ").among(on, tuples)
	for i, c := range slices.Concat(on, n.shape.key) {
		q.add([]string{" ORDER BY ", ", "}[min(i, 1)], "q.", n.dialect.quote(c.name))
	}
	columns := len(n.shape.columns)
	return n.from.query(ctx, q, func(_ []*sql.ColumnType, values []any) error {
		record, err := object(n.dialect, n.shape.columns, values[:columns])
		if err != nil {
			return &driver.Error{Kind: driver.Torn, Detail: "A row of " + n.related.called() + " cannot be read.", Err: err}
		}
		var tuple []string
		for i, c := range on {
			raw, _ := render(c, values[columns+i])
			value, _ := plain(raw)
			tuple = append(tuple, value)
		}
		key := strings.Join(tuple, "\x00")
		if !wanted[key] {
			return invalid("A row of " + n.related.called() + " belongs to " + n.config.Quote(strings.Join(tuple, ", "), 60) +
				" by the rules of the database, but the two are not written alike; join columns of one type and one spelling.")
		}
		if n.size += len(record); n.size > maxNested {
			return tooLarge("What belongs to a page of rows in " + n.related.called() + " is larger than 64 MiB; write a smaller page_size.")
		}
		n.found[key] = append(n.found[key], record)
		return nil
	})
}

// into writes rows into the record that they belong to.
func (n *nesting) into(record []byte, rows [][]byte) ([]byte, error) {
	if n.related.Single && len(rows) > 1 {
		return nil, invalid("Several rows of " + n.related.called() + " belong to one, where at most one is expected.")
	}
	value := []byte("null")
	switch {
	case n.related.Single && len(rows) == 1:
		value = rows[0]
	case !n.related.Single:
		value = append(append([]byte{'['}, joinBytes(rows)...), ']')
	}
	name, err := object(n.dialect, []column{{name: n.member}}, []any{nil})
	if err != nil {
		return nil, err
	}
	head := append(record[:len(record)-1:len(record)-1], ',')
	head = append(head, name[1:len(name)-len("null}")]...)
	return append(append(head, value...), '}'), nil
}

func joinBytes(rows [][]byte) (out []byte) {
	for i, r := range rows {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, r...)
	}
	return out
}
