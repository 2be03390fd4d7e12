package connection

import (
	"context"
	"errors"
	"fmt"

	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/trust"
)

// InBrowser says that people log in at the system itself with this method, in a browser.
func (s *Service) InBrowser(system, method string) bool {
	sys := s.Systems.System(system)
	if sys == nil {
		return false
	}
	a, ok := s.Drivers[sys.Driver].(driver.Authorizer)
	return ok && a.Authorizes(sys, method)
}

// browserLogin is a form for a login in a browser.
type browserLogin struct {
	login
	driver.Authorizer
	config driver.Config
}

func (s *Service) browserLogin(c *store.Connection, f Form) (*browserLogin, error) {
	l, _, err := s.filled(c, f)
	if err != nil {
		return nil, err
	}
	if !s.InBrowser(l.system.System, l.method.Method) {
		return nil, problem.Newf(problem.NotSupportedBySystem, "%s has no login in a browser by this method.", l.system.Name)
	}
	if c, err = s.examined(c, f); err != nil {
		return nil, err
	}
	own := trust.Of(secret.NewCredentials(l.values).Get)
	return &browserLogin{l, s.Drivers[l.system.Driver].(driver.Authorizer), driver.Config{
		Method: l.method.Method, Credentials: secret.NewCredentials(l.values).Public(l.system.PublicFields()...), HTTP: s.ProbeClient(c, l.system, own), Line: s.Line(c, l.system, own), Now: s.Now,
	}}, nil
}

// AuthorizeURL gives the address of the login server for a browser. Errors: *problem.Error validation-failed with pointers for a form that is not complete.
func (s *Service) AuthorizeURL(c *store.Connection, f Form, a driver.Authorization) (string, error) {
	b, err := s.browserLogin(c, f)
	if err != nil {
		return "", err
	}
	address, err := b.Authorizer.AuthorizeURL(b.system, b.config, a)
	if err != nil {
		return "", b.problem(err)
	}
	return address, nil
}

// Granted turns the code of a login server into tokens. Errors: *problem.Error.
func (s *Service) Granted(ctx context.Context, c *store.Connection, f Form, a driver.Authorization, code string) (*driver.Grant, error) {
	b, err := s.browserLogin(c, f)
	if err != nil {
		return nil, err
	}
	answered := s.masked(ctx)
	within, cancel := context.WithTimeout(budget.WithPriority(ctx, budget.Check), probeTime)
	defer cancel()
	grant, err := b.Exchange(within, b.system, b.config, a, code)
	var e *driver.Error
	if errors.As(err, &e) && e.Kind == driver.Credentials && e.Unsent {
		return nil, problem.New(problem.ValidationFailed, e.Detail).At("/credentials", problem.CredentialsRefused, e.Detail).Wrap(err)
	}
	if err != nil {
		said := b.problem(fmt.Errorf("exchange the code of a login: %w", err))
		answered(said)
		return nil, said
	}
	return &grant, nil
}
