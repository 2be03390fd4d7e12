package storetest

import (
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

var deletionTests = []test{
	{"the login goes at once, the rest in steps, and a report stays that counts it", func(t *testing.T, w *world) {
		c, other := w.connect(), w.connect()
		_, err := w.Deletion(t.Context(), project, c.ID)
		w.is(err, store.ErrNotFound)
		w.write(func(tx *store.Tx) error {
			c.DataKey, c.Credentials = []byte("key"), []byte("login")
			if err := tx.SetConnectionCredentials(t.Context(), c, w.now); err != nil {
				return err
			}
			if err := tx.InsertToken(t.Context(), c.Scope(), store.Token{ID: "t", Hash: []byte("tok"), CreatedAt: w.now}); err != nil {
				return err
			}
			return tx.SetLogin(t.Context(), c.Scope(), w.tokens("a"))
		})
		w.write(func(tx *store.Tx) error { return tx.Disconnect(t.Context(), c.Scope(), w.now) })
		w.write(func(tx *store.Tx) error { return tx.SetLogin(t.Context(), c.Scope(), w.tokens("late")) })
		asked := w.now
		w.write(func(tx *store.Tx) error { return tx.AskDeleteData(t.Context(), c.Scope(), asked) })
		now := must[*store.Connection](w)(w.ConnectionByScope(t.Context(), c.Scope()))
		w.equal("key", now.DataKey == nil, true)
		w.equal("login", now.Credentials == nil, true)
		w.equal("tokens of the login", w.login(c), store.LoginTokens{})
		w.tick(time.Minute)
		w.write(func(tx *store.Tx) error { return tx.AskDeleteData(t.Context(), c.Scope(), w.now) })
		for done := false; !done; {
			w.ok(w.FinishDeletions(t.Context(), w.now))
			w.equal("finished before the end", must[store.Deletion](w)(w.Deletion(t.Context(), project, c.ID)).FinishedAt.IsZero(), true)
			done = must[bool](w)(w.DeleteDataStep(t.Context(), c.Scope(), 1))
		}
		w.ok(w.FinishDeletions(t.Context(), w.now))
		d := must[store.Deletion](w)(w.Deletion(t.Context(), project, c.ID))
		w.equal("asked", d.AskedAt, asked)
		w.equal("finished", d.FinishedAt, w.now)
		for kind, n := range map[string]int64{"credentials": 1, "data_keys": 1, "login_tokens": 1, "tokens": 1, "entities": 2} {
			w.equal(kind, d.Counts[kind], n)
		}
		_, err = w.Deletion(t.Context(), "p2", c.ID)
		w.is(err, store.ErrNotFound)
		_, err = w.Deletion(t.Context(), project, other.ID)
		w.is(err, store.ErrNotFound)
		w.equal("the other's login", string(must[*store.Connection](w)(w.ConnectionByScope(t.Context(), other.Scope())).Credentials), string(other.Credentials))
	}},
}
