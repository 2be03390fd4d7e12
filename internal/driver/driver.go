// Package driver owns the small interface behind which protocols live (rest, tryton-rpc, ...), and the errors they
// report. Drivers know protocols, never systems: everything particular to a system is an option in its manifest.
package driver

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/secret"
)

// Driver speaks one protocol.
type Driver interface {
	// Name is what a manifest writes in `driver:`.
	Name() string
	// Check reports every problem in the options that a manifest gives to this driver: System.Options (the
	// `connect:` section) and each Entity.Read (`read:`).
	Check(s *manifest.System) manifest.Problems
	// Forms gives the structs that it decodes those options into, and a manifest to begin with.
	Forms() manifest.Forms
	// Dialect turns the protocol's own scalar notations into plain ones; nil when plain JSON scalars are all there is.
	Dialect() manifest.Dialect
	// Open makes a client for one connection. It causes no traffic.
	Open(s *manifest.System, c Config) (Client, error)
}

// Config is what a client needs of its connection.
type Config struct {
	Method      string // of the manifest's ways to log in; empty: the first
	Credentials secret.Credentials
	HTTP        *http.Client     // from egress: budget, retry of reads, limits, SSRF guard; follows no redirects
	Line        Line             // likewise, for a protocol that is not HTTP
	Now         func() time.Time //
	TimeZone    *time.Location   // of source times that carry none
	Files       Files            // the directory of this machine that drivers may use; nil: none
	Tokens      Tokens           // of a login with tokens; Probe, Fetch and writes use it, Open does not
}

// Files is a directory of this machine; *os.Root is one. What it opens is the caller's to close.
type Files interface {
	// OpenRoot opens a directory in it. No path and no link leads out.
	OpenRoot(name string) (*os.Root, error)
}

// Line is the way to a system that does not speak HTTP; egress.Line is one. Its methods may be called concurrently.
type Line interface {
	// Dial opens a TCP connection to an address that may be reached.
	Dial(ctx context.Context, network, address string) (net.Conn, error)
	// TLS gives the configuration with which a client speaks TLS to that host: with what the connection brings of its own, and never without checking who answers.
	TLS(host string) (*tls.Config, error)
	// Call makes one call that changes nothing, within the budget and its time. silent tells of an error whether it means that the system did not answer.
	Call(ctx context.Context, do func(context.Context) error, silent func(error) bool) error
	// Send makes the one call of a write. do asks pass right before the step that has the effect, and takes that step only when pass gives no error. What fails before
	// that is an error of egress.Unsent.
	Send(ctx context.Context, do func(ctx context.Context, pass func() error) error, silent func(error) bool) error
}

// Client talks to one customer's instance. Its methods may be called concurrently. Errors are *Error.
type Client interface {
	// Probe proves the login with cheap calls and says what it found.
	Probe(ctx context.Context) (Probe, error)
	// Fetch reads one page.
	Fetch(ctx context.Context, r Request) (*Page, error)
	// Close ends sessions; safe to call twice.
	Close() error
}

// Probe is what a successful login check learned.
type Probe struct {
	Version string // of the system, as it says itself; may be empty
	Account string // a name that a person recognises: login, company; may be empty
}

// Request asks for one page of an entity.
type Request struct {
	Entity *manifest.Entity
	// Since, when not zero, asks for what changed at or after that instant of the source's clock (lookback is already
	// taken off by the engine); zero asks for everything.
	Since time.Time
	// HistoryFrom, when not zero, bounds the entity's history field from below (a date at midnight UTC).
	HistoryFrom time.Time
	// Token says where to go on: nil starts, else the Next of an earlier page (perhaps of an earlier process).
	Token json.RawMessage
	// Limit is the wanted number of records; the source may give fewer or more.
	Limit int
	// Hot asks for the entity's hot records only, whatever their stamps: those that the manifest's `hot:` picks out.
	Hot bool
	// Peeked is what was read ahead at the place that Token leads to; nil when nothing was. A client that finds it to be of another place
	// asks the source itself.
	Peeked Peeked
}

// Page is one page of records, as received.
type Page struct {
	Records [][]byte        // one JSON object each, untouched; sub-slices of the response body
	Next    json.RawMessage // token of the next page; nil when this page is the proved end
	Total   int64           // the source's own count of all records of this request; -1 when it gives none
	// Unproved says that the pages may have skipped records that moved while they were read: that the chain did not give a record does not
	// prove that it is gone. One such page is enough.
	Unproved bool
	// HighWater, when not zero, promises: whatever the source had changed and committed at or before this instant of
	// its own clock is in the pages so far or still to come under this request's chain of tokens. A driver that pages in
	// order of modification sets it to the newest modification on each page; one that pages in another order asks
	// the source for its newest modification before the first page and sets it there only.
	HighWater time.Time
	// Ordered says that the pages come in the order of modification: whoever stops behind this page has everything up to HighWater.
	Ordered bool
	// Ahead are the places of the pages to come, Next's own first, as far as they can be told already and the manifest lets them be read side by
	// side. Each may be peeked at before the page in front of it is known.
	Ahead []Place
	// Undated says that a request with HistoryFrom also gives records whose history field is empty. Where it is false, such records are
	// not missed: a bounded read may leave them out.
	Undated bool
}

// Place is where a page begins, as far as that can be told without the page before it.
type Place struct {
	Key  string                                    // places with one key are the same
	Peek func(ctx context.Context) (Peeked, error) // reads what stands there; safe for concurrent use
}

// Peeked is an answer that was read ahead. Nothing in it counts until a Fetch with the token that leads to its place has checked it against the
// page before. It is good for one Fetch.
type Peeked interface {
	// Size is the memory that it holds, in bytes.
	Size() int
}
