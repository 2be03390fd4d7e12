package cmms

import (
	"fmt"
	"strings"

	"github.com/busbar-dev/busbar/internal/sim/records"
)

// hands are the colleagues who work in SimCMMS itself.
func (s *Server) hands() records.Hands {
	rename := func(member string) func(*records.Tx, records.Record) {
		return func(_ *records.Tx, r records.Record) {
			text, _ := r[member].(string)
			n, _ := r["version"].(fmt.Stringer)
			before, _, _ := strings.Cut(text, " · ")
			r[member] = before + " · " + n.String()
		}
	}
	one := func() records.Record { return linkTo("1") }
	hand := func(table, member string, sent func(x *records.Tx) records.Record) records.Hand {
		return records.Hand{Table: table, Touch: rename(member), New: func(x *records.Tx) records.Record { return s.whole(x, table, sent(x)) }}
	}
	coded := func(code string, more records.Record) func(*records.Tx) records.Record {
		return func(x *records.Tx) records.Record {
			r := records.Clone(more)
			r["name"], r[code] = "Newly added", fmt.Sprintf("N%d", x.Serial())
			return r
		}
	}
	titled := func(*records.Tx) records.Record { return records.Record{"title": "Newly added", "equipment": one()} }
	bump := func(member string) func(*records.Tx, records.Record) {
		return func(_ *records.Tx, r records.Record) {
			r[member] = plain(exactly(r[member]).Add(exactly(r[member]), exactly(num("1"))))
		}
	}
	return records.Hands{Store: s.store, By: map[string]records.Hand{
		"sites": hand("sites", "name", coded("code", nil)), "locations": hand("places", "name", coded("code", records.Record{"site": one()})),
		"users": hand("people", "name", coded("login", nil)), "teams": hand("crews", "name", coded("code", nil)), "asset-templates": hand("models", "name", coded("code", nil)),
		"vendors": hand("suppliers", "name", coded("code", nil)), "items": hand("parts", "name", coded("code", nil)), "assets": hand("equipment", "name", coded("tag", records.Record{"site": one()})),
		"maintenance-plans": hand("plans", "name", coded("code", nil)),
		"meters": hand("meters", "name", func(*records.Tx) records.Record {
			return records.Record{"name": "Newly added", "kind": "GAUGE", "equipment": one()}
		}),
		"work-orders": hand("work-orders", "title", titled), "service-requests": hand("requests", "title", titled),
		"purchase-requisitions": {Table: "requisitions", Touch: func(x *records.Tx, r records.Record) { r["neededOn"] = nextDay(r["neededOn"]) },
			New: func(x *records.Tx) records.Record {
				return s.whole(x, "requisitions", records.Record{"requester": one()})
			}},
		"stock-levels": {Table: "stock", Touch: bump("min")},
		"stock-adjustments": hand("movements", "note", func(*records.Tx) records.Record {
			line := records.Record{"part": one(), "place": linkTo("2"), "quantity": num("1")}
			return records.Record{"kind": "RECEIPT", "lines": []any{line}}
		}),
		"meter-readings": {Table: "readings", Touch: bump("value"), New: func(x *records.Tx) records.Record {
			return records.Record{"meter": one(), "equipment": x.Get("meters", "1")["equipment"], "value": num("1"), "unit": "h", "readAt": x.Now(), "reset": true}
		}},
	}}
}

// whole completes a record that a colleague enters, by the rules.
func (s *Server) whole(x *records.Tx, table string, sent records.Record) records.Record {
	r, err := x.Merge(table, nil, sent)
	if err == nil && s.rules[table].settle != nil {
		err = s.rules[table].settle(x, nil, r)
	}
	if err != nil {
		panic("a colleague's record breaks a rule: " + err.Error())
	}
	return r
}
