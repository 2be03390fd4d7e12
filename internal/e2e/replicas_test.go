package e2e

import (
	"encoding/json"
	"flag"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/realsys/postgres"
	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// soak makes the drills bigger: `make soak`.
var soak = flag.Bool("soak", false, "run the drills of replicas with more of everything")

// size gives a number for every change, and a bigger one for soak.
func size(usual, soaked int) int {
	if *soak {
		return soaked
	}
	return usual
}

// fleet is several busbars on one PostgreSQL database, with one master key.
type fleet struct {
	t       *testing.T
	members []*busbar
}

// startFleet starts n of them, one after the other, on a database of their own.
func startFleet(t *testing.T, n int, database string, reach ...string) *fleet {
	t.Helper()
	f := &fleet{t: t}
	for range n {
		f.members = append(f.members, newMember(t, f.masterKey(), database, reach...))
		f.members[len(f.members)-1].start()
	}
	return f
}

// masterKey is where the first member makes the key that all share.
func (f *fleet) masterKey() string {
	if len(f.members) == 0 {
		return filepath.Join(f.t.TempDir(), "master.key")
	}
	args := f.members[0].args
	for i, a := range args {
		if a == "--master-key-file" {
			return args[i+1]
		}
	}
	f.t.Fatal("the first member has no master key")
	return ""
}

// newMember prepares a busbar with a data directory and a port of its own.
func newMember(t *testing.T, masterKey, database string, reach ...string) *busbar {
	t.Helper()
	address := freeAddress(t)
	b := &busbar{t: t, url: "http://" + address, data: filepath.Join(t.TempDir(), "data"), log: new(said)}
	b.args = []string{"serve", "--listen", address, "--data", b.data, "--log-format", "json", "--log-level", "debug", "--database", database, "--master-key-file", masterKey}
	for _, r := range reach {
		host, port, _ := net.SplitHostPort(r)
		b.args = append(b.args, "--allow", host+"/32:"+port)
	}
	t.Cleanup(func() {
		b.kill()
		if t.Failed() {
			t.Logf("%s said:\n%s", b.url, tail(b.log.String(), 4000))
		}
	})
	return b
}

// line is one line of a member's log.
type line struct {
	Message    string `json:"msg"`
	Connection string
	Entity     string
	Run        string
	State      string
}

// logged gives the lines of a member's log with a message.
func logged(b *busbar, message string) (found []line) {
	for text := range strings.Lines(b.log.String()) {
		var l line
		if json.Unmarshal([]byte(text), &l) == nil && l.Message == message {
			found = append(found, l)
		}
	}
	return found
}

const (
	taken = "sync run taken"
	ended = "sync run ended"
	lost  = "sync run lost: its lease was over before it could be renewed; nothing more was stored, and whoever takes it goes on from there"
)

// holder gives the member that is working on an entity of a connection: the last to take it.
func (f *fleet) holder(connection, entity string) *busbar {
	f.t.Helper()
	for _, b := range f.members {
		takes := 0
		for _, l := range logged(b, taken) {
			if l.Connection == connection && l.Entity == entity {
				takes++
			}
		}
		if takes > 0 {
			return b
		}
	}
	f.t.Fatalf("nobody has taken %s", entity)
	return nil
}

// others gives the members but one.
func (f *fleet) others(but *busbar) (rest []*busbar) {
	for _, b := range f.members {
		if b != but {
			rest = append(rest, b)
		}
	}
	return rest
}

// connected is a connection and its token.
type connected struct{ id, token string }

// connectSource connects a source through a member.
func connectSource(b *busbar, key string, source *erp.Server, more map[string]any) connected {
	b.t.Helper()
	body := map[string]any{
		"system": "sim-erp", "history": "all", "schedule": "manual",
		"credentials": map[string]string{"url": source.URL(), "api_key": erp.DefaultKey},
	}
	for k, v := range more {
		body[k] = v
	}
	made := b.call("POST", "/v1/connections", key, body, http.StatusCreated)
	return connected{made["connection"].(map[string]any)["id"].(string), made["token"].(map[string]any)["token"].(string)}
}

// few are small counts: the drills are about who works, not how much.
func few() erp.Counts {
	return erp.Counts{Orders: 1200, Items: 60, Vendors: 30, Customers: 10, Stock: 40, SalesOrders: 20, Requisitions: 10}
}

// pageGate holds back the answers to some requests until it is opened.
type pageGate struct {
	holds   func(*http.Request) bool
	waiting atomic.Int64
	open    chan struct{}
	once    sync.Once
}

func newPageGate(holds func(*http.Request) bool) *pageGate {
	return &pageGate{holds: holds, open: make(chan struct{})}
}

func (g *pageGate) fault(r *http.Request) *erp.Fault {
	if !g.holds(r) {
		return nil
	}
	return &erp.Fault{Before: func() {
		g.waiting.Add(1)
		<-g.open
	}}
}

func (g *pageGate) release() { g.once.Do(func() { close(g.open) }) }

// Three replicas on one database share the work of many connections. When one is killed in the middle of a run, another takes the run over
// and goes on from its last page; nothing is lost and nothing is doubled.
func TestReplicasShareWorkAndOneDies(t *testing.T) {
	t.Parallel()
	source := startSource(t, erp.Options{Counts: few(), Latency: 20 * time.Millisecond})
	page := new(atomic.Int64)
	held := newPageGate(func(r *http.Request) bool {
		return strings.HasSuffix(r.URL.Path, "/purchase-orders") && r.URL.Query().Get("cursor") != "" && page.Add(1) == 1
	})
	t.Cleanup(held.release)
	slow := startSource(t, erp.Options{Counts: few(), Fault: held.fault})
	f := startFleet(t, 3, postgres.Database(t), source.Addr(), slow.Addr())
	key := f.members[0].key()

	victimOf := connectSource(f.members[0], key, slow, nil)
	f.members[0].await("a page of purchase orders under way", func() bool { return held.waiting.Load() > 0 })
	victim := f.holder(victimOf.id, "purchase-orders")
	victim.kill()
	held.release()
	left := f.others(victim)

	var all []connected
	for i := range size(60, 300) {
		all = append(all, connectSource(left[i%2], key, source, nil))
	}
	for _, c := range append(all, victimOf) {
		awaitIdle(left[0], c.token)
	}
	for _, b := range left {
		n := len(logged(b, ended))
		t.Logf("%s worked on %d runs", b.url, n)
		if n == 0 {
			t.Errorf("%s did nothing", b.url)
		}
	}
	compare(left[0], slow, victimOf.token)
	compare(left[1], source, all[0].token)
	compare(left[1], source, all[len(all)-1].token)
	if n := countEnded(f.members, victimOf.id, "purchase-orders", "complete"); n != 1 {
		t.Errorf("the run that was taken over ended complete %d times", n)
	}
}

// countEnded counts in all logs how often an entity's runs ended in a state.
func countEnded(members []*busbar, connection, entity, state string) (n int) {
	for _, b := range members {
		for _, l := range logged(b, ended) {
			if l.Connection == connection && l.Entity == entity && (l.State == state || state == "") {
				n++
			}
		}
	}
	return n
}

// Replicas that start at the same instant on an empty database agree on its tables, its key check and its first project.
func TestReplicasStartAtOnce(t *testing.T) {
	t.Parallel()
	for range size(10, 50) {
		database, masterKey := postgres.Database(t), filepath.Join(t.TempDir(), "master.key")
		members := []*busbar{newMember(t, masterKey, database), newMember(t, masterKey, database)}
		for _, b := range members {
			b.launch()
		}
		keys := 0
		for _, b := range members {
			b.awaitReady()
			if _, err := os.Stat(filepath.Join(b.data, "busbar.env")); err == nil {
				keys++
			}
		}
		if keys != 1 {
			t.Fatalf("%d of two replicas made a first key", keys)
		}
		for _, b := range members {
			b.kill()
		}
	}
}

// A replica without the master key, or with another, does not start on a database that has one: it would make logins that nobody else can read.
func TestReplicaWithoutTheMasterKeyIsRefused(t *testing.T) {
	t.Parallel()
	database := postgres.Database(t)
	startFleet(t, 1, database)
	stranger := newMember(t, filepath.Join(t.TempDir(), "master.key"), database)
	stranger.launch()
	if err := stranger.cmd.Wait(); err == nil {
		t.Error("it started")
	}
	if said := stranger.log.String(); !strings.Contains(said, "master key") || !strings.Contains(said, "copy") {
		t.Errorf("it said %q; want that the master key must be copied", said)
	}
	if _, err := os.Stat(stranger.args[len(stranger.args)-1]); err == nil {
		t.Error("it made a key")
	}
}
