package file

import (
	"bytes"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"
)

// grouped makes one row of neighbouring rows with the same key.
type grouped struct {
	rows
	options *groupOptions
	file    string
	ahead   *row // the first row of the next group
	err     error
}

func (g *grouped) next() (row, error) {
	first, err := g.one()
	if err != nil {
		return row{}, err
	}
	key := first.key(g.options.By)
	elements := [][]cell{first.columns(g.options.Columns, true)}
	head := first.columns(g.options.Columns, false)
	for {
		w, err := g.one()
		if atEnd(err) {
			break
		}
		if err != nil {
			return row{}, err
		}
		if w.key(g.options.By) != key {
			g.ahead = &w
			break
		}
		if name := differs(head, w.columns(g.options.Columns, false)); name != "" {
			first.flaw = "The rows of " + strings.Join(g.options.By, ", ") + " " + key + " do not agree on " + name + "."
		}
		elements = append(elements, w.columns(g.options.Columns, true))
		first.behind, first.last = w.behind, w.last
		if len(elements) > maxElements {
			return row{}, badFile(g.file, "more than %d rows have the key %s (line %d)", maxElements, key, first.line)
		}
	}
	first.cells = append(head, cell{column: g.options.Into, json: list(elements)})
	return first, nil
}

// maxElements bounds the rows of one record.
const maxElements = 20_000

// one gives the next row. Where a row is bad nobody knows to which record it belongs, so the file cannot be read.
func (g *grouped) one() (row, error) {
	if w := g.ahead; w != nil {
		g.ahead = nil
		return *w, nil
	}
	if g.err != nil {
		return row{}, g.err
	}
	w, err := g.rows.next()
	if err == nil && w.flaw != "" {
		err = badFile(g.file, "line %d: %s As several rows make one record, it cannot be told which record lacks one", w.line, w.flaw)
	}
	if g.err = err; err != nil {
		return row{}, err
	}
	for _, name := range g.options.By {
		if len(w.text(name)) == 0 {
			g.err = badFile(g.file, "line %d has nothing in the column %s, which tells to which record it belongs", w.line, name)
		}
	}
	return w, g.err
}

func (w row) text(column string) []byte {
	for _, c := range w.cells {
		if c.column == column {
			return c.text
		}
	}
	return nil
}

func (w row) key(by []string) string {
	parts := make([]string, len(by))
	for i, name := range by {
		parts[i] = string(w.text(name))
	}
	return strings.Join(parts, ", ")
}

// columns gives the cells of the named columns, or those of all others.
func (w row) columns(names []string, named bool) []cell {
	var found []cell
	for _, c := range w.cells {
		if slices.Contains(names, c.column) == named {
			found = append(found, c)
		}
	}
	return found
}

// differs names a column of the record that two of its rows fill differently. One that leaves it out agrees.
func differs(a, b []cell) string {
	for i := range min(len(a), len(b)) {
		if len(b[i].text) > 0 && !bytes.Equal(a[i].text, b[i].text) {
			return b[i].column
		}
	}
	return ""
}

// list makes a JSON list; rows whose own columns are all empty are no elements.
func list(elements [][]cell) []byte {
	out := []byte{'['}
	for _, e := range elements {
		if !slices.ContainsFunc(e, func(c cell) bool { return c.json != nil || len(c.text) > 0 }) {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(members(out, e), '}')
	}
	return append(out, ']')
}

// maxGrouped bounds a file whose rows are grouped: it is read as a whole before its first record is given.
const maxGrouped = 64 << 20

// inspect reads a file whose rows are grouped once to its end: a record whose rows stand apart would lose some of them.
func (r *reading) inspect() error {
	if r.file.Size > maxGrouped {
		return badFile(r.file.Name, "it is larger than %d MiB, which a file with several rows for a record must not be", maxGrouped>>20)
	}
	all, err := r.rowsFrom(mark{})
	if err != nil {
		return err
	}
	seen := map[uint64]int64{}
	for {
		w, err := all.next()
		if atEnd(err) {
			return nil
		}
		if err != nil {
			return err
		}
		key := w.key(r.options.Group.By)
		h := xxh3.HashString(key)
		if line, twice := seen[h]; twice {
			return badFile(r.file.Name, "rows of %s %s stand in line %d and again in line %d, not together; sort the file by %s", strings.Join(r.options.Group.By, ", "), key, line, w.line, strings.Join(r.options.Group.By, ", "))
		}
		seen[h] = w.line
	}
}
