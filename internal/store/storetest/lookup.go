package storetest

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/zeebo/xxh3"

	"github.com/busbar-dev/busbar/internal/store"
)

// put stores records with these fields in one page of a run, by remote id.
func (w *world) put(c *store.Connection, r *store.Run, records ...[2]string) {
	w.t.Helper()
	p := store.PageResult{Pages: 1, Fetched: int64(len(records)), Expected: -1}
	var ids []rec
	for _, one := range records {
		ids = append(ids, rec{id: one[0]})
	}
	for i, h := range w.heads(c, r.Entity, ids) {
		one := records[i]
		p.Changes = append(p.Changes, store.Change{
			ID: idOf(c, r.Entity, one[0]), RemoteID: one[0], RawHash: xxh3.Hash128([]byte(one[1])).Bytes(), Raw: []byte(`{}`), Head: h, Fields: []byte(one[1]),
		})
	}
	w.ok(w.ApplyPage(w.t.Context(), r, p, w.now))
}

// find gives the remote ids of the records with these values.
func (w *world) find(c *store.Connection, limit int, by ...string) []string {
	w.t.Helper()
	var fields []store.FieldValue
	for i := 0; i < len(by); i += 2 {
		fields = append(fields, store.FieldValue{Field: by[i], Value: by[i+1]})
	}
	out := []string{}
	for _, r := range must[[]store.Record](w)(w.FindRecords(w.t.Context(), c.Scope(), vendors, fields, limit)) {
		_, rest, _ := strings.Cut(r.JSON, `"remote_id":"`)
		id, _, _ := strings.Cut(rest, `"`)
		out = append(out, id)
	}
	return sorted(out)
}

var lookupTests = []test{
	{"records are found by values as they are written, at any path", func(t *testing.T, w *world) {
		c, other := w.connect(), w.connect()
		long := strings.Repeat("é", 2000)
		r := w.begin(c, vendors, store.Incremental)
		w.put(c, r,
			[2]string{"a", `{"number":"V-1","vendor":{"code":"x","rating":1.50},"blocked":false,"note":null,"lines":[{"n":1}]}`},
			[2]string{"b", `{"number":"V-2","vendor":{"code":"x","rating":1.5},"blocked":true,"note":"` + long + `"}`},
			[2]string{"c", `{"number":"V-1","vendor":"x","note":"` + long + `!"}`},
			[2]string{"d", `{"number":17,"vendor":{"code":"é\u0041"}}`},
		)
		for _, tt := range []struct {
			by   []string
			want string
		}{
			{[]string{"number", "V-1"}, "[a c]"},
			{[]string{"number", "V-1", "vendor.code", "x"}, "[a]"},
			{[]string{"vendor.code", "x", "number", "V-2"}, "[b]"},
			{[]string{"vendor.code", "x", "number", "V-3"}, "[]"},
			{[]string{"vendor.rating", "1.50"}, "[a]"},
			{[]string{"vendor.code", "éA"}, "[d]"},
			{[]string{"vendor", "x"}, "[c]"},
			{[]string{"number", "17"}, "[d]"},
			{[]string{"blocked", "true"}, "[b]"},
			{[]string{"note", "null"}, "[]"},
			{[]string{"note", ""}, "[]"},
			{[]string{"note", long}, "[b]"},
			{[]string{"note", long + "!"}, "[c]"},
			{[]string{"lines.n", "1"}, "[]"},
			{[]string{"remote_id", "b"}, "[b]"},
		} {
			w.equal(strings.Join(tt.by, " ")[:min(40, len(strings.Join(tt.by, " ")))], w.find(c, 10, tt.by...), tt.want)
		}
		w.equal("limit", len(w.find(c, 1, "number", "V-1")), 1)
		w.equal("another connection", w.find(other, 10, "number", "V-1"), []string{})
		w.is(second(w.FindRecords(t.Context(), c.Scope(), "items", []store.FieldValue{{Field: "number"}}, 1)), store.ErrNotFound)
		if _, err := w.FindRecords(t.Context(), c.Scope(), vendors, nil, 1); err == nil {
			t.Error("found by nothing")
		}
	}},
	{"what is found follows what is stored", func(t *testing.T, w *world) {
		c := w.connect()
		number := func(id, n string) [2]string { return [2]string{id, fmt.Sprintf(`{"number":%q}`, n)} }
		r := w.begin(c, vendors, store.Full)
		w.equal("nothing is stored", w.find(c, 10, "number", "1"), []string{})
		w.put(c, r, number("a", "1"), number("b", "2"))
		w.equal("created", w.find(c, 10, "number", "1"), []string{"a"})
		w.put(c, r, number("a", "2"), number("c", "1"))
		w.equal("no more", w.find(c, 10, "number", "1"), []string{"c"})
		w.equal("changed", w.find(c, 10, "number", "2"), []string{"a", "b"})
		w.put(c, r, [2]string{"b", `{}`})
		w.equal("forgotten", w.find(c, 10, "number", "2"), []string{"a"})
		w.complete(r)
		r = w.begin(c, vendors, store.Full)
		w.put(c, r, number("a", "3"))
		w.sweep(r)
		w.complete(r)
		w.equal("deleted", w.find(c, 10, "number", "1"), []string{})
		r = w.begin(c, vendors, store.Reset)
		for done := false; !done; {
			done = must[bool](w)(w.BeginReset(t.Context(), r, 10))
		}
		w.equal("while it is reset", w.find(c, 10, "number", "3"), []string{"a"})
		w.put(c, r, number("a", "4"), number("c", "3"))
		w.equal("after a reset", w.find(c, 10, "number", "3"), []string{"c"})
		w.equal("after a reset", w.find(c, 10, "number", "4"), []string{"a"})
		w.write(func(tx *store.Tx) error { return tx.Disconnect(t.Context(), c.Scope(), w.now) })
		w.write(func(tx *store.Tx) error { return tx.AskDeleteData(t.Context(), c.Scope(), w.now) })
		for done := false; !done; {
			done = must[bool](w)(w.DeleteDataStep(t.Context(), c.Scope(), 3))
		}
		w.is(second(w.FindRecords(t.Context(), c.Scope(), vendors, []store.FieldValue{{Field: "number", Value: "3"}}, 1)), store.ErrNotFound)
	}},
	{"many who look at once, while records change, find what was stored before", func(t *testing.T, w *world) {
		c := w.connect()
		r := w.begin(c, vendors, store.Incremental)
		for page := range 3 { // more than one step
			var records [][2]string
			for i := range 500 {
				records = append(records, [2]string{fmt.Sprint(page*500 + i), fmt.Sprintf(`{"number":"n%d"}`, i%250)})
			}
			w.put(c, r, records...)
		}
		var looking sync.WaitGroup
		for range 4 {
			looking.Go(func() {
				for i := range 5 {
					found, err := w.FindRecords(t.Context(), c.Scope(), vendors, []store.FieldValue{{Field: "number", Value: fmt.Sprint("n", i)}}, 100)
					if err != nil || len(found) < 5 || len(found) > 6 { // one gets another number
						t.Errorf("n%d: %d found, %v", i, len(found), err)
					}
				}
			})
		}
		for i := range 5 {
			w.put(c, r, [2]string{fmt.Sprint(i), `{"number":"other"}`})
			w.equal("at once", len(w.find(c, 100, "number", "other")), i+1)
		}
		looking.Wait()
		for i := range 5 {
			w.equal("left", len(w.find(c, 100, "number", fmt.Sprint("n", i))), 5)
		}
		w.equal("all of a value", len(w.find(c, 1000, "number", "n100")), 6)
	}},
}
