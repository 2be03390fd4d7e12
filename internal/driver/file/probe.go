package file

import (
	"context"

	"github.com/busbar-dev/busbar/internal/driver"
)

// Probe implements driver.Client: the folder of incoming files can be read.
func (c *client) Probe(ctx context.Context) (driver.Probe, error) {
	err := c.places.within(ctx, func(p place) error {
		_, err := p.list(c.options.Folders.In)
		return c.inWords(err)
	})
	if err != nil {
		return driver.Probe{}, err
	}
	return driver.Probe{Account: c.places.about()}, nil
}
