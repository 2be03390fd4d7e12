package sqlite_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/store"
)

var epoch = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// A process that dies in the middle of a page leaves exactly the pages that were stored, and another goes on from their checkpoint.
func TestDeathInTheMiddleOfAPage(t *testing.T) {
	t.Parallel()
	dir, dead := t.TempDir(), filepath.Join(t.TempDir(), "dead")
	s := open(t, dir)
	c := &store.Connection{ID: "c", ProjectID: "p", State: store.ConnectionActive, CreatedAt: epoch}
	must(t, s.Write(t.Context(), func(tx *store.Tx) error {
		if err := tx.InsertConnection(t.Context(), c); err != nil {
			return err
		}
		return tx.InsertStreams(t.Context(), c.Scope(), []store.Stream{{Entity: "items"}})
	}))
	run := begin(t, s, c.Scope())
	for i := range 3 {
		must(t, s.ApplyPage(t.Context(), run, items(i), epoch))
	}
	must(t, s.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.SQL().ExecContext(t.Context(), "delete from bodies")
		copyFiles(t, dir, dead) // as they are at this instant
		return err
	}))

	after := open(t, dead)
	must(t, after.ClearLeases(t.Context()))
	runs, err := after.RunnableRuns(t.Context(), c.Scope(), epoch)
	if err != nil || len(runs) != 1 || string(runs[0].Checkpoint) != "2" || runs[0].Counts.Created != 30 {
		t.Fatalf("runs %+v (%v)", runs, err)
	}
	again, err := after.AcquireRun(t.Context(), &runs[0], "next", epoch.Add(time.Minute), epoch)
	must(t, err)
	must(t, after.ApplyPage(t.Context(), again, items(3), epoch))
	recs, more, err := after.Page(t.Context(), c.Scope(), "items", store.Range{Limit: 100})
	if err != nil || more || len(recs) != 40 || recs[39].Seq != 40 {
		t.Errorf("%d records, more %v (%v)", len(recs), more, err)
	}
	var verdict string
	must(t, after.DB().QueryRowContext(t.Context(), "pragma integrity_check").Scan(&verdict))
	if verdict != "ok" {
		t.Error(verdict)
	}
}

func begin(t *testing.T, s *store.Store, sc store.Scope) (r *store.Run) {
	t.Helper()
	must(t, s.Write(t.Context(), func(tx *store.Tx) (err error) {
		r, _, err = tx.RequestRun(t.Context(), sc, "items", store.Full, "manual", "run", epoch)
		return err
	}))
	r, err := s.AcquireRun(t.Context(), r, "first", epoch.Add(time.Minute), epoch)
	must(t, err)
	return r
}

// items is page n of ten records, all new.
func items(n int) store.PageResult {
	p := store.PageResult{Pages: 1, Fetched: 10, Expected: -1, Checkpoint: []byte(fmt.Sprint(n))}
	for i := range 10 {
		id := fmt.Sprintf("%d-%d", n, i)
		p.Changes = append(p.Changes, store.Change{ID: uuid.NewSHA1(uuid.NameSpaceURL, []byte(id)), RemoteID: id, Raw: []byte(`{}`), Fields: []byte(`{}`)})
	}
	return p
}

// copyFiles copies what a dead process would leave: everything but its lock.
func copyFiles(t *testing.T, from, to string) {
	t.Helper()
	mkdir(t, to)
	for _, name := range []string{"busbar.db", "busbar.db-wal"} {
		text, err := os.ReadFile(filepath.Join(from, name))
		must(t, err)
		write(t, filepath.Join(to, name), string(text))
	}
}
