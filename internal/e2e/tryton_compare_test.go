package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// compare holds Busbar's vendors and purchase orders against Tryton's own tables: nothing lost, no ghost, nothing stale; and a reader who
// follows the feed from its beginning knows the same.
func (p plant) compare() {
	p.t.Helper()
	p.compareEntity("vendors", p.parties(), func(r map[string]any) string {
		return fmt.Sprint(r["name"], "|", r["code"], "|", r["is_active"])
	})
	p.compareEntity("purchase-orders", p.orders(), func(r map[string]any) string {
		var lines []string
		for _, l := range r["lines"].([]any) {
			line := l.(map[string]any)
			lines = append(lines, lineText(line["remote_id"], member(line["quantity"], "value"), member(line["unit_price"], "amount")))
		}
		return orderText(r["number"], r["status_source"], r["notes"], lines)
	})
}

// parties reads every party from Tryton's table.
func (p plant) parties() map[string]string {
	p.t.Helper()
	rows := map[string]string{}
	for _, r := range p.erp.SQL("select id, name, code, case when active then 'true' else 'false' end from party_party") {
		rows[key(r[0])] = fmt.Sprint(r[1], "|", r[2], "|", r[3])
	}
	return rows
}

// orders reads every purchase order from Tryton's tables.
func (p plant) orders() map[string]string {
	p.t.Helper()
	lines := map[string][]string{}
	for _, r := range p.erp.SQL("select purchase, id, quantity, unit_price from purchase_line") {
		lines[key(r[0])] = append(lines[key(r[0])], lineText(key(r[1]), r[2], r[3]))
	}
	rows := map[string]string{}
	for _, r := range p.erp.SQL("select id, number, state, comment from purchase_purchase") {
		rows[key(r[0])] = orderText(r[1], r[2], r[3], lines[key(r[0])])
	}
	return rows
}

func orderText(number, state, notes any, lines []string) string {
	slices.Sort(lines)
	return fmt.Sprint(number, "|", state, "|", notes, "|", lines)
}

func lineText(id, quantity, price any) string {
	return fmt.Sprint(id, ":", decimal(quantity), "x", decimal(price))
}

// key writes an id of a table as Busbar does.
func key(id any) string { return strconv.Itoa(int(id.(float64))) }

func member(object any, name string) any {
	if o, ok := object.(map[string]any); ok {
		return o[name]
	}
	return nil
}

// decimal writes a number, or the text of one, so that 7, 7.0 and "7.00" are alike.
func decimal(v any) string {
	if text, ok := v.(string); ok {
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			v = f
		}
	}
	return fmt.Sprint(v)
}

func (p plant) compareEntity(entity string, want map[string]string, text func(map[string]any) string) {
	p.t.Helper()
	got := map[string]string{}
	for _, r := range p.list("/v1/"+entity, p.token) {
		id := r["remote_id"].(string)
		if _, doubled := got[id]; doubled {
			p.t.Errorf("%s %s is doubled", entity, id)
		}
		got[id] = text(r)
	}
	lost, ghosts, stale := 0, 0, 0
	for id, w := range want {
		g, ok := got[id]
		switch {
		case !ok:
			lost++
		case g != w:
			stale++
			p.t.Logf("%s %s is %s; in Tryton %s", entity, id, g, w)
		}
	}
	for id := range got {
		if _, ok := want[id]; !ok {
			ghosts++
		}
	}
	if lost+ghosts+stale > 0 || len(want) == 0 {
		p.t.Errorf("%s: Tryton has %d; lost %d, ghosts %d, stale %d", entity, len(want), lost, ghosts, stale)
	}
	if fed := p.replay(entity, text); !maps.Equal(fed, got) {
		p.t.Errorf("%s: a reader of the feed knows %d records, the list %d, or other contents", entity, len(fed), len(got))
	}
}

// replay follows the feed from its beginning and gives what its reader knows at the end.
func (p plant) replay(entity string, text func(map[string]any) string) map[string]string {
	p.t.Helper()
	known := map[string]string{}
	for cursor := ""; ; {
		page := p.call("GET", "/v1/changes?include=record&limit=500&entity="+entity+cursor, p.token, nil, http.StatusOK)
		changes := page["data"].([]any)
		if len(changes) == 0 {
			return known
		}
		for _, c := range changes {
			change := c.(map[string]any)
			id := change["remote_id"].(string)
			if delete(known, id); change["type"] != "deleted" {
				known[id] = text(change["record"].(map[string]any))
			}
		}
		cursor = "&cursor=" + page["next_cursor"].(string)
	}
}
