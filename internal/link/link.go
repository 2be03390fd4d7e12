// Package link owns link sessions and Magic Links: by which a customer connects a system without the integrating vendor seeing the login. It makes them, binds each to the browser that
// opened it, lets that browser connect one system, and gives the vendor's backend a code for the token. It knows no HTTP and no page.
//
//	open ──▶ connected, once, by the browser that went on first
//	     ──▶ cancelled, by the customer, by the vendor, or with its connection
//	     ──▶ expired
//
// A link to connect makes its connection at once, which is pending until then and goes with a link that came to nothing.
package link

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
)

// The kinds of links.
const (
	KindSession = "session" // for somebody who is there
	KindMagic   = "magic"   // to be sent
)

// What links are for.
const (
	PurposeConnect     = "connect"
	PurposeReauthorize = "reauthorize" // a connection that there is; also one that was disconnected
)

// How long links live, and codes.
const (
	sessionLife = 30 * time.Minute
	magicLife   = 7 * 24 * time.Hour
	longestLife = 90 * 24 * time.Hour
	codeLife    = time.Minute
	codeWindow  = 30 * time.Minute // in which the browser that connected is given a fresh code
)

// Config is what a Service needs; every member is required.
type Config struct {
	Store       *store.Store
	Connections *connection.Service
	Systems     connection.Systems
	Keeper      *secret.Keeper
	PublicURL   string // without a slash at the end
	Most        int    // open links of a project at once
	Simulators  bool   // customers may choose simulators, also where no link presets one
	Now         func() time.Time
	Rand        io.Reader // for ids, secrets and codes
	Log         *slog.Logger
}

// Service does everything with links. Safe for concurrent use.
type Service struct {
	Config
	checks *checks
	mu     sync.Mutex
	erased time.Time // when old links were last forgotten
}

// NewService gives a Service.
func NewService(c Config) *Service { return &Service{Config: c, checks: newChecks(c.Now)} }

// New is what a link is made from.
type New struct {
	Kind         string        // default session
	Purpose      string        // default connect
	ConnectionID string        // whose login is renewed; of PurposeReauthorize only
	Life         time.Duration // default 30 minutes, of Magic Links 7 days
	Settings
	Metadata    json.RawMessage
	Tags        []string
	RedirectURI string // exactly one of those that the project has registered; empty: none
	State       string // given back to the redirect address as it came
	Challenge   string // of PKCE, S256; required with a redirect address
}

// Settings are what is preset for the customer; empty members are the customer's to choose, or the defaults of connections.
type Settings struct {
	System   string   `json:"system,omitempty"`
	Name     string   `json:"name,omitempty"`
	Entities []string `json:"entities,omitempty"`
	History  string   `json:"history,omitempty"`
	Schedule string   `json:"schedule,omitempty"`
	TimeZone string   `json:"time_zone,omitempty"`
	Language string   `json:"language,omitempty"` // of the pages
}

// Standing is how a link stands for the browser that shows it.
type Standing string

// The standings.
const (
	Fresh     Standing = "fresh"     // nobody has gone on yet: Continue binds it to this browser
	Yours     Standing = "yours"     // this browser goes on
	Elsewhere Standing = "elsewhere" // it goes on in another browser
	Connected Standing = "connected" // a system was connected with it
	Cancelled Standing = "cancelled" // by the customer, the vendor, or with its connection
	Expired   Standing = "expired"
)

// Visit is a link as one browser sees it.
type Visit struct {
	Link       *store.LinkSession
	Settings   Settings
	Connection *store.Connection // pending, or the one whose login is renewed; nil: it is gone
	Standing   Standing
	Here       bool // this is the browser that the link is bound to

	secret  string
	browser []byte // keyed hash of this browser's cookie; nil: it has none
}

// Renews says that the login of a connection is renewed, not a system connected.
func (v *Visit) Renews() bool { return v.Link.Purpose == PurposeReauthorize }

// SystemName is the connector that the customer cannot choose any more; empty: it can.
func (v *Visit) SystemName() string {
	if v.Renews() && v.Connection != nil {
		return v.Connection.System
	}
	return v.Settings.System
}

// Path is where the link's pages are, below the public address.
func (v *Visit) Path() string { return "/link/" + v.secret }

// Login is a form that the customer filled in. It prints without its values.
type Login struct {
	System   string // when the link presets none
	Name     string // of the connection; empty: the preset one, else the system's
	Method   string // default: the system's first
	Values   map[string]string
	Entities []string // default: those that are preset, else all
	History  string   // how far back the first reading goes; default: what is preset, else the default of connections
	Framed   bool     // of Begin: the form is in a frame, so that the login server answers in a window of its own

	held *held // what a login in a browser gave
}

// Format implements fmt.Formatter.
func (l Login) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "login to %s", l.System) }

// Done is what the browser does when a link has come to its end.
type Done struct {
	Redirect string // where to go, with a code or an error; empty: nowhere, say that it is done
	Handed   bool   // the vendor has fetched the token already
}

// Callback is what a login server gave back to the browser.
type Callback struct {
	State, Code, Issuer, Error, Description string
	Framed                                  bool // it came to a frame
}

// Returned is what came of a Callback.
type Returned struct {
	Visit  *Visit // of the link that it is for; nil: the state names none of this browser's
	Window bool   // the login began in a frame, and this is the window that was opened for it: the frame takes the callback
	Done   *Done  // the system is connected already
}

// Choice is a system that can be connected.
type Choice struct {
	System *manifest.System
	Ways   []manifest.AuthMethod // to log in that are the customer's to choose
	Apps   map[string][]string   // by way to log in: fields that the vendor's own registration fills in, so that the form leaves them out
}
