package cmms

import (
	"fmt"
	"strconv"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/records"
)

func (g *generator) makeOrders() {
	for i := range g.counts.WorkOrders {
		g.makeOrder(i)
	}
}

// makeOrder makes a work order as far as it has come: old ones are closed, the newest are open.
func (g *generator) makeOrder(i int) {
	created, updated := g.documentTimes(i, g.counts.WorkOrders)
	asset := g.store.Read("equipment", strconv.Itoa(1+g.IntN(g.equipment)))
	state := "CLOSED"
	switch left := g.counts.WorkOrders - i; {
	case left < g.counts.WorkOrders/8:
		state = g.pick("OPEN", "OPEN", "IN_PROGRESS", "ON_HOLD", "DONE")
	case g.chance(6):
		state = "CANCELLED"
	}
	r := records.Record{
		"number": fmt.Sprintf("WO-%06d", i+1), "title": fmt.Sprintf(g.pick(troubles()...), asset.Record["tag"]), "text": "Reported by the shift.", "kind": g.pick("CORR", "CORR", "INSP", "EMER"), "state": state,
		"priority": num(g.pick("1", "2", "3", "3", "4", "5")), "equipment": linkTo(asset.ID), "place": asset.Record["place"], "site": asset.Record["site"], "requester": g.any(g.people), "assignee": g.any(g.people), "crew": g.any(g.crews),
		"schedule":        records.Record{"due": stampOf(created.AddDate(0, 0, 7)), "start": stampOf(created.Add(24 * time.Hour)), "end": stampOf(created.Add(28 * time.Hour))},
		"estimateMinutes": num(g.pick("30", "60", "90", "240")),
		"tasks": []any{
			records.Record{"id": number1(300000 + 4*i), "no": num("10"), "text": "Lock out and tag", "done": state != "OPEN"},
			records.Record{"id": number1(300001 + 4*i), "no": num("20"), "text": "Find the cause and mend it", "done": state == "DONE" || state == "CLOSED"},
		},
	}
	if i%3 == 2 {
		r["kind"], r["plan"], r["title"] = "PREV", g.any(g.plans), "Planned maintenance of "+asset.Record["tag"].(string)
	}
	if state != "OPEN" && state != "CANCELLED" {
		g.work(r, i, created, updated)
	}
	g.convert(r, i)
	sumUp(func(table, id string) records.Record { return g.store.Read(table, id).Record }, r)
	g.orders = g.store.Generate("work-orders", created, updated, r)
}

func stampOf(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// work reports what was done so far.
func (g *generator) work(r records.Record, i int, created, updated time.Time) {
	start := created.Add(26 * time.Hour)
	actual := records.Record{"start": stampOf(start)}
	r["actual"] = actual
	r["labour"] = []any{records.Record{"id": number1(300002 + 4*i), "person": r["assignee"], "hours": num(g.pick("0.5", "1.25", "2", "3.75")), "startedAt": stampOf(start)}}
	if g.chance(60) {
		part := g.IntN(g.parts)
		r["parts"] = []any{records.Record{"id": number1(300003 + 4*i), "part": linkTo(strconv.Itoa(part + 1)), "planned": num("1"), "used": num("1"), "unit": g.store.Read("parts", strconv.Itoa(part+1)).Record["unit"], "store": linkTo(strconv.Itoa(g.binOf(part)))}}
	}
	if r["state"] == "DONE" || r["state"] == "CLOSED" {
		minutes := 30 + g.IntN(300)
		end := stampOf(start.Add(time.Duration(minutes) * time.Minute))
		actual["end"], actual["done"], r["spentMinutes"], r["downMinutes"] = end, end, number1(minutes), number1(minutes+g.IntN(60))
		r["failure"] = records.Record{"problem": g.pick("LEAK", "NOISE", "STOP", "HEAT"), "cause": g.pick("WEAR", "DIRT", "LOOSE"), "remedy": g.pick("REPLACED", "CLEANED", "TIGHTENED")}
		r["report"] = "Mended and tested."
	}
}

// convert lets a resolved request be the reason for the order.
func (g *generator) convert(r records.Record, i int) {
	id := strconv.Itoa(i/4 + 1)
	request := g.store.Read("requests", id)
	if i%4 != 0 || request == nil || request.Record["state"] != "RESOLVED" || r["state"] != "CLOSED" {
		return
	}
	request.Record["workOrder"], r["request"] = linkTo(strconv.Itoa(i+1)), linkTo(id)
	r["title"], r["equipment"], r["place"] = request.Record["title"], request.Record["equipment"], request.Record["place"]
	r["site"] = g.store.Read("equipment", to(r, "equipment")).Record["site"]
	g.store.Renew("requests", id)
}
