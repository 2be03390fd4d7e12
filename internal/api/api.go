// Package api serves Busbar over HTTP: one file per resource, and the manners that all of them share (who calls, errors,
// limits, headers). It turns requests into calls and answers into JSON; it holds no business rule, no SQL and no knowledge of
// any system.
//
// Code is the source of the OpenAPI document: a route that is registered is documented, and the other way round.
package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/engine"
	"github.com/busbar-dev/busbar/internal/flow"
	"github.com/busbar-dev/busbar/internal/keys"
	"github.com/busbar-dev/busbar/internal/link"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/member"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/write"
	"github.com/busbar-dev/busbar/model"
)

// Signer authenticates cursors: a keyed hash over data, different for every purpose. Package secret has one.
type Signer interface {
	MAC(purpose string, data []byte) []byte           // 32 bytes
	VerifyMAC(purpose string, data, code []byte) bool // in constant time
}

// Sealer hides answers that are kept with an idempotency key of an owner: they may hold a token. Package secret has one.
type Sealer interface {
	SealAnswer(owner, name string, plaintext []byte) (sealed []byte, err error)
	OpenAnswer(owner, name string, sealed []byte) (plaintext []byte, err error)
}

// Attestor signs what is kept elsewhere. Package secret has one.
type Attestor interface {
	Sign(purpose string, data []byte) (signature, public []byte, err error)
}

// Secrets is what the API needs of keys.
type Secrets interface {
	Signer
	Sealer
	Attestor
}

// Changes waits for a stream to move on.
type Changes interface {
	// Wait returns when the stream holds a change after seq, or when ctx ends.
	Wait(ctx context.Context, sc store.Scope, entity string, after int64)
}

// Budgets shows how much a connection's system may be asked; package budget has one.
type Budgets interface {
	Look(ctx context.Context, connectionID string, l manifest.Limits) (budget.Look, error)
}

// Deps is what the API is built from. Model is always needed, the rest to serve requests.
type Deps struct {
	Model       *model.Model
	Systems     *manifest.Registry
	Store       *store.Store
	Connections *connection.Service
	Links       *link.Service
	Syncs       *engine.Service
	Writes      *write.Service
	Flows       *flow.Service
	Members     *member.Service // nil: nobody can log in
	Secrets     Secrets
	Keys        *keys.Service
	Budgets     Budgets         // nil: the health shows none
	Changes     Changes         // nil: the store is asked every 250 ms
	Limits      Limits          // zeros: DefaultLimits
	Stopping    context.Context // long polls answer when it ends; nil: never
	Leaving     context.Context // not ready for requests any more when it ends; nil: never
	Now         func() time.Time
	Log         *slog.Logger
	Proxies     []netip.Prefix // of ours, whose X-Forwarded-For is believed
	Pages       []Page         // what else this server shows to browsers
	Version     string         // of the program, for the reference page
}

// Page is a page for people. Its handler sets the Content-Security-Policy that it needs, and has the caller's request id, log line and recovery from panics.
type Page struct {
	Pattern string // of http.ServeMux
	Handler http.Handler
}

// server is what the handlers share.
type server struct {
	Deps
	mux     *routes
	api     huma.API
	limiter *limiter
	unknown *strangers
	meta    map[string]map[string]unsupported // by system and entity
	flaws   []error                           // of routes
	buffers sync.Pool                         // of *bytes.Buffer, for answers written by hand
}

// New gives the handler of everything under /v1, the probes and the reference.
func New(d Deps) (http.Handler, error) {
	s, err := build(d)
	if err != nil {
		return nil, err
	}
	if s.Changes == nil {
		s.Changes = polling{store: d.Store, every: pollInterval}
	}
	if s.meta, err = unsupportedFields(d.Systems); err != nil {
		return nil, err
	}
	docs, err := newReference(s)
	if err != nil {
		return nil, err
	}
	docs.mount(s.mux)
	s.mountProbes()
	s.mountHooks()
	for _, p := range d.Pages {
		s.mux.HandleFunc(p.Pattern, p.Handler.ServeHTTP)
	}
	return forwarded(d.Proxies, s.manners(s.strictQuery(s.route()))), nil
}

// routes is the mux, which remembers what was added to it.
type routes struct {
	*http.ServeMux
	patterns []string
}

// HandleFunc adds a route.
func (m *routes) HandleFunc(pattern string, handle func(http.ResponseWriter, *http.Request)) {
	m.patterns = append(m.patterns, pattern)
	m.ServeMux.HandleFunc(pattern, handle)
}

// build registers every documented route; it needs no database.
func build(d Deps) (*server, error) {
	d.Limits = d.Limits.orDefault()
	s := &server{Deps: d, mux: &routes{ServeMux: http.NewServeMux()}, limiter: newLimiter(d.Limits, d.Now), unknown: newStrangers(d.Limits, d.Now)}
	s.api = humago.New(s.mux, configuration(s.translate, linked))
	s.api.UseMiddleware(s.admit, s.strictBody, s.idempotent)
	if err := s.describeModel(); err != nil {
		return nil, err
	}
	s.registerRecords()
	s.registerWrites()
	s.registerOperations()
	s.registerChanges()
	s.registerConnection()
	s.registerSyncs()
	s.registerRuns()
	s.registerHeld()
	s.registerQuarantine()
	s.registerSystems()
	s.registerConnections()
	s.registerConnectionActs()
	s.registerChecks()
	s.registerLinks()
	s.registerApps()
	s.registerFlows()
	s.registerFlowRuns()
	s.registerFlowItems()
	s.registerFlowTests()
	s.registerOverview()
	s.registerHealth()
	s.registerTokens()
	s.registerDeletion()
	s.registerMasterKey()
	s.registerMe()
	s.registerMembers()
	s.registerLoginServer()
	s.registerInvitations()
	s.registerSessions()
	s.registerKeys()
	s.registerProject()
	s.registerAudit()
	s.registerLive()
	s.tidyDocument()
	return s, errors.Join(s.flaws...)
}
