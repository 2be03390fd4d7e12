// Package odata speaks OData, version 2 and 4: entity sets with filters, keys and navigation, entity tags, function imports and actions, changesets.
// Everything particular to a system is an option of its manifest, documented in docs/connectors/odata.md. The package knows no system.
package odata

import (
	"fmt"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/login"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// Driver implements driver.Driver.
type Driver struct{ login.Browser }

// New gives the driver.
func New() Driver { return Driver{} }

// Name implements driver.Driver.
func (Driver) Name() string { return "odata" }

// Dialect implements driver.Driver: dates and times of version 2 become plain ones.
func (Driver) Dialect() manifest.Dialect { return dialect{} }

// Open implements driver.Driver. The error is a *driver.Error when the address is at fault.
func (Driver) Open(s *manifest.System, c driver.Config) (driver.Client, error) {
	connect, problems := decodeConnect(s)
	readings := make(map[string]*reading, len(s.Entities))
	for _, e := range s.Entities {
		r, more := decodeRead(e, connect)
		readings[e.Name], problems = r, append(problems, more...)
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("open a client for %s: %w", s.System, problems)
	}
	cl := &client{system: s, options: connect, readings: readings, config: c, sessions: map[string]*session{}}
	return cl, cl.prepare()
}
