package trytonrpc

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/busbar-dev/busbar/internal/driver"
)

// Probe implements driver.Client: the server says its version, and the login is tried.
func (c *client) Probe(ctx context.Context) (driver.Probe, error) {
	raw, err := c.send(ctx, "/", "", "common.server.version")
	if unauthorized(err) { // the version is free for all; whoever wants a login for it is a database's path or a proxy
		err = notTryton(http.StatusUnauthorized)
	}
	if err != nil {
		return driver.Probe{}, err
	}
	var p driver.Probe
	if json.Unmarshal(raw, &p.Version) != nil {
		return driver.Probe{}, notTryton(0)
	}
	s, err := c.obtain(ctx, nil)
	if err != nil {
		return driver.Probe{}, err
	}
	p.Version = c.quote(p.Version)
	p.Account = c.account(s)
	return p, nil
}

// account names the login as its owner knows it: "admin at Dunder Mifflin".
func (c *client) account(s *session) string {
	var company string
	_ = json.Unmarshal(s.preferences["company.rec_name"], &company)
	company = c.quote(company)
	if company == "" {
		return c.login.user
	}
	return c.login.user + " at " + company
}
