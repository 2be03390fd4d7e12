package cmms

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/records"
)

// generator makes the plant: two sites of an invented maker of metal parts, from a seed.
type generator struct {
	*rand.Rand
	store  *records.Store
	base   time.Time
	counts Counts
	people, crews, places, stores,
	models, suppliers, equipment, meters, parts, plans, orders, requests int // how many there are
	stock map[[2]int]bool // part and store
}

func generate(s *records.Store, o Options) {
	g := &generator{Rand: rand.New(rand.NewPCG(o.Seed, 0xC335)), store: s, base: o.Base, counts: o.Counts, stock: map[[2]int]bool{}}
	g.makePlaces()
	g.makePeople()
	g.makeSuppliers()
	g.makeEquipment()
	g.makeParts()
	g.makePlans()
	g.makeReadings()
	g.makeRequests()
	g.makeOrders()
	g.makeRequisitions()
	g.makeMovements()
	s.Sort()
}

// add lays a master record into its table; it was made up to four years ago.
func (g *generator) add(table string, r records.Record) int {
	created := g.base.Add(-time.Duration(g.IntN(4*365*24*60)) * time.Minute)
	updated := created.Add(time.Duration(g.Float64() * float64(g.base.Sub(created)))).Truncate(time.Millisecond)
	return g.store.Generate(table, created, updated, r)
}

func (g *generator) pick(of ...string) string { return of[g.IntN(len(of))] }
func (g *generator) chance(percent int) bool  { return g.IntN(100) < percent }
func (g *generator) any(n int) records.Record { return linkTo(strconv.Itoa(1 + g.IntN(n))) }
func number1(n int) json.Number               { return json.Number(strconv.Itoa(n)) }
func (g *generator) euros(low, high int) json.Number {
	return trimmed(fmt.Sprintf("%d.%02d", low+g.IntN(high-low), g.IntN(100)))
}

// maybe is a link in so many of a hundred cases.
func (g *generator) maybe(percent, n int) any {
	if g.chance(percent) && n > 0 {
		return g.any(n)
	}
	return nil
}

func (g *generator) makePlaces() {
	for i, name := range []string{"Werk Lindenau", "Werk Süd"} {
		g.add("sites", records.Record{"code": fmt.Sprintf("S%d", i+1), "name": name, "note": "Pressed and machined parts", "timeZone": "Europe/Berlin", "active": true,
			"address": records.Record{"street": fmt.Sprintf("Industriestraße %d", 4+9*i), "postcode": []string{"04177", "04249"}[i], "town": "Leipzig", "country": "DE"}})
	}
	place := func(site int, parent any, kind, code, name string) int {
		g.places++
		return g.add("places", records.Record{"code": code, "name": name, "kind": kind, "site": linkTo(strconv.Itoa(site)), "parent": parent, "active": true})
	}
	for site := 1; site <= 2; site++ {
		store := place(site, nil, "STORE", fmt.Sprintf("ST%d", site), "Maintenance stores")
		for bin := 1; bin <= 6; bin++ {
			place(site, linkTo(strconv.Itoa(store)), "BIN", fmt.Sprintf("ST%d-%02d", site, bin), fmt.Sprintf("Shelf %d", bin))
		}
		g.stores = 14
		for hall := 1; hall <= 3; hall++ {
			h := place(site, nil, "BUILDING", fmt.Sprintf("H%d%d", site, hall), fmt.Sprintf("Hall %d", hall))
			for line := 1; line <= 3; line++ {
				place(site, linkTo(strconv.Itoa(h)), "LINE", fmt.Sprintf("L%d%d%d", site, hall, line), fmt.Sprintf("%s line %d", []string{"Stamping", "Machining", "Assembly"}[line-1], hall))
			}
		}
	}
}

// binOf gives one of the twelve shelves: places 2 to 7 and, behind the halls of the first site, those of the second.
func (g *generator) binOf(i int) int {
	if i %= 12; i < 6 {
		return 2 + i
	}
	return g.places/2 + 2 + i - 6
}

func (g *generator) makePeople() {
	first := []string{"Anna", "Bernd", "Carla", "Dilara", "Emil", "Frieda", "Georg", "Hanna", "Igor", "Jule", "Karim", "Lena", "Milan", "Nora", "Olaf", "Petra"}
	last := []string{"Albrecht", "Bauer", "Çelik", "Dietrich", "Engel", "Fuchs", "Graf", "Hofmann", "Ivanova", "Jäger", "Krüger", "Lorenz"}
	for i := range 48 {
		f, l := first[i%len(first)], last[(i*7+i/16)%len(last)]
		g.people = g.add("people", records.Record{"login": fmt.Sprintf("p%04d", 1000+i), "name": f + " " + l, "mail": fmt.Sprintf("p%04d@lindenau.example", 1000+i),
			"trade": []string{"Mechanic", "Electrician", "Planner", "Operator", "Storekeeper", "Supervisor"}[i%6], "active": i%17 != 16})
	}
	for i, name := range []string{"Mechanics early", "Mechanics late", "Electricians", "Hydraulics", "Lubrication round", "Contractors"} {
		var members []any
		for n := range 6 {
			members = append(members, number1(1+(i*6+n)%g.people))
		}
		g.crews = g.add("crews", records.Record{"code": fmt.Sprintf("C%d", i+1), "name": name, "members": members})
	}
}

func (g *generator) makeSuppliers() {
	for i := range 40 {
		name := []string{"Hydraulik", "Antriebstechnik", "Lager", "Pneumatik", "Elektro", "Dichtungen", "Werkzeug", "Fördertechnik"}[i%8] + " " +
			[]string{"Brandt", "Meyer & Sohn", "Nordost", "Pohl", "Richter"}[i/8] + " GmbH"
		g.suppliers = g.add("suppliers", records.Record{"code": fmt.Sprintf("V%04d", 100+i), "name": name, "taxNo": fmt.Sprintf("DE%09d", 811000000+i*7919), "currency": "EUR", "active": i%13 != 12,
			"mail": fmt.Sprintf("orders@v%04d.example", 100+i), "phone": fmt.Sprintf("+49 341 55%05d", i*137), "terms": g.pick("30 days net", "14 days 2 %", "60 days net"),
			"address":  records.Record{"street": fmt.Sprintf("Gewerbering %d", 1+i), "postcode": fmt.Sprintf("0%04d", 4100+i*11), "town": g.pick("Leipzig", "Halle", "Dresden", "Chemnitz"), "country": "DE"},
			"contacts": []any{records.Record{"name": "Order desk", "role": "Sales", "mail": fmt.Sprintf("desk@v%04d.example", 100+i)}}})
	}
}

// kinds of machines: code, name, maker, designation, and the assemblies of each.
func machines() [][5]string {
	return [][5]string{
		{"PR", "Eccentric press", "Schuler", "MSP 400", "Clutch brake|Lubrication unit|Ram"},
		{"HP", "Hydraulic press", "Lasco", "VPA 250", "Hydraulic unit|Main cylinder|Safety valve"},
		{"CV", "Belt conveyor", "Interroll", "SH 1200", "Drive drum|Gear motor"},
		{"PU", "Coolant pump", "Grundfos", "MTR 10-14", "Motor|Mechanical seal"},
		{"CM", "Screw compressor", "Kaeser", "ASD 50", "Air end|Oil separator|Motor"},
		{"RB", "Handling robot", "KUKA", "KR 60-3", "Wrist|Cable set"},
		{"LA", "CNC lathe", "Index", "G200", "Main spindle|Turret|Chip conveyor"},
		{"FK", "Forklift", "Linde", "E25", "Battery|Mast"},
	}
}

func (g *generator) makeEquipment() {
	for _, m := range machines() {
		g.models = g.add("models", records.Record{"code": "M-" + m[0], "name": m[1] + " " + m[3], "maker": m[2], "designation": m[3], "class": m[1]})
	}
	for g.equipment < g.counts.Equipment {
		kind := g.IntN(len(machines()))
		g.machine(kind, machines()[kind])
	}
}

// machine makes a machine and its assemblies.
func (g *generator) machine(kind int, m [5]string) {
	n := g.equipment + 1
	place := g.any(g.places)
	site := g.store.Read("places", to(records.Record{"p": place}, "p")).Record["site"]
	installed := g.base.AddDate(-1-g.IntN(18), -g.IntN(12), 0)
	top := records.Record{
		"tag": fmt.Sprintf("%s-%04d", m[0], 1000+n), "name": fmt.Sprintf("%s %d", m[1], n), "class": m[1], "site": site, "place": place, "model": linkTo(strconv.Itoa(kind + 1)), "maker": m[2], "designation": m[3],
		"serial": fmt.Sprintf("%s%07d", m[0], 1000000+g.IntN(8999999)), "supplier": g.any(g.suppliers), "criticality": g.pick("A", "B", "B", "C", "C", "D"),
		"state": g.pick("RUNNING", "RUNNING", "RUNNING", "RUNNING", "STANDBY", "STOPPED", "SCRAPPED"), "active": true,
		"installedOn": installed.Format(time.DateOnly), "warrantyUntil": installed.AddDate(2, 0, 0).Format(time.DateOnly), "purchase": records.Record{"amount": g.euros(4000, 240000), "currency": "EUR"},
	}
	g.equipment = g.add("equipment", top)
	parent := g.equipment
	g.meters = g.add("meters", records.Record{"equipment": linkTo(strconv.Itoa(parent)), "name": "Running hours", "kind": "COUNTER", "unit": "h"})
	if g.chance(30) {
		g.meters = g.add("meters", records.Record{"equipment": linkTo(strconv.Itoa(parent)), "name": "Bearing temperature", "kind": "GAUGE", "unit": "°C"})
	}
	for i, name := range splitBar(m[4]) {
		if g.equipment >= g.counts.Equipment {
			return
		}
		g.equipment = g.add("equipment", records.Record{"tag": fmt.Sprintf("%s-%04d.%d", m[0], 1000+n, i+1), "name": name + " of " + top["tag"].(string), "class": name, "parent": linkTo(strconv.Itoa(parent)),
			"site": site, "place": place, "state": "RUNNING", "criticality": "C", "maker": m[2], "active": true, "installedOn": top["installedOn"]})
	}
}
