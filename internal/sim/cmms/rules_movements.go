package cmms

import (
	"fmt"
	"maps"
	"math/big"
	"slices"

	"github.com/busbar-dev/busbar/internal/sim/records"
)

// settleMovement books a movement: what its lines put in or take out is in stock, or none of it.
func settleMovement(x *records.Tx, old, r records.Record) error {
	if old != nil {
		return flaw("MOVEMENT_FIXED", "", "A movement does not change; book another one.")
	}
	x.Identify("movements", r)
	r["number"] = numbered("MV", r)
	if r["bookedAt"] == nil {
		r["bookedAt"] = x.Now()
	}
	lines, moved := rows(r, "lines"), map[[2]string]*big.Rat{}
	if len(lines) == 0 {
		return flaw(records.Required, "lines", "A movement has a line.")
	}
	for i, l := range lines {
		if err := unitOf(x, l, fmt.Sprintf("lines[%d].unit", i)); err != nil {
			return err
		}
		quantity := exactly(l["quantity"])
		out := r["kind"] == "ISSUE" || r["kind"] == "SCRAP"
		if quantity.Sign() == 0 || r["kind"] != "COUNT" && out != (quantity.Sign() < 0) {
			return flaw(records.BadValue, fmt.Sprintf("lines[%d].quantity", i), "What is taken out is below zero, what is put in above it.")
		}
		key := [2]string{to(l, "part"), to(l, "place")}
		if moved[key] == nil {
			moved[key] = new(big.Rat)
		}
		moved[key].Add(moved[key], quantity)
	}
	for _, key := range slices.SortedFunc(maps.Keys(moved), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		if err := restock(x, key[0], key[1], moved[key]); err != nil {
			return err
		}
	}
	return nil
}

// restock changes what lies of a part in a place, where it may be put for the first time.
func restock(x *records.Tx, part, place string, by *big.Rat) error {
	stock := stockOf(x, part, place)
	if stock == nil && by.Sign() < 0 {
		return flaw("NOT_IN_STOCK", "lines", "The place holds nothing of part %s.", part)
	}
	if stock == nil {
		stock = records.Record{"part": linkTo(part), "place": linkTo(place), "onHand": num("0"), "reserved": num("0"), "unit": x.Get("parts", part)["unit"]}
	}
	stock = records.Clone(stock)
	left := new(big.Rat).Add(exactly(stock["onHand"]), by)
	if left.Sign() < 0 {
		return flaw("STOCK_BELOW_ZERO", "lines", "The place holds only %s of part %s.", stock["onHand"], part)
	}
	stock["onHand"] = plain(left)
	available(stock)
	x.Put("stock", stock)
	return nil
}
