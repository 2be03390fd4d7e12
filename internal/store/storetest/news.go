package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

var newsTests = []test{
	{"what is stored is told to who follows its project, and what is not stored is not", func(t *testing.T, w *world) {
		f, foreign := w.Follow(project), w.Follow("p2")
		defer f.Close()
		defer foreign.Close()
		errOwn := errors.New("given up")
		w.is(w.Write(t.Context(), func(tx *store.Tx) error {
			if err := tx.InsertKey(t.Context(), store.Key{ID: "k1", ProjectID: project, Hash: []byte("g"), CreatedAt: w.now}); err != nil {
				return err
			}
			return errOwn
		}), errOwn)
		c := w.connect()
		if w.hears(f, store.ThingConnections, c.ID)[store.Changed{Thing: store.ThingKeys}] {
			t.Error("what was given up is told")
		}
		run := w.begin(c, orders, store.Full)
		w.hears(f, store.ThingSyncRuns, c.ID)
		w.apply(c, run, recs(2, "a"))
		w.hears(f, store.ThingRecords, c.ID)
		w.write(func(tx *store.Tx) error {
			return tx.InsertKey(t.Context(), store.Key{ID: "k2", ProjectID: "p2", Hash: []byte("h"), CreatedAt: w.now})
		})
		for told := range w.hears(foreign, store.ThingKeys, "") {
			if told.Connection != "" {
				t.Errorf("another project's connection is told: %v", told)
			}
		}
	}},
}

// hears takes news until a piece of it comes, or word that some may be missing, and gives all of it, but for whose it is.
func (w *world) hears(f *store.Follower, thing store.Thing, connection string) map[store.Changed]bool {
	w.t.Helper()
	limit := time.After(time.Minute)
	told := map[store.Changed]bool{}
	for found := false; !found; {
		select {
		case <-f.News():
		case <-limit:
			w.t.Fatalf("%s of %q was never told", thing, connection)
		}
		for _, c := range f.Take() {
			told[store.Changed{Thing: c.Thing, Connection: c.Connection}] = true
			found = found || c.Thing == store.Everything || c.Thing == thing && c.Connection == connection
		}
	}
	return told
}

// toldToOthers stores in one process what the other follows.
func toldToOthers(_ *testing.T, p *pair) {
	f := p.other.Follow(project)
	defer f.Close()
	for told := false; !told; { // until it hears the other
		c := p.connect()
		told = p.hears(f, store.ThingConnections, c.ID)[store.Changed{Thing: store.ThingConnections, Connection: c.ID}]
	}
}
