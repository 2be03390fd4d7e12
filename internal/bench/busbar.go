package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/app"
	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/sim/erp"
	"github.com/busbar-dev/busbar/internal/store"
)

// measureBusbar syncs the simulator into a fresh data directory twice, then reads pages.
func measureBusbar(ctx context.Context, dir, source string, orders, requests int, r *round) (err error) {
	data := filepath.Join(dir, "busbar")
	a, err := openBusbar(ctx, data, source)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close(ctx)) }()
	project, _, err := a.Store.EnsureProject(ctx, uuid.NewString(), "bench", time.Now())
	if err != nil {
		return err
	}
	made, err := a.Connections.Create(ctx, project.ID, connection.New{
		System: "sim-erp", History: "all", Schedule: "manual", Entities: []string{"purchase-orders"},
		Credentials: map[string]string{"url": source, "api_key": erp.DefaultKey},
	})
	if err != nil {
		return err
	}
	if r.busFull, err = await(ctx, a, made.Connection, made.Runs[0], int64(orders), 0); err != nil {
		return err
	}
	runs, err := a.Syncs.Request(ctx, made.Connection, nil, store.Full, "manual")
	if err != nil {
		return err
	}
	if r.busSame, err = await(ctx, a, made.Connection, runs[0], 0, int64(orders)); err != nil {
		return err
	}
	web := httptest.NewServer(a.Handler)
	defer web.Close()
	return measurePages(ctx, dir, web.URL, made.Token.Plain, orders, requests, r)
}

func openBusbar(ctx context.Context, data, source string) (*app.App, error) {
	at, err := url.Parse(source)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(at.Port(), 10, 16)
	if err != nil {
		return nil, err
	}
	a, err := app.Open(ctx, app.Options{
		Data: data, MasterKey: app.DefaultMasterKey(data), Log: slog.New(slog.DiscardHandler), Now: time.Now, Version: "bench",
		Allow: []allow.Rule{{Prefix: netip.MustParsePrefix("127.0.0.1/32"), Port: uint16(port)}},
	})
	if err != nil {
		return nil, err
	}
	return a, a.Start(ctx)
}

// await waits for the run's end, checks that it did what it should, and gives how long it worked.
func await(ctx context.Context, a *app.App, c *store.Connection, r store.Run, created, unchanged int64) (time.Duration, error) {
	for {
		run, err := a.Store.Run(ctx, c.Scope(), r.ID)
		if err != nil {
			return 0, err
		}
		if run.State == store.RunQueued || run.State == store.RunRunning {
			select {
			case <-ctx.Done():
				return 0, ctx.Err()
			case <-time.After(20 * time.Millisecond):
			}
			continue
		}
		if run.State != store.RunComplete || run.Counts.Created != created || run.Counts.Unchanged != unchanged {
			return 0, fmt.Errorf("the sync ended %s (%s) with %+v", run.State, run.ReasonDetail, run.Counts)
		}
		return run.FinishedAt.Sub(run.StartedAt), nil
	}
}
