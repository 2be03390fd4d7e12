package e2e

import (
	"fmt"
	"net/http"
)

// manyVendors makes vendors in a batch and loses the answer to the first call for many of them, in the middle. Some are wrong by Busbar's rules; one by Tryton's, which refuses the whole call for it, so that
// its neighbours are made one by one.
func manyVendors(p plant) {
	const many, taken = 60, 57
	p.write("POST", "/v1/vendors", map[string]any{"name": "The first", "code": "ONE-ONLY"}).ok(http.StatusCreated)
	var items []any
	bad := map[int]bool{taken: true}
	for i := range many {
		data := map[string]any{"name": fmt.Sprintf("Supplier %02d", i)}
		switch {
		case i == taken:
			data["code"] = "ONE-ONLY"
		case i%12 == 3:
			data, bad[i] = map[string]any{"nme": "wrong"}, true
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
	if counts["applied"] != float64(many-len(bad)) || counts["rejected"] != float64(len(bad)) {
		p.t.Errorf("the batch counts %v", counts)
	}
	names := map[string]int{}
	for _, r := range p.erp.SQL("select name from party_party where name like 'Supplier %'") {
		names[fmt.Sprint(r[0])]++
	}
	for i := range many {
		name, want := fmt.Sprintf("Supplier %02d", i), 1
		if bad[i] {
			want = 0
		}
		if names[name] != want {
			p.t.Errorf("%s is there %d times, want %d", name, names[name], want)
		}
	}
	for _, it := range p.list("/v1/operations/"+id+"/items", p.token) {
		i := int(it["index"].(float64))
		if rejected := it["status"] == "rejected"; rejected != bad[i] || it["client_ref"] != fmt.Sprint("row-", i) {
			p.t.Errorf("item %d is %v: %v", i, it["status"], it["error"])
		}
	}
}
