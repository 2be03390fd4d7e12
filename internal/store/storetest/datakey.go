package storetest

import (
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

var dataKeyTests = []test{
	{"a project has no data key until one is made, once", func(t *testing.T, w *world) {
		p, _, err := w.EnsureProject(t.Context(), "first", "Acme", w.now)
		w.ok(err)
		w.equal("none", must[[]byte](w)(w.ProjectDataKey(t.Context(), p.ID)) == nil, true)
		for _, made := range []string{"key of acme", "another"} {
			w.write(func(tx *store.Tx) error {
				key, err := tx.EnsureProjectDataKey(t.Context(), p.ID, func() ([]byte, error) { return []byte(made), nil })
				w.equal("key", string(key), "key of acme")
				return err
			})
		}
		w.equal("stored", string(must[[]byte](w)(w.ProjectDataKey(t.Context(), p.ID))), "key of acme")
		_, err = w.ProjectDataKey(t.Context(), "nobody")
		w.is(err, store.ErrNotFound)
	}},
	{"data keys are found by who wraps them, and swapped unless they changed meanwhile", func(t *testing.T, w *world) {
		p, _, err := w.EnsureProject(t.Context(), "first", "Acme", w.now)
		w.ok(err)
		a, b, none := w.connect(), w.connect(), w.connect()
		set := func(c *store.Connection, key string) {
			w.write(func(tx *store.Tx) error {
				c.DataKey = []byte(key)
				return tx.SetConnectionCredentials(t.Context(), c, w.now)
			})
		}
		set(a, "\x01AAAA of a")
		set(b, "\x01BBBB of b")
		none.DataKey = nil
		w.write(func(tx *store.Tx) error {
			none.DataKey = nil
			if err := tx.SetConnectionCredentials(t.Context(), none, w.now); err != nil {
				return err
			}
			_, err := tx.EnsureProjectDataKey(t.Context(), p.ID, func() ([]byte, error) { return []byte("\x01AAAA of p"), nil })
			return err
		})
		found := func(limit int) (names []string, keys []store.WrappedKey) {
			keys = must[[]store.WrappedKey](w)(w.KeysNotUnder(t.Context(), []byte("\x01BBBB"), limit))
			for _, k := range keys {
				names = append(names, string(k.Wrapped))
			}
			return names, keys
		}
		all, keys := found(10)
		w.equal("not under B", all, []string{"\x01AAAA of a", "\x01AAAA of p"})
		one, _ := found(1)
		w.equal("the first", one, all[:1])
		w.equal("counts", must[map[string]int](w)(w.KeyHeads(t.Context())), map[string]int{"\x01AAAA": 2, "\x01BBBB": 1})
		for i, k := range keys {
			for _, want := range []bool{true, false} {
				w.write(func(tx *store.Tx) error {
					swapped, err := tx.SwapKey(t.Context(), k, append([]byte("\x01BBBB of "), byte('a'+i)))
					w.equal("swapped", swapped, want)
					return err
				})
			}
		}
		left, _ := found(10)
		w.equal("left", len(left), 0)
		w.equal("swapped", must[map[string]int](w)(w.KeyHeads(t.Context())), map[string]int{"\x01BBBB": 3})
	}},
	{"who holds master keys is known as long as it is seen", func(t *testing.T, w *world) {
		put := func(h store.KeyHolder, before time.Time) {
			w.write(func(tx *store.Tx) error { return tx.PutKeyHolder(t.Context(), h, before) })
		}
		h := store.KeyHolder{ID: "one", Host: "a", Holds: []string{"k1", "k2"}, Seals: "k1", SeenAt: w.now}
		put(h, w.now.Add(-time.Hour))
		w.tick(time.Minute)
		other := store.KeyHolder{ID: "two", Host: "b", Holds: []string{"k1"}, Seals: "k1", SeenAt: w.now}
		put(other, w.now.Add(-time.Hour))
		w.equal("all", must[[]store.KeyHolder](w)(w.KeyHolders(t.Context(), w.now.Add(-time.Hour))), []store.KeyHolder{h, other})
		w.equal("of late", must[[]store.KeyHolder](w)(w.KeyHolders(t.Context(), w.now)), []store.KeyHolder{other})
		other.Seals = "k2"
		put(other, w.now)
		w.equal("forgotten", must[[]store.KeyHolder](w)(w.KeyHolders(t.Context(), time.UnixMicro(0))), []store.KeyHolder{other})
		w.ok(w.DropKeyHolder(t.Context(), "two"))
		w.equal("none", len(must[[]store.KeyHolder](w)(w.KeyHolders(t.Context(), time.UnixMicro(0)))), 0)
	}},
}
