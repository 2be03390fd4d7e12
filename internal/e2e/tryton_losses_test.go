package e2e

import (
	"flag"
	"net/http"
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
