package e2e

import (
	"fmt"
	"slices"
	"time"
)

// A row carries the time at which its transaction began. One that was begun before a poll and committed after it lies behind the cursor,
// yet the next incremental sync finds it.
func lateCommit(p plant) {
	slow, quick := p.draft(), p.draft()
	p.sync("incremental")
	x := p.erp.Begin()
	began := instantOf(p, x.SQL("select now()")[0][0])
	write := func() { x.Write("purchase.purchase", slow, map[string]any{"comment": "committed late"}) }
	if p.concurrent {
		write()
	}
	p.erp.Write("purchase.purchase", quick, map[string]any{"comment": "committed at once"})
	p.sync("incremental")
	if got := p.order(quick, "")["notes"]; got != "committed at once" {
		p.t.Fatalf("the poll did not see the quick change: %v", got)
	}
	if got := p.order(slow, "")["notes"]; got == "committed late" {
		p.t.Fatal("the poll saw what was not committed")
	}
	if cursor := p.cursor("purchase-orders"); !cursor.After(began) {
		p.t.Fatalf("the cursor %s is not past the slow transaction's beginning %s: nothing is tested", cursor, began)
	}
	if !p.concurrent {
		write()
	}
	x.Commit()
	if stamp := instantOf(p, p.erp.SQL("select write_date from purchase_purchase where id = ?", slow)[0][0]); !stamp.Equal(began) {
		p.t.Fatalf("the late row is stamped %s, its transaction began %s", stamp, began)
	}
	p.sync("incremental")
	if got := p.order(slow, "")["notes"]; got != "committed late" {
		p.t.Errorf("after the next incremental sync the late commit is missing: %v", got)
	}
}

func veryLateCommit(p plant) {
	order := p.draft()
	p.sync("incremental")
	p.erp.SQL("update purchase_purchase set comment = 'committed very late' where id = ?", order)
	p.age(order)
	p.sync("incremental")
	if got := p.order(order, "")["notes"]; got == "committed very late" {
		p.t.Fatal("an incremental sync found it: the lookback is longer than this test believes")
	}
	p.sync("full")
	if got := p.order(order, "")["notes"]; got != "committed very late" {
		p.t.Errorf("after the full sync: %v", got)
	}
}

// age stamps an order and its lines as a transaction would that began long before the cursor, out of the lookback.
func (p plant) age(order int) (stamp string) {
	p.t.Helper()
	stamp = p.cursor("purchase-orders").Add(-20 * time.Minute).Format("2006-01-02 15:04:05.000000")
	p.erp.SQL("update purchase_purchase set create_date = ?, write_date = ? where id = ?", stamp, stamp, order)
	p.erp.SQL("update purchase_line set create_date = ?, write_date = ? where purchase = ?", stamp, stamp, order)
	return stamp
}

// Only the order's own columns stamp the order. A line that is deleted by itself leaves no stamp at all.
func onlyLines(p plant) {
	order := p.draft()
	p.sync("incremental")
	stampedAlone := func(aged string, do func()) {
		do()
		if at := instantOf(p, p.erp.SQL("select write_date from purchase_purchase where id = ?", order)[0][0]); !at.Equal(instantOf(p, aged)) {
			p.t.Fatalf("the line stamped its order, with %s: nothing is tested", at)
		}
	}
	var line int
	for _, step := range []struct {
		what string
		do   func(aged string)
		mode string
		want string // quantities of the lines
	}{
		{"added", func(aged string) {
			stampedAlone(aged, func() { line = p.erp.Create("purchase.line", p.line(order, 4)) })
		}, "incremental", "[1 4]"},
		{"changed", func(aged string) {
			stampedAlone(aged, func() { p.erp.Write("purchase.line", line, map[string]any{"quantity": 9.0}) })
		}, "incremental", "[1 9]"},
		{"removed in the order's form", func(string) {
			p.erp.Write("purchase.purchase", order, map[string]any{"lines": []any{[]any{"delete", []int{line}}}})
		}, "incremental", "[1]"},
		{"removed by itself", func(aged string) {
			stampedAlone(aged, func() { p.erp.Delete("purchase.line", p.erp.Search("purchase.line", []any{"purchase", "=", order})[0]) })
		}, "full", "[]"},
	} {
		step.do(p.age(order))
		p.sync(step.mode)
		got := []string{}
		for _, l := range p.order(order, "")["lines"].([]any) {
			got = append(got, decimal(member(l.(map[string]any)["quantity"], "value")))
		}
		if slices.Sort(got); fmt.Sprint(got) != step.want {
			p.t.Errorf("%s: quantities %v, want %s", step.what, got, step.want)
		}
	}
}

// Tryton stamps a change only; a new row has a creation time alone.
func neverChanged(p plant) {
	order := p.draft()
	if stamp := p.erp.SQL("select write_date from purchase_purchase where id = ?", order)[0][0]; stamp != nil {
		p.t.Fatalf("the new order is stamped %v: nothing is tested", stamp)
	}
	before := p.cursor("purchase-orders")
	p.sync("incremental")
	if p.order(order, "") == nil {
		p.t.Error("the incremental sync did not find the new order")
	}
	if after := p.cursor("purchase-orders"); !after.After(before) {
		p.t.Errorf("the cursor stayed at %s", after)
	}
}

// imported is how many parties the tests import: more than two pages.
const imported = 1200

func unstamped(p plant) {
	p.syncOf("vendors", "incremental")
	p.erp.SQL(`insert into party_party (name, code, active)
		with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ?) select 'Imported ' || n, 'IMP' || n, active from numbers, party_party where party_party.id = ?`,
		imported, p.erp.Search("party.party")[0])
	if run := p.syncOf("vendors", "incremental"); count(run, "created") != 0 {
		p.t.Errorf("rows without a stamp were found by an incremental sync: %v", run["counts"])
	}
	if run := p.syncOf("vendors", "full"); count(run, "created") != imported {
		p.t.Errorf("the full sync counts %v, want %d created", run["counts"], imported)
	}
}

// All rows of one statement carry one stamp, and they lie across the edges of pages.
func oneStamp(p plant) {
	p.erp.SQL("update party_party set name = 'Renamed' || substr(name, 9), write_date = now() where name like 'Imported %'")
	run := p.syncOf("vendors", "incremental")
	if count(run, "updated") != imported || count(run, "pages") < 3 {
		p.t.Errorf("the incremental sync counts %v, want %d updated on three pages", run["counts"], imported)
	}
	if run := p.syncOf("vendors", "incremental"); count(run, "updated") != 0 {
		p.t.Errorf("the next one counts %v, want nothing updated", run["counts"])
	}
}
