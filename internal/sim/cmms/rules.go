package cmms

import (
	"fmt"
	"math/big"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/records"
)

// rule is what SimCMMS asks of one table beyond the shape of its records.
type rule struct {
	settled []string                                                 // states in which nothing changes any more
	removed []string                                                 // states in which a record may be deleted; nil: any
	kept    bool                                                     // records are never deleted
	moves   map[string][]string                                      // changes of state, by the state before
	settle  func(x *records.Tx, old, r records.Record) error         // completes a record that is made (old is nil) or changed
	moved   func(x *records.Tx, r records.Record, from string) error // what a change of state brings with it
}

func rules() map[string]rule {
	return map[string]rule{
		"equipment":    {settle: settleEquipment},
		"meters":       {},
		"readings":     {kept: true, settle: settleReading},
		"stock":        {kept: true, settle: settleStock},
		"movements":    {kept: true, settle: settleMovement},
		"plans":        {settle: settlePlan},
		"work-orders":  {settled: []string{"CLOSED", "CANCELLED"}, removed: []string{"OPEN", "CANCELLED"}, moves: orderMoves(), settle: settleOrder, moved: movedOrder},
		"requests":     {settled: []string{"REJECTED", "CONVERTED", "RESOLVED"}, removed: []string{"SUBMITTED", "REJECTED"}, moves: requestMoves(), settle: settleRequest, moved: movedRequest},
		"requisitions": {settled: []string{"REJECTED", "ORDERED", "CANCELLED"}, removed: []string{"DRAFT", "CANCELLED"}, moves: requisitionMoves(), settle: settleRequisition},
		"sites":        {}, "places": {}, "people": {}, "crews": {}, "models": {}, "suppliers": {}, "parts": {settle: settlePart},
	}
}

func orderMoves() map[string][]string {
	return map[string][]string{
		"OPEN": {"IN_PROGRESS", "CANCELLED"}, "IN_PROGRESS": {"ON_HOLD", "DONE"}, "ON_HOLD": {"IN_PROGRESS", "CANCELLED"}, "DONE": {"IN_PROGRESS", "CLOSED"},
	}
}

func requestMoves() map[string][]string {
	return map[string][]string{"SUBMITTED": {"APPROVED", "REJECTED"}, "APPROVED": {"CONVERTED", "REJECTED"}}
}

func requisitionMoves() map[string][]string {
	return map[string][]string{"DRAFT": {"SUBMITTED", "CANCELLED"}, "SUBMITTED": {"DRAFT", "APPROVED", "REJECTED"}, "APPROVED": {"ORDERED", "CANCELLED"}}
}

func flaw(code, field, format string, args ...any) error {
	return &records.Flaw{Code: code, Field: field, Detail: fmt.Sprintf(format, args...)}
}

// settleEquipment keeps the tree of equipment a tree.
func settleEquipment(x *records.Tx, old, r records.Record) error {
	own, _ := r["id"].(interface{ String() string })
	for up := to(r, "parent"); up != ""; up = to(x.Get("equipment", up), "parent") {
		if own != nil && up == own.String() {
			return flaw("HIERARCHY_LOOP", "parent", "Equipment cannot be part of itself.")
		}
	}
	return nil
}

func settlePart(_ *records.Tx, _, r records.Record) error {
	for i, o := range rows(r, "offers") {
		if o["currency"] == nil {
			o["currency"] = r["currency"]
		}
		if exactly(o["price"]).Sign() < 0 {
			return flaw(records.BadValue, fmt.Sprintf("offers[%d].price", i), "A price is not negative.")
		}
	}
	return nil
}

// settleReading takes a reading for its meter: a counter only grows, unless the reading says that it was reset.
func settleReading(x *records.Tx, old, r records.Record) error {
	if old != nil {
		return flaw("READING_FIXED", "", "A reading does not change; enter another one.")
	}
	meter := records.Clone(x.Get("meters", to(r, "meter")))
	if r["readAt"] == nil {
		r["readAt"] = x.Now()
	}
	r["equipment"], r["unit"] = meter["equipment"], meter["unit"]
	last := member(meter, "last")
	at, before := instant(r["readAt"]), instant(last["readAt"])
	if meter["kind"] == "COUNTER" && r["reset"] != true {
		if err := grows(x, r, at); err != nil {
			return err
		}
	}
	if last["readAt"] == nil || !at.Before(before) {
		last["value"], last["readAt"] = r["value"], r["readAt"]
		x.Put("meters", meter)
	}
	return nil
}

// grows refuses a reading that is below an earlier one, or above a later one, of the same counter.
func grows(x *records.Tx, r records.Record, at time.Time) (err error) {
	value, since := exactly(r["value"]), time.Time{}
	x.Each("readings", func(o records.Record) bool {
		if to(o, "meter") == to(r, "meter") && o["reset"] == true && !instant(o["readAt"]).After(at) && instant(o["readAt"]).After(since) {
			since = instant(o["readAt"])
		}
		return true
	})
	x.Each("readings", func(o records.Record) bool {
		other := instant(o["readAt"])
		if to(o, "meter") != to(r, "meter") || other.Before(since) {
			return true
		}
		if order := value.Cmp(exactly(o["value"])); !other.After(at) && order < 0 || other.After(at) && o["reset"] != true && order > 0 {
			err = flaw("READING_FALLS", "value", "The counter showed %s at %s.", o["value"], other.Format(time.RFC3339))
		}
		return err == nil
	})
	return err
}

func settleStock(x *records.Tx, old, r records.Record) error {
	if old == nil {
		if other := stockOf(x, to(r, "part"), to(r, "place")); other != nil {
			return flaw(records.Taken, "part", "The place holds that part already: %s.", other["id"])
		}
	}
	if exactly(r["onHand"]).Sign() < 0 || exactly(r["reserved"]).Sign() < 0 {
		return flaw("STOCK_BELOW_ZERO", "onHand", "Stock is never below zero.")
	}
	if old == nil || old["onHand"] != r["onHand"] {
		r["countedAt"] = x.Now()
	}
	available(r)
	return unitOf(x, r, "unit")
}

func available(stock records.Record) {
	stock["available"] = plain(new(big.Rat).Sub(exactly(stock["onHand"]), exactly(stock["reserved"])))
}

// stockOf finds what lies of a part in a place.
func stockOf(x *records.Tx, part, place string) (found records.Record) {
	x.Each("stock", func(s records.Record) bool {
		if to(s, "part") == part && to(s, "place") == place {
			found = s
		}
		return found == nil
	})
	return found
}

func settlePlan(x *records.Tx, _, r records.Record) error {
	for i, p := range rows(r, "parts") {
		if err := unitOf(x, p, fmt.Sprintf("parts[%d].unit", i)); err != nil {
			return err
		}
	}
	return nil
}

// unitOf gives a row the unit of its part, and refuses another.
func unitOf(x *records.Tx, row records.Record, field string) error {
	unit := x.Get("parts", to(row, "part"))["unit"]
	if row["unit"] != nil && row["unit"] != unit {
		return flaw("UNIT_MISMATCH", field, "The part is counted in %v.", unit)
	}
	row["unit"] = unit
	return nil
}

func instant(v any) time.Time {
	s, _ := v.(string)
	t, _ := time.Parse(time.RFC3339Nano, s)
	return t
}
