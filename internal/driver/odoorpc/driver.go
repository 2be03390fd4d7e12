// Package odoorpc speaks the two protocols of Odoo's external API: JSON-RPC (/jsonrpc, up to version 18) and JSON-2 (/json/2, from version 19 on). It knows Odoo's
// notation of empty values, references and times, asks which fields a version has, and lists in order of id. Which models hold what is in the manifest; the package
// knows none but those of Odoo's own users. Its options are documented in docs/connectors/odoo-rpc.md.
package odoorpc

import (
	"net/url"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/web"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// Name is what a manifest writes in `driver:`.
const Name = "odoo-rpc"

// The credential fields that the protocols need.
const (
	fieldURL      = "url"
	fieldDatabase = "database"
	fieldUser     = "username"
	fieldKey      = "api_key"
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
	options, problems := connectingOf(s)
	readings, more := readingsOf(s)
	if problems = append(problems, more...); len(problems) > 0 {
		return nil, &driver.Error{Kind: driver.Invalid, Detail: "The manifest of " + s.Name + " has mistakes.", Err: problems}
	}
	return &client{
		wire: wire{config: c, base: base, login: login{database: c.Credentials.Get(fieldDatabase), user: c.Credentials.Get(fieldUser),
			key: c.Credentials.Get(fieldKey)}},
		protocol: options.Protocol,
		readings: readings,
		session:  sessions{turn: web.NewTurn()},
	}, nil
}

// baseURL takes the address as people copy it out of a browser: without the path of the web client.
func baseURL(text string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return "", &driver.Error{Kind: driver.Unreachable, Field: fieldURL,
			Detail: "The address is not one of the web; write it like https://erp.example.com, with the port if there is one."}
	}
	path := u.EscapedPath()
	for _, own := range []string{"/web", "/" + strings.TrimSuffix(Name, "-rpc")} {
		if path == own || strings.HasPrefix(path, own+"/") {
			path = ""
		}
	}
	return u.Scheme + "://" + u.Host + strings.TrimRight(path, "/"), nil
}

// client implements driver.Client.
type client struct {
	wire
	protocol string // what the manifest wants
	session  sessions
	readings map[string]*reading // by entity
	columns  schema
	known    names // records that writes name by a member
}

var _ driver.Client = (*client)(nil)

// Close implements driver.Client: neither protocol keeps a session.
func (*client) Close() error { return nil }
