package e2e

import (
	"net/http"
	"strings"
)

// partnersAreWritten changes and archives a vendor and an item, and looks at each step in Tryton; what Tryton would not delete is not deleted.
func partnersAreWritten(p plant) {
	vendor := p.write("POST", "/v1/vendors", map[string]any{"name": "Lager Süd AG", "code": "LS-1"}).ok(http.StatusCreated)
	path := "/v1/vendors/" + vendor["id"].(string)
	p.write("PATCH", path, map[string]any{"name": "Lager Süd & Söhne AG", "is_active": false}).ok(http.StatusOK)
	if got := p.erp.SQL("select name, code, active from party_party where id = ?", p.remote(vendor))[0]; got[0] != "Lager Süd & Söhne AG" || got[1] != "LS-1" || got[2] != 0.0 {
		p.t.Errorf("the vendor in Tryton: %v", got)
	}
	p.refused("another vendor with the code of one that is archived", p.write("POST", "/v1/vendors", map[string]any{"name": "Other", "code": "LS-1"}), "conflict")
	if a := p.write("DELETE", path, nil); a.status != http.StatusNotImplemented || a.body["code"] != "not-supported-by-system" {
		p.t.Errorf("a vendor is deleted: %d %v", a.status, a.body)
	}

	item := p.write("POST", "/v1/items", map[string]any{"name": "Nut", "code": "NUT-8", "description": "M8", "type": "product", "unit": "u", "price": money("0.30", "USD")}).ok(http.StatusCreated)
	path = "/v1/items/" + item["id"].(string)
	p.write("PATCH", path, map[string]any{"name": "Hex nut", "description": "M8 ISO 4032"}).ok(http.StatusOK)
	got := p.erp.SQL("select t.name, p.description from product_product p join product_template t on t.id = p.template where p.id = ?", p.remote(item))
	if len(got) != 1 || got[0][0] != "Hex nut" || got[0][1] != "M8 ISO 4032" {
		p.t.Errorf("the item in Tryton: %v", got)
	}
	p.refused("the unit of an item", p.write("PATCH", path, map[string]any{"unit": "kg"}), "field-not-writable")
	if archived := p.write("PATCH", path, map[string]any{"is_active": false}).ok(http.StatusOK); archived["is_active"] != false {
		p.t.Errorf("archived it is %v", archived)
	}
	for entity, record := range map[string]map[string]any{"vendors": vendor, "items": item} {
		if run := p.syncOf(entity, "full"); count(run, "updated")+count(run, "created")+count(run, "deleted") != 0 {
			p.t.Errorf("the full sync of %s behind the writes counts %v", entity, run["counts"])
		}
		if now := p.call("GET", "/v1/"+entity+"/"+record["id"].(string), p.token, nil, http.StatusOK); now["is_active"] != false || !strings.HasPrefix(now["version"].(string), "1.") {
			p.t.Errorf("archived: %v", now)
		}
	}
}
