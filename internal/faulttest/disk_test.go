package faulttest

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/app"
	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// smallDisk mounts a file system of that size, which goes with the test.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size+",mode=0700"); err != nil {
		t.Skipf("needs a file system of its own, which this user may not mount: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// fill leaves about so many bytes free, and gives what frees the rest again.
func fill(t *testing.T, dir string, free int64) (release func()) {
	t.Helper()
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		t.Fatal(err)
	}
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, max(int64(fs.Bavail)*fs.Bsize-free, 0)), 0o600); err != nil {
		t.Fatal(err)
	}
	return func() { _ = os.Remove(ballast) }
}

// TestDiskFull is row 44: the disk fills up, at many points of a page or of a checkpoint of the log. Reads go on, the run waits, nothing is lost, and
// everything goes on by itself when there is space again.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	for _, free := range []int64{0, 8 << 10, 64 << 10, 200 << 10, 600 << 10} {
		t.Run(fmt.Sprintf("%d KiB left", free>>10), func(t *testing.T) {
			t.Parallel()
			w := newWorldIn(t, setup{}, smallDisk(t, "24m"))
			w.clock.add(time.Hour)
			var edits []erp.Edit
			for i := range 1500 {
				edits = append(edits, erp.Edit{Resource: "vendors", ID: fmt.Sprintf("%06d", 1000+i), Set: map[string]any{"name": strings.Repeat("n", 400)}})
			}
			w.check(w.sim.Edit(edits...))
			release := fill(t, w.data, free)
			full := w.syncWhatever()
			if full == "complete" {
				t.Fatal("1,500 records fit in; the disk was not full")
			}
			if n := len(w.stored()); n < 120 {
				t.Errorf("%d of 120 records can be read while the disk is full", n)
			}
			release()
			w.clock.add(time.Hour)
			w.step()
			w.even()
		})
	}
}

// syncWhatever asks for a run and gives its state, or the refusal: on a full disk not even that may be stored.
func (w *world) syncWhatever() string {
	w.Helper()
	status, answer := w.ask(w.token, "POST", "/v1/syncs", map[string]any{"entities": []string{"vendors"}})
	if status != http.StatusAccepted {
		if status != http.StatusInsufficientStorage || answer.get("code") != "storage-full" {
			w.Errorf("a request on a full disk is answered with %d: %s", status, answer)
		}
		return "refused"
	}
	if err := w.app.Step(w.Context(), w.id); err != nil {
		return "stopped: " + err.Error()
	}
	run := w.run(answer.list("data")[0].get("id"))
	if code := run.get("error", "code"); run.get("state") == "queued" && code != "storage-full" && code != "" {
		w.Errorf("the run waits because of %s", run["error"])
	}
	return run.get("state")
}

// TestReadOnlyDatabase is row 45: a database that cannot be written is refused at the start with a line that says so.
func TestReadOnlyDatabase(t *testing.T) {
	t.Parallel()
	w := newWorldIn(t, setup{}, smallDisk(t, "24m"))
	w.check(w.app.Close(t.Context()))
	w.check(syscall.Mount("", w.data, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
	a, err := app.Open(t.Context(), w.options())
	if err == nil {
		_ = a.Close(t.Context())
		t.Fatal("a read-only database was opened")
	}
	if !strings.Contains(err.Error(), "read-only") || !strings.Contains(err.Error(), w.data) {
		t.Errorf("refused with %v", err)
	}
	w.check(syscall.Mount("", w.data, "", syscall.MS_REMOUNT, ""))
	w.open()
	w.even()
}

// TestDamagedDatabase is row 49: bytes of the database are overwritten while Busbar is down. It refuses to start or goes on as well as it can; a login
// that was damaged is never sent.
func TestDamagedDatabase(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{})
			w.dead = true
			w.check(w.app.Close(t.Context()))
			damage(t, filepath.Join(w.data, "busbar.db"), seed)
			a, err := app.Open(t.Context(), w.options())
			if err != nil {
				if !strings.Contains(err.Error(), "database") {
					t.Errorf("refused with %v", err)
				}
				return
			}
			w.app = a
			conn, err := a.Store.ConnectionForWork(t.Context(), w.id)
			if err == nil {
				_, err = a.Syncs.Request(acting(t.Context()), conn, []string{"vendors"}, "full", "manual")
			}
			t.Log("asked for a sync:", err, "; it went:", a.Step(t.Context(), w.id))
			if n := w.sim.Ledger()["refused"]; n > 0 {
				t.Errorf("%d requests with a login that is none", n)
			}
		})
	}
}

// damage overwrites a hundred bytes anywhere behind the header.
func damage(t *testing.T, file string, seed uint64) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(seed, 49))
	at := 100 + random.IntN(len(content)-200)
	for i := range 100 {
		content[at+i] ^= byte(1 + random.IntN(255))
	}
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestBusyStorm is rows 47 and 48: many write and many read at once, while a sync runs. Nobody is told that the database is busy, and the log of the
// database stays small.
func TestBusyStorm(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{vendors: 3000, page: 100})
	w.clock.add(time.Hour)
	var edits []erp.Edit
	for i := range 3000 {
		edits = append(edits, edit(fmt.Sprintf("%06d", 1+i), "Changed"))
	}
	w.check(w.sim.Edit(edits...))
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() {
			for n := range 4 {
				paths := []string{"/v1/vendors?limit=500", "/v1/changes?entity=vendors&limit=500", "/v1/syncs", "/v1/sync-runs"}
				if status, answer := w.ask(w.token, "GET", paths[(i+n)%4], nil); status >= 500 {
					t.Errorf("%s: %d %s", paths[(i+n)%4], status, answer)
				}
				schedule := map[string]any{"schedule": fmt.Sprintf("%dh", 2+i%20)}
				if status, answer := w.ask(w.token, "PATCH", "/v1/syncs/vendors", schedule); status >= 500 {
					t.Errorf("PATCH: %d %s", status, answer)
				}
			}
		})
	}
	w.settled("full")
	all.Wait()
	if info, err := os.Stat(filepath.Join(w.data, "busbar.db-wal")); err == nil && info.Size() > 256<<20 {
		t.Errorf("the log has %d MiB", info.Size()>>20)
	}
	w.even()
}
