package engine

import (
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/store"
)

// renew gives the connection other credentials.
func (w *world) renew(credentials string) {
	w.t.Helper()
	now, err := w.store.ConnectionForWork(w.t.Context(), w.conn.ID)
	w.must(err)
	now.Credentials = []byte(credentials)
	w.must(w.store.Write(w.t.Context(), func(tx *store.Tx) error { return tx.SetConnectionCredentials(w.t.Context(), now, w.clock) }))
}

// What two logins did not see, each in its part of a run, is not gone: the run deletes nothing, and the next one, with one login, does.
func TestWhatTwoLoginsDidNotSeeIsNotGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.source.pages(orders(0, 40))
	w.ends(w.sync(store.Full), store.RunComplete, "")
	w.source.pages(orders(0, 9), orders(10, 19), orders(20, 29), orders(30, 39))
	whole, asked := w.source.fetch, 0
	w.source.fetch = func(r driver.Request) (*driver.Page, error) {
		if asked++; asked == 2 {
			w.renew("another")
		}
		return whole(r)
	}
	w.ends(w.sync(store.Full), store.RunComplete, "")
	if n := len(w.notes()); asked != 4 || n != 40 {
		t.Errorf("%d pages were asked for and %d orders are stored, want 4 and 40", asked, n)
	}
	w.ends(w.sync(store.Full), store.RunComplete, "")
	if n := len(w.notes()); n != 36 {
		t.Errorf("after a run with one login %d orders are stored, want 36", n)
	}
}

// A login that is refused time and again costs a run nothing: each new one takes it further.
func TestRunOutlivesManyLogins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var all [][]order
	for i := range 2*maxRetries + 1 {
		all = append(all, orders(10*i, 10*i+10))
	}
	w.source.pages(all...)
	whole, refused := w.source.fetch, map[string]bool{}
	w.source.fetch = func(r driver.Request) (*driver.Page, error) {
		if at := string(r.Token); !refused[at] {
			refused[at] = true
			return nil, &driver.Error{Kind: driver.Credentials, Detail: "wrong password"}
		}
		return whole(r)
	}
	run := w.sync(store.Full)
	for range len(all) {
		if run.State != store.RunQueued || run.ReasonCode != "credentials-refused" {
			break
		}
		w.clock = w.clock.Add(time.Minute)
		w.work()
		run = w.run(run.ID)
	}
	w.ends(run, store.RunComplete, "")
	if n := len(w.notes()); n != 10*len(all) || run.Counts.Pages != int64(len(all)) {
		t.Errorf("%d orders are stored after %d pages", n, run.Counts.Pages)
	}
}
