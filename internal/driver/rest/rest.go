// Package rest speaks JSON over HTTP: lists behind the usual paging styles, filters in the query, errors in the usual places.
// Everything particular to a system is an option of its manifest, documented in docs/connectors/rest.md. The package knows no system.
package rest

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
func (Driver) Name() string { return "rest" }

// Dialect implements driver.Driver: plain JSON scalars are all there is.
func (Driver) Dialect() manifest.Dialect { return nil }

// Open implements driver.Driver. The error is a *driver.Error when the address is at fault.
func (Driver) Open(s *manifest.System, c driver.Config) (driver.Client, error) {
	connect, problems := decodeConnect(s)
	readings := make(map[string]*readOptions, len(s.Entities))
	for _, e := range s.Entities {
		r, more := decodeRead(e, connect.Lists)
		readings[e.Name], problems = r, append(problems, more...)
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("open a client for %s: %w", s.System, problems)
	}
	cl := &client{system: s, options: connect, readings: readings, config: c}
	return cl, cl.prepare()
}
