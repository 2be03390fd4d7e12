package sqldb

import (
	"context"
	"database/sql"

	"github.com/busbar-dev/busbar/internal/driver"
)

const maxNameShown = 100

// Probe implements driver.Client: the server tells its version, and as whom it knows the login.
func (c *client) Probe(ctx context.Context) (p driver.Probe, err error) {
	s := c.session(ctx)
	defer s.end()
	err = s.query(ctx, c.statement(c.dialect.version), func(_ []*sql.ColumnType, values []any) error {
		shown := func(v any) string {
			raw, err := render(column{}, v)
			if err != nil {
				return ""
			}
			value, _ := plain(raw)
			return c.config.Quote(value, maxNameShown)
		}
		p = driver.Probe{Version: shown(values[0]), Account: shown(values[1]) + " in " + c.login.database}
		return nil
	})
	return p, err
}
