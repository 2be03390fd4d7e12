package faulttest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/app"
	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/sim/erp"
	"github.com/busbar-dev/busbar/internal/store"
)

// TestOneRenewalPerExpiry is row 38: however many callers of however many replicas find the token expired or revoked at once, one of them renews it, and all go on with what it got.
func TestOneRenewalPerExpiry(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		setup    setup
		replicas int
	}{"one process": {setup{}, 1}, "five replicas": {setup{postgres: true}, 5}} {
		for kind, login := range map[string]*erp.OAuth{"refresh token": rotating(), "client": byClient()} {
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				w := newLogin(t, login, c.setup)
				apps := append(w.replicas(c.replicas-1), w.app)
				_, remote := w.fresh("vendors", 1)
				for n, end := range []func(){w.expire, w.sim.RevokeTokens, w.expire, func() { w.clock.add(time.Hour - time.Minute) }} {
					w.clock.add(2 * time.Minute)
					end()
					w.plan.Set(erp.Rule{Path: "token", Fault: erp.Fault{Delay: 50 * time.Millisecond}})
					if asks := w.asks(func() { w.readAtOnce(apps, remote) }); asks != 1 {
						t.Errorf("end %d: %d renewals, want 1", n, asks)
					}
				}
				w.plan.Set()
				w.alive()
				w.even()
			})
		}
	}
}

// replicas are more Busbars on the same database.
func (w *works) replicas(n int) (apps []*app.App) {
	w.Helper()
	for range n {
		o := w.options()
		o.Data = w.tester.(*testing.T).TempDir()
		a, err := app.Open(w.Context(), o)
		w.check(err)
		w.Cleanup(func() { _ = a.Close(context.Background()) })
		apps = append(apps, a)
	}
	return apps
}

// readAtOnce lets eight callers of each Busbar read one vendor at the same time.
func (w *works) readAtOnce(apps []*app.App, remote string) {
	w.Helper()
	var all sync.WaitGroup
	begin := make(chan struct{})
	for i, a := range apps {
		for range 8 {
			all.Go(func() {
				<-begin
				if err := read(w.Context(), a, w.world.id, remote); err != nil {
					w.Errorf("Busbar %d: %v", i, err)
				}
			})
		}
	}
	close(begin)
	all.Wait()
}

func read(ctx context.Context, a *app.App, id, remote string) error {
	return readBy(ctx, a.Store, a.Connections, id, remote)
}

func readBy(ctx context.Context, from *store.Store, by *connection.Service, id, remote string) error {
	conn, err := from.ConnectionForWork(ctx, id)
	if err != nil {
		return err
	}
	client, sys, err := by.Open(ctx, conn)
	if err != nil {
		return err
	}
	defer client.Close()
	record, err := client.(driver.Writer).ReadOne(ctx, sys.Entity("vendors"), remote)
	if err == nil && record == nil {
		return fmt.Errorf("vendor %s is gone", remote)
	}
	return err
}
