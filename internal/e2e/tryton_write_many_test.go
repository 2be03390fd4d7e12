package e2e

import (
	"fmt"
	"net/http"
)

// manyVendors makes vendors in a batch of which some are wrong, and loses the answer to a call for many of them.
func manyVendors(p plant) {
	const many, bad = 60, 5
	var items []any
	for i := range many {
		data := map[string]any{"name": fmt.Sprintf("Supplier %02d", i)}
		if i%(many/bad) == 3 {
			data = map[string]any{"nme": "wrong"}
		}
		items = append(items, map[string]any{"op": "create", "client_ref": fmt.Sprint("row-", i), "data": data})
	}
	lost := p.gate.lose("Supplier 20", tornInTheBody)
	made := p.call("POST", "/v1/vendors/batch", p.token, map[string]any{"items": items}, http.StatusAccepted)
	id := made["id"].(string)
	p.await("end of batch "+id, func() bool {
		return p.call("GET", "/v1/operations/"+id, p.token, nil, http.StatusOK)["state"] == "completed"
	})
	<-lost
	counts := p.call("GET", "/v1/operations/"+id, p.token, nil, http.StatusOK)["counts"].(map[string]any)
	if counts["applied"] != float64(many-bad) || counts["rejected"] != float64(bad) {
		p.t.Errorf("the batch counts %v", counts)
	}
	names := map[string]int{}
	for _, r := range p.erp.SQL("select name from party_party where name like 'Supplier %'") {
		names[fmt.Sprint(r[0])]++
	}
	for name, n := range names {
		if n != 1 {
			p.t.Errorf("%s is there %d times", name, n)
		}
	}
	if len(names) != many-bad {
		p.t.Errorf("Tryton has %d of %d vendors", len(names), many-bad)
	}
	for _, it := range p.list("/v1/operations/"+id+"/items?status=rejected", p.token) {
		if i := int(it["index"].(float64)); i%(many/bad) != 3 {
			p.t.Errorf("item %d is rejected: %v", i, it["error"])
		}
	}
}
