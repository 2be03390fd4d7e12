package rest

import (
	_ "embed"

	"github.com/busbar-dev/busbar/internal/manifest"
)

//go:embed starter.yaml
var starter string

// Forms implements driver.Driver.
func (Driver) Forms() manifest.Forms {
	return manifest.Forms{Connect: connectOptions{}, Read: readOptions{}, Hot: hotOptions{}, Send: sendOptions{}, Move: sendOptions{}, Bulk: bulkOptions{}, Find: findOptions{}, TLS: true, Starter: starter}
}
