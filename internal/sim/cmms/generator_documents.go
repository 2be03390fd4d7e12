package cmms

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/records"
)

func splitBar(text string) []string { return strings.Split(text, "|") }

func (g *generator) makeParts() {
	names := []string{"Deep groove ball bearing", "V-belt", "Hydraulic hose", "Mechanical seal", "Contactor", "Proximity switch", "Filter element", "Gear oil", "Brake lining", "Shaft seal", "Fuse", "Coupling insert"}
	makers := []string{"SKF", "Optibelt", "Parker", "EagleBurgmann", "Siemens", "ifm", "Mann", "Fuchs", "Ortlinghaus", "Freudenberg", "Siba", "KTR"}
	for i := range g.counts.Parts {
		kind := i % len(names)
		unit, sort := "pcs", "SPARE"
		if names[kind] == "Gear oil" {
			unit, sort = "l", "CONSUMABLE"
		}
		cost := g.euros(2, 380)
		g.parts = g.add("parts", records.Record{"code": fmt.Sprintf("P-%05d", 20000+i), "name": fmt.Sprintf("%s %d", names[kind], 100+i/len(names)), "kind": sort, "group": names[kind], "unit": unit,
			"maker": makers[kind], "makerNo": fmt.Sprintf("%s-%d", strings.ToUpper(makers[kind][:2]), 6000+i), "ean": fmt.Sprintf("0%012d", 401234500000+i), "unitCost": cost, "currency": "EUR", "stocked": true, "active": i%37 != 36,
			"offers": []any{records.Record{"id": number1(i + 1), "supplier": g.any(g.suppliers), "no": fmt.Sprintf("A%06d", 300000+i), "price": cost, "currency": "EUR", "leadDays": number1(2 + g.IntN(28)), "minimum": number1(1 + g.IntN(10))}}})
		g.shelve(g.parts, i, unit)
	}
}

// shelve lays a part on its shelf.
func (g *generator) shelve(part, i int, unit string) {
	bin := g.binOf(i)
	g.stock[[2]int{part, bin}] = true
	onHand, reserved := 4+g.IntN(60), g.IntN(4)
	g.add("stock", records.Record{"part": linkTo(strconv.Itoa(part)), "place": linkTo(strconv.Itoa(bin)), "onHand": number1(onHand), "reserved": number1(reserved), "available": number1(onHand - reserved), "unit": unit,
		"min": number1(2), "max": number1(80), "reorderAt": number1(5), "reorderQuantity": number1(20), "countedAt": g.base.AddDate(0, 0, -g.IntN(300)).Format(time.RFC3339)})
}

func (g *generator) makePlans() {
	for i := range 60 {
		asset := g.any(g.equipment)
		id := asset["id"]
		r := records.Record{"code": fmt.Sprintf("MP-%04d", i+1), "name": g.pick("Monthly lubrication", "Quarterly inspection", "Yearly overhaul", "Safety check"), "equipment": []any{id},
			"state": g.pick("ACTIVE", "ACTIVE", "ACTIVE", "PAUSED", "DRAFT"), "priority": num(g.pick("2", "3", "4")), "trigger": "CALENDAR", "everyDays": num(g.pick("30", "90", "365")),
			"nextDue": g.base.AddDate(0, 0, g.IntN(90)).Format(time.DateOnly), "lastDone": g.base.AddDate(0, 0, -g.IntN(90)).Format(time.DateOnly),
			"tasks": []any{records.Record{"id": number1(100000 + 3*i), "no": num("10"), "text": "Lock out and tag"}, records.Record{"id": number1(100001 + 3*i), "no": num("20"), "text": "Check and grease bearings"}},
			"parts": []any{records.Record{"id": number1(100002 + 3*i), "part": g.any(g.parts), "quantity": num("1"), "unit": "pcs"}}}
		if i%5 == 4 {
			r["trigger"], r["meter"], r["step"], r["everyDays"] = "METER", g.any(g.meters), records.Record{"value": num("2000"), "unit": "h"}, nil
		}
		g.plans = g.add("plans", r)
	}
}

// makeReadings gives counters that grow, and gauges that go up and down.
func (g *generator) makeReadings() {
	value := map[string]int{}
	start := g.base.AddDate(0, -6, 0)
	for i := range g.counts.Readings {
		row := g.store.Read("meters", strconv.Itoa(1+i%g.meters))
		meter := row.Record
		n := value[row.ID]
		if n == 0 {
			n = 1000 + g.IntN(20000)
		}
		if n += 20 + g.IntN(140); meter["kind"] == "GAUGE" {
			n = 45 + g.IntN(30)
		}
		value[row.ID] = n
		read := start.Add(time.Duration(i) * (g.base.Sub(start) / time.Duration(g.counts.Readings))).Truncate(time.Minute)
		r := records.Record{"meter": linkTo(row.ID), "equipment": meter["equipment"], "value": trimmed(fmt.Sprintf("%d.%d", n, g.IntN(10))), "unit": meter["unit"], "readAt": read.Format(time.RFC3339), "readBy": g.maybe(60, g.people), "reset": false}
		g.store.Generate("readings", read.Add(time.Minute), read.Add(time.Minute), r)
		meter["last"] = records.Record{"value": r["value"], "readAt": r["readAt"]}
		g.store.Renew("meters", row.ID)
	}
}

func troubles() []string {
	return []string{"Oil leak at %s", "Unusual noise from %s", "%s does not start", "%s overheats", "Guard of %s is loose", "Belt of %s slips", "Pressure of %s too low", "Sensor of %s reports nothing"}
}

// documentTimes are when a document was made and last changed: the older it is, the longer it has been left alone.
func (g *generator) documentTimes(i, n int) (created, updated time.Time) {
	span := 100 * 24 * time.Hour
	created = g.base.Add(-span + time.Duration(i)*(span/time.Duration(n+1))).Truncate(time.Second)
	updated = created.Add(time.Duration(g.IntN(12*24*60)) * time.Minute)
	if updated.After(g.base) {
		updated = g.base
	}
	return created, updated
}

func (g *generator) makeRequests() {
	for i := range g.counts.Requests {
		created, updated := g.documentTimes(i, g.counts.Requests)
		asset := g.store.Read("equipment", strconv.Itoa(1+g.IntN(g.equipment)))
		state := "RESOLVED"
		switch left := g.counts.Requests - i; {
		case left < g.counts.Requests/10:
			state = g.pick("SUBMITTED", "SUBMITTED", "APPROVED")
		case g.chance(8):
			state = "REJECTED"
		}
		g.requests = g.store.Generate("requests", created, updated, records.Record{"number": fmt.Sprintf("RQ-%06d", i+1), "title": fmt.Sprintf(g.pick(troubles()...), asset.Record["tag"]), "state": state, "priority": num(g.pick("1", "2", "3", "4")),
			"equipment": linkTo(asset.ID), "place": asset.Record["place"], "requester": g.any(g.people), "reportedAt": created.Format(time.RFC3339)})
	}
}

func (g *generator) makeRequisitions() {
	for i := range g.counts.Requisitions {
		created, updated := g.documentTimes(i, g.counts.Requisitions)
		price := g.euros(5, 300)
		line := records.Record{"id": number1(200000 + i), "no": num("10"), "part": g.any(g.parts), "quantity": num("2"), "unit": "pcs", "price": price, "amount": price, "supplier": g.any(g.suppliers)}
		amount := exactly(price)
		line["amount"] = money(amount.Add(amount, amount))
		g.store.Generate("requisitions", created, updated, records.Record{"number": fmt.Sprintf("PR-%06d", i+1), "requester": g.any(g.people), "state": g.pick("DRAFT", "SUBMITTED", "APPROVED", "ORDERED", "ORDERED", "REJECTED"),
			"neededOn": created.AddDate(0, 0, 21).Format(time.DateOnly), "currency": "EUR", "total": line["amount"], "lines": []any{line}})
	}
}

// makeMovements gives what came into the stores in earlier days, which today's stock shows already.
func (g *generator) makeMovements() {
	count := max(10, g.counts.Parts/10)
	for i := range count {
		created, _ := g.documentTimes(i, count)
		part := g.IntN(g.parts)
		line := records.Record{"id": number1(400000 + i), "part": linkTo(strconv.Itoa(part + 1)), "place": linkTo(strconv.Itoa(g.binOf(part))), "quantity": num(g.pick("2", "5", "10")),
			"unit": g.store.Read("parts", strconv.Itoa(part+1)).Record["unit"]}
		g.store.Generate("movements", created, created, records.Record{"number": fmt.Sprintf("MV-%06d", i+1), "kind": g.pick("RECEIPT", "RECEIPT", "RETURN", "COUNT"),
			"reference": fmt.Sprintf("DN-%05d", 70000+g.IntN(9999)), "bookedAt": created.Format(time.RFC3339), "bookedBy": g.any(g.people), "lines": []any{line}})
	}
}
