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

// Whatever a write had come to in commits that are lost, it is not sent again: until the fall is noticed nothing is, and from then on it is not known which were.
func TestFailoverThatLosesWhatWasSent(t *testing.T) {
	t.Parallel()
	cluster := server.Start(t)
	s := open(t, cluster.Database(t))
	_, err := s.FollowServer(t.Context())
	must(t, err)
	sc := connected(t, s).Scope()
	held, queued := written(t, s, sc, "a"), written(t, s, sc, "b")
	held, err = s.AcquireOperation(t.Context(), held, "first", noon.Add(time.Hour), noon)
	must(t, err)
	send := func(o *store.Operation, n int64) error {
		pending := store.ItemMove{From: []store.ItemStatus{store.ItemPending}, To: store.ItemSending, Sent: true}
		return s.MoveItem(t.Context(), o, &store.Item{N: n}, pending, noon)
	}
	must(t, send(held, 0))
	must(t, s.MoveItem(t.Context(), held, &store.Item{N: 0}, store.ItemMove{From: []store.ItemStatus{store.ItemSending}, To: store.ItemApplied}, noon))
	cluster.Stop(t)
	kept := cluster.Keep(t)
	cluster.Start(t)
	must(t, send(held, 1))
	later, err := s.AcquireOperation(t.Context(), queued, "first", noon.Add(time.Hour), noon)
	must(t, err)
	must(t, send(later, 0))
	cluster.Stop(t)
	cluster.FallBack(t, kept)

	if err := send(held, 1); !errors.Is(err, store.ErrFenced) {
		t.Errorf("sent again: %v", err)
	}
	again, err := s.AcquireOperation(t.Context(), queued, "second", noon.Add(time.Hour), noon)
	must(t, err)
	if err := send(again, 0); !errors.Is(err, store.ErrFenced) {
		t.Errorf("sent again by another: %v", err)
	}
	must(t, s.Write(t.Context(), func(tx *store.Tx) error { // what is new was never sent
		o, err := tx.InsertOperation(t.Context(), sc, store.NewOperation{ID: "c", Entity: "items"}, noon)
		must(t, err)
		must(t, tx.InsertItems(t.Context(), o, []store.Item{{}}, noon))
		must(t, tx.QueueOperation(t.Context(), o, noon))
		o, err = tx.AcquireOperation(t.Context(), o, "second", noon.Add(time.Hour), noon)
		must(t, err)
		return tx.MoveItem(t.Context(), o, &store.Item{}, store.ItemMove{From: []store.ItemStatus{store.ItemPending}, To: store.ItemSending, Sent: true}, noon)
	}))
	moved, err := s.FollowServer(t.Context())
	if err != nil || !moved {
		t.Fatalf("moved %v (%v)", moved, err)
	}
	for o, want := range map[*store.Operation]string{held: "applied unknown", queued: "unknown unknown"} {
		items, err := s.Items(t.Context(), o, store.ItemFilter{})
		must(t, err)
		if got := fmt.Sprint(items[0].Status, " ", items[1].Status); got != want {
			t.Errorf("operation %s: %s, want %s", o.ID, got, want)
		}
	}
	if err := send(held, 1); !errors.Is(err, store.ErrFenced) {
		t.Errorf("a holder from before: %v", err)
	}
}

// written queues an operation of two items.
func written(t *testing.T, s *store.Store, sc store.Scope, id string) (o *store.Operation) {
	t.Helper()
	must(t, s.Write(t.Context(), func(tx *store.Tx) (err error) {
		if o, err = tx.InsertOperation(t.Context(), sc, store.NewOperation{ID: id, Entity: "items", Kind: store.OperationBatch}, noon); err != nil {
			return err
		}
		return errors.Join(tx.InsertItems(t.Context(), o, []store.Item{{N: 0}, {N: 1}}, noon), tx.QueueOperation(t.Context(), o, noon))
	}))
	return o
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
