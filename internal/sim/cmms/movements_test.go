package cmms_test

import (
	"fmt"
	"testing"

	"github.com/busbar-dev/busbar/internal/sim/cmms"
)

// A movement changes the stock of all of its lines, or of none.
func TestMovements(t *testing.T) {
	t.Parallel()
	s := start(t, cmms.Options{Counts: few()})
	_, part, _ := call(t, s, "POST", "parts", `{"code":"X1","name":"Seal"}`)
	if part["id"] == nil {
		t.Fatal(part)
	}
	id := fmt.Sprint(part["id"])
	line := func(quantity string) string {
		return `{"part":{"id":` + id + `},"place":{"id":2},"quantity":` + quantity + `}`
	}
	book := func(kind, lines string) string {
		return `{"kind":"` + kind + `","reference":"GR-1","lines":[` + lines + `]}`
	}
	follow(t, s, []step{
		{"out of an empty place", "POST", "movements", book("ISSUE", line("-1")), 422, "NOT_IN_STOCK"},
		{"in, in two lines", "POST", "movements", book("RECEIPT", line("3")+","+line("1.5")), 201, ""},
		{"more than is there", "POST", "movements", book("ISSUE", line("-3")+","+line("-2")), 422, "STOCK_BELOW_ZERO"},
		{"the wrong way", "POST", "movements", book("ISSUE", line("1")), 422, "INVALID_VALUE"},
		{"nothing", "POST", "movements", book("COUNT", line("0")), 422, "INVALID_VALUE"},
		{"without lines", "POST", "movements", book("COUNT", ""), 422, "REQUIRED"},
		{"out", "POST", "movements", book("ISSUE", line("-2")), 201, ""},
		{"a count", "POST", "movements", book("COUNT", line("-0.5")), 201, ""},
	})
	_, list, _ := call(t, s, "GET", "stock?sort=-updatedAt&limit=1", "")
	lies := list["items"].([]any)[0].(map[string]any)
	if lies["part"].(map[string]any)["id"] != part["id"] || fmt.Sprint(lies["onHand"]) != "2" || fmt.Sprint(lies["available"]) != "2" {
		t.Errorf("in stock: %v", lies)
	}
	_, made, _ := call(t, s, "POST", "movements", book("RECEIPT", line("1")), "Idempotency-Key", "k1")
	_, again, _ := call(t, s, "POST", "movements", book("RECEIPT", line("1")), "Idempotency-Key", "k1")
	if made["id"] == nil || fmt.Sprint(made["id"]) != fmt.Sprint(again["id"]) || made["number"] == "" {
		t.Errorf("with a key: %v, and again %v", made, again)
	}
	follow(t, s, []step{
		{"changed", "PATCH", "movements/" + fmt.Sprint(made["id"]), `{"note":"x"}`, 422, "MOVEMENT_FIXED"},
		{"deleted", "DELETE", "movements/" + fmt.Sprint(made["id"]), "", 405, "NOT_ALLOWED"},
	})
}
