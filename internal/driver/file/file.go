// Package file reads and writes files of rows (CSV, XLSX, JSON lines) in a directory or over SFTP: files arrive, are read, and are kept in an archive; a write is a file that
// is put out. How a file becomes records, and which of its columns hold what, is in the manifest. Its options are documented in docs/connectors/file.md.
package file

import (
	"fmt"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// Name is what a manifest writes in `driver:`.
const Name = "file"

// Driver implements driver.Driver.
type Driver struct{}

// New gives the driver.
func New() Driver { return Driver{} }

// Name implements driver.Driver.
func (Driver) Name() string { return Name }

// Dialect implements driver.Driver: rows hold plain texts.
func (Driver) Dialect() manifest.Dialect { return nil }

// Open implements driver.Driver.
func (Driver) Open(s *manifest.System, c driver.Config) (driver.Client, error) {
	connect, problems := decodeConnect(s)
	readings := map[string]*readOptions{}
	for _, e := range s.Entities {
		r, more := decodeRead(e)
		readings[e.Name], problems = r, append(problems, more...)
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("open a client for %s: %w", s.System, problems)
	}
	cl := &client{config: c, options: connect, readings: readings}
	var err error
	if cl.format, err = connect.formatFor(c.Credentials.Get); err == nil {
		cl.places, err = cl.openPlaces()
	}
	if err != nil {
		cl.places = nowhere{err}
	}
	return cl, nil
}

// client implements driver.Client and driver.Writer.
type client struct {
	config   driver.Config
	options  *connectOptions
	readings map[string]*readOptions // by entity
	format   format
	places   places
	books    books
	searched searched
	given    given
}

var (
	_ driver.Client = (*client)(nil)
	_ driver.Writer = (*client)(nil)
)

// Close implements driver.Client.
func (c *client) Close() error { return c.places.close() }
