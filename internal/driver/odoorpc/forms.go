package odoorpc

import (
	_ "embed"

	"github.com/busbar-dev/busbar/internal/manifest"
)

//go:embed starter.yaml
var starter string

// Forms implements driver.Driver.
func (Driver) Forms() manifest.Forms {
	return manifest.Forms{Connect: connecting{}, Read: reading{}, Hot: hotOptions{}, Send: sending{}, Move: pressing{}, Find: searching{}, TLS: true, Starter: starter}
}
