package faulttest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// kind is one kind of write, by the class of what can be found out about it.
type kind struct {
	name  string
	class string // of the rung that its manifest declares
	steps int    // calls that have an effect
	make  func(w *works, n int) want
}

// alone says that nobody but a person finds out what became of it.
func (k kind) alone() bool { return k.class == "W4" || k.class == "W5" }

// kinds are all classes of creates, and updates and deletions.
func kinds() []kind {
	return []kind{
		{"items created", "W1", 1, func(w *works, n int) want {
			return creating("items", map[string]any{"name": title(n)}, n)
		}},
		{"vendors created with a code", "W2", 1, func(w *works, n int) want {
			return creating("vendors", map[string]any{"name": title(n), "code": fmt.Sprintf("OWN-%d", n)}, n)
		}},
		{"vendors created without one", "W2", 1, func(w *works, n int) want {
			return creating("vendors", map[string]any{"name": title(n)}, n)
		}},
		{"orders created", "W3", 1, func(w *works, n int) want { return creating("purchase-orders", w.order(n), n) }},
		{"orders created and sent", "W3", 4, func(w *works, n int) want {
			o := w.order(n)
			o["status"] = "sent"
			return creating("purchase-orders", o, n)
		}},
		{"requisitions created", "W4", 1, func(w *works, n int) want {
			lines := []any{map[string]any{"item": w.id("items", 0), "description": title(n), "quantity": map[string]any{"value": "3"}}}
			return creating("purchase-requisitions", map[string]any{"lines": lines}, n)
		}},
		{"receipts created", "W5", 1, func(w *works, n int) want { return w.receipt(n) }},
		{"vendors changed", "W2", 1, func(w *works, n int) want { return w.changing("vendors", "name", n) }},
		{"items changed", "W2", 1, func(w *works, n int) want { return w.changing("items", "description", n) }},
		{"orders changed", "W2", 1, func(w *works, n int) want { return w.changing("purchase-orders", "notes", n) }},
		{"order lines added", "W2", 1, func(w *works, n int) want { return w.adding(n, "") }},
		{"order lines added, and it is sent", "W2", 4, func(w *works, n int) want { return w.adding(n, "sent") }},
		{"items deleted", "W2", 1, func(w *works, n int) want { return w.deleting("items", n) }},
		{"vendors deleted", "W2", 1, func(w *works, n int) want { return w.deleting("vendors", n) }},
	}
}

// title is a text that no other write holds.
func title(n int) string { return fmt.Sprintf("Written %04d.", n) }

func creating(entity string, body map[string]any, n int) want {
	return want{method: http.MethodPost, path: "/v1/" + entity, body: body, is: func(e erp.Effect) bool {
		return e.Resource == entity && e.Op == "create" && strings.Contains(string(e.Record), title(n))
	}}
}

func (w *works) order(n int) map[string]any {
	return map[string]any{"vendor": w.id("vendors", 0), "notes": title(n), "lines": []any{map[string]any{"item": w.id("items", 0), "quantity": map[string]any{"value": "2"}}}}
}

// changing gives a record of its own a text that no other write holds.
func (w *works) changing(entity, member string, n int) want {
	w.Helper()
	id, remote := w.fresh(entity, n)
	return want{method: http.MethodPatch, path: "/v1/" + entity + "/" + id, body: map[string]any{member: title(n)}, is: func(e erp.Effect) bool {
		return e.Resource == entity && e.Op == "update" && e.ID == remote && strings.Contains(string(e.Record), title(n))
	}}
}

// adding adds a line to an order of its own, which done twice makes two; and then changes its status.
func (w *works) adding(n int, status string) want {
	w.Helper()
	id, remote := w.fresh("purchase-orders", n)
	body := map[string]any{"lines": []any{map[string]any{"item": w.id("items", 0), "description": title(n), "quantity": map[string]any{"value": "2"}}}}
	if status != "" {
		body["status"] = status
	}
	return want{method: http.MethodPatch, path: "/v1/purchase-orders/" + id, body: body, is: func(e erp.Effect) bool {
		lines := strings.Count(string(e.Record), title(n))
		return e.Resource == "purchase-orders" && e.Op == "update" && e.ID == remote && (lines > 1 || lines == 1 && strings.Contains(string(e.Record), `"status":"DRAFT"`))
	}}
}

func (w *works) deleting(entity string, n int) want {
	w.Helper()
	id, remote := w.fresh(entity, n)
	return want{method: http.MethodDelete, path: "/v1/" + entity + "/" + id, is: func(e erp.Effect) bool { return e.Resource == entity && e.Op == "delete" && e.ID == remote }}
}

// fresh makes a record for a write and gives its ids.
func (w *works) fresh(entity string, n int) (id, remoteID string) {
	w.Helper()
	body := map[string]any{"name": fmt.Sprintf("Made %04d.", n)}
	if entity == "purchase-orders" {
		body = map[string]any{"vendor": w.id("vendors", 0), "lines": []any{map[string]any{"item": w.id("items", 0), "quantity": map[string]any{"value": "2"}}}}
	}
	made := w.call(w.token, "POST", "/v1/"+entity, body, http.StatusCreated)
	return made.get("id"), made.get("remote_id")
}

// receipt posts goods that no other receipt posts so many of.
func (w *works) receipt(n int) want {
	w.Helper()
	order, line := w.receivable()
	quantity := fmt.Sprintf("0.%03d", n%1000)
	return want{method: http.MethodPost, path: "/v1/goods-receipts", body: map[string]any{
		"purchase_order": order, "lines": []any{map[string]any{"purchase_order_line": line, "quantity": map[string]any{"value": quantity}}},
	}, is: func(e erp.Effect) bool {
		return e.Resource == "goods-receipts" && e.Op == "create" && strings.Contains(string(e.Record), `"`+quantity+`"`)
	}}
}

// receivable is an order that goods may come for, and one of its lines.
func (w *works) receivable() (order, line string) {
	w.Helper()
	if w.open.order == "" {
		made := w.call(w.token, "POST", "/v1/purchase-orders", map[string]any{
			"vendor": w.id("vendors", 0), "status": "sent", "lines": []any{map[string]any{"item": w.id("items", 0), "quantity": map[string]any{"value": "100000"}}},
		}, http.StatusCreated)
		w.open.order, w.open.line = made.get("id"), made.list("lines")[0].get("remote_id")
	}
	return w.open.order, w.open.line
}

// id gives our id of the n-th record that SimERP has from the beginning.
func (w *works) id(entity string, n int) string {
	w.Helper()
	if w.ids == nil {
		w.ids = map[string][]object{}
	}
	if w.ids[entity] == nil {
		w.ids[entity] = w.call(w.token, "GET", "/v1/"+entity+"?limit=50", nil, http.StatusOK).list("data")
	}
	return w.ids[entity][n].get("id")
}

// candidates are the remote ids that an item's error names.
func candidates(it object) (ids []string) {
	var e object
	_ = json.Unmarshal(it["error"], &e)
	for _, c := range e.list("candidates") {
		ids = append(ids, c.get("remote_id"))
	}
	return ids
}
