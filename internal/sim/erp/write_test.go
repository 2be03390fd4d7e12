package erp_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// ask sends a request with headers ("Name: value") and gives the answer, whose body is read.
func ask(t *testing.T, method, url, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	resp, text, err := try(method, url, body, headers...)
	if err != nil {
		t.Fatal(err)
	}
	return resp, text
}

// try is ask where the answer may be lost.
func try(method, url, body string, headers ...string) (*http.Response, string, error) {
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return nil, "", err
	}
	req.GetBody = nil // Go sends nothing twice
	req.Header.Set("Authorization", "Bearer "+erp.DefaultKey)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	resp, err := client.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	return resp, string(text), err
}

// effects counts the effects on a resource by kind and mark.
func effects(s *erp.Server, resource string) map[string]int {
	n := map[string]int{}
	for _, e := range s.Effects() {
		if e.Resource == resource {
			n[e.Op+" "+e.Mark]++
		}
	}
	return n
}

func few() erp.Counts {
	return erp.Counts{Vendors: 20, Customers: 5, Items: 30, Stock: 10, Orders: 120, SalesOrders: 5, Requisitions: 40}
}

const anOrder = `{"vendorId":"000001","externalRef":"bb-1","lines":[{"itemId":"000003","quantity":"2","unitPrice":"10.5"}]}`

func TestAVersionIsTheConditionOfAWrite(t *testing.T) {
	t.Parallel()
	sim, api := start(t, erp.Options{Counts: few()})
	read, body := ask(t, "GET", api+"vendors/000001", "")
	first := read.Header.Get("ETag")
	if first != `"`+field(t, []byte(body), "updatedAt")+`"` {
		t.Fatalf("ETag %s of %s", first, body)
	}
	changed, _ := ask(t, "PATCH", api+"vendors/000001", `{"phone":"1"}`, "If-Match: "+first)
	second := changed.Header.Get("ETag")
	for _, c := range []struct {
		name, method, match string
		status              int
		want                string
	}{
		{"an old version", "PATCH", first, 412, "version_conflict"},
		{"an old version, to delete", "DELETE", first, 412, "version_conflict"},
		{"nonsense", "PATCH", "x", 412, "version_conflict"},
		{"one of several", "PATCH", `"x", ` + second, 200, `"phone":"2"`},
		{"any version", "PATCH", "*", 200, `"phone":"2"`},
		{"no condition", "PATCH", "", 200, `"phone":"2"`},
	} {
		headers := []string{"If-Match: " + c.match}
		if c.match == "" {
			headers = nil
		}
		if resp, body := ask(t, c.method, api+"vendors/000001", `{"phone":"2"}`, headers...); resp.StatusCode != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s: %d %s", c.name, resp.StatusCode, body)
		}
	}
	if n := effects(sim, "vendors"); changed.StatusCode != 200 || second == first || n["update V-10000"] != 4 || len(n) != 1 {
		t.Errorf("%d, version %s after %s, effects %v", changed.StatusCode, second, first, n)
	}
}

func TestAnIdempotencyKeyHasOneEffectForADay(t *testing.T) {
	t.Parallel()
	now, dir := base, t.TempDir()
	clock := func() time.Time { return now }
	sim, api := start(t, erp.Options{Counts: few(), Dir: dir, Now: clock})
	made, first := ask(t, "POST", api+"items", `{"name":"Shim"}`, "Idempotency-Key: k1")
	same := func(api, when string) {
		t.Helper()
		again, body := ask(t, "POST", api+"items", `{ "name" : "Shim" }`, "Idempotency-Key: k1")
		if again.StatusCode != 201 || body != first || again.Header.Get("ETag") != made.Header.Get("ETag") {
			t.Errorf("%s: %d %s", when, again.StatusCode, body)
		}
	}
	same(api, "again")
	if resp, body := ask(t, "POST", api+"items", `{"name":"Other"}`, "Idempotency-Key: k1"); resp.StatusCode != 422 || !strings.Contains(body, "key_reused") {
		t.Errorf("other body: %d %s", resp.StatusCode, body)
	}
	if resp, _ := ask(t, "POST", api+"items", `{}`, "Idempotency-Key: k2"); resp.StatusCode != 422 {
		t.Errorf("no name: %d", resp.StatusCode)
	}
	if resp, _ := ask(t, "POST", api+"items", `{"name":"Mended"}`, "Idempotency-Key: k2"); resp.StatusCode != 201 {
		t.Errorf("the key of a refused create is free: %d", resp.StatusCode)
	}
	_, _ = ask(t, "PATCH", api+"items/"+field(t, []byte(first), "id"), `{"name":"Renamed"}`)
	same(api, "after a change")
	if n := effects(sim, "items"); n["create k1"] != 1 || n["create k2"] != 1 || len(n) != 3 {
		t.Errorf("effects %v", n)
	}
	before := sim.Effects()
	if err := sim.Close(); err != nil {
		t.Fatal(err)
	}
	now = now.Add(23 * time.Hour)
	sim, api = start(t, erp.Options{Dir: dir, Now: clock})
	same(api, "after a restart")
	if after := sim.Effects(); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("effects after a restart:\n%v\nbefore:\n%v", after, before)
	}
	now = now.Add(time.Hour + time.Second)
	if resp, body := ask(t, "POST", api+"items", `{"name":"Shim"}`, "Idempotency-Key: k1"); resp.StatusCode != 201 || body == first {
		t.Errorf("after a day: %d %s", resp.StatusCode, body)
	}
}

func TestManyAtOnceWithOneKeyHaveOneEffect(t *testing.T) {
	t.Parallel()
	sim, api := start(t, erp.Options{Counts: few()})
	var wg sync.WaitGroup
	bodies := make([]string, 30)
	for i := range bodies {
		wg.Go(func() { _, bodies[i], _ = try("POST", api+"items", `{"name":"Shim"}`, "Idempotency-Key: k1") })
	}
	wg.Wait()
	for _, b := range bodies {
		if b != bodies[0] || b == "" {
			t.Fatalf("%q and %q", b, bodies[0])
		}
	}
	if n := len(sim.Effects()); n != 1 {
		t.Errorf("%d effects", n)
	}
}

func TestAVendorNumberIsUnique(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sim, api := start(t, erp.Options{Counts: few(), Dir: dir})
	status := func(method, path, body string) int {
		resp, _ := ask(t, method, api+path, body)
		return resp.StatusCode
	}
	_, made := ask(t, "POST", api+"vendors", `{"name":"A","vendorNumber":"bb-7"}`)
	id := field(t, []byte(made), "id")
	for _, c := range []struct {
		name, method, path, body string
		status                   int
	}{
		{"taken by one that was written", "POST", "vendors", `{"name":"B","vendorNumber":"bb-7"}`, 409},
		{"taken by one that was there", "POST", "vendors", `{"name":"B","vendorNumber":"V-10003"}`, 409},
		{"by a change", "PATCH", "vendors/000002", `{"vendorNumber":"bb-7"}`, 409},
		{"its own", "PATCH", "vendors/" + id, `{"vendorNumber":"bb-7","name":"C"}`, 200},
		{"another", "PATCH", "vendors/" + id, `{"vendorNumber":"bb-8"}`, 200},
		{"the one that was given up", "POST", "vendors", `{"name":"B","vendorNumber":"bb-7"}`, 201},
		{"the running number of the next", "POST", "vendors", `{"name":"D","vendorNumber":"V-10023"}`, 201},
		{"none", "POST", "vendors", `{"name":"E"}`, 201},
		{"too long", "POST", "vendors", `{"name":"F","vendorNumber":"` + strings.Repeat("x", 41) + `"}`, 422},
	} {
		if got := status(c.method, c.path, c.body); got != c.status {
			t.Errorf("%s: %d", c.name, got)
		}
	}
	found := func(api string) {
		for number, want := range map[string]string{"bb-8": id, "V-10002": "000003", "bb-9": ""} {
			records, total := all(t, api+"vendors?vendorNumber="+url.QueryEscape(number), 10)
			if len(records) != total || (want == "") != (total == 0) || want != "" && field(t, records[0], "id") != want {
				t.Errorf("%s: %s", number, records)
			}
		}
	}
	found(api)
	if err := sim.Close(); err != nil {
		t.Fatal(err)
	}
	_, api = start(t, erp.Options{Dir: dir})
	found(api)
}

func TestAnExternalRefIsFoundHoweverOften(t *testing.T) {
	t.Parallel()
	sim, api := start(t, erp.Options{Counts: few()})
	_, one := ask(t, "POST", api+"purchase-orders", anOrder)
	_, _ = ask(t, "POST", api+"purchase-orders", anOrder)
	find := func(ref string) int {
		records, total := all(t, api+"purchase-orders?externalRef="+ref, 1)
		if len(records) != total {
			t.Errorf("%s: %d of %d", ref, len(records), total)
		}
		return total
	}
	if find("bb-1") != 2 || find("bb-") != 0 {
		t.Errorf("%d and %d found", find("bb-1"), find("bb-"))
	}
	_, _ = ask(t, "PATCH", api+"purchase-orders/"+field(t, []byte(one), "id"), `{"externalRef":"bb-2"}`)
	if find("bb-1") != 1 || find("bb-2") != 1 {
		t.Error("the filter does not follow a change")
	}
	_, _ = ask(t, "DELETE", api+"purchase-orders/"+field(t, []byte(one), "id"), "")
	if find("bb-2") != 0 {
		t.Error("the filter does not follow a deletion")
	}
	long, _ := ask(t, "POST", api+"purchase-orders", strings.Replace(anOrder, "bb-1", strings.Repeat("x", 65), 1))
	if n := effects(sim, "purchase-orders"); long.StatusCode != 422 || n["create bb-1"] != 2 || n["update bb-2"] != 1 || n["delete bb-2"] != 1 {
		t.Errorf("%d %v", long.StatusCode, n)
	}
	if resp, _ := ask(t, "GET", api+"items?externalRef=x", ""); resp.StatusCode != 400 {
		t.Errorf("items have no such filter: %d", resp.StatusCode)
	}
}

func TestTheJournalOfAnOlderSimERPIsRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sim, _ := start(t, erp.Options{Counts: few(), Dir: dir})
	if err := sim.Close(); err != nil {
		t.Fatal(err)
	}
	appendTo(t, filepath.Join(dir, "journal.jsonl"), `{"resource":"vendors","id":"000001","at":1795253400000001,"date":0}`+"\n")
	_, api := start(t, erp.Options{Dir: dir})
	if resp, _ := ask(t, "GET", api+"vendors/000001", ""); resp.StatusCode != 404 {
		t.Errorf("%d", resp.StatusCode)
	}
}
