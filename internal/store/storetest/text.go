package storetest

import (
	"testing"

	"github.com/busbar-dev/busbar/internal/store"
)

// What systems and callers send may be no text at all.
const strange = "a\x00b\xff\xfec"

var textTests = []test{
	{"text that is none is stored with a mark in its place", func(t *testing.T, w *world) {
		c := w.connect()
		r := w.begin(c, orders, store.Full)
		p := store.PageResult{Pages: 1, Fetched: 1, Expected: -1, Changes: []store.Change{
			{ID: idOf(c, orders, strange), RemoteID: strange, Raw: []byte(`{"id":"` + strange + `"}`), Fields: []byte(`{"display_name":"x"}`)},
		}}
		w.ok(w.ApplyPage(t.Context(), r, p, w.now))
		got := must[*store.Record](w)(w.Get(t.Context(), c.Scope(), orders, idOf(c, orders, strange), true))
		w.equal("raw", got.Raw, "{\"id\":\"a\uFFFDb\uFFFDc\"}")
		w.equal("remote id", w.record(c, orders, strange)["remote_id"], "a\uFFFDb\uFFFDc")
		w.equal("feed", remoteIDs(w.feed(c, orders, 0)), []string{"a\uFFFDb\uFFFDc"})
		w.finish(r, store.Finish{State: store.RunFailed, ReasonCode: "x", ReasonDetail: strange})
		w.equal("reason", must[*store.Run](w)(w.Run(t.Context(), c.Scope(), r.ID)).ReasonDetail, "a\uFFFDb\uFFFDc")
		w.write(func(tx *store.Tx) error {
			return tx.SetConnectionState(t.Context(), c.Scope(), store.ConnectionDegraded, "x", strange, w.now)
		})
		w.equal("state", must[*store.Connection](w)(w.ConnectionByScope(t.Context(), c.Scope())).StateDetail, "a\uFFFDb\uFFFDc")
	}},
	{"what is in quarantine keeps every byte", func(t *testing.T, w *world) {
		c := w.connect()
		r := w.begin(c, orders, store.Full)
		bad := store.BadRecord{RemoteID: strange, Pointer: "/" + strange, Reason: "no text: " + strange, Raw: []byte(strange)}
		w.ok(w.ApplyPage(t.Context(), r, store.PageResult{Pages: 1, Fetched: 1, Expected: -1, Bad: []store.BadRecord{bad}}, w.now))
		bad.RemoteID, bad.Pointer, bad.Reason = "a\uFFFDb\uFFFDc", "/a\uFFFDb\uFFFDc", "no text: a\uFFFDb\uFFFDc"
		w.equal("quarantine", w.quarantined(c, r.ID, 0), []store.BadRecord{bad})
	}},
	{"who looks for text that is none finds nothing", func(t *testing.T, w *world) {
		c := w.connect()
		for what, err := range map[string]error{
			"connection": second(w.Connection(t.Context(), project, strange)), "run": second(w.Run(t.Context(), c.Scope(), strange)),
			"stream": second(w.Position(t.Context(), c.Scope(), strange)),
		} {
			if !isError(err, store.ErrNotFound) {
				t.Errorf("%s: %v", what, err)
			}
		}
		for _, f := range []store.ConnectionFilter{{Tag: strange}, {System: strange}, {State: strange}, {Before: strange}} {
			if _, err := w.Connections(t.Context(), project, f); err != nil {
				t.Errorf("%+v: %v", f, err)
			}
		}
	}},
}

func second[T any](_ T, err error) error { return err }
