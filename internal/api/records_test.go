package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestListPagesThroughEverything(t *testing.T) {
	w := newWorld(t)
	c, token := w.connect("A")
	w.put(c, numbered(25)...)

	var seen []string
	path := "/v1/purchase-orders?limit=10"
	for pages := 1; path != ""; pages++ {
		a := w.want(w.call("GET", path, token, ""), 200, "")
		for _, r := range a.data() {
			seen = append(seen, r["number"].(string))
		}
		path = strings.TrimSuffix(strings.TrimPrefix(a.header.Get("Link"), "<"), `>; rel="next"`)
		if (a.next() == "") != (path == "") || pages > 3 {
			t.Fatalf("page %d: next_cursor %q, Link %q", pages, a.next(), path)
		}
	}
	if got, want := strings.Join(seen, " "), strings.Join(numbered(25), " "); got != want {
		t.Errorf("got %s", got)
	}
}

func TestListSaysHowFreshItIs(t *testing.T) {
	w := newWorld(t)
	c, token := w.connect("A")
	a := w.want(w.call("GET", "/v1/purchase-orders", token, ""), 200, "")
	if got, want := a.text, `{"data":[],"next_cursor":null,"meta":{"as_of":null,"connection_status":"syncing","unsupported_fields":[`; !strings.HasPrefix(got, want) {
		t.Errorf("got %s", got)
	}
	w.put(c, "PO-1")
	a = w.want(w.call("GET", "/v1/purchase-orders", token, ""), 200, "")
	meta := a.body["meta"].(map[string]any)
	if meta["as_of"] != "2026-11-23T08:00:00Z" || !strings.Contains(a.text, `"vendor_id"`) || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("got %s %v", a.text, a.header)
	}
}

func TestListTakesWhatItOffers(t *testing.T) {
	w := newWorld(t)
	c, token := w.connect("A")
	w.put(c, "PO-1", "PO-2")
	w.tick(time.Hour)
	w.put(c, "PO-2", "PO-3") // PO-2 changes, PO-3 is new
	w.bury(c, "PO-1")

	for query, want := range map[string]string{
		"":                                     "PO-2 PO-3",
		"?include=deleted":                     "PO-2 PO-3 PO-1",
		"?limit=1":                             "PO-2",
		"?modified_after=2026-11-23T08:00:00Z": "PO-2 PO-3",
		"?modified_after=2026-11-23T09:00:00Z": "",
		"?modified_after=2026-11-23T07:59:59.999999Z&include=raw,deleted": "PO-2 PO-3 PO-1",
		"?created_after=2026-11-23T08:00:00Z":                             "PO-3",
		"?created_after=2026-11-23T10:00:00%2B01:00":                      "",
		"?created_after=2026-11-23T07:00:00Z":                             "PO-2 PO-3",
	} {
		a := w.want(w.call("GET", "/v1/purchase-orders"+query, token, ""), 200, "")
		var got []string
		for _, r := range a.data() {
			got = append(got, r["number"].(string))
			if _, has := r["raw"]; has != strings.Contains(query, "raw") {
				t.Errorf("%s: raw: %v", query, r)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %v, want %s", query, got, want)
		}
	}
}

func TestParametersAreChecked(t *testing.T) {
	w := newWorld(t)
	_, token := w.connect("A")
	for _, tt := range []struct{ query, pointer, fault string }{
		{"limit=0", "limit", "out-of-range"},
		{"limit=-1", "limit", "out-of-range"},
		{"limit=501", "limit", "out-of-range"},
		{"limit=1000000000", "limit", "out-of-range"},
		{"limit=1e9", "limit", "invalid"},
		{"limit=NaN", "limit", "invalid"},
		{"limit=99999999999999999999", "limit", "invalid"},
		{"sort=number", "sort", "unknown"},
		{"filter[number]=1", "filter[number]", "unknown"},
		{"fields=id", "fields", "unknown"},
		{"count=exact", "count", "unknown"},
		{"modified_after=yesterday", "modified_after", "invalid"},
		{"modified_after=2026-11-23", "modified_after", "invalid"},
		{"include=everything", "include[0]", "invalid"},
	} {
		a := w.want(w.call("GET", "/v1/purchase-orders?"+tt.query, token, ""), 422, "invalid-parameter")
		first := a.body["errors"].([]any)[0].(map[string]any)
		if first["pointer"] != tt.pointer || first["code"] != tt.fault {
			t.Errorf("%s: got %v", tt.query, first)
		}
	}
}

func TestGetOneRecord(t *testing.T) {
	w := newWorld(t)
	c, token := w.connect("A")
	w.put(c, "PO-1", "PO-2")
	one := "/v1/purchase-orders/" + recordID(c, "PO-1").String()

	a := w.want(w.call("GET", one, token, ""), 200, "")
	tag := a.header.Get("ETag")
	if a.body["number"] != "PO-1" || a.body["raw"] != nil || tag != fmt.Sprintf("%q", a.body["version"]) {
		t.Errorf("got %s, ETag %s", a.text, tag)
	}
	if a.header.Get("Busbar-As-Of") != "2026-11-23T08:00:00Z" || a.header.Get("Busbar-Connection-Status") != "syncing" {
		t.Errorf("got %v", a.header)
	}
	for header, status := range map[string]int{tag: 304, `"old", W/` + tag: 304, "*": 304, `"old"`: 200} {
		if got := w.call("GET", one, token, "", "If-None-Match", header); got.status != status || (status == 304) != (got.text == "") {
			t.Errorf("If-None-Match %s: %d %s", header, got.status, got.text)
		}
	}
	raw := w.want(w.call("GET", one+"?include=raw", token, ""), 200, "")
	if raw.body["raw"].(map[string]any)["own"] != true {
		t.Errorf("got %s", raw.text)
	}
	w.bury(c, "PO-1")
	w.want(w.call("GET", one, token, ""), 404, "not-found")
	gone := w.want(w.call("GET", one+"?include=deleted", token, ""), 200, "")
	if gone.body["deleted_at"] == nil || gone.header.Get("ETag") == tag {
		t.Errorf("got %s", gone.text)
	}
	for _, id := range []string{"1", strings.ToUpper(recordID(c, "PO-2").String()), recordID(c, "PO-3").String(), "%00", "..%2f..", strings.Repeat("9", 5000)} {
		w.want(w.call("GET", "/v1/purchase-orders/"+id, token, ""), 404, "not-found")
	}
}

func TestEntities(t *testing.T) {
	w := newWorld(t)
	_, token := w.connect("A")
	for _, tt := range []struct {
		path   string
		status int
		code   string
		detail string
	}{
		{"/v1/purchase-order", 404, "unknown-entity", "purchase-orders"},
		{"/v1/PurchaseOrders", 404, "unknown-entity", "purchase-orders"},
		{"/v1/vendor/123", 404, "unknown-entity", "vendors"},
		{"/v1/xyzzyplugh", 404, "unknown-entity", "capabilities"},
		{"/v1/assets", 409, "entity-not-enabled", "Plant ERP does not map assets. It maps vendors, purchase-orders."},
		{"/v1/assets/1", 409, "entity-not-enabled", "Plant ERP"},
		{"/v1/changes?entity=asset", 404, "unknown-entity", "assets"},
		{"/v1/changes?entity=assets", 409, "entity-not-enabled", "Plant ERP"},
		{"/v1/changes", 422, "invalid-parameter", "entity"},
		{"/v1/syncs/assets/deep", 404, "not-found", "/docs"},
		{"/v1", 404, "not-found", "/docs"},
		{"/v1/", 404, "not-found", "/docs"},
		{"//v1/vendors", 404, "not-found", "/docs"},
		{"/v1/../v1/vendors", 404, "not-found", "/docs"},
		{"/.git/config", 404, "not-found", "/docs"},
	} {
		a := w.want(w.call("GET", tt.path, token, ""), tt.status, tt.code)
		if !strings.Contains(a.body["detail"].(string), tt.detail) {
			t.Errorf("%s: %s", tt.path, a.body["detail"])
		}
	}
}

func TestMethods(t *testing.T) {
	w := newWorld(t)
	_, token := w.connect("A")
	for _, tt := range []struct{ method, path, allow string }{
		{"PUT", "/v1/purchase-orders", "GET, HEAD, POST"},
		{"TRACE", "/v1/purchase-orders", "GET, HEAD, POST"},
		{"DELETE", "/v1/syncs", "GET, HEAD, POST"},
		{"GET", "/v1/syncs/vendors", "PATCH"},
		{"POST", "/healthz", "GET, HEAD"},
	} {
		a := w.want(w.call(tt.method, tt.path, token, ""), 405, "method-not-allowed")
		if got := a.header.Get("Allow"); got != tt.allow {
			t.Errorf("%s %s: Allow: %s", tt.method, tt.path, got)
		}
	}
	if a := w.call(http.MethodHead, "/v1/purchase-orders", token, ""); a.status != 200 || a.text != "" {
		t.Errorf("HEAD: %d %q", a.status, a.text)
	}
}
