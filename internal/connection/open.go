package connection

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/trust"
)

// Open gives a client for a connection's system, which the caller closes. Sessions live on between calls as long as the credentials
// stay. It is a driver.Writer where the driver's own is one. When a call comes back with the login refused, that is confirmed by one login from anew; after that nothing is sent any more. Credentials are unsealed here and handed to the driver only. Errors: *problem.Error connection-pending, connection-disconnected.
func (s *Service) Open(_ context.Context, c *store.Connection) (driver.Client, *manifest.System, error) {
	if err := live(c); err != nil {
		return nil, nil, err
	}
	sys := s.Systems.System(c.System)
	if sys == nil {
		return nil, nil, noConnector(c)
	}
	client, ended, err := s.clients.lease(c, s.Now(), func() (driver.Client, error) {
		credentials, err := s.Keeper.OpenCredentials(c.DataKey, c.ID, c.Credentials)
		if err != nil {
			return nil, fmt.Errorf("connection %s: %w", c.ID, err)
		}
		return s.dial(c, sys, c.AuthMethod, credentials, s.Client, s.grantsOf(c))
	})
	if err != nil {
		return nil, nil, err
	}
	s.logEnd(c.ID, closeEach(ended))
	client.confirm = func(ctx context.Context, refused error) error { return s.confirm(ctx, c, refused) }
	return client.asWriter(), sys, nil
}

// dial makes a client; it causes no traffic.
func (s *Service) dial(c *store.Connection, sys *manifest.System, method string, credentials secret.Credentials, wire Wire, tokens driver.Tokens) (driver.Client, error) {
	d := s.Drivers[sys.Driver]
	if d == nil {
		return nil, fmt.Errorf("open %s: this Busbar has no driver %s", sys.Name, sys.Driver)
	}
	zone, err := time.LoadLocation(cmp.Or(c.TimeZone, sys.TimeZone, "UTC"))
	if err != nil {
		return nil, fmt.Errorf("open %s: time zone: %w", sys.Name, err)
	}
	own := trust.Of(credentials.Get)
	client, err := d.Open(sys, driver.Config{Method: method, Credentials: credentials.Public(sys.PublicFields()...), HTTP: wire(c, sys, own), Line: s.Line(c, sys, own), Files: s.filesOf(c), Now: s.Now, TimeZone: zone, Tokens: tokens})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", sys.Name, err)
	}
	return client, nil
}

func (s *Service) filesOf(c *store.Connection) driver.Files {
	if s.Files == nil {
		return nil
	}
	return s.Files(c.ProjectID)
}

func noConnector(c *store.Connection) error {
	return problem.Newf(problem.NotSupportedBySystem, "This Busbar has no connector %s. Start it with the folder that holds it (--connectors), and so every replica.", c.System)
}

// logEnd notes a session that did not end cleanly: nothing depends on it.
func (s *Service) logEnd(id string, err error) {
	if err != nil {
		s.Log.Warn("a session did not end cleanly", "connection", id, "error", err)
	}
}
