// Package app builds Busbar from its parts and runs it. It is the only package that knows all of them; it holds no rule of its own.
package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	_ "time/tzdata" // zones of connections, also where the machine has none

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/api"
	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/config"
	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/engine"
	"github.com/busbar-dev/busbar/internal/flow"
	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/flow/outside"
	"github.com/busbar-dev/busbar/internal/jobs"
	"github.com/busbar-dev/busbar/internal/keys"
	"github.com/busbar-dev/busbar/internal/link"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/member"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/trust"
	"github.com/busbar-dev/busbar/internal/write"
	"github.com/busbar-dev/busbar/model"
)

// Options say how to build an App.
type Options struct {
	Data        string        // directory; made when it is missing
	Database    string        // URL of a PostgreSQL database; empty: a file in Data
	MasterKey   string        // file; made when it is missing
	Keys        secret.Source // the master keys otherwise; its zero value: MasterKey
	Connectors  []fs.FS
	Files       string // directory that connections may read and write; empty: none
	Allow       []allow.Rule
	Forbid      []allow.Rule   // never to be reached, whatever Allow says: our own listener
	Proxies     []netip.Prefix // of ours, whose X-Forwarded-For is believed
	Authorities *x509.CertPool // who may sign the certificates of systems; nil: the machine's own authorities
	Log         *slog.Logger
	Now         func() time.Time
	Version     string
	PublicURL   string              // address under which people reach this Busbar, without a slash at the end
	OIDC        config.OIDC         // where members may log in besides
	Mail        config.Mail         // how mail leaves
	OpenLinks   int                 // that a project may have at once; default 10,000
	KeepRuns    time.Duration       // how long runs of flows that have ended are kept; default 30 days
	Demo        bool                // customers may choose simulators too
	Tick        time.Duration       // between looks at the schedule; default 1s
	Calls       egress.ClientConfig // limits of calls to systems; zero members mean the defaults
	KeyStep     func(done string)   // nil, or told after each step of a rotation of keys: for tests
	Bench       *Bench              // for trying a connector out; nil: a Busbar for work
}

const (
	defaultTick      = time.Second
	defaultOpenLinks = 10_000
	defaultKeepRuns  = 30 * 24 * time.Hour
	manyTurns        = 1000 // in one step of flows
)

// App is one Busbar, ready to answer. Start lets it work in the background.
type App struct {
	Store       *store.Store
	Connections *connection.Service
	Links       *link.Service
	Budgets     *budget.Budgets
	Keys        *keys.Service
	Syncs       *engine.Service
	Writes      *write.Service
	Flows       *flow.Service
	Members     *member.Service
	Handler     http.Handler

	leaving context.Context // ended by Leave
	// Leave says that no new requests should come: the probe of readiness fails.
	Leave context.CancelFunc

	stopping context.Context // ended by StopWaiting
	// StopWaiting lets waiting requests answer at once: the listener closes.
	StopWaiting context.CancelFunc

	guard  *egress.Guard
	far    *egress.Guard // of what flows call: the same, more patient
	files  *shares
	worker *engine.Worker
	writer *write.Worker
	flower *flow.Worker
	jobs   *jobs.Runner
	clock  *clock
	opts   Options

	background sync.WaitGroup
	stop       context.CancelFunc
}

// Open builds everything on the data directory. Nothing runs yet.
func Open(ctx context.Context, o Options) (a *App, err error) {
	if o.Tick == 0 {
		o.Tick = defaultTick
	}
	a = &App{opts: o}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close(ctx))
			a = nil
		}
	}()
	if a.Store, err = openStore(ctx, o); err != nil {
		return a, err
	}
	if a.clock, err = newClock(ctx, o.Now, a.Store); err != nil {
		return a, err
	}
	a.opts.Now = a.clock.Now
	parts, err := loadParts(o.Connectors, o.Bench)
	if err != nil {
		return a, err
	}
	keeper, err := openKeeper(ctx, a.Store, o)
	if err != nil {
		return a, err
	}
	a.Keys = newKeys(a, keeper)
	if err := a.Keys.Join(ctx); err != nil {
		return a, err
	}
	return a, a.build(ctx, parts, keeper)
}

func (a *App) build(ctx context.Context, p *parts, keeper *secret.Keeper) (err error) {
	o := a.opts
	if a.jobs, err = jobs.New(ctx, jobs.Config{Store: a.Store, Now: o.Now, Log: o.Log}); err != nil {
		return err
	}
	if a.files, err = openShares(o.Files, a.Store); err != nil {
		return err
	}
	rules := egress.Options{Allow: o.Allow, Forbid: o.Forbid, Forbidden: databaseAddresses(a.Store), RootCAs: o.Authorities, Log: o.Log}
	a.guard = egress.New(rules)
	rules.HeaderTimeout = lang.MaxTimeout
	a.far = egress.New(rules)
	a.Budgets = newBudgets(a.Store)
	a.Syncs = engine.NewService(engine.Config{Store: a.Store, Waker: a.jobs, Now: o.Now, Rand: rand.Reader, Mapper: p.mapper})
	a.Connections, err = connection.NewService(connection.Config{
		Store: a.Store, Keeper: keeper, Systems: p.systems, Drivers: p.drivers, Syncs: a.Syncs,
		Client: func(c *store.Connection, s *manifest.System, own trust.Trust) *http.Client {
			calls := o.Calls
			calls.Budget, calls.Trust = a.Budgets.For(c.ID, s.Limits), own
			return a.guard.Client(calls)
		},
		ProbeClient: func(c *store.Connection, s *manifest.System, own trust.Trust) *http.Client {
			return a.guard.Client(egress.ClientConfig{Budget: a.Budgets.For(c.ID, s.Limits), Attempts: 1, Trust: own})
		},
		Line: func(c *store.Connection, s *manifest.System, own trust.Trust) driver.Line {
			return a.guard.Line(egress.ClientConfig{Budget: a.Budgets.For(c.ID, s.Limits), Deadline: o.Calls.Deadline, Trust: own})
		},
		Files:         a.files.of,
		Wait:          wait,
		Ended:         a.Budgets.Forget,
		CheckSchedule: func(text string) error { _, err := engine.ParseSchedule(text); return err },
		CheckHistory:  func(text string) error { _, err := engine.ParseHistory(text, o.Now()); return err },
		Now:           o.Now, Rand: rand.Reader, Log: o.Log,
	})
	if err != nil {
		return err
	}
	a.Links = link.NewService(link.Config{
		Store: a.Store, Connections: a.Connections, Systems: p.systems, Keeper: keeper, PublicURL: o.PublicURL, Most: cmp.Or(o.OpenLinks, defaultOpenLinks), Simulators: o.Demo, Now: o.Now, Rand: rand.Reader, Log: o.Log,
	})
	owner := uuid.NewString()
	a.Writes = write.NewService(write.Config{
		Store: a.Store, Connections: a.Connections, Mapper: p.mapper, Systems: p.systems, Waker: a.jobs, Now: o.Now, Rand: rand.Reader, Log: o.Log, Owner: owner,
		Ended: a.operationEnded,
	})
	a.writer = write.NewWorker(a.Writes, write.WorkerConfig{
		Turn: jobs.Turn, ShortTurn: jobs.ShortTurn, LastStep: jobs.LastStep, StopStep: jobs.StopStep, Crowded: a.jobs.Crowded,
	})
	a.worker = engine.NewWorker(engine.WorkerConfig{
		Store: a.Store, Connections: a.Connections, Mapper: p.mapper, Waker: a.jobs, Now: o.Now, Rand: rand.Reader,
		Log: o.Log, Owner: owner, Turn: jobs.Turn, ShortTurn: jobs.ShortTurn, FetchWithin: jobs.LastStep, Crowded: a.jobs.Crowded,
	})
	a.Flows = flow.NewService(flow.Config{
		Store: a.Store, Writes: a.Writes, Systems: p.systems, Model: p.model, Sender: outside.New(a.far, mailOf(o.Mail), hostName(), o.Now), Keeper: keeper, Waker: a.jobs, Now: o.Now, Rand: rand.Reader,
		Log: o.Log, Owner: owner, Keep: cmp.Or(o.KeepRuns, defaultKeepRuns),
	})
	a.flower = flow.NewWorker(a.Flows, flow.WorkerConfig{Turn: jobs.Turn, LastStep: jobs.LastStep})
	a.leaving, a.Leave = context.WithCancel(context.WithoutCancel(ctx))
	a.stopping, a.StopWaiting = context.WithCancel(context.WithoutCancel(ctx))
	a.Members, err = member.NewService(member.Config{Store: a.Store, Keeper: keeper, Now: o.Now, Rand: rand.Reader, Log: o.Log})
	if err != nil {
		return err
	}
	pages, err := a.pages(keeper)
	if err != nil {
		return err
	}
	a.Handler, err = api.New(api.Deps{
		Proxies:  o.Proxies,
		Pages:    pages,
		Stopping: a.stopping, Leaving: a.leaving,
		Model: p.model, Systems: p.systems, Store: a.Store, Connections: a.Connections, Links: a.Links, Syncs: a.Syncs, Writes: a.Writes, Members: a.Members, Secrets: keeper, Keys: a.Keys, Budgets: a.Budgets, Flows: a.Flows,
		Now: o.Now, Log: o.Log, Version: o.Version,
	})
	return err
}

// Start lets the App work: jobs, the schedule, notes of when tokens were used. Close ends it.
func (a *App) Start(ctx context.Context) error {
	ctx, a.stop = context.WithCancel(ctx)
	if a.Store.Shared() == nil { // else they may be another process's
		if err := a.Store.ClearLeases(ctx); err != nil {
			return fmt.Errorf("clear leases: %w", err)
		}
	}
	if err := a.followServer(ctx); err != nil {
		return err
	}
	lanes := map[store.Lane]jobs.Handler{store.LaneScheduled: a.worker.Work, store.LaneAsked: a.worker.WorkAsked, store.LaneWrites: a.writer.Work, store.LaneFlows: a.flower.Work}
	if err := a.jobs.Start(ctx, lanes); err != nil {
		return err
	}
	a.background.Go(func() { a.clock.follow(ctx) })
	a.background.Go(func() { a.tick(ctx) })
	a.background.Go(func() { a.recover(ctx) })
	a.background.Go(func() { a.everyTick(ctx, "a step of the rotation of keys failed; it is taken again", a.Keys.Tick) })
	return nil
}

// Step does in the caller's goroutine what Start lets happen by itself: a look at systems that were down and at the schedule, and the connection's turns, with writes first, until it wants
// no more. Who holds the clock uses it instead of Start.
func (a *App) Step(ctx context.Context, connectionID string) error {
	if err := errors.Join(a.Connections.Recover(ctx), a.worker.Tick(ctx), a.writer.Tick(ctx)); err != nil {
		return err
	}
	for _, work := range []jobs.Handler{a.writer.Work, a.worker.Work} {
		for more := true; more; {
			var err error
			if more, err = work(ctx, connectionID, func(*store.Tx) error { return nil }); err != nil || ctx.Err() != nil {
				return errors.Join(err, ctx.Err())
			}
		}
	}
	return nil
}

// StepFlows does what Step does for flows: their triggers, and turns of all that have something to do, until none wants more.
func (a *App) StepFlows(ctx context.Context) error {
	for n := 0; ; n++ {
		if n == manyTurns {
			return errors.New("flows have something to do for ever")
		}
		if err := a.flower.Tick(ctx); err != nil {
			return err
		}
		ids, err := a.Store.FlowBacklog(ctx, a.opts.Now(), 100)
		if err != nil || len(ids) == 0 {
			return err
		}
		for _, id := range ids {
			if _, err := a.flower.Work(ctx, id, func(*store.Tx) error { return nil }); err != nil || ctx.Err() != nil {
				return errors.Join(err, ctx.Err())
			}
		}
	}
}

// recover looks until ctx ends whether systems that did not answer are back. It waits for slow ones, which the schedule must not.
func (a *App) recover(ctx context.Context) {
	a.everyTick(ctx, "a look whether systems are back failed; the next one follows", a.Connections.Recover)
}

// tick looks at the schedule until ctx ends.
func (a *App) tick(ctx context.Context) {
	a.everyTick(ctx, "a look at the schedule failed; the next one follows", func(ctx context.Context) error {
		return errors.Join(a.Connections.SaveLogins(ctx), a.followServer(ctx), a.jobs.Recover(ctx), a.worker.Tick(ctx), a.writer.Tick(ctx), a.flower.Tick(ctx), a.Connections.FlushUse(ctx), a.Links.Tidy(ctx))
	})
}

// everyTick looks at once and then regularly until ctx ends; a look that fails is logged.
func (a *App) everyTick(ctx context.Context, failed string, look func(context.Context) error) {
	ticker := time.NewTicker(a.opts.Tick)
	defer ticker.Stop()
	for {
		if err := look(ctx); err != nil && ctx.Err() == nil {
			a.opts.Log.Error(failed, "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// followServer lets the store notice that the database moved.
func (a *App) followServer(ctx context.Context) error {
	moved, err := a.Store.FollowServer(ctx)
	if moved {
		a.opts.Log.Warn("the database is on another server now, which may lack the last commits: cursors begin a new epoch, and running syncs go on from what is stored")
	}
	return err
}

// Close ends background work, frees what it held and closes the database; it does not wait for longer than ctx. Safe to call twice and on a
// half-built App.
func (a *App) Close(ctx context.Context) error {
	var errs []error
	if a.StopWaiting != nil {
		a.Leave()
		a.StopWaiting()
	}
	if a.stop != nil {
		a.stop()
		errs = append(errs, a.jobs.Stop(ctx))
		a.background.Wait()
		a.stop = nil
	}
	if a.Writes != nil {
		errs = append(errs, a.Writes.Drain(ctx))
	}
	if a.Connections != nil {
		errs = append(errs, a.Connections.SaveLogins(ctx), a.Connections.FlushUse(ctx), a.Connections.Close())
	}
	if a.Budgets != nil {
		a.Budgets.Close()
	}
	if a.Keys != nil && a.Store != nil {
		errs = append(errs, a.Keys.Leave(ctx))
	}
	if a.far != nil {
		a.far.Close()
	}
	if a.guard != nil {
		a.guard.Close()
	}
	if a.files != nil {
		errs = append(errs, a.files.close())
	}
	if a.Store != nil {
		errs = append(errs, a.Store.Close())
		a.Store = nil
	}
	return errors.Join(errs...)
}

// OpenAPI gives the API's description without a database.
func OpenAPI() ([]byte, error) {
	m, err := model.Load()
	if err != nil {
		return nil, err
	}
	doc, err := api.OpenAPI(m)
	if err != nil {
		return nil, err
	}
	return json.MarshalIndent(doc, "", "  ")
}

// DefaultMasterKey is the key file of a data directory.
func DefaultMasterKey(data string) string { return filepath.Join(data, "master.key") }

// ConnectorsIn gives the folder of a user's own connectors, none when dir is empty.
func ConnectorsIn(dir string) []fs.FS {
	if dir == "" {
		return nil
	}
	return []fs.FS{os.DirFS(dir)}
}

// wait lets d pass, unless ctx ends before.
func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
