package sqldb

import (
	"context"
	"database/sql"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/busbar-dev/busbar/internal/driver"
)

// rowsOf are the rows of one member that belong to one row.
type rowsOf struct {
	*under
	child
	shape *shape
	on    []column // that join them
	owner []string // and their values
}

// listOf finds them; row holds what is known of the row they belong to.
func (u *under) list(w *write, member string, row map[string]string) (*rowsOf, error) {
	l := &rowsOf{under: u, child: w.sending.Lists[member], shape: w.lists[member]}
	for _, theirs := range slices.Sorted(maps.Keys(l.On)) {
		c := l.shape.find(u.dialect, theirs)
		if c == nil {
			return nil, noColumn(source{Table: l.Table}, theirs)
		}
		value, known := row[l.On[theirs]]
		if !known || value == "" {
			return nil, invalid("The database does not tell " + l.On[theirs] + " of the row, to which rows of " + l.Table + " belong.")
		}
		l.on, l.owner = append(l.on, *c), append(l.owner, value)
	}
	return l, nil
}

// known is what an update and a delete know of the row: its key, and what was read of it.
func (w *write) known(d *dialect) map[string]string {
	row := map[string]string{}
	var current members
	_ = json.Unmarshal(w.Current, &current)
	for name, raw := range current {
		if value, ok := plain(raw); ok {
			row[name] = value
		}
	}
	for i, c := range w.table.key {
		row[d.member(c.name)] = w.key[i]
	}
	return row
}

func (u *under) createList(ctx context.Context, w *write, member string, row map[string]string) error {
	raw, given := w.body[member]
	if !given || string(raw) == "null" {
		return nil
	}
	var elements []members
	if err := json.Unmarshal(raw, &elements); err != nil {
		return &driver.Error{Kind: driver.Invalid, Detail: "The member " + member + " is not a list of objects.", Err: err}
	}
	l, err := u.list(w, member, row)
	if err != nil {
		return err
	}
	for i, e := range elements {
		if err := l.insertElement(ctx, e, i+1); err != nil {
			return err
		}
	}
	return nil
}

// insertElement makes a row; number is what it is counted as where rows are.
func (l *rowsOf) insertElement(ctx context.Context, e members, number int) error {
	if e == nil {
		e = members{}
	}
	for i, c := range l.on {
		e[l.dialect.member(c.name)], _ = json.Marshal(l.owner[i])
	}
	if _, given := e[l.Numbered]; l.Numbered != "" && !given {
		e[l.Numbered] = json.RawMessage(strconv.Itoa(number))
	}
	values, err := l.assignments(ctx, l.shape, l.Table, e, l.filling, nil)
	if err != nil {
		return err
	}
	return l.exec(ctx, l.insertion(l.Table, values, nil))
}

// change is what becomes of one row of a list.
type change struct {
	Op   string  `json:"op"`
	Key  members `json:"key"`
	Data members `json:"data"`
}

func (u *under) changeList(ctx context.Context, w *write, member string) error {
	raw, given := w.body[member]
	if !given {
		return nil
	}
	var changes []change
	if err := json.Unmarshal(raw, &changes); err != nil {
		return &driver.Error{Kind: driver.Invalid, Detail: "The member " + member + " is not a list of changes.", Err: err}
	}
	l, err := u.list(w, member, w.known(u.dialect))
	if err != nil {
		return err
	}
	number := 0
	for _, c := range changes {
		if c.Op != "create" {
			if err := l.changeElement(ctx, c); err != nil {
				return err
			}
			continue
		}
		if number, err = l.next(ctx, number); err == nil {
			err = l.insertElement(ctx, c.Data, number)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// next counts behind the highest number there is.
func (l *rowsOf) next(ctx context.Context, last int) (int, error) {
	if l.Numbered == "" || last > 0 {
		return last + 1, nil
	}
	c := l.shape.find(l.dialect, l.Numbered)
	q := l.statement("SELECT MAX(", l.dialect.quote(c.name), ") FROM ", l.dialect.table(l.Table), " WHERE ").the(l.on, l.owner)
	err := l.query(ctx, q, func(_ []*sql.ColumnType, values []any) error {
		last = int(max(0, wholeOf(values[0])))
		return nil
	})
	return last + 1, err
}

func (l *rowsOf) changeElement(ctx context.Context, c change) error {
	q := l.statement("DELETE FROM ", l.dialect.table(l.Table))
	if c.Op == "update" {
		values, err := l.assignments(ctx, l.shape, l.Table, c.Data, filling{Now: l.Now}, nil)
		if err != nil || len(values) == 0 {
			return err
		}
		q = l.updating(l.Table, values)
	}
	q.add(" WHERE ").the(l.on, l.owner)
	for _, k := range l.shape.key {
		if !slices.ContainsFunc(l.on, func(o column) bool { return o.name == k.name }) {
			raw, given := c.Key[l.dialect.member(k.name)]
			if !given {
				return invalid("A row of " + l.Table + " is not named by its key.")
			}
			q.add(" AND ").is(k, raw)
		}
	}
	n, err := l.changed(ctx, q)
	switch {
	case err == nil && n == 0:
		return conflict("A row of " + l.Table + " is gone.")
	case err == nil && n > 1:
		return invalid("Several rows of " + l.Table + " have one key; none was changed.")
	}
	return err
}

func (u *under) removeList(ctx context.Context, w *write, member string) error {
	l, err := u.list(w, member, w.known(u.dialect))
	if err != nil {
		return err
	}
	return u.exec(ctx, u.statement("DELETE FROM ", u.dialect.table(l.Table), " WHERE ").the(l.on, l.owner))
}
