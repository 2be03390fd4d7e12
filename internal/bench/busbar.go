package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/app"
	"github.com/busbar-dev/busbar/internal/audit"
	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/sim/erp"
	"github.com/busbar-dev/busbar/internal/store"
)

// busbar is a running Busbar that may reach one simulated ERP.
type busbar struct {
	*app.App
	source   string
	data     string
	database string
}

// openBusbar starts one on a data directory and a database ("": a file in the directory).
func openBusbar(ctx context.Context, data, database, source string) (*busbar, error) {
	at, err := url.Parse(source)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(at.Port(), 10, 16)
	if err != nil {
		return nil, err
	}
	paced, err := pacedConnector()
	if err != nil {
		return nil, err
	}
	a, err := app.Open(ctx, app.Options{
		Data: data, Database: database, MasterKey: app.DefaultMasterKey(data), Log: slog.New(slog.DiscardHandler), Now: time.Now, Version: "bench", Connectors: paced,
		Allow: []allow.Rule{{Prefix: netip.MustParsePrefix("127.0.0.1/32"), Port: uint16(port)}},
	})
	if err != nil {
		return nil, err
	}
	if err := a.Start(ctx); err != nil {
		return nil, errors.Join(err, a.Close(ctx))
	}
	return &busbar{a, source, data, database}, nil
}

// newBusbar starts one on an empty database in a directory that done removes.
func newBusbar(ctx context.Context, e engine, source string) (b *busbar, done func() error, err error) {
	dir, err := os.MkdirTemp("", "busbar-bench-")
	if err != nil {
		return nil, nil, err
	}
	if b, err = openBusbar(ctx, dir, e.fresh(), source); err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	return b, func() error { return errors.Join(b.Close(context.WithoutCancel(ctx)), os.RemoveAll(dir)) }, nil
}

// connect makes a connection that syncs purchase orders when asked, and gives its first run.
func (b *busbar) connect(ctx context.Context) (*connection.Created, error) {
	return b.connectSystem(ctx, "sim-erp")
}

// connectSystem does so with a system of that name at the same address.
func (b *busbar) connectSystem(ctx context.Context, system string) (*connection.Created, error) {
	project, _, err := b.Store.EnsureProject(ctx, uuid.NewString(), "bench", time.Now())
	if err != nil {
		return nil, err
	}
	return b.Connections.Create(audit.Myself(ctx, "bench", time.Now()), project.ID, connection.New{
		System: system, History: "all", Schedule: "manual", Entities: []string{"purchase-orders"},
		Credentials: map[string]string{"url": b.source, "api_key": erp.DefaultKey},
	})
}

// sync asks for a run and waits for its end.
func (b *busbar) sync(ctx context.Context, c *store.Connection, mode store.Mode) (*store.Run, error) {
	runs, err := b.Syncs.Request(ctx, c, nil, mode, store.TriggerManual)
	if err != nil {
		return nil, err
	}
	return b.await(ctx, c, runs[0])
}

// await waits for the run's proved end.
func (b *busbar) await(ctx context.Context, c *store.Connection, r store.Run) (*store.Run, error) {
	for {
		run, err := b.Store.Run(ctx, c.Scope(), r.ID)
		if err != nil {
			return nil, err
		}
		switch run.State {
		case store.RunComplete:
			return run, nil
		case store.RunQueued, store.RunRunning:
			if err := pause(ctx, 20*time.Millisecond); err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("the sync ended %s (%s) with %+v", run.State, run.ReasonDetail, run.Counts)
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// worked is how long a run took.
func worked(r *store.Run) time.Duration { return r.FinishedAt.Sub(r.StartedAt) }

// openSource starts a simulated ERP with so many purchase orders, all encoded beforehand.
func openSource(ctx context.Context, orders int) (*erp.Server, error) {
	source, err := erp.Open(erp.Options{Counts: erp.Counts{Orders: orders}, Lines: 5, Lean: true, Cache: 1 << 30})
	if err != nil {
		return nil, err
	}
	if err := source.Start(""); err != nil {
		return nil, errors.Join(err, source.Close())
	}
	_, err = drain(ctx, source.URL())
	return source, err
}
