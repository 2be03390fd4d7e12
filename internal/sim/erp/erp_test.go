package erp_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/erp"
)

var base = time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)

// start opens a SimERP whose clock stands at the base, and serves it.
func start(t *testing.T, o erp.Options) (*erp.Server, string) {
	t.Helper()
	if o.Now == nil {
		o.Now = func() time.Time { return base }
	}
	s, err := erp.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, s.URL() + "/api/v1/"
}

// call sends a request with the key and gives status and body.
func call(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+erp.DefaultKey)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

type page struct {
	Data       []json.RawMessage
	NextCursor *string
	Total      int
}

// all follows the pages of a list to the end.
func all(t *testing.T, url string, limit int) (records []json.RawMessage, total int) {
	t.Helper()
	sep := "?"
	if strings.Contains(url, "?") {
		sep = "&"
	}
	for next := ""; ; {
		status, body := call(t, "GET", fmt.Sprintf("%s%slimit=%d&cursor=%s", url, sep, limit, next), "")
		var p page
		if err := json.Unmarshal([]byte(body), &p); err != nil || status != 200 {
			t.Fatalf("GET %s: %d %v %.200s", url, status, err, body)
		}
		records, total = append(records, p.Data...), p.Total
		if p.NextCursor == nil {
			return records, total
		}
		next = *p.NextCursor
	}
}

func field(t *testing.T, record []byte, name string) string {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(record, &m); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(m[name])
}

var resources = map[string]int{ // and how many records the demo has at least
	"companies": 2, "warehouses": 6, "locations": 60, "units": 10, "currencies": 7, "accounts": 10, "statuses": 20, "users": 40, "vendors": 500,
	"customers": 300, "items": 2000, "stock": 4000, "purchase-requisitions": 200, "purchase-orders": 2000, "goods-receipts": 900, "invoices": 900, "sales-orders": 500,
	"stock-postings": 200,
}

func TestEveryResourceListsToItsEndInOrderAndGetsById(t *testing.T) {
	t.Parallel()
	_, api := start(t, erp.Options{})
	for name, atLeast := range resources {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			records, total := all(t, api+name, 333)
			if len(records) != total || total < atLeast {
				t.Fatalf("%d records, total %d, want at least %d", len(records), total, atLeast)
			}
			seen, last := map[string]bool{}, ""
			for _, r := range records {
				id, updated := field(t, r, "id"), field(t, r, "updatedAt")
				if seen[id] || updated+id <= last || updated > "2026-11-20T09:30:00" {
					t.Fatalf("%s at %s after %s", id, updated, last)
				}
				seen[id], last = true, updated+id
			}
			first := field(t, records[0], "id")
			if status, body := call(t, "GET", api+name+"/"+first, ""); status != 200 || body != string(records[0]) {
				t.Fatalf("GET %s: %d %.200s", first, status, body)
			}
		})
	}
}

func TestTheSameSeedGivesTheSameData(t *testing.T) {
	t.Parallel()
	small := erp.Counts{Orders: 50, SalesOrders: 20}
	_, a := start(t, erp.Options{Base: base, Counts: small})
	_, b := start(t, erp.Options{Base: base, Counts: small, Cache: 1})
	_, c := start(t, erp.Options{Base: base, Counts: small, Seed: 2})
	for name := range resources {
		one, _ := all(t, a+name, 500)
		two, _ := all(t, b+name, 77)
		other, _ := all(t, c+name, 500)
		if fmt.Sprint(one) != fmt.Sprint(two) {
			t.Errorf("%s differs between two with the same seed", name)
		}
		if fmt.Sprint(one) == fmt.Sprint(other) && name == "purchase-orders" {
			t.Errorf("%s does not depend on the seed", name)
		}
	}
}

func TestReferencesLeadToRecords(t *testing.T) {
	t.Parallel()
	_, api := start(t, erp.Options{Counts: erp.Counts{Orders: 120, SalesOrders: 40}})
	ids := map[string]map[string]bool{}
	for name := range resources {
		ids[name] = map[string]bool{}
		records, _ := all(t, api+name, 500)
		for _, r := range records {
			ids[name][field(t, r, "id")] = true
		}
	}
	targets := map[string]string{"companyId": "companies", "warehouseId": "warehouses", "locationId": "locations", "parentId": "locations", "vendorId": "vendors",
		"customerId": "customers", "itemId": "items", "buyerId": "users", "requesterId": "users", "approverId": "users", "receivedById": "users", "postedById": "users", "accountId": "accounts",
		"purchaseOrderId": "purchase-orders", "baseUnit": "units", "unit": "units"}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, inner := range v {
				if id, ok := inner.(string); ok && targets[k] != "" && !ids[targets[k]][id] {
					t.Errorf("%s %q leads nowhere", k, id)
				}
				walk(inner)
			}
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		}
	}
	for name := range resources {
		records, _ := all(t, api+name, 500)
		for _, r := range records {
			var m any
			_ = json.Unmarshal(r, &m)
			walk(m)
		}
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	_, api := start(t, erp.Options{})
	every, total := all(t, api+"purchase-orders", 500)
	middle := field(t, every[len(every)/2], "updatedAt")
	for _, c := range []struct {
		query string
		keep  func(r []byte) bool
	}{
		{"updatedSince=" + middle, func(r []byte) bool { return field(t, r, "updatedAt") >= middle }},
		{"orderDateFrom=2026-10-20", func(r []byte) bool { return field(t, r, "orderDate") >= "2026-10-20" }},
		{"orderDateFrom=2026-08-22", func([]byte) bool { return true }}, // 90 days: all
		{"updatedSince=2027-01-01T00:00:00Z", func([]byte) bool { return false }},
	} {
		want := 0
		for _, r := range every {
			if c.keep(r) {
				want++
			}
		}
		got, said := all(t, api+"purchase-orders?"+c.query, 400)
		if len(got) != want || said != want || (want == total) != strings.Contains(c.query, "08-22") {
			t.Errorf("%s: %d records, total %d, want %d of %d", c.query, len(got), said, want, total)
		}
	}
}

func TestLeanOrdersAreAbout1500Bytes(t *testing.T) {
	t.Parallel()
	_, api := start(t, erp.Options{Lean: true, Lines: 5, Counts: erp.Counts{Orders: 500}})
	records, _ := all(t, api+"purchase-orders", 500)
	bytes := 0
	for _, r := range records {
		bytes += len(r)
	}
	if mean := bytes / len(records); mean < 1350 || mean > 1650 {
		t.Errorf("mean size %d", mean)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	s, api := start(t, erp.Options{Counts: erp.Counts{Orders: 10}})
	for _, c := range []struct {
		method, path string
		status       int
		code         string
	}{
		{"GET", "purchase-orders?limit=0", 400, "invalid_parameter"},
		{"GET", "purchase-orders?updatedsince=2026-01-01", 400, "unknown_parameter"},
		{"GET", "purchase-orders?updatedSince=yesterday", 400, "invalid_parameter"},
		{"GET", "purchase-orders?cursor=nonsense", 400, "invalid_cursor"},
		{"GET", "work-orders", 404, "no_such_resource"},
		{"GET", "vendors/999999", 404, "not_found"},
		{"GET", "vendors/1", 404, "not_found"}, // leading zeros are part of the key
		{"GET", "../../login", 404, "no_such_path"},
		{"POST", "customers", 405, "read_only"},
		{"DELETE", "vendors/999999", 404, "not_found"},
	} {
		status, body := call(t, c.method, api+c.path, "{}")
		var e struct {
			Error struct{ Code, Message string }
		}
		if err := json.Unmarshal([]byte(body), &e); err != nil || status != c.status || e.Error.Code != c.code || e.Error.Message == "" {
			t.Errorf("%s %s: %d %s", c.method, c.path, status, body)
		}
	}
	for _, header := range []string{"", "Bearer wrong", "Basic " + erp.DefaultKey} {
		w := httptest.NewRecorder()
		req := httptest.NewRequest("GET", "/api/v1/vendors", nil)
		req.Header.Set("Authorization", header)
		s.Handler().ServeHTTP(w, req)
		if w.Code != 401 || bytes.Contains(w.Body.Bytes(), []byte("data")) {
			t.Errorf("Authorization %q: %d", header, w.Code)
		}
	}
	if l := s.Ledger(); l["list purchase-orders"] != 4 || l["refused"] != 3 || l["read vendors"] != 2 {
		t.Errorf("ledger %v", l)
	}
}

func TestStateSurvivesARestartAndATornLine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := erp.Options{Dir: dir, Counts: erp.Counts{Orders: 40, Vendors: 30, Items: 50}}
	s, api := start(t, o)
	_, made := call(t, "POST", api+"vendors", `{"name":"Ümlaut & Söhne"}`)
	_, _ = call(t, "PATCH", api+"vendors/000002", `{"active":false}`)
	if status, body := call(t, "DELETE", api+"vendors/"+field(t, []byte(made), "id"), ""); status != 204 {
		t.Fatal(status, body)
	}
	before, _ := all(t, api+"vendors", 500)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	tear(t, filepath.Join(dir, "journal.jsonl"))
	later := func() time.Time { return base.Add(1000 * time.Hour) }
	_, api = start(t, erp.Options{Dir: dir, Now: later, Seed: 99})
	after, _ := all(t, api+"vendors", 500)
	if fmt.Sprint(before) != fmt.Sprint(after) {
		t.Fatal("the vendors changed over the restart")
	}
	if got := field(t, after[len(after)-1], "active"); got != "false" {
		t.Errorf("the changed vendor is not the newest: %s", after[len(after)-1])
	}
	_, again := call(t, "POST", api+"vendors", `{"name":"New"}`)
	if field(t, []byte(again), "id") != "000032" || field(t, []byte(again), "vendorNumber") != "V-10031" {
		t.Errorf("a key was given out twice: %s", again)
	}
}

func tear(t *testing.T, path string) {
	t.Helper()
	appendTo(t, path, `[{"resource":"vendors","id":"0000`)
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteString(text)
	if err != nil || f.Close() != nil {
		t.Fatal(err)
	}
}
