package odoorpc

import (
	"context"
	"encoding/json"

	"github.com/busbar-dev/busbar/internal/driver"
)

// Probe implements driver.Client: the server says its version, and the login is tried.
func (c *client) Probe(ctx context.Context) (driver.Probe, error) {
	s, err := c.obtain(ctx)
	if err != nil {
		return driver.Probe{}, err
	}
	p := driver.Probe{Version: s.version, Account: c.login.user}
	raw, err := c.callIn(ctx, s, call{model: "res.users", method: "read", ids: []int64{s.uid}, named: map[string]any{"fields": []string{"login", "company_id"}}})
	if err != nil {
		return driver.Probe{}, err
	}
	var rows []struct {
		Login   string `json:"login"`
		Company []any  `json:"company_id"`
	}
	if json.Unmarshal(raw, &rows) != nil || len(rows) != 1 {
		return p, nil
	}
	p.Account = c.quote(rows[0].Login, 100)
	if len(rows[0].Company) > 1 {
		if name, ok := rows[0].Company[1].(string); ok {
			p.Account += " at " + c.quote(name, 100)
		}
	}
	return p, nil
}
