package e2e

import (
	"net/http"
	"strconv"
)

// The first page's last record, one of that page and one of the next are deleted while the second page is asked for.
func deletedWhileRead(p plant) {
	all := p.erp.Search("party.party", []any{"active", "in", []bool{true, false}})
	const page = 500 // the connector's
	gone := []int{all[page-2], all[page-1], all[page+1]}
	acted := p.gate.once(laterPage("party.party"), func() {
		for _, id := range gone {
			p.erp.SQL("delete from party_party where id = ?", id)
		}
	})
	run := p.syncOf("vendors", "full")
	select {
	case <-acted:
	default:
		p.t.Fatal("there was no second page: nothing is tested")
	}
	if n := count(run, "fetched"); n != len(all)-1 {
		p.t.Errorf("%d records fetched, want all %d but the one that was gone before its page", n, len(all))
	}
	p.syncOf("vendors", "full")
	for _, r := range p.list("/v1/vendors?include=deleted", p.token) {
		id, _ := strconv.Atoi(r["remote_id"].(string))
		evidence := member(r["deletion"], "evidence")
		for _, g := range gone {
			if id == g && evidence != "absent_from_complete_sweep" {
				p.t.Errorf("party %d was deleted: %v", id, evidence)
			}
			if id == g {
				id = 0
			}
		}
		if id != 0 && evidence != nil {
			p.t.Errorf("party %d is there, yet deleted by %v", id, evidence)
		}
	}
}

// The run that was under way goes on where it was; what Tryton did not answer in the meantime is asked again.
func killedWhileRead(p plant) {
	p.erp.SQL("update party_party set name = 'Survivor' || substr(name, 8), write_date = now() where name like 'Renamed %'")
	acted := p.gate.once(laterPage("party.party"), p.erp.Kill)
	answer := p.call("POST", "/v1/syncs", p.token, map[string]any{"entities": []string{"vendors"}, "mode": "full"}, http.StatusAccepted)
	id := answer["data"].([]any)[0].(map[string]any)["id"].(string)
	<-acted
	p.awaitStatus("unreachable")
	p.erp.Run()
	again := p.call("POST", "/v1/syncs", p.token, map[string]any{"entities": []string{"vendors"}, "mode": "full"}, http.StatusAccepted)
	if got := again["data"].([]any)[0].(map[string]any)["id"]; got != id {
		p.t.Errorf("run %s was to go on, %v took its place", id, got)
	}
	run := p.awaitRun(p.token, id)
	if run["state"] != "complete" || count(run, "updated") != imported-3 || count(run, "deleted") != 0 {
		p.t.Errorf("the run ended %v with %v (%v), want %d updated", run["state"], run["counts"], run["error"], imported-3)
	}
	p.awaitStatus("active")
}

// Busbar stops asking until somebody gives it the new password; then it goes on with the same records.
func passwordChanged(p plant) {
	ids := p.ids("purchase-orders")
	order := p.draft()
	user := p.erp.Search("res.user", []any{"login", "=", p.erp.User})[0]
	p.erp.Write("res.user", user, map[string]any{"password": "Tulip-brick.9qvz"})
	p.erp.Password = "Tulip-brick.9qvz"
	answer := p.call("POST", "/v1/syncs", p.token, map[string]any{"entities": []string{"purchase-orders"}, "mode": "incremental"}, http.StatusAccepted)
	id := answer["data"].([]any)[0].(map[string]any)["id"].(string)
	p.awaitStatus("needs_reauthorization")
	if run := p.call("GET", "/v1/sync-runs/"+id, p.token, nil, http.StatusOK); run["state"] != "queued" {
		p.t.Fatalf("with the old password the sync is %v", run["state"])
	}
	refused := p.call("POST", "/v1/syncs", p.token, map[string]any{"entities": []string{"purchase-orders"}}, http.StatusConflict)
	if refused["code"] != "connection-needs-reauthorization" {
		p.t.Errorf("a sync is refused with %v", refused["code"])
	}
	renew := "/v1/connections/" + p.id + "/reauthorize"
	p.call("POST", renew, p.key(), map[string]any{"credentials": map[string]string{"password": p.erp.Password}}, http.StatusOK)
	if run := p.awaitRun(p.token, id); run["state"] != "complete" {
		p.t.Errorf("with the new password the run ended %v", run["state"])
	}
	p.awaitStatus("active")
	now := p.ids("purchase-orders")
	if now[strconv.Itoa(order)] == "" || len(now) != len(ids)+1 {
		p.t.Errorf("%d orders after the renewal, %d before and one new one", len(now), len(ids))
	}
	for remote, id := range ids {
		if now[remote] != id {
			p.t.Errorf("order %s was %s and is %s", remote, id, now[remote])
		}
	}
}
