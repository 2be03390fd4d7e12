package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

var keyTests = []test{
	{"a key leads to one answer, until it is freed or old", func(t *testing.T, w *world) {
		k := store.IdempotencyKey{Owner: "c1", Name: "k" + strange, Hash: []byte("h"), Operation: "op"}
		w.claim(k, true)
		k.Name = "ka\uFFFDb\uFFFDc"
		k.CreatedAt = w.now
		found := w.claim(store.IdempotencyKey{Owner: "c1", Name: "k" + strange, Hash: []byte("other")}, false)
		w.equal("found", len(found.Answer) == 0, true)
		found.Answer = nil
		w.equal("found", *found, k)
		w.claim(store.IdempotencyKey{Owner: "c2", Name: k.Name}, true)
		k.Status, k.Headers, k.Answer = 201, []byte(`{"location":"x"}`), []byte{0, 1, 255}
		w.write(func(tx *store.Tx) error { return tx.AnswerKey(t.Context(), k) })
		w.equal("answered", *must[*store.IdempotencyKey](w)(w.Key(t.Context(), "c1", k.Name)), k)
		w.write(func(tx *store.Tx) error { return tx.FreeKey(t.Context(), "c1", k.Name) })
		w.is(second(w.Key(t.Context(), "c1", k.Name)), store.ErrNotFound)
		w.is(w.Write(t.Context(), func(tx *store.Tx) error { return tx.AnswerKey(t.Context(), k) }), store.ErrNotFound)
		must[*store.IdempotencyKey](w)(w.Key(t.Context(), "c2", k.Name))
		w.tick(time.Hour)
		for i := range 5 {
			w.claim(store.IdempotencyKey{Owner: "c1", Name: fmt.Sprint(i)}, true)
		}
		w.equal("none is as old", must[bool](w)(w.PurgeKeys(t.Context(), w.now, 10)), false)
		w.is(second(w.Key(t.Context(), "c2", k.Name)), store.ErrNotFound)
		w.equal("more", must[bool](w)(w.PurgeKeys(t.Context(), w.now.Add(time.Hour), 3)), true)
		w.equal("more", must[bool](w)(w.PurgeKeys(t.Context(), w.now.Add(time.Hour), 3)), false)
	}},
	{"the key of an operation without effect is freed, and no other", func(t *testing.T, w *world) {
		c := w.connect()
		o := w.queue(c, creates(1))
		w.claim(store.IdempotencyKey{Owner: store.KeyOwner(c.ID), Name: "mine", Operation: o.ID}, true)
		w.claim(store.IdempotencyKey{Owner: store.KeyOwner(c.ID), Name: "none"}, true)
		w.claim(store.IdempotencyKey{Owner: "other", Name: "mine", Operation: o.ID}, true)
		w.write(func(tx *store.Tx) error { return tx.FreeKeyOf(t.Context(), o) })
		w.is(second(w.Key(t.Context(), store.KeyOwner(c.ID), "mine")), store.ErrNotFound)
		must[*store.IdempotencyKey](w)(w.Key(t.Context(), store.KeyOwner(c.ID), "none"))
		must[*store.IdempotencyKey](w)(w.Key(t.Context(), "other", "mine"))
	}},
	{"of many who claim a key at once one gets it", func(t *testing.T, w *world) {
		claimAtOnce(w, 50, func(int) *store.Store { return w.Store })
	}},
}

// claim claims a key, which must be free or not.
func (w *world) claim(k store.IdempotencyKey, free bool) (found *store.IdempotencyKey) {
	w.t.Helper()
	w.write(func(tx *store.Tx) error {
		var claimed bool
		var err error
		found, claimed, err = tx.ClaimKey(w.t.Context(), k, w.now)
		if err == nil && claimed != free {
			w.t.Errorf("key %s claimed: %v", k.Name, claimed)
		}
		return err
	})
	return found
}

// claimAtOnce lets n claim one key; who gets it begins an operation in the same transaction.
func claimAtOnce(w *world, n int, at func(i int) *store.Store) {
	c := w.connect()
	var got atomic.Int64
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			id, mine := fmt.Sprintf("019f3333-0000-7000-8000-%012d", i), false
			k := store.IdempotencyKey{Owner: store.KeyOwner(c.ID), Name: "k", Hash: []byte("h"), Operation: id}
			err := at(i).Write(w.t.Context(), func(tx *store.Tx) (err error) {
				if _, mine, err = tx.ClaimKey(w.t.Context(), k, w.now); err != nil || !mine {
					return err
				}
				_, err = tx.InsertOperation(w.t.Context(), c.Scope(), store.NewOperation{ID: id, Entity: orders}, w.now)
				return err
			})
			if err != nil {
				w.t.Error(err)
			}
			if mine {
				got.Add(1)
			}
		})
	}
	all.Wait()
	w.equal("who got it", got.Load(), 1)
}
