package sqldb

import (
	"context"
	"database/sql"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// apply carries a command out, but for the commit.
func (u *under) apply(ctx context.Context, w *write) error {
	if w.Op == manifest.Create {
		return u.create(ctx, w)
	}
	if err := u.hold(ctx, w); err != nil {
		return err
	}
	switch {
	case w.Move != nil:
		return u.move(ctx, w)
	case w.Op == manifest.Update:
		return u.update(ctx, w)
	}
	return u.remove(ctx, w)
}

// hold locks the row, so that nobody changes it until the commit, and finds whether it is still the one that the write was made for.
func (u *under) hold(ctx context.Context, w *write) error {
	q := u.statement("SELECT ", listOf(u.dialect, w.table.key), " FROM ", u.dialect.table(w.sending.Table), u.dialect.hint, " WHERE ")
	rows := 0
	err := u.query(ctx, q.the(w.table.key, w.key).add(u.dialect.lock), func([]*sql.ColumnType, []any) error { rows++; return nil })
	switch {
	case err != nil:
		return err
	case rows == 0:
		return &driver.Error{Kind: driver.Gone, Detail: "There is no such row in " + w.sending.Table + "."}
	case rows > 1:
		return invalid("Several rows of " + w.sending.Table + " have this key; none was changed.")
	case !w.Insist || w.Current == nil:
		return nil
	}
	now, err := u.one(ctx, u, w.Entity, w.RemoteID)
	if err != nil {
		return err
	}
	volatile := make([][]string, len(w.Entity.Volatile))
	for i, p := range w.Entity.Volatile {
		volatile[i] = p
	}
	if now != nil {
		if same, err := rawjson.Equal(now, w.Current, volatile); err == nil && same {
			return nil
		}
	}
	return conflict("The row has changed in the database since it was read.")
}

func conflict(detail string) error { return &driver.Error{Kind: driver.Conflict, Detail: detail} }

// the writes that columns have these values.
func (s *statement) the(columns []column, values []string) *statement {
	for i, c := range columns {
		if i > 0 {
			s.add(" AND ")
		}
		s.add(s.dialect.quote(c.name), " = ").bind(c, values[i])
	}
	return s
}

// assignment is a column and what it gets.
type assignment struct {
	column column
	raw    []byte
}

// assignments are what the caller gives, and what the manifest adds.
func (u *under) assignments(ctx context.Context, table *shape, called string, body members, f filling, lists map[string]child) (all []assignment, err error) {
	given := maps.Clone(body)
	if given == nil {
		given = members{}
	}
	for member := range lists {
		delete(given, member)
	}
	for name, value := range f.Set {
		if _, ok := given[name]; !ok {
			given[name], _ = json.Marshal(value)
		}
	}
	for _, name := range f.Now {
		now, err := u.now(ctx)
		if err != nil {
			return nil, err
		}
		given[name], _ = json.Marshal(now)
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		c := table.find(u.dialect, name)
		if c == nil {
			return nil, noColumn(source{Table: called}, name)
		}
		if v := given[name]; c.class != document && len(v) > 0 && (v[0] == '{' || v[0] == '[') {
			return nil, invalid("The member " + name + " is no single value, and the column of " + called + " holds one.")
		}
		if c.class == binary {
			return nil, invalid("The column " + name + " of " + called + " is binary, and is not written.")
		}
		all = append(all, assignment{*c, given[name]})
	}
	return all, nil
}

func (u *under) create(ctx context.Context, w *write) error {
	values, err := u.assignments(ctx, w.table, w.sending.Table, w.body, w.sending.filling, w.sending.Lists)
	if err != nil {
		return err
	}
	row, err := u.insert(ctx, w.sending.Table, w.table, values)
	if err != nil {
		return err
	}
	w.id = joinKey(u.dialect, w.table.key, row)
	for _, member := range slices.Sorted(maps.Keys(w.sending.Lists)) {
		if err := u.createList(ctx, w, member, row); err != nil {
			return err
		}
	}
	return nil
}

// joinKey makes the id of a record of its key; "" where a part is not known.
func joinKey(d *dialect, key []column, row map[string]string) string {
	var parts []string
	for _, c := range key {
		value, ok := row[d.member(c.name)]
		if !ok || value == "" {
			return ""
		}
		parts = append(parts, value)
	}
	return manifest.JoinID(parts...)
}

// insert makes a row and gives what is known of it, the key among it.
func (u *under) insert(ctx context.Context, table string, shape *shape, values []assignment) (map[string]string, error) {
	row := map[string]string{}
	for _, v := range values {
		if value, ok := plain(v.raw); ok {
			row[u.dialect.member(v.column.name)] = value
		}
	}
	var made []column
	for _, c := range shape.key {
		if _, ok := row[u.dialect.member(c.name)]; !ok {
			made = append(made, c)
		}
	}
	return row, u.inserted(ctx, u.insertion(table, values, made), made, row)
}

// insertion writes an insert that gives back the columns that the database makes.
func (c *client) insertion(table string, values []assignment, made []column) *statement {
	output, returning := "", ""
	if len(made) > 0 {
		output, returning = c.dialect.returns(made)
	}
	q := c.statement("INSERT INTO ", c.dialect.table(table), " (")
	for i, v := range values {
		q.add([]string{"", ", "}[min(i, 1)], c.dialect.quote(v.column.name))
	}
	q.add(")", output, " VALUES (")
	for i, v := range values {
		q.add([]string{"", ", "}[min(i, 1)]).give(v.column, v.raw)
	}
	return q.add(")", returning)
}

// inserted carries out an insert and learns what the database made.
func (u *under) inserted(ctx context.Context, q *statement, made []column, row map[string]string) error {
	output, returning := u.dialect.returns(made)
	switch {
	case len(made) == 0:
		return u.exec(ctx, q)
	case output == "" && returning == "":
		result, err := u.execute(ctx, q)
		if err != nil {
			return err
		}
		if id, err := result.LastInsertId(); err == nil && id != 0 && len(made) == 1 {
			row[u.dialect.member(made[0].name)] = strconv.FormatInt(id, 10)
		}
		return nil
	case u.dialect.upper:
		return u.insertedOut(ctx, q, made, row)
	}
	return u.query(ctx, q, func(_ []*sql.ColumnType, values []any) error {
		for i, c := range made {
			raw, err := render(c, values[i])
			if err != nil {
				return err
			}
			row[u.dialect.member(c.name)], _ = plain(raw)
		}
		return nil
	})
}

// insertedOut learns it from parameters.
func (u *under) insertedOut(ctx context.Context, q *statement, made []column, row map[string]string) error {
	out := make([]string, len(made))
	for i := range made {
		q.args = append(q.args, sql.Out{Dest: &out[i]})
	}
	err := u.exec(ctx, q)
	for i, c := range made {
		row[u.dialect.member(c.name)] = strings.TrimSpace(out[i])
	}
	return err
}

func (u *under) update(ctx context.Context, w *write) error {
	values, err := u.assignments(ctx, w.table, w.sending.Table, w.body, w.sending.filling, w.sending.Lists)
	if err != nil {
		return err
	}
	if err := u.assign(ctx, w, values); err != nil {
		return err
	}
	for _, member := range slices.Sorted(maps.Keys(w.sending.Lists)) {
		if err := u.changeList(ctx, w, member); err != nil {
			return err
		}
	}
	return nil
}

// assign updates the row itself, in the version that the write was made for where it insists.
func (u *under) assign(ctx context.Context, w *write, values []assignment) error {
	if len(values) == 0 {
		return nil
	}
	q := u.updating(w.sending.Table, values).add(" WHERE ").the(w.table.key, w.key)
	if w.Insist && w.sending.Version != "" && w.Current != nil {
		c := w.table.find(u.dialect, w.sending.Version)
		raw, found, err := rawjson.Find(w.Current, w.sending.Version)
		if c == nil || err != nil || !found {
			return invalid("The record does not show the column " + w.sending.Version + ", by which its version is told.")
		}
		q.add(" AND ").is(*c, raw)
	}
	n, err := u.changed(ctx, q)
	if err == nil && n == 0 {
		return conflict("The row has changed in the database since it was read.")
	}
	return err
}

func (c *client) updating(table string, values []assignment) *statement {
	q := c.statement("UPDATE ", c.dialect.table(table), " SET ")
	for i, v := range values {
		q.add([]string{"", ", "}[min(i, 1)], c.dialect.quote(v.column.name), " = ").give(v.column, v.raw)
	}
	return q
}

// move makes a change of status: by columns, or by a procedure that is given the key.
func (u *under) move(ctx context.Context, w *write) error {
	var m moving
	if problems := w.Move.Send.Decode(&m); len(problems) > 0 {
		return &driver.Error{Kind: driver.Invalid, Detail: "The manifest does not say what makes a record " + w.Move.To + ".", Err: problems}
	}
	if m.Call == "" {
		values, err := u.assignments(ctx, w.table, w.sending.Table, nil, m.filling, nil)
		if err != nil {
			return err
		}
		return u.assign(ctx, w, values)
	}
	args := u.statement()
	for i, c := range w.table.key {
		args.add([]string{"", ", "}[min(i, 1)]).bind(c, w.key[i])
	}
	q := u.statement(u.dialect.call(u.dialect.table(m.Call), args.text.String()))
	q.args = args.args
	return u.exec(ctx, q)
}

// remove deletes the row, and before it the rows that belong to it.
func (u *under) remove(ctx context.Context, w *write) error {
	for _, member := range slices.Sorted(maps.Keys(w.sending.Lists)) {
		if err := u.removeList(ctx, w, member); err != nil {
			return err
		}
	}
	n, err := u.changed(ctx, u.statement("DELETE FROM ", u.dialect.table(w.sending.Table), " WHERE ").the(w.table.key, w.key))
	if err == nil && n == 0 {
		return &driver.Error{Kind: driver.Gone, Detail: "There is no such row in " + w.sending.Table + "."}
	}
	return err
}
