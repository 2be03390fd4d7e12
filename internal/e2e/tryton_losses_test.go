package e2e

import (
	"flag"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/realsys/postgres"
	"github.com/busbar-dev/busbar/internal/realsys/tryton"
)

// losses are the ways in which a reader of a real Tryton loses, doubles or keeps records that are not so, one after the other on one
// connection; each is told with what finds the record again.
var losses = []struct {
	name string
	run  func(plant)
}{
	{"a commit behind the poll is found within the lookback", lateCommit},
	{"a commit later than the lookback is found by the full sync", veryLateCommit},
	{"a line made, changed or removed changes its order", onlyLines},
	{"what was never changed has no modification time", neverChanged},
	{"an import without any stamp is found by the full sync", unstamped},
	{"one stamp for 1200 records", oneStamp},
	{"deletions while the pages are read cost no neighbour", deletedWhileRead},
	{"Tryton is killed in the middle of a sync", killedWhileRead},
	{"the password is changed in Tryton", passwordChanged},
}

// A connection that has met every loss holds in the end exactly what Tryton's own tables hold.
func TestTrytonLosesNothing(t *testing.T) {
	t.Parallel()
	p := connectTryton(t)
	p.losesNothing()
}

var live = flag.Bool("live", false, "also test on PostgreSQL, as make live does")

// The same with Tryton on PostgreSQL, where transactions that write run side by side, and Busbar on PostgreSQL too.
func TestTrytonOnPostgresLosesNothing(t *testing.T) {
	t.Parallel()
	if !*live {
		t.Skip("Tryton on PostgreSQL takes minutes to build; make live runs this test")
	}
	p := connectTrytonOn(t, tryton.StartOn(t, postgres.Database(t)), "--database", postgres.Database(t))
	p.concurrent = true
	p.losesNothing()
}

func (p plant) losesNothing() {
	t := p.t
	for _, l := range losses {
		if !t.Run(l.name, func(t *testing.T) { l.run(p.in(t)) }) {
			return // each builds on those before
		}
	}
	p.syncOf("vendors", "full")
	p.sync("full")
	p.compare()
}

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
	stamp := p.cursor("purchase-orders").Add(-20 * time.Minute).Format("2006-01-02 15:04:05.000000")
	x := p.erp.Begin()
	x.SQL("update purchase_purchase set comment = 'committed very late', create_date = ?, write_date = ? where id = ?", stamp, stamp, order)
	x.SQL("update purchase_line set create_date = ? where purchase = ?", stamp, order)
	x.Commit()
	p.sync("incremental")
	if got := p.order(order, "")["notes"]; got == "committed very late" {
		p.t.Fatal("an incremental sync found it: the lookback is longer than this test believes")
	}
	p.sync("full")
	if got := p.order(order, "")["notes"]; got != "committed very late" {
		p.t.Errorf("after the full sync: %v", got)
	}
}

// Only the order's own columns stamp the order; a line that goes by itself leaves no stamp at all.
func onlyLines(p plant) {
	order := p.draft()
	other := p.erp.Create("purchase.line", p.line(order, 4))
	third := p.erp.Create("purchase.line", p.line(order, 6))
	if stamp := p.erp.SQL("select write_date from purchase_purchase where id = ?", order)[0][0]; stamp != nil {
		p.t.Fatalf("a new line stamped the order with %v: nothing is tested", stamp)
	}
	for _, step := range []struct {
		what string
		do   func()
		mode string
		want map[int]string
	}{
		{"added", func() {}, "incremental", map[int]string{other: "4", third: "6"}},
		{"changed", func() { p.erp.Write("purchase.line", other, map[string]any{"quantity": 9.0}) }, "incremental", map[int]string{other: "9", third: "6"}},
		{"removed in the order's form", func() {
			p.erp.Write("purchase.purchase", order, map[string]any{"lines": []any{[]any{"delete", []int{other}}}})
		}, "incremental", map[int]string{third: "6"}},
		{"removed by itself", func() { p.erp.Delete("purchase.line", third) }, "full", map[int]string{}},
	} {
		step.do()
		p.sync(step.mode)
		got := map[int]string{}
		for _, l := range p.order(order, "")["lines"].([]any) {
			line := l.(map[string]any)
			id, _ := strconv.Atoi(line["remote_id"].(string))
			got[id] = decimal(member(line["quantity"], "value"))
		}
		for id, quantity := range step.want {
			if got[id] != quantity {
				p.t.Errorf("%s: line %d has quantity %q, want %s", step.what, id, got[id], quantity)
			}
		}
		if len(got) != len(step.want)+1 { // and the line it was made with
			p.t.Errorf("%s: lines %v, want %v and the first one", step.what, got, step.want)
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

// The first page's last record, one of that page and one of the next are deleted while the second page is asked for.
func deletedWhileRead(p plant) {
	all := p.erp.Search("party.party", []any{"active", "in", []bool{true, false}})
	const page = 500 // the connector's
	gone := []int{all[page-2], all[page-1], all[page+1]}
	acted := p.gate.once(laterPage("party.party"), func() {
		for _, id := range gone {
			p.erp.SQL("delete from party_party where id = ?", id)
		}
	})
	run := p.syncOf("vendors", "full")
	select {
	case <-acted:
	default:
		p.t.Fatal("there was no second page: nothing is tested")
	}
	if n := count(run, "fetched"); n != len(all)-1 {
		p.t.Errorf("%d records fetched, want all %d but the one that was gone before its page", n, len(all))
	}
	p.syncOf("vendors", "full")
	for _, r := range p.list("/v1/vendors?include=deleted", p.token) {
		id, _ := strconv.Atoi(r["remote_id"].(string))
		evidence := member(r["deletion"], "evidence")
		for _, g := range gone {
			if id == g && evidence != "absent_from_complete_sweep" {
				p.t.Errorf("party %d was deleted: %v", id, evidence)
			}
			if id == g {
				id = 0
			}
		}
		if id != 0 && evidence != nil {
			p.t.Errorf("party %d is there, yet deleted by %v", id, evidence)
		}
	}
}

// The run that was under way goes on where it was; what Tryton did not answer in the meantime is asked again.
func killedWhileRead(p plant) {
	p.erp.SQL("update party_party set name = 'Survivor' || substr(name, 8), write_date = now() where name like 'Renamed %'")
	acted := p.gate.once(laterPage("party.party"), p.erp.Kill)
	answer := p.call("POST", "/v1/syncs", p.token, map[string]any{"entities": []string{"vendors"}, "mode": "full"}, http.StatusAccepted)
	id := answer["data"].([]any)[0].(map[string]any)["id"].(string)
	<-acted
	p.awaitStatus("unreachable")
	p.erp.Run()
	again := p.call("POST", "/v1/syncs", p.token, map[string]any{"entities": []string{"vendors"}, "mode": "full"}, http.StatusAccepted)
	if got := again["data"].([]any)[0].(map[string]any)["id"]; got != id {
		p.t.Errorf("run %s was to go on, %v took its place", id, got)
	}
	run := p.awaitRun(p.token, id)
	if run["state"] != "complete" || count(run, "updated") != imported-3 || count(run, "deleted") != 0 {
		p.t.Errorf("the run ended %v with %v (%v), want %d updated", run["state"], run["counts"], run["error"], imported-3)
	}
	p.awaitStatus("active")
}

// Busbar stops asking until somebody gives it the new password; then it goes on with the same records.
func passwordChanged(p plant) {
	ids := p.ids("purchase-orders")
	order := p.draft()
	user := p.erp.Search("res.user", []any{"login", "=", p.erp.User})[0]
	p.erp.Write("res.user", user, map[string]any{"password": "Tulip-brick.9qvz"})
	p.erp.Password = "Tulip-brick.9qvz"
	run := p.syncAndWait(p.token, "incremental", "purchase-orders")["purchase-orders"]
	if run["state"] != "failed" {
		p.t.Fatalf("with the old password the sync ended %v", run["state"])
	}
	p.awaitStatus("needs_reauthorization")
	refused := p.call("POST", "/v1/syncs", p.token, map[string]any{"entities": []string{"purchase-orders"}}, http.StatusConflict)
	if refused["code"] != "connection-needs-reauthorization" {
		p.t.Errorf("a sync is refused with %v", refused["code"])
	}
	renew := "/v1/connections/" + p.id + "/reauthorize"
	p.call("POST", renew, p.key(), map[string]any{"credentials": map[string]string{"password": "wrong"}}, http.StatusUnprocessableEntity)
	p.call("POST", renew, p.key(), map[string]any{"credentials": map[string]string{"password": p.erp.Password}}, http.StatusOK)
	p.sync("incremental")
	p.awaitStatus("active")
	now := p.ids("purchase-orders")
	if now[strconv.Itoa(order)] == "" || len(now) != len(ids)+1 {
		p.t.Errorf("%d orders after the renewal, %d before and one new one", len(now), len(ids))
	}
	for remote, id := range ids {
		if now[remote] != id {
			p.t.Errorf("order %s was %s and is %s", remote, id, now[remote])
		}
	}
}

// draft makes a draft order with one line.
func (p plant) draft() int {
	p.t.Helper()
	return p.erp.Order(p.vendor(), time.Now(), tryton.Line{Product: p.product(), Quantity: 1, Price: "2.50"})
}

func (p plant) vendor() int { return p.erp.Search("party.party", []any{"name", "like", "Vendor%"})[0] }

func (p plant) product() int {
	return p.erp.Search("product.product", []any{"template.purchasable", "=", true})[0]
}

// line gives the values of a line of an order.
func (p plant) line(order int, quantity float64) map[string]any {
	product := p.product()
	return map[string]any{"purchase": order, "type": "line", "product": product, "quantity": quantity,
		"unit": p.erp.Read("product.product", product, "purchase_uom")["purchase_uom"], "unit_price": tryton.Decimal("3.00")}
}

// cursor is where a stream was left, on Tryton's clock.
func (p plant) cursor(entity string) time.Time {
	p.t.Helper()
	for _, s := range p.call("GET", "/v1/syncs", p.token, nil, http.StatusOK)["data"].([]any) {
		if stream := s.(map[string]any); stream["entity"] == entity {
			at, err := time.Parse(time.RFC3339Nano, stream["cursor_at"].(string))
			if err != nil {
				p.t.Fatal(err)
			}
			return at
		}
	}
	p.t.Fatalf("there is no stream of %s", entity)
	return time.Time{}
}

func (p plant) awaitStatus(want string) {
	p.t.Helper()
	p.await("status "+want, func() bool {
		return p.call("GET", "/v1/connections/"+p.id, p.key(), nil, http.StatusOK)["status"] == want
	})
}

// ids gives our ids by Tryton's.
func (p plant) ids(entity string) map[string]string {
	p.t.Helper()
	ids := map[string]string{}
	for _, r := range p.list("/v1/"+entity, p.token) {
		ids[r["remote_id"].(string)] = r["id"].(string)
	}
	return ids
}

// instantOf reads a time as Tryton's databases print it.
func instantOf(p plant, v any) time.Time {
	p.t.Helper()
	text, _ := v.(string)
	for _, layout := range []string{"2006-01-02 15:04:05.999999", "2006-01-02 15:04:05.999999Z07:00"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC()
		}
	}
	p.t.Fatalf("%v is not a time", v)
	return time.Time{}
}

func count(run map[string]any, what string) int {
	return int(run["counts"].(map[string]any)[what].(float64))
}
