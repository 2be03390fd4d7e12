package odoorpc

import (
	"context"

	"github.com/busbar-dev/busbar/internal/driver"
)

// Job implements driver.Writer. Odoo does every write at once, so that there is no job to ask for.
func (*client) Job(context.Context, driver.Command, string) (driver.Job, error) {
	return driver.Job{Over: true, Result: driver.Result{Err: &driver.Error{Kind: driver.Torn, Detail: "Odoo has no jobs."}}}, nil
}
