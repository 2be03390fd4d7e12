package erp_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// A posting changes the stock of all of its lines, or of none, and is final.
func TestPostings(t *testing.T) {
	t.Parallel()
	sim, api := start(t, erp.Options{Counts: few()})
	_, made := call(t, "POST", api+"items", `{"name":"Seal"}`)
	item := field(t, []byte(made), "id")
	line := func(quantity string) string {
		return fmt.Sprintf(`{"itemId":%q,"locationId":"000003","quantity":%q}`, item, quantity)
	}
	before := len(sim.Effects())
	for _, c := range []struct {
		name, kind, lines string
		status            int
		want              string
	}{
		{"out of an empty place", "ISSUE", line("-1"), 422, "not_in_stock"},
		{"in, in two lines", "RECEIPT", line("3") + "," + line("1.5"), 201, `"quantity":"1.500","unit":"PCE"`},
		{"more than is there", "ISSUE", line("-3") + "," + line("-2"), 422, "stock_below_zero"},
		{"the wrong way", "ISSUE", line("1"), 422, "wrong_sign"},
		{"nothing", "COUNT", line("0"), 422, "invalid_quantity"},
		{"of no kind", "GIFT", line("1"), 422, "unknown_value"},
		{"without lines", "COUNT", "", 422, "lines_required"},
		{"nowhere", "RETURN", `{"itemId":"` + item + `","locationId":"9","quantity":"1"}`, 422, "unknown_reference"},
		{"in another unit", "RETURN", strings.Replace(line("1"), "{", `{"unit":"KGM",`, 1), 422, "wrong_unit"},
		{"out", "SCRAP", line("-2"), 201, `"postingNumber":"SP-40`},
		{"a count", "COUNT", line("-0.5"), 201, `"kind":"COUNT"`},
	} {
		if status, body := call(t, "POST", api+"stock-postings", `{"kind":"`+c.kind+`","reference":"WO-1","lines":[`+c.lines+`]}`); status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s: %d %s", c.name, status, body)
		}
	}
	lies, _ := all(t, api+"stock?sort=-updatedAt", 100)
	if last := string(lies[0]); field(t, lies[0], "itemId") != item || !strings.Contains(last, `"onHand":"2.000","available":"2.000"`) {
		t.Errorf("in stock: %s", last)
	}
	if n := len(sim.Effects()) - before; n != 7 { // three postings, and the stock of their four lines
		t.Errorf("%d effects", n)
	}
	every, _ := all(t, api+"stock-postings", 100)
	id := field(t, every[len(every)-1], "id")
	if status, _ := call(t, "PATCH", api+"stock-postings/"+id, `{"note":"x"}`); status != 405 {
		t.Errorf("changed: %d", status)
	}
}
