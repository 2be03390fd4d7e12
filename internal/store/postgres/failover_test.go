package postgres_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/store"

	server "github.com/busbar-dev/busbar/internal/realsys/postgres"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// A standby that takes over without the last commits: who stored a page that is lost stores and ends nothing more, cursors begin a new epoch, and the run goes on from what is there.
func TestFailoverThatLosesCommits(t *testing.T) {
	t.Parallel()
	cluster := server.Start(t)
	s := open(t, cluster.Database(t))
	if moved, err := s.FollowServer(t.Context()); moved || err != nil {
		t.Fatalf("the first look: moved %v (%v)", moved, err)
	}
	c := connected(t, s)
	run := begun(t, s, c.Scope())
	must(t, s.ApplyPage(t.Context(), run, page(0), noon))
	cluster.Stop(t)
	kept := cluster.Keep(t)
	cluster.Start(t)
	must(t, s.ApplyPage(t.Context(), run, page(1), noon))
	before := position(t, s, c.Scope())
	cluster.Stop(t)
	cluster.FallBack(t, kept)

	if err := s.ApplyPage(t.Context(), run, page(2), noon); !errors.Is(err, store.ErrFenced) {
		t.Errorf("a page after the one that is lost: %v", err)
	}
	err := s.Write(t.Context(), func(tx *store.Tx) error {
		return tx.FinishRun(t.Context(), run, store.Finish{State: store.RunComplete}, noon)
	})
	if !errors.Is(err, store.ErrFenced) {
		t.Errorf("the end of a run that misses a page: %v", err)
	}
	for _, want := range []bool{true, false} {
		if moved, err := s.FollowServer(t.Context()); moved != want || err != nil {
			t.Errorf("moved %v, want %v (%v)", moved, want, err)
		}
	}
	after := position(t, s, c.Scope())
	if before.Seq != 20 || after.Seq != 10 || after.Epoch != before.Epoch+1 {
		t.Errorf("from %+v to %+v", before, after)
	}
	runs, err := s.RunnableRuns(t.Context(), c.Scope(), noon)
	if err != nil || len(runs) != 1 || string(runs[0].Checkpoint) != "0" {
		t.Errorf("to go on: %+v (%v)", runs, err)
	}
}

func position(t *testing.T, s *store.Store, sc store.Scope) store.Position {
	t.Helper()
	at, err := s.Position(t.Context(), sc, "items")
	must(t, err)
	return at
}

func connected(t *testing.T, s *store.Store) *store.Connection {
	t.Helper()
	c := &store.Connection{ID: "c", ProjectID: "p", State: store.ConnectionActive, CreatedAt: noon}
	must(t, s.Write(t.Context(), func(tx *store.Tx) error {
		if err := tx.InsertConnection(t.Context(), c); err != nil {
			return err
		}
		return tx.InsertStreams(t.Context(), c.Scope(), []store.Stream{{Entity: "items"}})
	}))
	return c
}

func begun(t *testing.T, s *store.Store, sc store.Scope) (r *store.Run) {
	t.Helper()
	must(t, s.Write(t.Context(), func(tx *store.Tx) (err error) {
		r, _, err = tx.RequestRun(t.Context(), sc, "items", store.Full, store.TriggerManual, "run", noon)
		return err
	}))
	r, err := s.AcquireRun(t.Context(), r, "first", noon.Add(time.Minute), noon)
	must(t, err)
	return r
}

// page is page n of ten records, all new.
func page(n int) store.PageResult {
	p := store.PageResult{Pages: 1, Fetched: 10, Expected: -1, Checkpoint: []byte(fmt.Sprint(n))}
	for i := range 10 {
		id := fmt.Sprintf("%d-%d", n, i)
		p.Changes = append(p.Changes, store.Change{ID: uuid.NewSHA1(uuid.NameSpaceURL, []byte(id)), RemoteID: id, Raw: []byte(`{}`), Fields: []byte(`{}`)})
	}
	return p
}
