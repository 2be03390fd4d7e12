package sqldb_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
)

const writable = `
entities:
  purchase-orders:
    read:
      table: requests
      with: {lines: {table: request_lines, on: {request: id}, key: [line_no], columns: [line_no, item, qty]}}
    id: id
    updated_at: changed
    cursor: {precision: 1us}
    lists: changes
    fields:
      number: number
      status: {from: state, values: {draft: draft, sent: sent, gone: cancelled}}
      notes: notes
      lines:
        from: lines
        id: line_no
        fields: {description: item, quantity: {value: qty, unit: {const: EA}}}
    moves:
      - {from: [draft], to: sent, send: {set: {state: sent}, now: [changed]}}
    operations:
      create:
        send: {set: {state: draft}, now: [changed], lists: {lines: {numbered: line_no}}}
        bulk: {max: 100, atomic: true, send: {}}
        reconcile: [{class: W3, member: mark, find: {column: mark}}]
      update:
        insists: true
        send: {now: [changed], version: changed}
        reconcile: [{class: W2}]
      delete: {how: delete, insists: true, send: {}, reconcile: [{class: W2}]}
    evidence: {read: documented, create: documented, update: documented, delete: documented}
`

type writing struct {
	*base
	client
	system *manifest.System
	entity *manifest.Entity
}

func newWriting(t *testing.T, b *base) *writing {
	t.Helper()
	b.exec(t, "CREATE TABLE sites (code VARCHAR(20) PRIMARY KEY)")
	b.exec(t, "CREATE TABLE requests (id $ID, number VARCHAR(20) NOT NULL UNIQUE, state VARCHAR(20), notes VARCHAR(20), site VARCHAR(20) REFERENCES sites (code), mark VARCHAR(40), changed $AT NULL, "+
		"CONSTRAINT notes_are_no_rubbish CHECK (notes <> 'rubbish'))")
	b.exec(t, "CREATE TABLE request_lines (request BIGINT NOT NULL REFERENCES requests (id), line_no INT NOT NULL, item $TEXT, qty DECIMAL(12,3), CONSTRAINT qty_is_positive CHECK (qty > 0), PRIMARY KEY (request, line_no))")
	s := system(t, writable)
	return &writing{base: b, client: open(t, s, b.login), system: s, entity: s.Entity("purchase-orders")}
}

func sending(t testing.TB) context.Context {
	t.Helper()
	return egress.AsWrite(t.Context(), egress.Sending{})
}

func (w *writing) create(t *testing.T, body string) string {
	t.Helper()
	got, err := w.Write(sending(t), driver.Command{Entity: w.entity, Op: manifest.Create, Body: []byte(body)})
	if err != nil || got.RemoteID == "" {
		t.Fatalf("got %+v (%v)", got, err)
	}
	return got.RemoteID
}

func (w *writing) read(t *testing.T, id string) map[string]json.RawMessage {
	t.Helper()
	raw, err := w.ReadOne(t.Context(), w.entity, id)
	if err != nil || raw == nil {
		t.Fatalf("%s is %s (%v)", id, raw, err)
	}
	var r map[string]json.RawMessage
	if err := json.Unmarshal(raw, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

const someOrder = `{"number": "R1", "notes": "hello", "mark": "m-1", "lines": [{"item": "bolt", "qty": 2.5}, {"item": "nut", "qty": "10"}]}`

func TestCreateUpdateDelete(t *testing.T) {
	both(t, func(t *testing.T, b *base) {
		w := newWriting(t, b)
		id := w.create(t, someOrder)
		made := w.read(t, id)
		if got := string(made["lines"]); got != `[{"line_no":1,"item":"bolt","qty":2.500},{"line_no":2,"item":"nut","qty":10.000}]` || string(made["state"]) != `"draft"` || string(made["changed"]) == "null" {
			t.Fatalf("made %s", made)
		}
		found, err := w.Search(t.Context(), driver.Search{Entity: w.entity, Rung: &w.entity.Operations[manifest.Create].Ladder[0], Value: "m-1"})
		if err != nil || len(found) != 1 {
			t.Errorf("found %s (%v)", found, err)
		}
		current, _ := w.ReadOne(t.Context(), w.entity, id)
		update := driver.Command{Entity: w.entity, Op: manifest.Update, RemoteID: id, Current: current, Insist: true,
			Body: []byte(`{"notes": "x'; DROP TABLE", "lines": [{"op": "update", "key": {"line_no": 1}, "data": {"qty": 3}}, {"op": "delete", "key": {"line_no": 2}}, {"op": "create", "data": {"item": "oil", "qty": 1}}]}`)}
		if _, err := w.Write(sending(t), update); err != nil {
			t.Fatal(err)
		}
		if got := w.read(t, id); string(got["lines"]) != `[{"line_no":1,"item":"bolt","qty":3.000},{"line_no":2,"item":"oil","qty":1.000}]` || string(got["notes"]) != `"x'; DROP TABLE"` {
			t.Errorf("updated %s", got)
		}
		_, err = w.Write(sending(t), update)
		wantKind(t, err, driver.Conflict)
		move := driver.Command{Entity: w.entity, Op: manifest.Update, RemoteID: id, Move: &w.entity.Moves.Rows[0]}
		if _, err := w.Write(sending(t), move); err != nil || string(w.read(t, id)["state"]) != `"sent"` {
			t.Errorf("moved to %s (%v)", w.read(t, id)["state"], err)
		}
		remove := driver.Command{Entity: w.entity, Op: manifest.Delete, RemoteID: id}
		if _, err := w.Write(sending(t), remove); err != nil || b.one(t, "SELECT COUNT(*) FROM request_lines") != "0" {
			t.Errorf("not removed: %v", err)
		}
		_, err = w.Write(sending(t), remove)
		wantKind(t, err, driver.Gone)
		_, err = w.Write(sending(t), update)
		wantKind(t, err, driver.Gone)
	})
}

// A colleague's change of a line alone, which touches no column of the row itself, is not overwritten.
func TestInsistsOnWhatBelongsToARow(t *testing.T) {
	both(t, func(t *testing.T, b *base) {
		w := newWriting(t, b)
		id := w.create(t, someOrder)
		current, _ := w.ReadOne(t.Context(), w.entity, id)
		b.exec(t, "UPDATE request_lines SET qty = 7 WHERE line_no = 1")
		_, err := w.Write(sending(t), driver.Command{Entity: w.entity, Op: manifest.Update, RemoteID: id, Current: current, Insist: true, Body: []byte(`{"notes": "mine"}`)})
		wantKind(t, err, driver.Conflict)
		if got := w.read(t, id); string(got["notes"]) != `"hello"` {
			t.Errorf("notes are %s", got["notes"])
		}
	})
}

// What the database refuses is told in words, with the rule's name, and leaves nothing behind.
func TestRefusals(t *testing.T) {
	both(t, func(t *testing.T, b *base) {
		w := newWriting(t, b)
		w.create(t, someOrder)
		for _, c := range []struct {
			body string
			kind driver.Kind
			word string
		}{
			{`{"number": "R1"}`, driver.Duplicate, "number"},
			{`{"number": null}`, driver.Invalid, "number"},
			{`{"number": "R2", "notes": "rubbish"}`, driver.Invalid, "notes_are_no_rubbish"},
			{`{"number": "R2", "site": "S9"}`, driver.Invalid, "site"},
			{`{"number": "R2", "notes": "far longer than the twenty letters that fit"}`, driver.Invalid, ""},
			{`{"number": "R2", "lines": [{"item": "x", "qty": -1}]}`, driver.Invalid, "qty"},
			{`{"number": "R2", "lines": [{"item": "x", "qty": "many"}]}`, driver.Invalid, ""},
			{`{"number": "R2", "nonsense\" = 1; --": 1}`, driver.Invalid, "nonsense"},
			{`{"number": {"a": 1}}`, driver.Invalid, "number"},
		} {
			_, err := w.Write(sending(t), driver.Command{Entity: w.entity, Op: manifest.Create, Body: []byte(c.body)})
			e := wantKind(t, err, c.kind, c.word)
			if fate := driver.FateOf(err); e.Unsent || fate != driver.Refused && fate != driver.Doubled {
				t.Errorf("%s is %s", c.body, fate)
			}
		}
		if n := b.one(t, "SELECT COUNT(*) FROM requests") + b.one(t, "SELECT COUNT(*) FROM request_lines"); n != "12" {
			t.Errorf("%s rows are left", n)
		}
	})
}

// Of several, those that are refused are undone alone, unless all or none are wanted.
func TestWriteMany(t *testing.T) {
	both(t, func(t *testing.T, b *base) {
		w := newWriting(t, b)
		var cs []driver.Command
		for _, body := range []string{`{"number": "B1"}`, `{"number": "B1"}`, `{"number": "B2", "lines": [{"item": "x", "qty": 1}]}`, `{"number": "B3", "notes": "rubbish"}`} {
			cs = append(cs, driver.Command{Entity: w.entity, Op: manifest.Create, Body: []byte(body)})
		}
		_, err := w.WriteMany(sending(t), cs, true)
		wantKind(t, err, driver.Duplicate)
		if n := b.one(t, "SELECT COUNT(*) FROM requests"); n != "0" {
			t.Fatalf("%s rows of all or none", n)
		}
		results, err := w.WriteMany(sending(t), cs, false)
		if err != nil {
			t.Fatal(err)
		}
		wantKind(t, results[1].Err, driver.Duplicate)
		wantKind(t, results[3].Err, driver.Invalid)
		if results[0].Err != nil || results[2].Err != nil || results[0].RemoteID == "" || results[0].RemoteID == results[2].RemoteID {
			t.Errorf("got %+v", results)
		}
		if n := b.one(t, "SELECT COUNT(*) FROM requests"); n != "2" {
			t.Errorf("%s rows", n)
		}
	})
}

// A table of an engine without transactions is left alone.
func TestNoWriteWithoutTransactions(t *testing.T) {
	t.Parallel()
	b := onMariaDB(t)
	b.exec(t, "CREATE TABLE request_lines (request BIGINT, line_no INT, item VARCHAR(20), qty DECIMAL(12,3)) ENGINE=MyISAM")
	b.exec(t, "CREATE TABLE requests (id $ID, number VARCHAR(20), state VARCHAR(20), notes VARCHAR(20), mark VARCHAR(40), changed $AT NULL)")
	s := system(t, writable)
	_, err := open(t, s, b.login).Write(sending(t), driver.Command{Entity: s.Entity("purchase-orders"), Op: manifest.Create, Body: []byte(someOrder)})
	wantKind(t, err, driver.Invalid, "request_lines", "transactions")
	if n := b.one(t, "SELECT COUNT(*) FROM requests"); n != "0" {
		t.Errorf("%s rows", n)
	}
}

// Whom the sender does not let go does nothing.
func TestNotAllowed(t *testing.T) {
	both(t, func(t *testing.T, b *base) {
		w := newWriting(t, b)
		asked := 0
		ctx := egress.AsWrite(t.Context(), egress.Sending{Allowed: func() error { asked++; return context.Canceled }})
		_, err := w.Write(ctx, driver.Command{Entity: w.entity, Op: manifest.Create, Body: []byte(someOrder)})
		if driver.FateOf(err) != driver.NotSent || asked != 1 || b.one(t, "SELECT COUNT(*) FROM requests") != "0" {
			t.Errorf("asked %d times, got %v", asked, err)
		}
	})
}
