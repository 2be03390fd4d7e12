package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// App is a vendor's own registration with a system's login server, for all connections of a project.
type App struct {
	ProjectID, System, AuthMethod string
	Public                        map[string]string // fields that are not secret
	Sealed                        []byte            // all fields, sealed by package secret
	CreatedAt, UpdatedAt          time.Time
}

// Apps lists a project's registrations, by system and way to log in.
func (s *Store) Apps(ctx context.Context, projectID string) ([]App, error) {
	rows, err := s.read.ProjectApps(ctx, projectID)
	if err != nil {
		return nil, fmt.Errorf("list the registrations of project %s: %w", projectID, err)
	}
	out := make([]App, len(rows))
	for i, r := range rows {
		out[i] = App{ProjectID: r.ProjectID, System: r.System, AuthMethod: r.AuthMethod, Sealed: r.Sealed, CreatedAt: r.CreatedAt.Time, UpdatedAt: r.UpdatedAt.Time}
		if err := json.Unmarshal([]byte(r.PublicFields), &out[i].Public); err != nil {
			return nil, fmt.Errorf("read the registration for %s: %w", r.System, err)
		}
	}
	return out, nil
}

// PutApp stores a registration in place of the one that there is.
func (t *Tx) PutApp(ctx context.Context, a App) error {
	public, err := marshal(a.Public, "{}")
	if err != nil {
		return err
	}
	return t.q.PutProjectApp(ctx, queries.PutProjectAppParams{
		ProjectID: a.ProjectID, System: a.System, AuthMethod: a.AuthMethod, PublicFields: public, Sealed: a.Sealed, CreatedAt: queries.At(a.CreatedAt), UpdatedAt: queries.At(a.UpdatedAt),
	})
}

// EraseApp forgets a registration. ErrNotFound.
func (t *Tx) EraseApp(ctx context.Context, projectID, system, method string) error {
	n, err := t.q.EraseProjectApp(ctx, projectID, system, method)
	return hit(n, err, ErrNotFound)
}
