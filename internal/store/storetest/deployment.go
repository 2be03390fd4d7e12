package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

var deploymentTests = []test{
	{"a meta value is empty until it is set, and the last one stays", func(t *testing.T, w *world) {
		w.equal("unset", must[string](w)(w.Meta(t.Context(), "k")), "")
		w.ok(w.SetMeta(t.Context(), "k", "a"))
		w.ok(w.SetMeta(t.Context(), "k", "b"))
		w.equal("set", must[string](w)(w.Meta(t.Context(), "k")), "b")
	}},
	{"the first project is made once", func(t *testing.T, w *world) {
		p, created, err := w.EnsureProject(t.Context(), "first", "Acme", w.now)
		w.ok(err)
		w.equal("created", created, true)
		again, created, err := w.EnsureProject(t.Context(), "second", "Other", w.now)
		w.ok(err)
		w.equal("created again", created, false)
		w.equal("project", again, p)
		w.write(func(tx *store.Tx) error {
			return tx.InsertProject(t.Context(), store.Project{ID: "0", Name: "Made when a clock stood earlier", CreatedAt: p.CreatedAt.Add(-48 * time.Hour)})
		})
		w.equal("first project", must[string](w)(w.FirstProject(t.Context())), p.ID)
	}},
	{"a key is found by its hash, and revoked only by its project", func(t *testing.T, w *world) {
		k := store.Key{ID: w.id(), ProjectID: project, Label: "ci", Hash: []byte{1, 2}, Last4: "abcd", Scopes: []string{"read", "admin"}, CreatedAt: w.now, ExpiresAt: w.now.Add(time.Hour)}
		w.ok(w.InsertKey(t.Context(), k))
		w.equal("key", *must[*store.Key](w)(w.KeyByHash(t.Context(), k.Hash)), k)
		_, err := w.KeyByHash(t.Context(), []byte{9})
		w.is(err, store.ErrNotFound)
		w.is(w.RevokeKey(t.Context(), "p2", k.ID, w.now), store.ErrNotFound)
		w.ok(w.RevokeKey(t.Context(), project, k.ID, w.now))
		w.ok(w.RevokeKey(t.Context(), project, k.ID, w.now.Add(time.Hour)))
		keys := must[[]store.Key](w)(w.Keys(t.Context(), project))
		w.equal("revoked at", keys[0].RevokedAt, w.now)
		w.equal("keys of another project", len(must[[]store.Key](w)(w.Keys(t.Context(), "p2"))), 0)
	}},
	{"last use of tokens and keys only moves forward", func(t *testing.T, w *world) {
		c := w.connect()
		w.write(func(tx *store.Tx) error {
			return tx.InsertToken(t.Context(), c.Scope(), store.Token{ID: "t", Hash: []byte("tok"), CreatedAt: w.now})
		})
		w.ok(w.InsertKey(t.Context(), store.Key{ID: "k", ProjectID: project, Hash: []byte("key"), CreatedAt: w.now}))
		for _, d := range []time.Duration{time.Hour, time.Minute} {
			w.ok(w.TouchTokens(t.Context(), map[string]time.Time{"tok": w.now.Add(d), "key": w.now.Add(d), "unknown": w.now}))
		}
		w.equal("token", must[[]store.Token](w)(w.Tokens(t.Context(), c.Scope()))[0].LastUsedAt, w.now.Add(time.Hour))
		w.equal("key", must[[]store.Key](w)(w.Keys(t.Context(), project))[0].LastUsedAt, w.now.Add(time.Hour))
	}},
	{"nothing of a write that fails or panics is stored", func(t *testing.T, w *world) {
		failed := errors.New("no")
		insert := func(tx *store.Tx) error {
			return tx.InsertConnection(t.Context(), &store.Connection{ID: "lost", ProjectID: project, State: store.ConnectionActive, CreatedAt: w.now})
		}
		w.is(w.Write(t.Context(), func(tx *store.Tx) error { return errors.Join(insert(tx), failed) }), failed)
		func() {
			defer func() { _ = recover() }()
			_ = w.Write(t.Context(), func(tx *store.Tx) error { _ = insert(tx); panic("bug") })
		}()
		_, err := w.ConnectionForWork(t.Context(), "lost")
		w.is(err, store.ErrNotFound)
	}},
	{"closing twice is fine", func(t *testing.T, w *world) {
		w.ok(w.Close())
		w.ok(w.Close())
	}},
}
