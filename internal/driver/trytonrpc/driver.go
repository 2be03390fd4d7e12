// Package trytonrpc speaks the JSON-RPC protocol of Tryton: login and session, search_read pages in order of id, changes by
// write_date, and Tryton's notation of numbers and dates. Which models hold what is in the manifest; the package knows none.
// Its options are documented in docs/connectors/tryton-rpc.md.
package trytonrpc

import (
	"net/url"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/web"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// Name is what a manifest writes in `driver:`.
const Name = "tryton-rpc"

// The credential fields that the protocol needs.
const (
	fieldURL      = "url"
	fieldDatabase = "database"
	fieldUser     = "username"
	fieldPassword = "password"
)

// Driver implements driver.Driver.
type Driver struct{}

// New gives the driver.
func New() Driver { return Driver{} }

// Name implements driver.Driver.
func (Driver) Name() string { return Name }

// Dialect implements driver.Driver.
func (Driver) Dialect() manifest.Dialect { return dialect{} }

// Open implements driver.Driver.
func (Driver) Open(s *manifest.System, c driver.Config) (driver.Client, error) {
	base, err := baseURL(c.Credentials.Get(fieldURL))
	if err != nil {
		return nil, err
	}
	readings, problems := readingsOf(s)
	if len(problems) > 0 {
		return nil, &driver.Error{Kind: driver.Invalid, Detail: "The manifest of " + s.Name + " has mistakes.", Err: problems}
	}
	return &client{
		wire:     wire{config: c, base: base},
		login:    login{database: c.Credentials.Get(fieldDatabase), user: c.Credentials.Get(fieldUser), password: c.Credentials.Get(fieldPassword)},
		readings: readings,
		session:  sessions{turn: web.NewTurn()},
		looked:   memory{at: map[string][]byte{}},
	}, nil
}

// baseURL takes the address as people copy it out of a browser: without a path of the web client behind #.
func baseURL(text string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return "", &driver.Error{Kind: driver.Unreachable, Field: fieldURL,
			Detail: "The address is not one of the web; write it like https://erp.example.com, with the port if there is one."}
	}
	return u.Scheme + "://" + u.Host + strings.TrimRight(u.EscapedPath(), "/"), nil
}

// client implements driver.Client.
type client struct {
	wire
	login    login
	session  sessions
	readings map[string]*reading // by entity
	looked   memory              // records that `with` adds, read once per client
	known    names               // records that writes name by a member
}

var _ driver.Client = (*client)(nil)

type wire struct {
	config driver.Config
	base   string
	issued issued
}
