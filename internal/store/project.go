package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// Project is one integrating vendor's application.
type Project struct {
	ID        string
	Name      string
	CreatedAt time.Time
	Settings  json.RawMessage // {} when nothing is set
}

// Project gives a project. ErrNotFound.
func (s *Store) Project(ctx context.Context, id string) (Project, error) {
	row, err := s.read.Project(ctx, id)
	if err != nil {
		return Project{}, orNotFound(err)
	}
	return Project{ID: row.ID, Name: row.Name, CreatedAt: row.CreatedAt.Time, Settings: json.RawMessage(row.Settings)}, nil
}

// firstProject names the value of meta that tells which project was made first.
const firstProject = "first_project"

// FirstProject gives the id of the project that was made first: that of whoever runs Busbar. ErrNotFound.
func (s *Store) FirstProject(ctx context.Context) (string, error) {
	row, err := s.read.FirstProject(ctx)
	return row.ID, orNotFound(err)
}

// InsertProject stores a further project.
func (t *Tx) InsertProject(ctx context.Context, p Project) error {
	return t.q.InsertProject(ctx, p.ID, p.Name, queries.At(p.CreatedAt))
}

// ChangeProject lets change set name and settings of a project, of which others change nothing meanwhile. ErrNotFound.
func (t *Tx) ChangeProject(ctx context.Context, id string, change func(*Project) error) error {
	row, err := t.q.TakeProject(ctx, id)
	if err != nil {
		return orNotFound(err)
	}
	p := Project{ID: row.ID, Name: row.Name, CreatedAt: row.CreatedAt.Time, Settings: json.RawMessage(row.Settings)}
	if err := change(&p); err != nil {
		return err
	}
	n, err := t.q.SetProject(ctx, p.Name, string(p.Settings), id)
	return hit(n, err, ErrNotFound)
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
	if err := t.q.InsertProject(ctx, p.ID, p.Name, queries.At(now)); err != nil {
		return Project{}, false, err
	}
	return p, true, t.q.SetMeta(ctx, firstProject, p.ID)
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
