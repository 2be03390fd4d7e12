package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// Project is one integrating vendor's application.
type Project struct {
	ID        string
	Name      string
	CreatedAt time.Time
}

// EnsureProject gives the first project; when there is none it makes one with that id and name.
func (s *Store) EnsureProject(ctx context.Context, id, name string, now time.Time) (p Project, created bool, err error) {
	err = s.Write(ctx, func(tx *Tx) error {
		p, created, err = tx.ensureProject(ctx, id, name, now)
		return err
	})
	return p, created && err == nil, err
}

func (t *Tx) ensureProject(ctx context.Context, id, name string, now time.Time) (Project, bool, error) {
	if err := t.q.LockNumbers(ctx, "connection"); err != nil { // of processes that start at once one makes it
		return Project{}, false, err
	}
	row, err := t.q.FirstProject(ctx)
	if err == nil {
		return Project{ID: row.ID, Name: row.Name, CreatedAt: row.CreatedAt.Time}, false, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return Project{}, false, err
	}
	p := Project{ID: id, Name: name, CreatedAt: micros(now)}
	return p, true, t.q.InsertProject(ctx, p.ID, p.Name, queries.At(now))
}

// micros is an instant as it comes back from the database.
func micros(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.UnixMicro(t.UnixMicro()).UTC()
}

func each[A, B any](in []A, f func(A) B) []B {
	out := make([]B, len(in))
	for i, a := range in {
		out[i] = f(a)
	}
	return out
}
