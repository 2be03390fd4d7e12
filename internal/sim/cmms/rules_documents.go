package cmms

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/records"
)

const hourlyRate = "48.00"

// settleOrder completes a work order: parts that it uses leave their store, and its costs are summed up.
func settleOrder(x *records.Tx, old, r records.Record) error {
	if old == nil {
		x.Identify("work-orders", r)
		r["number"], r["state"] = numbered("WO", r), "OPEN"
	}
	r["site"] = siteOf(x, r)
	for i, p := range rows(r, "parts") {
		if err := unitOf(x, p, fmt.Sprintf("parts[%d].unit", i)); err != nil {
			return err
		}
		if exactly(p["used"]).Sign() < 0 || exactly(p["planned"]).Sign() < 0 {
			return flaw(records.BadValue, fmt.Sprintf("parts[%d].used", i), "A quantity is not negative.")
		}
	}
	if err := issue(x, old, r); err != nil {
		return err
	}
	for i, l := range rows(r, "labour") {
		if exactly(l["hours"]).Sign() <= 0 {
			return flaw(records.BadValue, fmt.Sprintf("labour[%d].hours", i), "Hours are more than zero.")
		}
	}
	sumUp(x.Get, r)
	return nil
}

// siteOf follows the equipment, or else the place.
func siteOf(x *records.Tx, r records.Record) any {
	if id := to(r, "equipment"); id != "" {
		return x.Get("equipment", id)["site"]
	}
	if id := to(r, "place"); id != "" {
		return x.Get("places", id)["site"]
	}
	return nil
}

func numbered(prefix string, r records.Record) string {
	n, _ := r["id"].(json.Number).Int64()
	return fmt.Sprintf("%s-%06d", prefix, n)
}

// issue takes from stock what an order uses more than before, and puts back what it uses less.
func issue(x *records.Tx, old, r records.Record) error {
	taken := map[[2]string]*big.Rat{}
	add := func(of records.Record, sign int64) {
		for _, p := range rows(of, "parts") {
			key := [2]string{to(p, "part"), to(p, "store")}
			if taken[key] == nil {
				taken[key] = new(big.Rat)
			}
			taken[key].Add(taken[key], new(big.Rat).Mul(exactly(p["used"]), big.NewRat(sign, 1)))
		}
	}
	add(r, 1)
	add(old, -1)
	for _, key := range slices.SortedFunc(maps.Keys(taken), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		if taken[key].Sign() == 0 {
			continue
		}
		if key[1] == "" || stockOf(x, key[0], key[1]) == nil {
			return flaw("NOT_IN_STOCK", "parts", "A part that is used names a store that holds it.")
		}
		if err := restock(x, key[0], key[1], taken[key].Neg(taken[key])); err != nil {
			return err
		}
	}
	return nil
}

// sumUp computes what an order has cost.
func sumUp(get func(table, id string) records.Record, r records.Record) {
	labour, parts := new(big.Rat), new(big.Rat)
	for _, l := range rows(r, "labour") {
		cost := new(big.Rat).Mul(exactly(l["hours"]), exactly(num(hourlyRate)))
		l["cost"] = money(cost)
		labour.Add(labour, cost)
	}
	for _, p := range rows(r, "parts") {
		parts.Add(parts, new(big.Rat).Mul(exactly(p["used"]), exactly(get("parts", to(p, "part"))["unitCost"])))
	}
	cost := member(r, "cost")
	cost["labour"], cost["parts"], cost["currency"] = money(labour), money(parts), "EUR"
	if cost["other"] == nil {
		cost["other"] = num("0")
	}
	cost["total"] = money(new(big.Rat).Add(exactly(cost["other"]), new(big.Rat).Add(labour, parts)))
}

// movedOrder stamps the work, and tells the request from which it came that it is done.
func movedOrder(x *records.Tx, r records.Record, from string) error {
	actual := member(r, "actual")
	switch r["state"] {
	case "IN_PROGRESS":
		if actual["start"] == nil {
			actual["start"] = x.Now()
		}
		actual["end"], actual["done"], r["spentMinutes"] = nil, nil, nil
	case "DONE":
		actual["end"], actual["done"] = x.Now(), x.Now()
		spent := instant(actual["end"]).Sub(instant(actual["start"])) / time.Minute
		r["spentMinutes"] = num(fmt.Sprint(int64(spent)))
		if request := x.Get("requests", to(r, "request")); request != nil {
			request = records.Clone(request)
			request["state"] = "RESOLVED"
			x.Put("requests", request)
		}
	}
	return nil
}

func settleRequest(x *records.Tx, old, r records.Record) error {
	if old == nil {
		x.Identify("requests", r)
		r["number"], r["state"] = numbered("RQ", r), "SUBMITTED"
	}
	if r["reportedAt"] == nil {
		r["reportedAt"] = x.Now()
	}
	return nil
}

// movedRequest makes the work order of a request that is converted.
func movedRequest(x *records.Tx, r records.Record, from string) error {
	if r["state"] != "CONVERTED" {
		return nil
	}
	o := records.Record{
		"title": r["title"], "text": r["text"], "kind": "CORR", "priority": r["priority"], "equipment": r["equipment"], "place": r["place"], "requester": r["requester"],
		"request": records.Record{"id": r["id"]},
	}
	if err := settleOrder(x, nil, o); err != nil {
		return err
	}
	r["workOrder"] = linkTo(x.Put("work-orders", o))
	return nil
}

func settleRequisition(x *records.Tx, old, r records.Record) error {
	if old == nil {
		x.Identify("requisitions", r)
		r["number"], r["state"] = numbered("PR", r), "DRAFT"
	}
	total := new(big.Rat)
	for i, l := range rows(r, "lines") {
		if l["part"] == nil && l["text"] == nil {
			return flaw(records.Required, fmt.Sprintf("lines[%d].part", i), "A line names a part or says in text what is wanted.")
		}
		if exactly(l["quantity"]).Sign() <= 0 {
			return flaw(records.BadValue, fmt.Sprintf("lines[%d].quantity", i), "A quantity is more than zero.")
		}
		if l["unit"] == nil && l["part"] != nil {
			l["unit"] = x.Get("parts", to(l, "part"))["unit"]
		}
		l["no"] = num(fmt.Sprint((i + 1) * 10))
		amount := new(big.Rat).Mul(exactly(l["quantity"]), exactly(l["price"]))
		l["amount"] = money(amount)
		total.Add(total, amount)
	}
	r["total"] = money(total)
	return nil
}
