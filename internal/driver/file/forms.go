package file

import (
	_ "embed"

	"github.com/busbar-dev/busbar/internal/manifest"
)

//go:embed starter.yaml
var starter string

// Forms implements driver.Driver.
func (Driver) Forms() manifest.Forms {
	return manifest.Forms{Connect: connectOptions{}, Read: readOptions{}, Send: sendOptions{}, Starter: starter}
}
