package storetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

// tokens are tokens as they are stored.
func (w *world) tokens(text string) store.LoginTokens {
	return store.LoginTokens{Sealed: []byte(text), ObtainedAt: w.now, ExpiresAt: w.now.Add(time.Hour)}
}

func (w *world) login(c *store.Connection) store.LoginTokens {
	w.t.Helper()
	return must[store.LoginTokens](w)(w.LoginTokens(w.t.Context(), c.Scope()))
}

func (w *world) takeLogin(c *store.Connection, version int64, owner string) store.LoginTokens {
	w.t.Helper()
	return must[store.LoginTokens](w)(w.ClaimLogin(w.t.Context(), c, version, owner, w.now.Add(time.Minute), w.now))
}

var loginTests = []test{
	{"there are no tokens until some are stored, and new ones take their place", func(t *testing.T, w *world) {
		c, other := w.connect(), w.connect()
		w.equal("none", w.login(c), store.LoginTokens{})
		w.write(func(tx *store.Tx) error { return tx.SetLogin(t.Context(), c.Scope(), w.tokens("a")) })
		want := w.tokens("a")
		want.Version = 1
		w.equal("stored", w.login(c), want)
		w.equal("of another connection", w.login(other), store.LoginTokens{})
		w.write(func(tx *store.Tx) error { return tx.SetLogin(t.Context(), c.Scope(), w.tokens("b")) })
		want.Version, want.Sealed = 2, []byte("b")
		w.equal("replaced", w.login(c), want)
		w.write(func(tx *store.Tx) error { return tx.SetLogin(t.Context(), c.Scope(), store.LoginTokens{}) })
		w.equal("removed", w.login(c), store.LoginTokens{})
	}},
	{"a lease is one's alone until its time, and a renewal ends it", func(t *testing.T, w *world) {
		c := w.connect()
		w.takeLogin(c, 0, "one")
		w.equal("claimed", fmt.Sprintln(w.login(c).Owner, w.login(c).Until.Equal(w.now.Add(time.Minute)), w.login(c).AskedAt.Equal(w.now)), "one true true\n")
		claim := func(owner string, version int64) error {
			_, err := w.ClaimLogin(t.Context(), c, version, owner, w.now.Add(time.Minute), w.now)
			return err
		}
		w.is(claim("two", 0), store.ErrConflict)
		w.ok(w.RenewLogin(t.Context(), c, store.LoginTokens{}, w.tokens("a")))
		want := w.tokens("a")
		want.Version = 1
		w.equal("renewed", w.login(c), want)
		w.is(claim("two", 0), store.ErrConflict)
		w.ok(claim("two", 1))
	}},
	{"a lease that is over may be taken, and what it asked for is remembered as lost", func(t *testing.T, w *world) {
		c := w.connect()
		asked := w.now
		w.equal("nothing was lost", w.takeLogin(c, 0, "one").AskedAt.IsZero(), true)
		w.tick(time.Minute)
		w.equal("asked", w.takeLogin(c, 0, "two").AskedAt, asked)
		w.is(w.ReleaseLogin(t.Context(), c, "one", false), store.ErrConflict)
		w.ok(w.ReleaseLogin(t.Context(), c, "two", true))
		w.equal("still lost", w.takeLogin(c, 0, "three").AskedAt, asked)
		w.ok(w.ReleaseLogin(t.Context(), c, "three", false))
		w.equal("no more", w.takeLogin(c, 0, "four").AskedAt.IsZero(), true)
	}},
	{"tokens that were granted count, whoever has the lease by then; of two who were granted some the first ones do", func(t *testing.T, w *world) {
		c := w.connect()
		late := w.takeLogin(c, 0, "late")
		w.tick(time.Minute)
		second := w.takeLogin(c, 0, "second")
		w.ok(w.RenewLogin(t.Context(), c, late, w.tokens("late")))
		w.is(w.RenewLogin(t.Context(), c, second, w.tokens("second")), store.ErrConflict)
		w.is(w.ReleaseLogin(t.Context(), c, "second", true), store.ErrConflict)
		want := w.tokens("late")
		want.Version = 1
		w.equal("stored", w.login(c), want)
	}},
	{"another login, or the end of the connection, leaves nobody's lease", func(t *testing.T, w *world) {
		c := w.connect()
		old := *c
		w.takeLogin(c, 0, "one")
		w.write(func(tx *store.Tx) error {
			c.Credentials = []byte("new")
			if err := tx.SetConnectionCredentials(t.Context(), c, w.now); err != nil {
				return err
			}
			return tx.SetLogin(t.Context(), c.Scope(), w.tokens("new"))
		})
		w.is(w.RenewLogin(t.Context(), &old, store.LoginTokens{}, w.tokens("old")), store.ErrConflict)
		w.is(w.ReleaseLogin(t.Context(), &old, "one", true), store.ErrConflict)
		_, err := w.ClaimLogin(t.Context(), &old, 1, "one", w.now.Add(time.Minute), w.now)
		w.is(err, store.ErrConflict)
		w.takeLogin(c, 1, "two")
		w.write(func(tx *store.Tx) error { return tx.Disconnect(t.Context(), c.Scope(), w.now) })
		w.equal("disconnected", w.login(c), store.LoginTokens{})
		w.is(w.RenewLogin(t.Context(), c, store.LoginTokens{}, w.tokens("late")), store.ErrConflict)
	}},
	{"a process that starts alone frees the leases, and what was lost stays lost", func(t *testing.T, w *world) {
		c := w.connect()
		w.takeLogin(c, 0, "gone")
		w.ok(w.ClearLeases(t.Context()))
		w.equal("asked", w.takeLogin(c, 0, "next").AskedAt, w.now)
	}},
	{"of many who want to renew a login one does", func(t *testing.T, w *world) {
		oneRenews(t, w, []*store.Store{w.Store})
	}},
}

// oneRenews lets many claim the same tokens at the same time, over all stores.
func oneRenews(t *testing.T, w *world, stores []*store.Store) {
	c := w.connect()
	for version := range int64(5) {
		var got atomic.Int64
		var all sync.WaitGroup
		for i := range 8 {
			s, owner := stores[i%len(stores)], fmt.Sprint("owner ", i)
			all.Go(func() {
				claimed, err := s.ClaimLogin(t.Context(), c, version, owner, w.now.Add(time.Minute), w.now)
				switch {
				case errors.Is(err, store.ErrConflict):
				case err != nil:
					t.Error(err)
				default:
					got.Add(1)
					if err := s.RenewLogin(t.Context(), c, claimed, w.tokens(owner)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		w.equal("renewals", got.Load(), 1)
		w.equal("version", w.login(c).Version, version+1)
	}
}
