package erp

import "fmt"

func (g *generator) company(i int) company {
	de, us := g.countries[0], g.countries[7]
	all := []company{
		{ID: "01", CompanyCode: "NWI", Name: "Nordwerk Industrie GmbH", CurrencyCode: "EUR", TaxID: "DE811907980",
			Address: address{Street: "Werkstraße 12", Postcode: "97421", City: de.cities[0], Region: optional("Bayern"), CountryCode: de.code}},
		{ID: "02", CompanyCode: "NWA", Name: "Nordwerk America Inc.", CurrencyCode: "USD", TaxID: "34-1234567",
			Address: address{Street: "4100 Lakeside Ave", Street2: optional("Suite 200"), Postcode: "44114-2301", City: us.cities[0], Region: optional("OH"), CountryCode: us.code}},
	}
	c := all[i]
	c.stamps = g.setUp()
	return c
}

// setUp is when the company's own structure was entered.
func (g *generator) setUp() stamps {
	return stamps{iso(g.base - 2000*day), iso(g.base - 400*day)}
}

func (g *generator) warehouse(i int) warehouse {
	all := []warehouse{
		{Code: "SW1", Name: "Schweinfurt main plant", CompanyID: "01", Latitude: "50.0459", Longitude: "10.2343", TimeZone: "Europe/Berlin", Address: address{City: "Schweinfurt", Postcode: "97421", CountryCode: "DE"}},
		{Code: "SW2", Name: "Schweinfurt spare parts centre", CompanyID: "01", Latitude: "50.0301", Longitude: "10.1920", TimeZone: "Europe/Berlin", Address: address{City: "Schweinfurt", Postcode: "97424", CountryCode: "DE"}},
		{Code: "GT1", Name: "Werk Gütersloh", CompanyID: "01", Latitude: "51.9066", Longitude: "8.3785", TimeZone: "Europe/Berlin", Address: address{City: "Gütersloh", Postcode: "33330", CountryCode: "DE"}},
		{Code: "LO1", Name: "Łódź machining", CompanyID: "01", Latitude: "51.7592", Longitude: "19.4560", TimeZone: "Europe/Warsaw", Address: address{City: "Łódź", Postcode: "90-001", CountryCode: "PL"}},
		{Code: "CL1", Name: "Cleveland plant", CompanyID: "02", Latitude: "41.4993", Longitude: "-81.6944", TimeZone: "America/New_York", Address: address{City: "Cleveland", Postcode: "44114-2301", CountryCode: "US", Region: optional("OH")}},
		{Code: "MK1", Name: "Milwaukee service depot", CompanyID: "02", Latitude: "43.0389", Longitude: "-87.9065", TimeZone: "America/Chicago", Address: address{City: "Milwaukee", Postcode: "53202-0001", CountryCode: "US", Region: optional("WI")}},
	}
	w := all[i]
	w.ID, w.Active, w.stamps = key(i), true, g.setUp()
	w.Address.Name, w.Address.Street = optional(w.Name), fmt.Sprintf("Gate %d", i+1)
	if i%2 == 0 {
		w.Description = optional("Production and stores; deliveries 06:00–14:00")
	}
	return w
}

// places is what lies in each warehouse: a building, rooms and lines in it, a storeroom with bins, docks.
func places() []struct {
	code, name, kind string
	parent           int // place in this list; -1: none
} {
	type p = struct {
		code, name, kind string
		parent           int
	}
	return []p{
		{"B1", "Hall 1", "BLDG", -1}, {"S1", "Storeroom", "STORE", 0}, {"A01", "Bin A-01", "BIN", 1}, {"A02", "Bin A-02", "BIN", 1}, {"B01", "Bin B-01 (Ø > 300 mm)", "BIN", 1},
		{"B02", "Bin B-02", "BIN", 1}, {"D1", "Goods-in dock", "DOCK", 0}, {"R1", "Tool room", "ROOM", 0}, {"L1", "Line 1", "LINE", 0}, {"V1", "In transit", "VIRT", -1}, {"Y1", "Outside yard", "YARD", -1},
	}
}

func (g *generator) location(i int) location {
	list := places()
	w, p := i/len(list), list[i%len(list)]
	code := g.warehouse(w).Code
	l := location{ID: key(i), WarehouseID: key(w), Code: code + "-" + p.code, Name: p.name, Kind: p.kind, Active: i != locations-1, stamps: g.setUp()}
	if p.parent >= 0 {
		l.ParentID = optional(key(w*len(list) + p.parent))
	}
	if p.kind == "STORE" {
		l.Description = optional("Spare parts; withdrawal only with a work order")
	}
	return l
}

// bin gives the place, in all locations, of the n-th bin.
func (g *generator) bin(n int) int {
	bins := [...]int{2, 3, 4, 5}
	w := n % warehouses
	return w*len(places()) + bins[n/warehouses%len(bins)]
}

func (g *generator) unit(i int) unit         { u := units()[i]; u.stamps = g.setUp(); return u }
func (g *generator) currency(i int) currency { c := currencies()[i]; c.stamps = g.setUp(); return c }
func (g *generator) account(i int) account   { a := g.accounts[i]; a.stamps = g.setUp(); return a }
func (g *generator) status(i int) status     { s := statusLists()[i]; s.stamps = g.setUp(); return s }
