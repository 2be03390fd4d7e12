// Package connection owns connections, Busbar's own tokens for them, project keys, and the tokens that systems grant to their logins: making, checking live, renewing,
// pausing and ending them, finding out when a system that was down is back, and who a presented secret belongs to. It asks drivers whether a login works; it
// knows no HTTP of our own API and no sync.
//
// It owns the states of a connection. Resting is syncing while a first run is left, degraded while an entity fails, else active:
//
//	pending ── link used ──┐
//	                       ▼
//	            ┌─────────── resting ─────────────┐ ── no usable answer ─▶ ┌─────────────┐
//	created ──▶ │ syncing ──▶ active ◀─▶ degraded │ ◀─ a probe went well ─ │ unreachable │
//	            └─────────────────────────────────┘                        └─────────────┘
//	               │ ▲         │     ▲                                           │
//	         pause │ │ resume  │     └── credentials renewed ──┐                 │ login refused
//	               ▼ │         │                   ┌───────────────────────┐     │ twice
//	             paused        └─ login refused ─▶ │ needs_reauthorization │ ◀───┘
//	                              twice            └───────────────────────┘
//	every state ── disconnect ──▶ disconnected ── connected again, before its data are deleted ──▶ resting
//	unreachable and needs_reauthorization come back after a pause; a link that came to nothing takes its pending connection with it
//
// The table is in states.go; docs/states/connection.md is written from it.
package connection

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/trust"
)

// Systems knows the systems that can be connected; manifest.Registry does.
type Systems interface {
	Systems() []*manifest.System
	System(name string) *manifest.System // nil: unknown
}

// Syncer asks for runs within the caller's transaction; engine.Service does.
type Syncer interface {
	RequestTx(ctx context.Context, tx *store.Tx, c *store.Connection, entities []string, mode store.Mode, trigger store.Trigger) ([]store.Run, error)
}

// Wire makes the HTTP client of a connection, with what it brings of its own to TLS.
type Wire func(c *store.Connection, sys *manifest.System, own trust.Trust) *http.Client

// Config is what a Service needs; every member but Ended and Files is required.
type Config struct {
	Store         *store.Store
	Keeper        *secret.Keeper
	Systems       Systems
	Drivers       map[string]driver.Driver // by name
	Client        Wire
	ProbeClient   Wire                                                                         // likewise, for the check of a login: sends each call once
	Line          func(c *store.Connection, sys *manifest.System, own trust.Trust) driver.Line // for protocols that are not HTTP
	Files         func(projectID string) driver.Files                                          // the directory of this machine that drivers may use for a project; nil, and nil given: none
	Wait          func(ctx context.Context, d time.Duration)                                   // returns after d, or when ctx ends
	Ended         func(connectionID string)                                                    // nil, or told when a connection was disconnected
	Syncs         Syncer
	CheckSchedule func(text string) error // the error is a sentence for a person
	CheckHistory  func(text string) error // likewise
	Now           func() time.Time
	Rand          io.Reader // for ids and tokens
	Log           *slog.Logger
}

// Service does everything with connections. Safe for concurrent use.
type Service struct {
	Config
	clients *clients
	uses    *uses
	unsaved *unsavedTokens
}

// NewService gives a Service, which Close ends.
func NewService(c Config) (*Service, error) {
	if missing := c.missing(); len(missing) > 0 {
		return nil, fmt.Errorf("make the connection service: not set in Config: %s", strings.Join(missing, ", "))
	}
	return &Service{Config: c, clients: newClients(), uses: newUses(), unsaved: newUnsavedTokens()}, nil
}

// missing names every member that is not set, in their order.
func (c Config) missing() (names []string) {
	for _, m := range []struct {
		name string
		set  bool
	}{
		{"Store", c.Store != nil}, {"Keeper", c.Keeper != nil}, {"Systems", c.Systems != nil}, {"Drivers", c.Drivers != nil},
		{"Client", c.Client != nil}, {"ProbeClient", c.ProbeClient != nil}, {"Line", c.Line != nil}, {"Wait", c.Wait != nil}, {"Syncs", c.Syncs != nil}, {"CheckSchedule", c.CheckSchedule != nil}, {"CheckHistory", c.CheckHistory != nil},
		{"Now", c.Now != nil}, {"Rand", c.Rand != nil}, {"Log", c.Log != nil},
	} {
		if !m.set {
			names = append(names, m.name)
		}
	}
	return names
}

// Close ends the sessions with all systems. Safe to call twice. FlushUse and SaveLogins come before it.
func (s *Service) Close() error { return s.clients.retireAll() }

// instant is the present as the database keeps it.
func (s *Service) instant() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }
