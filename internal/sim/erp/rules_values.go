package erp

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"
)

// What several documents check of the values that a person sets. A value that stays as it is passes.

// check gives the first refusal of several.
func (w *work) check(refusals ...error) error {
	for _, err := range refusals {
		if err != nil {
			return err
		}
	}
	return nil
}

// listed refuses a word that is not on a list.
func listed(member, old, now string, known func(string) bool) error {
	if old == now || known(now) {
		return nil
	}
	return unprocessable("unknown_value", member+": "+strconv.Quote(now)+" is not on the list.")
}

func (w *work) currency(code string) bool { return w.has("currencies", code) }

func knownTerms(terms string) bool { return slices.Contains(paymentTerms(), terms) }

func paymentTerms() []string { return []string{"NET30", "NET60", "NET14", "2/10 NET30", "PREPAID"} }

func knownTypes(kind string) bool {
	return slices.Contains([]string{"PART", "MATERIAL", "FINISHED", "SERVICE", "TOOL", "RENTAL"}, kind)
}

// refers refuses a key that its resource does not have.
func (w *work) refers(member, resource string, old, now *string) error {
	if now == nil || old != nil && *old == *now || w.has(resource, *now) {
		return nil
	}
	return unprocessable("unknown_reference", member+": there is no "+strconv.Quote(*now)+" in "+resource+".")
}

// onDay refuses what is no day.
func onDay(member string, old, now *string) error {
	if now == nil || old != nil && *old == *now {
		return nil
	}
	if _, err := time.Parse(time.DateOnly, *now); err != nil {
		return unprocessable("invalid_date", member+" must be a day like 2026-03-01.")
	}
	return nil
}

// The indexes of purchase orders that lists have no filter for.
const (
	orderedFromIndex  = 1
	orderedItemsIndex = 2
)

// named tells whether a purchase order names a vendor or an item.
func (w *work) named(which int, id string) bool {
	t := w.byName["purchase-orders"]
	t.load()
	t.build(t.indexes[which])
	return len(t.indexes[which].ids[id]) > 0
}

func (g *generator) orderedFrom(i int) []string { return []string{key(g.head(i).vendor)} }

func (g *generator) orderedItems(i int) []string { return g.order(i).items() }

func orderedFrom(record []byte) []string {
	var o order
	_ = json.Unmarshal(record, &o)
	return []string{o.VendorID}
}

func orderedItems(record []byte) []string {
	var o order
	_ = json.Unmarshal(record, &o)
	return o.items()
}

func (o order) items() []string {
	ids := make([]string, len(o.Lines))
	for i, l := range o.Lines {
		ids[i] = l.ItemID
	}
	return ids
}
