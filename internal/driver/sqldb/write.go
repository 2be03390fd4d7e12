package sqldb

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/web"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// members are those of a JSON object.
type members map[string]json.RawMessage

// write is one command, ready to be carried out.
type write struct {
	driver.Command
	reading *reading
	sending *sending
	read    *shape            // of what is read
	table   *shape            // of what is written
	lists   map[string]*shape // likewise
	body    members
	key     []string // of the row; of a new one where it is given
	id      string   // of a new row
}

// Write implements driver.Writer: one transaction.
func (c *client) Write(ctx context.Context, command driver.Command) (driver.Written, error) {
	w, err := c.prepare(ctx, command)
	if err != nil {
		return driver.Written{}, web.Before(err)
	}
	err = c.transact(ctx, func(ctx context.Context, u *under) (bool, error) { return true, u.apply(ctx, w) })
	if err != nil {
		return driver.Written{}, err
	}
	return c.written(w), nil
}

func (c *client) written(w *write) driver.Written {
	id := w.RemoteID
	if w.Op == manifest.Create {
		id = w.id
	}
	answer, _ := json.Marshal(map[string]any{"committed": true, "key": id})
	return driver.Written{RemoteID: id, Answer: c.config.Kept(answer, true)}
}

// WriteMany implements driver.Writer: all of it is one transaction. Without atomic a command that is refused is undone alone.
func (c *client) WriteMany(ctx context.Context, cs []driver.Command, atomic bool) ([]driver.Result, error) {
	results := make([]driver.Result, len(cs))
	ws := make([]*write, len(cs))
	for i, command := range cs {
		w, err := c.prepare(ctx, command)
		if err != nil && (atomic || !final(err)) {
			return nil, web.Before(err)
		}
		ws[i], results[i].Err = w, err
	}
	err := c.transact(ctx, func(ctx context.Context, u *under) (bool, error) { return u.applyMany(ctx, ws, results, atomic) })
	if err != nil {
		return nil, err
	}
	for i, w := range ws {
		if results[i].Err == nil {
			results[i].Written = c.written(w)
		}
	}
	return results, nil
}

// final tells an error that concerns its own command and would be the same again.
func final(err error) bool {
	return slices.Contains([]driver.Kind{driver.Invalid, driver.Permission, driver.Conflict, driver.Gone, driver.Duplicate}, driver.KindOf(err))
}

// under is a write that is under way.
type under struct {
	*client
	tx    *sql.Tx
	clock string // the database's time, once it was asked for
}

func (u *under) query(ctx context.Context, s *statement, each func([]*sql.ColumnType, []any) error) error {
	return u.rows(ctx, u.tx, s, each)
}

// transact carries do out in one transaction, and commits when it says so.
func (c *client) transact(ctx context.Context, do func(context.Context, *under) (commit bool, err error)) error {
	if err := c.sit(ctx); err != nil {
		return web.Before(err)
	}
	defer c.rise()
	committing := false
	err := c.config.Line.Send(ctx, func(ctx context.Context, pass func() error) error {
		tx, err := c.db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }()
		commit, err := do(ctx, &under{client: c, tx: tx})
		if err != nil || !commit {
			return err
		}
		if err := pass(); err != nil {
			return err
		}
		committing = true
		return tx.Commit()
	}, c.silent)
	return c.failWrite(err, committing)
}

func (u *under) applyMany(ctx context.Context, ws []*write, results []driver.Result, atomic bool) (commit bool, err error) {
	for i, w := range ws {
		if results[i].Err != nil {
			continue
		}
		if !atomic {
			if err := u.exec(ctx, u.statement(u.dialect.save[0])); err != nil {
				return false, err
			}
		}
		err := u.apply(ctx, w)
		if err == nil {
			commit = true
			continue
		}
		if err = u.failWrite(err, false); atomic || !final(err) {
			return false, err
		}
		if err := u.exec(ctx, u.statement(u.dialect.save[1])); err != nil {
			return false, err
		}
		results[i].Err = err
	}
	return commit, nil
}

// prepare finds out what a command writes and where.
func (c *client) prepare(ctx context.Context, command driver.Command) (*write, error) {
	e := command.Entity
	w := &write{Command: command, reading: c.readings[e.Name], lists: map[string]*shape{}}
	if w.reading == nil {
		return nil, invalid("The manifest does not say how to read " + e.Name + ".")
	}
	var problems manifest.Problems
	if w.sending, problems = sendingOf(e, w.reading, command.Op); len(problems) > 0 && command.Move == nil {
		return nil, &driver.Error{Kind: driver.Invalid, Detail: "The manifest has mistakes in how " + e.Name + " are written.", Err: problems}
	}
	if len(command.Body) > 0 {
		if err := json.Unmarshal(command.Body, &w.body); err != nil || w.body == nil {
			return nil, &driver.Error{Kind: driver.Invalid, Detail: "What is to be written is not an object.", Err: err}
		}
	}
	s := c.session(ctx)
	defer s.end()
	if err := c.shapesOf(ctx, s, w); err != nil {
		return nil, err
	}
	if command.Op == manifest.Create {
		return w, nil
	}
	var err error
	w.key, err = keyOf(command.RemoteID, len(w.reading.key))
	return w, err
}

func (c *client) shapesOf(ctx context.Context, s *session, w *write) (err error) {
	if w.read, err = c.shape(ctx, s, w.Entity, false); err != nil {
		return err
	}
	if w.table, err = c.tableShape(ctx, s, w.sending.Table, w.reading.key); err != nil {
		return err
	}
	for member, l := range w.sending.Lists {
		if w.lists[member], err = c.tableShape(ctx, s, l.Table, l.Key); err != nil {
			return err
		}
	}
	return nil
}

// tableShape describes a table that is written, and makes sure that a change of it is undone with its transaction.
func (c *client) tableShape(ctx context.Context, s *session, table string, key []string) (*shape, error) {
	known := "table " + table
	if found := c.shapes.get(known); found != nil {
		return found, nil
	}
	src := source{Table: table}
	one, err := c.describe(ctx, s, src, nil, key)
	if err != nil {
		return nil, err
	}
	one.key = one.named(c.dialect, key)
	if c.dialect.undoes != "" {
		if err := c.undoable(ctx, s, table); err != nil {
			return nil, err
		}
	}
	c.shapes.put(known, one)
	return one, nil
}

func (c *client) undoable(ctx context.Context, s *session, table string) error {
	parts, err := splitName(table)
	if err != nil {
		return invalid(err.Error())
	}
	schema := strings.Join(parts[:len(parts)-1], ".")
	q := c.statement(c.dialect.undoes)
	q.args = []any{schema, parts[len(parts)-1]}
	told := false
	err = s.query(ctx, q, func(_ []*sql.ColumnType, values []any) error {
		told = true
		if wholeOf(values[0]) == 0 {
			return invalid("The table " + table + " is kept by an engine without transactions, so that a write to it could not be undone; it is not written to.")
		}
		return nil
	})
	if err == nil && !told {
		return invalid(table + " is a view, of which the database does not tell whether a write to it could be undone; write send.table: the table behind it.")
	}
	return err
}

// now gives the database's time.
func (u *under) now(ctx context.Context) (string, error) {
	if u.clock != "" {
		return u.clock, nil
	}
	q := u.statement("SELECT ", u.dialect.clock)
	if u.dialect.upper {
		q.add(" FROM DUAL")
	}
	err := u.query(ctx, q, func(_ []*sql.ColumnType, values []any) error {
		raw, err := render(column{class: zoned}, values[0])
		if err == nil {
			u.clock, _ = plain(raw)
		}
		return err
	})
	if _, bad := time.Parse(time.RFC3339Nano, u.clock); err == nil && bad != nil {
		return "", &driver.Error{Kind: driver.Torn, Detail: "The database does not tell its time.", Err: bad}
	}
	return u.clock, err
}

// exec carries out a statement that gives no rows.
func (u *under) exec(ctx context.Context, s *statement) error {
	_, err := u.execute(ctx, s)
	return err
}

func (u *under) execute(ctx context.Context, s *statement) (sql.Result, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, u.login.timeout+graceOfAnswers/2, errSlow)
	defer cancel()
	result, err := u.tx.ExecContext(ctx, s.text.String(), s.args...)
	if err != nil {
		return nil, blame(ctx, err)
	}
	return result, nil
}

// changed carries out a statement and tells how many rows it found.
func (u *under) changed(ctx context.Context, s *statement) (int64, error) {
	result, err := u.execute(ctx, s)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
