package e2e

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/realsys/postgres"
	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// A replica that stands still in the middle of a page, for longer than its lease, finds when it goes on that another has the run: the page that it
// got late is not stored, and nothing is doubled.
func TestReplicaThatStandsStillIsFenced(t *testing.T) {
	t.Parallel()
	page := new(atomic.Int64)
	held := newPageGate(func(r *http.Request) bool {
		return strings.HasSuffix(r.URL.Path, "/purchase-orders") && r.URL.Query().Get("cursor") != "" && page.Add(1) == 1
	})
	t.Cleanup(held.release)
	source := startSource(t, erp.Options{Counts: few(), Fault: held.fault})
	f := startFleet(t, 3, postgres.Database(t), source.Addr())
	c := connectSource(f.members[0], f.members[0].key(), source, nil)
	f.members[0].await("a page of purchase orders under way", func() bool { return held.waiting.Load() > 0 })
	still := f.holder(c.id, "purchase-orders")
	f.signal(still, syscall.SIGSTOP)
	held.release()
	left := f.others(still)
	awaitIdle(left[0], c.token)
	f.signal(still, syscall.SIGCONT)
	still.await("word that the run was lost", func() bool { return len(logged(still, lost)) > 0 })
	awaitIdle(still, c.token)
	for _, b := range f.members {
		compare(b, source, c.token)
	}
	if n := countEnded(f.members, c.id, "purchase-orders", "complete"); n != 1 {
		t.Errorf("the run ended complete %d times", n)
	}
}

// signal sends a signal to a member's process.
func (f *fleet) signal(b *busbar, s syscall.Signal) {
	f.t.Helper()
	if err := b.cmd.Process.Signal(s); err != nil {
		f.t.Fatal(err)
	}
}

// Three replicas are restarted one after the other while they sync and are read from: a replica that says it is ready answers every request, each
// ends with success, and nothing is lost.
func TestRollingRestart(t *testing.T) {
	t.Parallel()
	source := startSource(t, erp.Options{Counts: few(), Latency: 10 * time.Millisecond})
	f := startFleet(t, 3, postgres.Database(t), source.Addr())
	key := f.members[0].key()
	var all []connected
	for range size(4, 20) {
		all = append(all, connectSource(f.members[0], key, source, nil))
	}
	awaitIdle(f.members[0], all[0].token)
	ctx, stop := context.WithCancel(t.Context())
	var load sync.WaitGroup
	var reads atomic.Int64
	for _, b := range f.members {
		load.Go(func() { readWhileReady(ctx, b, all[0].token, &reads) })
	}
	for range size(2, 10) {
		for i, b := range f.members {
			next := f.members[(i+1)%len(f.members)]
			for _, c := range all {
				next.call("POST", "/v1/syncs", c.token, map[string]any{"mode": "full"}, http.StatusAccepted)
			}
			restart(b)
		}
	}
	for _, c := range all {
		awaitIdle(f.members[0], c.token)
	}
	stop()
	load.Wait()
	t.Logf("%d reads were answered", reads.Load())
	for _, c := range all {
		compare(f.members[1], source, c.token)
	}
}

// restart ends a member as an orchestrator does, and starts it again.
func restart(b *busbar) {
	b.t.Helper()
	if err := b.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		b.t.Fatal(err)
	}
	if err := b.cmd.Wait(); err != nil {
		b.t.Errorf("a replica that was told to stop ended with %v", err)
	}
	b.start()
}

// readWhileReady asks a member for records again and again, each time after it said that it is ready.
func readWhileReady(ctx context.Context, b *busbar, token string, reads *atomic.Int64) {
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	ask := func(path string) (int, error) {
		req, _ := http.NewRequestWithContext(ctx, "GET", b.url+path, nil)
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := client.Do(req)
		if err != nil {
			return 0, err
		}
		return resp.StatusCode, resp.Body.Close()
	}
	pause := time.NewTicker(10 * time.Millisecond)
	defer pause.Stop()
	for ctx.Err() == nil {
		<-pause.C
		if status, err := ask("/readyz"); err != nil || status != http.StatusOK {
			continue
		}
		status, err := ask("/v1/purchase-orders?limit=50")
		switch {
		case ctx.Err() != nil:
		case err != nil || status != http.StatusOK:
			b.t.Errorf("a ready replica answered %d, %v", status, err)
		default:
			reads.Add(1)
		}
	}
}

// The database server crashes again and again while two replicas sync: a read answers with records or with 503, never anything else, and in the end
// all that the source has is stored once.
func TestDatabaseCrashes(t *testing.T) {
	t.Parallel()
	source := startSource(t, erp.Options{Counts: few(), Latency: 20 * time.Millisecond})
	cluster := postgres.Start(t)
	f := startFleet(t, 2, cluster.Database(t), source.Addr())
	key := f.members[0].key()
	var all []connected
	for i := range size(3, 10) {
		all = append(all, connectSource(f.members[i%2], key, source, nil))
	}
	answers := map[int]int{}
	for range size(3, 20) {
		before := total(source)
		f.members[0].await("some pages read", func() bool { return total(source) > before+5 || f.idle(all) })
		cluster.Stop(t)
		for range 3 {
			answers[f.look(all[0].token)]++
		}
		cluster.Start(t)
		for _, c := range all {
			f.members[0].await("a sync to be taken", func() bool {
				_, status, err := f.members[0].try("POST", "/v1/syncs", c.token, map[string]any{"mode": "full"})
				return err == nil && status == http.StatusAccepted
			})
		}
	}
	for _, c := range all {
		f.members[1].await("end of all syncs", func() bool { return f.settled(c) })
		compare(f.members[1], source, c.token)
	}
	t.Logf("reads without the database were answered with %v", answers)
	for status := range answers {
		if status != http.StatusOK && status != http.StatusServiceUnavailable {
			t.Errorf("a read was answered with %d", status)
		}
	}
}

// look asks for records through the first member and gives the status.
func (f *fleet) look(token string) int {
	f.t.Helper()
	_, status, err := f.members[0].try("GET", "/v1/purchase-orders?limit=10", token, nil)
	if err != nil {
		f.t.Error(err)
	}
	return status
}

// settled says that every stream of a connection has synced and none is under way; an answer that does not come is no.
func (f *fleet) settled(c connected) bool {
	answer, status, err := f.members[1].try("GET", "/v1/syncs", c.token, nil)
	if err != nil || status != http.StatusOK {
		return false
	}
	for _, s := range answer["data"].([]any) {
		if stream := s.(map[string]any); stream["state"] != "idle" || stream["last_success_at"] == nil {
			return false
		}
	}
	return true
}

func (f *fleet) idle(all []connected) bool {
	for _, c := range all {
		if !f.settled(c) {
			return false
		}
	}
	return true
}

// total counts the requests that a source got.
func total(source *erp.Server) (n int) {
	for _, of := range source.Ledger() {
		n += of
	}
	return n
}

// Somebody with many connections to a slow system has asked for all of them. Somebody else, who asks for one sync, has it while most of that is
// still to come.
func TestOneSyncBesideAHugeBacklog(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]func() string{"SQLite": func() string { return "" }, "PostgreSQL": func() string { return postgres.Database(t) }} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			slow := startSource(t, erp.Options{Counts: few(), Latency: 2 * time.Second})
			quick := startSource(t, erp.Options{Counts: few()})
			b := newMember(t, fmt.Sprintf("%s/master.key", t.TempDir()), database(), slow.Addr(), quick.Addr())
			b.start()
			mine := connectSource(b, b.key(), quick, nil)
			awaitIdle(b, mine.token)
			var backlog []connected
			for range size(40, 200) {
				backlog = append(backlog, connectSource(b, b.key(), slow, nil))
			}
			run := b.syncAndWait(mine.token, "incremental", "items")["items"]
			if run["state"] != "complete" {
				t.Errorf("the run ended %v", run["state"])
			}
			left := 0
			for _, c := range backlog {
				for _, s := range b.call("GET", "/v1/syncs", c.token, nil, http.StatusOK)["data"].([]any) {
					if s.(map[string]any)["state"] != "idle" {
						left++
					}
				}
			}
			t.Logf("%d runs of the others were still to come", left)
			if left < 5*len(backlog) {
				t.Errorf("only %d runs of %d connections were left: the one waited for the many", left, len(backlog))
			}
		})
	}
}
