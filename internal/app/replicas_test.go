package app

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/allow"
	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/realsys/postgres"
	"github.com/busbar-dev/busbar/internal/sim/erp"
	"github.com/busbar-dev/busbar/internal/store"
)

// openReplica opens an App on a shared database, whose machine's clock is wrong.
func openReplica(t *testing.T, database, masterKey, reach string, ahead time.Duration) *App {
	t.Helper()
	rules, err := allow.ParseAll([]string{reach})
	if err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), Options{
		Data: t.TempDir(), Database: database, MasterKey: masterKey, Allow: rules, Version: "test", Tick: 50 * time.Millisecond,
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Now: func() time.Time { return time.Now().Add(ahead) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return a
}

// Replicas whose clocks are ten minutes apart go by one time, the database's: neither takes the other's lease for over, and a schedule comes once.
func TestReplicasWithDifferentClocks(t *testing.T) {
	t.Parallel()
	asked, release := make(chan struct{}, 100), make(chan struct{})
	source, err := erp.Open(erp.Options{Counts: erp.Counts{Vendors: 5, Items: 5, Orders: 5, Stock: 5, Customers: 5, SalesOrders: 5, Requisitions: 5},
		Fault: func(r *http.Request) *erp.Fault {
			if r.URL.Path != "/api/v1/vendors" || r.URL.Query().Get("limit") == "1" {
				return nil
			}
			return &erp.Fault{Before: func() { asked <- struct{}{}; <-release }}
		}})
	if err != nil {
		t.Fatal(err)
	}
	if err := source.Start(""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = source.Close() })
	database, masterKey, reach := postgres.Database(t), filepath.Join(t.TempDir(), "master.key"), strings.Replace(source.Addr(), ":", "/32:", 1)
	late := openReplica(t, database, masterKey, reach, -5*time.Minute)
	early := openReplica(t, database, masterKey, reach, 5*time.Minute)
	if apart := early.clock.Now().Sub(late.clock.Now()); apart.Abs() > time.Minute {
		t.Errorf("the replicas' times are %v apart", apart)
	}
	conn := connectVendors(t, late, source)
	if err := late.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-asked
	if runs, err := early.Store.RunnableRuns(t.Context(), conn.Scope(), early.clock.Now()); err != nil || len(runs) > 0 {
		t.Errorf("the early replica would take %d runs that the late one is working on, %v", len(runs), err)
	}
	if err := early.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	close(release)
	soon(t, "the first sync's end", func() bool { return stream(t, late, conn).LastSuccessAt.After(time.Time{}) })
	makeDue(t, late, conn)
	soon(t, "the scheduled run", func() bool { return len(runs(t, early, conn)) > 1 && stream(t, early, conn).ActiveRun == nil })
	next := stream(t, early, conn).NextRunAt
	if ahead := next.Sub(early.clock.Now()); ahead < time.Hour-time.Minute {
		t.Errorf("the next run is only %v away", ahead)
	}
	if n := len(runs(t, late, conn)); n != 2 {
		t.Errorf("%d runs, want the first and one scheduled", n)
	}
}

// Whatever is allowed, no connection leads to the server of Busbar's own database.
func TestOwnDatabaseIsNeverReached(t *testing.T) {
	t.Parallel()
	database := postgres.Database(t)
	a := openReplica(t, database, filepath.Join(t.TempDir(), "master.key"), "127.0.0.0/8:*", 0)
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"127.0.0.1", "127.0.0.2", "localhost", "[::ffff:127.0.0.1]"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+host+":"+u.Port(), nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := a.guard.Client(egress.ClientConfig{Attempts: 1}).Do(req)
		if err == nil {
			resp.Body.Close()
		}
		if !errors.Is(err, egress.ErrBlocked) {
			t.Errorf("%s gives %v, want a refusal", host, err)
		}
	}
}

func connectVendors(t *testing.T, a *App, source *erp.Server) *store.Connection {
	t.Helper()
	project, _, err := a.Store.EnsureProject(t.Context(), uuid.NewString(), "p", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	made, err := a.Connections.Create(acting(t.Context()), project.ID, connection.New{
		System: "sim-erp", Schedule: "1h", Entities: []string{"vendors"}, Credentials: map[string]string{"url": source.URL(), "api_key": erp.DefaultKey},
	})
	if err != nil {
		t.Fatal(err)
	}
	return made.Connection
}

func stream(t *testing.T, a *App, c *store.Connection) *store.Stream {
	t.Helper()
	st, err := a.Store.Stream(t.Context(), c.Scope(), "vendors")
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func runs(t *testing.T, a *App, c *store.Connection) []store.Run {
	t.Helper()
	list, err := a.Store.Runs(t.Context(), c.Scope(), store.RunFilter{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// makeDue lets the stream's schedule come now.
func makeDue(t *testing.T, a *App, c *store.Connection) {
	t.Helper()
	now := a.clock.Now()
	err := a.Store.Write(t.Context(), func(tx *store.Tx) error {
		return tx.UpdateStream(t.Context(), c.Scope(), "vendors", store.StreamSettings{NextRunAt: &now})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// soon polls until ok.
func soon(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatal("never came: " + what)
		case <-tick.C:
		}
	}
}
