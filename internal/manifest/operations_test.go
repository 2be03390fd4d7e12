package manifest_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/manifest"
)

func acme(t *testing.T) *manifest.System {
	t.Helper()
	s, err := manifest.LoadSystem(folder("acme", text(t, "good.yaml")), "acme", unified(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWrites(t *testing.T) {
	e := acme(t).Entity("purchase-orders")
	create, update, cancel := e.Operations[manifest.Create], e.Operations[manifest.Update], e.Operations[manifest.Delete]
	if create.Bulk == nil || create.Bulk.Max != 100 || !create.Bulk.Atomic || create.Bulk.Send.Path != "entities.purchase-orders.operations.create.bulk.send" {
		t.Errorf("bulk: %+v", create.Bulk)
	}
	if !update.Fresh || !update.Insists || update.Send.Path != "entities.purchase-orders.operations.update.send" || cancel.How != manifest.HowCancel {
		t.Errorf("%+v\n%+v", update, cancel)
	}
	if w := e.Operations[manifest.Update].When; !w.Holds("draft") || w.Holds("approved") {
		t.Errorf("when: %+v", w)
	}
	for name, want := range map[string]string{"order_date": "order_date", "vendor": "vendor", "lines.quantity": "lines.quantity", "lines.item": "", "number": ""} {
		if _, own := update.WhenOf(name); own != want {
			t.Errorf("the condition of %s is that of %q, want %q", name, own, want)
		}
	}
	if e.Lists != manifest.ListsChanged || !e.IsReadOnly("lines.line_number") || e.IsReadOnly("lines") || !reflect.DeepEqual(e.Picklists["currency"].Values, []string{"EUR", "USD"}) {
		t.Errorf("%+v", e)
	}
	moves := e.Moves.Rows
	if len(moves) != 3 || moves[0].Send.Node != nil || moves[1].Send.Path != "entities.purchase-orders.moves.1.send" || moves[2].To != "cancelled" || moves[0].Pos.Line == 0 {
		t.Errorf("%+v", moves)
	}
}

func TestLadder(t *testing.T) {
	s := acme(t)
	orders, vendors := s.Entity("purchase-orders").Operations, s.Entity("vendors").Operations
	ladder := orders[manifest.Create].Ladder
	if len(ladder) != 3 || ladder[0].Window != 2*time.Hour || ladder[1].Settle != 5*time.Second || ladder[1].Member.String() != "ext/ref" || ladder[2].Settle != 30*time.Second {
		t.Errorf("%+v", ladder)
	}
	if at := "entities.purchase-orders.operations.create.reconcile.1.find"; ladder[1].Find.Path != at || ladder[1].Pos.Line == 0 {
		t.Errorf("find is at %q, want %q; %+v", ladder[1].Find.Path, at, ladder[1].Pos)
	}
	if r := orders[manifest.Delete].Ladder[0]; r.Settle != 0 {
		t.Errorf("settle of 0s became %s", r.Settle)
	}
	if got := vendors[manifest.Create].Ladder[0]; got.Class != manifest.W2 || got.Key != "code" {
		t.Errorf("%+v", got)
	}
	if got := vendors[manifest.Delete].Classes(); !reflect.DeepEqual(got, []manifest.Class{manifest.W5}) {
		t.Errorf("without reconcile: %v", got)
	}
}

// TestWriteProblems breaks the good manifest in one place each, in what it says of writes. Places are those of purchase orders.
func TestWriteProblems(t *testing.T) {
	good := text(t, "good.yaml")
	for _, c := range []struct{ old, new, want string }{
		{"lists: changes", "lists: change", `lists: unknown word "change"; did you mean changes?`},
		{"read_only: [number,", "read_only: [nubmer,", `read_only.0: the model has no such field "nubmer"; did you mean number?`},
		{"read_only: [number,", "read_only: [site,", "read_only.0: site is not mapped; map it, or remove it here"},
		{"read_only: [number,", "read_only: [total,", `read_only.1: "total" is written twice; keep one`},
		{"lines.line_number]", "lines.line_numbr]", `read_only.2: the model has no such field "lines.line_numbr"; did you mean lines.line_number?`},
		{"picklists: {currency: [EUR, USD]}", "picklists: {curency: [EUR]}", `picklists.curency: the model has no such field "curency"; did you mean currency?`},
		{"picklists: {currency: [EUR, USD]}", "picklists: {currency: []}", "picklists.currency: allows nothing"},
		{"picklists: {currency: [EUR, USD]}", "picklists: {currency: [EUR, EUR]}", `picklists.currency.1: "EUR" is written twice`},
		{"picklists: {currency: [EUR, USD]}", "picklists: {vendor: [x]}", "picklists.vendor: a ref has no picklist"},
		{"picklists: {currency: [EUR, USD]}", "picklists: {number: [x]}", "picklists.number: number is read_only"},
		{"picklists: {currency: [EUR, USD]}", "picklists: {currency: {entity: vendor, field: code}}", "picklists.currency.entity: this system maps no vendor; did you mean vendors?"},
		{"picklists: {currency: [EUR, USD]}", "picklists: {currency: {entity: vendors, field: cod}}", `picklists.currency.field: vendors has no text "cod"; did you mean code?`},
		{"picklists: {currency: [EUR, USD]}", "picklists: {currency: {entity: vendors}}", "picklists.currency.field: is missing"},
		{"picklists: {currency: [EUR, USD]}", "picklists: {currency: EUR}", "picklists.currency: wants keys and values"},
		{"{from: [draft], to: approved}", "{from: [drft], to: approved}", `moves.0.from.0: the status cannot be "drft" on this system; did you mean draft?`},
		{"{from: [draft], to: approved}", "{from: [draft], to: sent}", `moves.0.to: the status cannot be "sent" on this system; known: draft, approved, closed, cancelled`},
		{"{from: [draft], to: approved}", "{from: [draft], to: other}", `moves.0.to: the status cannot be "other" on this system`},
		{"{from: [draft], to: approved}", "{from: [], to: approved}", "moves.0.from: leads from nowhere"},
		{"{from: [draft], to: approved}", "{to: approved}", "moves.0.from: is missing"},
		{"{from: [draft], to: approved}", "{from: [draft, approved], to: approved}", "moves.0.to: leads to where it comes from; remove approved"},
		{"{from: [draft], to: approved}", "{from: [draft, approved], to: closed}", "moves.1: the move from approved to closed is written twice"},
		{"read_only: [number,", "read_only: [status,", "moves.0: the status cannot be written; give the move a send of its own"},
		{"      - {from: [draft, approved], to: cancelled, send: {call: void}}\n", "", "operations.delete.how: no move leads to cancelled; add one to moves"},
		{"        send: {call: update}\n", "", "operations.update.send: is missing; write send: what the driver is to call"},
		{"        send: {call: update}\n", "", "moves: the status is changed by writing the field, and nothing writes it; declare update with send"},
		{"        send: {call: create}\n", "", "operations.create.send: is missing"},
		{"delete: {how: delete, send: {call: delete}}", "delete: {how: delete}", "entities.vendors.operations.delete.send: is missing"},
		{"delete: {how: cancel,", "delete: {how: cancel, send: {call: void},", "operations.delete.send: to cancel is a change of status, and is sent as one; remove it"},
		{"delete: {how: cancel,", "delete: {how: cancel, bulk: {max: 5, send: {}},", "operations.delete.bulk: to cancel is a change of status"},
		{"delete: {how: cancel, when: {status: [draft, approved]}", "delete: {how: cancel, when: never", "operations.delete.when: what never may be done is no operation; leave the operation out"},
		{"delete: {how: delete,", "delete: {how: cancel,", "entities.vendors.operations.delete.how: the status cannot be set to cancelled"},
		{"required: [vendor, lines, lines.item]", "required: [vendor, lines, lines.itm]", `operations.create.required.2: the model has no such field "lines.itm"; did you mean lines.item?`},
		{"required: [vendor, lines, lines.item]", "required: [vendor, line.item]", `operations.create.required.1: the model has no such field "line.item"`},
		{"required: [vendor, lines, lines.item]", "required: [vendor, vendor]", `operations.create.required.1: "vendor" is written twice`},
		{"required: [vendor, lines, lines.item]", "required: [total]", "operations.create.required.0: total is read_only; remove it here or there"},
		{"required: [vendor, lines, lines.item]", "required: [vendor_id]", `operations.create.required.0: the model has no such field "vendor_id"; did you mean vendor?`},
		{"bulk: {max: 100,", "bulk: {max: 1,", "operations.create.bulk.max: a call for many takes at least two"},
		{"bulk: {max: 100,", "bulk: {", "operations.create.bulk.max: is missing"},
		{", send: {call: many}}", "}", "operations.create.bulk.send: is missing"},
		{"when: {status: [draft]}\n", "when: {status: [draf]}\n", `operations.update.when.status.0: the status cannot be "draf" on this system; did you mean draft?`},
		{"when: {status: [draft]}\n", "when: {status: []}\n", "operations.update.when.status: names no status; write never, or the words"},
		{"when: {status: [draft]}\n", "when: {states: [draft]}\n", "operations.update.when.states: unknown key; did you mean status?"},
		{"when: {status: [draft]}\n", "when: [draft]\n", "operations.update.when: wants a condition, this is a list; write always, never or {status: [...]}"},
		{"order_date: always,", "order_date: alwys,", `operations.update.except.order_date: unknown condition "alwys"; did you mean always?`},
		{"order_date: always,", "ordr_date: always,", `operations.update.except.ordr_date: the model has no such field "ordr_date"; did you mean order_date?`},
		{"order_date: always,", "status: always,", "operations.update.except.status: the status is governed by moves; remove it"},
		{"order_date: always,", "incoterms: always,", "operations.update.except.incoterms: incoterms cannot be written"},
		{"        fresh: true\n", "        fresh: often\n", `operations.update.fresh: wants true or false, this is "often"`},
		{"        fresh: true\n", "        required: [vendor]\n", "operations.update.required: unknown key"},
		{"class: W1, window: 2h", "class: W1, window: 0s", "operations.create.reconcile.0.window: is too short; write 1s or more"},
		{"class: W1, window: 2h", "class: W1, settle: 2h", "operations.create.reconcile.0.settle: does not belong to W1 of create; known: window"},
		{"class: W1, window: 2h", "class: W6", `operations.create.reconcile.0.class: unknown word "W6"; did you mean W1?`},
		{"class: W1, window: 2h", "class: W5", "operations.create.reconcile.0.class: W5 is what is left where nothing else is declared; remove it"},
		{"class: W1, window: 2h", "window: 2h", "operations.create.reconcile.0.class: is missing"},
		{"class: W1, window: 2h", "class: W3, member: ref, find: {}", "operations.create.reconcile.1.class: W3 stands behind W3; write each class once, the surest (W1) first"},
		{"class: W3, member: ext/ref,", "class: W3,", "operations.create.reconcile.1.member: is missing; W3 needs member"},
		{"class: W3, member: ext/ref,", "class: W3, member: date,", "operations.create.reconcile.1.member: date is written by the field order_date; name a member that nobody else fills"},
		{"class: W3, member: ext/ref,", "class: W3, member: lines/0/ref,", "operations.create.reconcile.1.member: lines/0/ref is not one place of the record"},
		{"settle: 5s", "settle: -5s", "operations.create.reconcile.1.settle: is too short; write 0s or more"},
		{", find: {param: ref}", "", "operations.create.reconcile.1.find: is missing; W3 needs find"},
		{"match: [vendor, lines]", "match: [vendor, lin]", `operations.create.reconcile.2.match.1: the model has no such field "lin"`},
		{"match: [vendor, lines]", "match: []", "operations.create.reconcile.2.match: compares nothing"},
		{"match: [vendor, lines], ", "", "operations.create.reconcile.2.match: is missing; W4 needs match"},
		{"reconcile: [{class: W2}]", "reconcile: [{class: W3}]", "operations.update.reconcile.0.class: W3 is for create only; write W2"},
		{"reconcile: [{class: W2}]", "reconcile: [{class: W2, key: number}]", "operations.update.reconcile.0.key: does not belong to W2 of update; known: settle"},
		{"{class: W2, key: code,", "{class: W2,", "entities.vendors.operations.create.reconcile.0.key: is missing; W2 needs key"},
		{"{class: W2, key: code,", "{class: W2, key: contacts,", "entities.vendors.operations.create.reconcile.0.key: contacts does not take any text"},
		{"{class: W2, key: code,", "{class: W2, key: cod,", `entities.vendors.operations.create.reconcile.0.key: the model has no such field "cod"`},
		{"update: simulated, ", "", "evidence: says nothing of update"},
	} {
		broken := strings.Replace(good, c.old, c.new, 1)
		if broken == good {
			t.Fatalf("%q is not in the manifest", c.old)
		}
		want := c.want
		if !strings.HasPrefix(want, "entities.") {
			want = "entities.purchase-orders." + want
		}
		_, err := manifest.Load(folder("acme", broken), unified(t), nil)
		var ps manifest.Problems
		if !errors.As(err, &ps) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s → %s\nwant %s\ngot  %v", c.old, c.new, want, err)
		}
	}
}

// TestWritesThatAreFine holds what looks odd and is allowed.
func TestWritesThatAreFine(t *testing.T) {
	good := text(t, "good.yaml")
	for _, c := range []struct{ name, old, new string }{
		{"only some fields change", "when: {status: [draft]}\n        except:", "when: never\n        except:"},
		{"the source's own words count", "when: {status: [draft]}\n", "when: {status: [draft, other]}\n"},
		{"always is written out", "when: {status: [draft]}\n", "when: always\n"},
		{"a mark in a read-only field", "member: ext/ref", "member: number"},
		{"values of other records", "[EUR, USD]", "{entity: vendors, field: code}"},
	} {
		changed := strings.Replace(good, c.old, c.new, 1)
		if changed == good {
			t.Fatalf("%q is not in the manifest", c.old)
		}
		if _, err := manifest.Load(folder("acme", changed), unified(t), nil); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
