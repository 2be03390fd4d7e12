// Package connection owns connections, their tokens and project keys: making, checking live, renewing, pausing and ending
// them, and who a presented secret belongs to. It asks drivers whether a login works; it knows no HTTP of our own API and no sync.
package connection

import (
	"context"
	"encoding/json"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/store"
)

// CONTRACT: the owner of this package moves these into files by idea and fills them in.

// Service does everything with connections.
type Service struct{}

// New is what a connection is made from.
type New struct {
	System      string
	Name        string // default: the system's name
	AuthMethod  string // default: the manifest's only or first
	Credentials map[string]string
	Metadata    json.RawMessage
	Tags        []string
	TimeZone    string   // IANA; default: the manifest's
	History     string   // P90D (default) or all
	Schedule    string   // default 1h; "" in API means default, "manual" none
	Entities    []string // default: all that the manifest maps
	TokenLabel  string   // default "default"
}

// IssuedToken is a token with its plaintext, which exists only in this answer.
type IssuedToken struct {
	store.Token
	Plain string
}

// Created is a new connection with its first token and the runs of its initial sync.
type Created struct {
	Connection *store.Connection
	Token      IssuedToken
	Runs       []store.Run
}

// Create checks the login live, then stores connection, streams, first token and initial runs in one transaction. Errors are *problem.Error
// (validation-failed with pointers for bad input and refused credentials, system-unreachable, system-error).
func (s *Service) Create(ctx context.Context, projectID string, n New) (*Created, error) {
	panic("contract")
}

// Update holds what PATCH may change; nil leaves a member.
type Update struct {
	Name, TimeZone *string
	Metadata       json.RawMessage
	Tags           *[]string
}

func (s *Service) Update(ctx context.Context, c *store.Connection, u Update) error { panic("contract") }

// Reauthorize checks new credentials live and puts them in place of the old; id and tokens stay; state returns to active.
func (s *Service) Reauthorize(ctx context.Context, c *store.Connection, method string, credentials map[string]string) error {
	panic("contract")
}
func (s *Service) Pause(ctx context.Context, c *store.Connection) error      { panic("contract") }
func (s *Service) Resume(ctx context.Context, c *store.Connection) error     { panic("contract") }
func (s *Service) Disconnect(ctx context.Context, c *store.Connection) error { panic("contract") }
func (s *Service) DeleteData(ctx context.Context, c *store.Connection) error { panic("contract") }

func (s *Service) IssueToken(ctx context.Context, c *store.Connection, label string, scopes []string, expires time.Time) (IssuedToken, error) {
	panic("contract")
}

// IssueKey makes a project key; the plaintext exists only in this answer.
func (s *Service) IssueKey(ctx context.Context, projectID, label string) (plain string, k store.Key, err error) {
	panic("contract")
}

// Principal is who a presented secret belongs to: a connection token (Token and Connection set) or a project key (Key set).
type Principal struct {
	Token      *store.Token
	Connection *store.Connection
	Key        *store.Key
}

// Authenticate tells who presents this secret. Errors are *problem.Error with code invalid-token and a detail that says why only when that helps
// nobody guess (malformed: checksum wrong; revoked; expired; unknown). A typo is found by the checksum without a database call.
func (s *Service) Authenticate(ctx context.Context, plain string) (*Principal, error) {
	panic("contract")
}

// Open makes a driver client for a connection: credentials are unsealed here and handed to the driver only.
func (s *Service) Open(ctx context.Context, c *store.Connection) (driver.Client, *manifest.System, error) {
	panic("contract")
}

// Report tells how a call to the system went; it moves the state (active, unreachable, needs_reauthorization, degraded) and gives the one it has now. nil error: it went well.
func (s *Service) Report(ctx context.Context, c *store.Connection, err error) (store.ConnectionState, error) {
	panic("contract")
}
