package link

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
)

// App is a vendor's own registration with a system's login server, as it is shown: without secrets.
type App struct {
	store.App
	Fields []string // that it fills in
}

type appKey struct{ system, method string }

// Apps lists a project's registrations.
func (s *Service) Apps(ctx context.Context, projectID string) ([]App, error) {
	stored, err := s.Store.Apps(ctx, projectID)
	if err != nil {
		return nil, err
	}
	out := make([]App, len(stored))
	for i, a := range stored {
		values, err := s.opened(ctx, a)
		if err != nil {
			return nil, err
		}
		out[i] = App{a, slices.Sorted(maps.Keys(values))}
	}
	return out, nil
}

// given lists the fields that registrations fill in.
func (s *Service) given(ctx context.Context, projectID string) (map[appKey][]string, error) {
	apps, err := s.Apps(ctx, projectID)
	if err != nil {
		return nil, err
	}
	out := map[appKey][]string{}
	for _, a := range apps {
		out[appKey{a.System, a.AuthMethod}] = a.Fields
	}
	return out, nil
}

// app gives the values of a registration, none when there is none.
func (s *Service) app(ctx context.Context, projectID, system, method string) (map[string]string, error) {
	stored, err := s.Store.Apps(ctx, projectID)
	if err != nil {
		return nil, err
	}
	for _, a := range stored {
		if a.System == system && a.AuthMethod == method {
			return s.opened(ctx, a)
		}
	}
	return nil, nil
}

func (s *Service) opened(ctx context.Context, a store.App) (map[string]string, error) {
	key, err := s.Store.ProjectDataKey(ctx, a.ProjectID)
	if err != nil {
		return nil, fmt.Errorf("read the data key of project %s: %w", a.ProjectID, err)
	}
	c, err := s.Keeper.OpenValues(key, secret.AppPlace(a.ProjectID, a.System, a.AuthMethod), a.Sealed)
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for _, name := range c.Names() {
		values[name] = c.Get(name)
	}
	return values, nil
}

// PutApp stores a registration in place of the one that there is: some fields of a way to log in, which the customer need not fill in then. Errors: *problem.Error validation-failed.
func (s *Service) PutApp(ctx context.Context, projectID, system, method string, values map[string]string) (*App, error) {
	m, err := s.method(system, method)
	if err != nil {
		return nil, err
	}
	public, err := appFields(m, values)
	if err != nil {
		return nil, err
	}
	if err := s.bound(system, m, values); err != nil {
		return nil, err
	}
	a := store.App{ProjectID: projectID, System: system, AuthMethod: m.Method, Public: public, CreatedAt: s.instant(), UpdatedAt: s.instant()}
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		key, err := tx.EnsureProjectDataKey(ctx, projectID, func() ([]byte, error) { return s.Keeper.NewKey(secret.Owner{Project: projectID}) })
		if err != nil {
			return err
		}
		if a.Sealed, err = s.Keeper.SealValues(key, secret.AppPlace(projectID, system, m.Method), values); err != nil {
			return err
		}
		if err := tx.PutApp(ctx, a); err != nil {
			return err
		}
		return noteApp(ctx, tx, a, "set", slices.Sorted(maps.Keys(values)))
	})
	if err != nil {
		return nil, fmt.Errorf("store the registration for %s: %w", system, err)
	}
	return &App{a, slices.Sorted(maps.Keys(values))}, nil
}

// DropApp forgets a registration; connections that were made with it keep what they have. Errors: *problem.Error not-found.
func (s *Service) DropApp(ctx context.Context, projectID, system, method string) error {
	m, err := s.method(system, method)
	if err != nil {
		return err
	}
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.EraseApp(ctx, projectID, system, m.Method); err != nil {
			return err
		}
		return noteApp(ctx, tx, store.App{ProjectID: projectID, System: system, AuthMethod: m.Method}, "removed", nil)
	})
	if errors.Is(err, store.ErrNotFound) {
		return problem.New(problem.NotFound, "There is no registration of yours for this system and way to log in.")
	}
	return err
}

// method gives the named way to log in; the first in a browser when none is named.
func (s *Service) method(system, name string) (*manifest.AuthMethod, error) {
	sys := s.Config.Systems.System(system)
	if sys == nil {
		return nil, problem.New(problem.NotFound, "There is no system of this name; GET /v1/systems lists them.")
	}
	for i, m := range sys.Auth {
		if m.Method == name || name == "" && s.Connections.InBrowser(system, m.Method) {
			return &sys.Auth[i], nil
		}
	}
	return nil, problem.Newf(problem.ValidationFailed, "Name one of %s's ways to log in.", sys.Name).At("/auth_method", problem.Unknown, "GET /v1/systems/"+system+" lists them.")
}

// bound refuses a secret that a customer could have sent to a server of their own: what names the server that gets it must be filled in with it.
func (s *Service) bound(system string, m *manifest.AuthMethod, values map[string]string) error {
	p := problem.New(problem.ValidationFailed, "A customer could send the secret to another server: the registration has to say where it goes.")
	for _, f := range m.Fields {
		if values[f.Name] == "" || !f.Secret && f.Type != "password" {
			continue
		}
		for _, name := range s.goesTo(system, m, f.Name) {
			if values[name] == "" {
				p.At("/fields/"+name, problem.Required, "It names the server that gets "+f.Name+": give it too, or leave the secret to the customer.")
			}
		}
	}
	if len(p.Items) > 0 {
		return p
	}
	return nil
}

// goesTo lists the fields that name the server which gets a secret: those that lead to an instance, where the driver does not tell.
func (s *Service) goesTo(system string, m *manifest.AuthMethod, secret string) (names []string) {
	sys := s.Config.Systems.System(system)
	if a, ok := s.Connections.Drivers[sys.Driver].(driver.Addresser); ok {
		if names, ok = a.GoesTo(sys, m.Method, secret); ok {
			return names
		}
	}
	for _, f := range m.Fields {
		if f.Name != secret && (f.Identity || f.Type == "url") {
			names = append(names, f.Name)
		}
	}
	return names
}

// appFields checks the values and gives those that are not secret.
func appFields(m *manifest.AuthMethod, values map[string]string) (public map[string]string, err error) {
	p := problem.New(problem.ValidationFailed, "Something in the request is not valid; mend every entry of errors and send it again.")
	public = map[string]string{}
	if len(values) == 0 {
		p.At("/fields", problem.Required, "Give the fields that the registration fills in, such as client_id and client_secret.")
	}
	for name, value := range values {
		at := slices.IndexFunc(m.Fields, func(f manifest.CredentialField) bool { return f.Name == name })
		switch {
		case at < 0:
			p.At("/fields/"+name, problem.Unknown, "This way to log in has no such field.")
		case value == "" || len(value) > 32*1024 || !printable(value):
			p.At("/fields/"+name, problem.Invalid, "It must be one line of text that is not empty.")
		case !m.Fields[at].Secret && m.Fields[at].Type != "password":
			public[name] = value
		}
	}
	if len(p.Items) > 0 {
		return nil, p
	}
	return public, nil
}
