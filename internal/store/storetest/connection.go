package storetest

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

var connectionTests = []test{
	{"a connection comes back as it was stored", func(t *testing.T, w *world) {
		c := &store.Connection{
			ID: w.id(), ProjectID: project, System: "tryton", Name: "Plant 1", State: store.ConnectionSyncing, StateCode: "first_sync", StateDetail: "Reading.",
			StateSince: w.now, AuthMethod: "password", Credentials: []byte{0, 1}, DataKey: []byte{2}, Public: map[string]string{"url": "https://erp.example"},
			Metadata: json.RawMessage(`{"a":"<b>"}`), WriteRules: json.RawMessage(`{"vendors":{"forbid":["delete"]}}`), Tags: []string{"eu", "test"}, TimeZone: "Europe/Berlin", SystemVersion: "7.0", CreatedAt: w.now, UpdatedAt: w.now,
		}
		w.write(func(tx *store.Tx) error { return tx.InsertConnection(t.Context(), c) })
		w.equal("by project", *must[*store.Connection](w)(w.Connection(t.Context(), project, c.ID)), *c)
		w.equal("by scope", *must[*store.Connection](w)(w.ConnectionByScope(t.Context(), c.Scope())), *c)
		w.equal("for work", *must[*store.Connection](w)(w.ConnectionForWork(t.Context(), c.ID)), *c)
		_, err := w.Connection(t.Context(), "p2", c.ID)
		w.is(err, store.ErrNotFound)
	}},
	{"lists are newest first, filtered and paged", func(t *testing.T, w *world) {
		var ids []string
		for i := range 5 {
			c := &store.Connection{ID: w.id(), ProjectID: project, System: []string{"odoo", "tryton"}[i%2], State: store.ConnectionActive, CreatedAt: w.now}
			if i == 3 {
				c.State, c.Tags = store.ConnectionPaused, []string{"eu"}
			}
			ids = append(ids, c.ID)
			w.write(func(tx *store.Tx) error { return tx.InsertConnection(t.Context(), c) })
		}
		for name, tt := range map[string]struct {
			filter store.ConnectionFilter
			want   []string
		}{
			"all":    {store.ConnectionFilter{}, []string{ids[4], ids[3], ids[2], ids[1], ids[0]}},
			"page":   {store.ConnectionFilter{Limit: 2, Before: ids[3]}, []string{ids[2], ids[1]}},
			"system": {store.ConnectionFilter{System: "tryton"}, []string{ids[3], ids[1]}},
			"state":  {store.ConnectionFilter{State: store.ConnectionPaused}, []string{ids[3]}},
			"tag":    {store.ConnectionFilter{Tag: "eu"}, []string{ids[3]}},
			"none":   {store.ConnectionFilter{Tag: "us"}, []string{}},
		} {
			got := []string{}
			for _, c := range must[[]*store.Connection](w)(w.Connections(t.Context(), project, tt.filter)) {
				got = append(got, c.ID)
			}
			w.equal(name, got, tt.want)
		}
		w.equal("other project", len(must[[]*store.Connection](w)(w.Connections(t.Context(), "p2", store.ConnectionFilter{}))), 0)
	}},
	{"a search finds words and metadata, page by page", func(t *testing.T, w *world) {
		var ids []string
		w.write(func(tx *store.Tx) error {
			ids = nil
			for i := range 1100 { // more than are looked at at once
				c := &store.Connection{ID: w.id(), ProjectID: project, System: []string{"odoo", "tryton"}[i%2], Name: fmt.Sprintf("Plant %d", i), State: store.ConnectionActive, CreatedAt: w.now}
				if i%10 == 0 {
					c.Name, c.Metadata = "WERK München "+c.Name, json.RawMessage(fmt.Sprintf(`{"customer": "4711", "number": %d, "deep": {"a": 1}}`, i))
				}
				ids = append(ids, c.ID)
				if err := tx.InsertConnection(t.Context(), c); err != nil {
					return err
				}
			}
			return nil
		})
		find := func(project string, f store.ConnectionFilter, by store.Find) (got []string) {
			for pages := 0; pages < 1200; pages++ {
				found, behind, err := w.FindConnections(t.Context(), project, f, by)
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range found {
					got = append(got, c.ID)
				}
				if f.Before = behind; behind == "" {
					return got
				}
			}
			t.Fatal("the search does not end")
			return nil
		}
		var tenth []string
		for i := 1090; i >= 0; i -= 10 {
			tenth = append(tenth, ids[i])
		}
		customer := map[string]string{"customer": "4711"}
		for name, tt := range map[string]struct {
			filter store.ConnectionFilter
			by     store.Find
			want   []string
		}{
			"words in any order and case":  {store.ConnectionFilter{Limit: 500}, store.Find{Words: "  plant MÜNCHEN "}, tenth},
			"in pages":                     {store.ConnectionFilter{Limit: 7}, store.Find{Words: "werk"}, tenth},
			"in pages that end at the end": {store.ConnectionFilter{Limit: 11}, store.Find{Words: "werk"}, tenth},
			"by system and id":             {store.ConnectionFilter{Limit: 5}, store.Find{Words: "tryton " + ids[1]}, []string{ids[1]}},
			"with a filter":                {store.ConnectionFilter{Limit: 5, System: "tryton"}, store.Find{Words: "werk"}, nil},
			"metadata":                     {store.ConnectionFilter{Limit: 50}, store.Find{Metadata: customer}, tenth},
			"metadata and words":           {store.ConnectionFilter{Limit: 50}, store.Find{Metadata: customer, Words: ids[20]}, []string{ids[20]}},
			"a number":                     {store.ConnectionFilter{Limit: 50}, store.Find{Metadata: map[string]string{"number": "30", "customer": "4711"}}, []string{ids[30]}},
			"an object":                    {store.ConnectionFilter{Limit: 500}, store.Find{Metadata: map[string]string{"deep": `{"a":1}`}}, tenth},
			"another value":                {store.ConnectionFilter{Limit: 50}, store.Find{Metadata: map[string]string{"customer": "471"}}, nil},
			"no wildcards":                 {store.ConnectionFilter{Limit: 50}, store.Find{Words: "werk%"}, nil},
		} {
			w.equal(name, find(project, tt.filter, tt.by), tt.want)
		}
		w.equal("other project", find("p2", store.ConnectionFilter{Limit: 5}, store.Find{Words: "plant"}), []string(nil))
	}},
	{"profile and credentials change apart", func(t *testing.T, w *world) {
		c := w.connect()
		w.tick(time.Minute)
		c.Name, c.Tags, c.Metadata, c.TimeZone = "New", []string{"x"}, json.RawMessage(`{"k":1}`), "UTC"
		c.Credentials, c.DataKey, c.AuthMethod, c.Public, c.SystemVersion = []byte("s"), []byte("d"), "token", map[string]string{"u": "v"}, "8"
		w.write(func(tx *store.Tx) error { return tx.SetConnectionProfile(t.Context(), c, w.now) })
		got := must[*store.Connection](w)(w.ConnectionByScope(t.Context(), c.Scope()))
		w.equal("credentials are untouched", string(got.Credentials), "")
		w.write(func(tx *store.Tx) error { return tx.SetConnectionCredentials(t.Context(), c, w.now) })
		c.WriteRules = json.RawMessage(`{"vendors":{"forbid":["delete"]}}`)
		w.write(func(tx *store.Tx) error { return tx.SetWriteRules(t.Context(), c.Scope(), c.WriteRules, w.now) })
		w.equal("connection", *must[*store.Connection](w)(w.ConnectionByScope(t.Context(), c.Scope())), *c)
	}},
	{"since moves only when state or code differ", func(t *testing.T, w *world) {
		c := w.connect()
		set := func(state store.ConnectionState, code, detail string) *store.Connection {
			w.tick(time.Minute)
			w.write(func(tx *store.Tx) error {
				return tx.SetConnectionState(t.Context(), c.Scope(), state, code, detail, w.now)
			})
			return must[*store.Connection](w)(w.ConnectionByScope(t.Context(), c.Scope()))
		}
		first := set(store.ConnectionUnreachable, "timeout", "one")
		w.equal("since", first.StateSince, w.now)
		w.equal("same again", set(store.ConnectionUnreachable, "timeout", "two").StateSince, first.StateSince)
		w.equal("other code", set(store.ConnectionUnreachable, "dns", "three").StateSince, w.now)
	}},
	{"a token is found by its hash with its connection", func(t *testing.T, w *world) {
		c := w.connect()
		tok := store.Token{ID: w.id(), Label: "default", Hash: []byte("h"), Last4: "wxyz", Scopes: []string{"read", "sync"}, CreatedAt: w.now}
		w.write(func(tx *store.Tx) error { return tx.InsertToken(t.Context(), c.Scope(), tok) })
		got, of, err := w.TokenByHash(t.Context(), tok.Hash)
		w.ok(err)
		w.equal("token", *got, tok)
		w.equal("connection", of.Scope(), c.Scope())
		_, _, err = w.TokenByHash(t.Context(), []byte("x"))
		w.is(err, store.ErrNotFound)
		w.write(func(tx *store.Tx) error { return tx.RevokeToken(t.Context(), c.Scope(), tok.ID, w.now) })
		w.write(func(tx *store.Tx) error { return tx.RevokeToken(t.Context(), c.Scope(), tok.ID, w.now.Add(time.Hour)) })
		got, _, err = w.TokenByHash(t.Context(), tok.Hash)
		w.ok(err)
		w.equal("revoked", got.RevokedAt, w.now)
	}},
	{"disconnecting kills tokens, schedules and runs, and keeps data", disconnects},
	{"data are deleted in steps, and only of a connection marked so", deletesData},
}

func disconnects(t *testing.T, w *world) {
	c := w.connect()
	w.sync(c, orders, store.Full, recs(3, "a"))
	w.write(func(tx *store.Tx) error {
		return tx.InsertToken(t.Context(), c.Scope(), store.Token{ID: "t", Hash: []byte("h"), CreatedAt: w.now})
	})
	w.write(func(tx *store.Tx) error {
		return tx.UpdateStream(t.Context(), c.Scope(), orders, store.StreamSettings{NextRunAt: &w.now})
	})
	running := w.begin(c, orders, store.Full)
	queued, _ := w.request(c, vendors, store.Full)
	w.tick(time.Minute)
	w.write(func(tx *store.Tx) error { return tx.Disconnect(t.Context(), c.Scope(), w.now) })
	w.write(func(tx *store.Tx) error { return tx.Disconnect(t.Context(), c.Scope(), w.now.Add(time.Hour)) })

	got := must[*store.Connection](w)(w.ConnectionByScope(t.Context(), c.Scope()))
	w.equal("state", got.State, store.ConnectionDisconnected)
	w.equal("disconnected at", got.DisconnectedAt, w.now)
	w.equal("token revoked", must[[]store.Token](w)(w.Tokens(t.Context(), c.Scope()))[0].RevokedAt, w.now)
	w.equal("next run", w.stream(c, orders).NextRunAt.IsZero(), true)
	w.equal("queued run", must[*store.Run](w)(w.Run(t.Context(), c.Scope(), queued.ID)).State, store.RunCancelled)
	w.is(w.ApplyPage(t.Context(), running, w.classify(c, orders, recs(1, "b")), w.now), store.ErrCancelled)
	w.equal("records", len(w.list(c, orders, store.Range{})), 3)
	err := w.Write(t.Context(), func(tx *store.Tx) error {
		return tx.SetConnectionState(t.Context(), c.Scope(), store.ConnectionActive, "", "", w.now)
	})
	w.is(err, store.ErrConflict)
}

func deletesData(t *testing.T, w *world) {
	c, other := w.connect(), w.connect()
	for _, c := range []*store.Connection{c, other} {
		w.sync(c, orders, store.Full, recs(25, "a"))
		w.sync(c, orders, store.Full, recs(20, "b"))
	}
	ask := func() error {
		return w.Write(t.Context(), func(tx *store.Tx) error { return tx.AskDeleteData(t.Context(), c.Scope(), w.now) })
	}
	w.is(ask(), store.ErrConflict)
	w.write(func(tx *store.Tx) error { return tx.Disconnect(t.Context(), c.Scope(), w.now) })
	_, err := w.DeleteDataStep(t.Context(), c.Scope(), 10)
	w.is(err, store.ErrConflict)
	w.ok(ask())
	w.equal("to delete", must[[]store.Scope](w)(w.ConnectionsToDelete(t.Context(), 10)), []store.Scope{c.Scope()})
	steps := 1
	for ; !must[bool](w)(w.DeleteDataStep(t.Context(), c.Scope(), 10)); steps++ {
	}
	if steps < 5 {
		t.Errorf("52 rows and more went in %d steps of 10", steps)
	}
	w.equal("done again", must[bool](w)(w.DeleteDataStep(t.Context(), c.Scope(), 10)), true)
	_, err = w.ConnectionForWork(t.Context(), c.ID)
	w.is(err, store.ErrNotFound)
	w.equal("records", len(w.list(c, orders, store.Range{Deleted: true})), 0)
	w.equal("records of the other", len(w.list(other, orders, store.Range{Deleted: true})), 25)
	w.equal("to delete", len(must[[]store.Scope](w)(w.ConnectionsToDelete(t.Context(), 10))), 0)
}
