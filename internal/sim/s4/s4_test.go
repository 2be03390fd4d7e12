package s4_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/sim/s4"
)

const service = "/sap/opu/odata/sap/"

// user is somebody who calls the simulator by hand.
type user struct {
	t       *testing.T
	url     string
	token   string
	cookies []*http.Cookie
}

func (u *user) call(method, path, body string, header ...string) (int, string, http.Header) {
	u.t.Helper()
	req, err := http.NewRequestWithContext(u.t.Context(), method, u.url+path, strings.NewReader(body))
	if err != nil {
		u.t.Fatal(err)
	}
	req.SetBasicAuth(s4.DefaultUser, s4.DefaultPassword)
	if u.token != "" {
		req.Header.Set("X-CSRF-Token", u.token)
	}
	for _, c := range u.cookies {
		req.AddCookie(c)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := direct().Do(req)
	if err != nil {
		u.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		u.t.Fatal(err)
	}
	if strings.EqualFold(u.token, "fetch") {
		u.token, u.cookies = resp.Header.Get("X-CSRF-Token"), resp.Cookies()
	}
	return resp.StatusCode, string(raw), resp.Header
}

func TestTheSimulatorIsStrict(t *testing.T) {
	t.Parallel()
	u := &user{t: t, url: start(t, s4.Options{}).URL()}
	for _, c := range []struct {
		path   string
		query  string
		status int
		words  string
	}{
		{"API_PRODUCT_SRV/A_Product", "$filter=Product eq 'MAT-00001'", 200, `"Product":"MAT-00001"`},
		{"API_PRODUCT_SRV/A_Product", "$filter=Nope eq 'x'", 400, `Property \"Nope\" does not exist`},
		{"API_PRODUCT_SRV/A_Product", "$filter=Product eq 7", 400, "Invalid literal"},
		{"API_PRODUCT_SRV/A_Product", "$filter=LastChangeDateTime gt datetime'2026-01-01T00:00:00'", 400, "Edm.DateTimeOffset"},
		{"API_PRODUCT_SRV/A_Product", "$filter=LastChangeDateTime gt 2026-01-01T00:00:00Z", 400, "Invalid literal"},
		{"API_PRODUCT_SRV/A_Product", "$filter=GrossWeight gt 1.5", 400, "Invalid literal"},
		{"API_PRODUCT_SRV/A_Product", "$filter=GrossWeight gt 1.2M and (substringof('MAT',Product) or not startswith(Product,'X'))", 200, "MAT-00001"},
		{"API_PRODUCT_SRV/A_Product", "$filter=Product eq 'x", 400, "Invalid"},
		{"API_PRODUCT_SRV/A_Product", "$select=Nope", 400, "does not exist"},
		{"API_PRODUCT_SRV/A_Product", "$expand=to_Nope", 400, "does not exist"},
		{"API_PRODUCT_SRV/A_Product", "$orderby=Nope", 400, "does not exist"},
		{"API_PRODUCT_SRV/A_Product", "$top=x", 400, "$top"},
		{"API_PRODUCT_SRV/A_Product", "$count=true", 400, "Invalid system query option"},
		{"API_PRODUCT_SRV/A_Product", "$nope=1", 400, "Invalid system query option"},
		{"API_PRODUCT_SRV/A_Product", "$skiptoken=zzz", 400, "Invalid skip token"},
		{"API_MAINTENANCEORDER/MaintenanceOrder", "$filter=SystemStatusText eq 'REL'", 400, "not filterable"},
		{"API_PRODUCT_SRV/A_Product('MAT-00001')", "", 200, `"d":{`},
		{"API_PRODUCT_SRV/A_Product('NOPE')", "", 404, "Resource not found"},
		{"API_EQUIPMENT/Equipment('1')", "", 400, "number of keys"},
		{"API_EQUIPMENT/Equipment(Equipment='000000000210100000',ValidityEndDate=datetime'9999-12-31T00:00:00')", "", 200, "Pump 0"},
		{"API_PURCHASEORDER_PROCESS_SRV/A_PurchaseOrder('45000000001')", "", 400, "not a valid String(10)"},
		{"API_NOPE/X", "", 403, "No service found"},
		{"API_PRODUCT_SRV/A_Nope", "", 404, "Resource not found for segment 'A_Nope'"},
		{"API_PRODUCT_SRV/$metadata", "", 200, `Type="Edm.DateTimeOffset"`},
	} {
		path := service + (&url.URL{Path: c.path}).EscapedPath()
		if name, value, ok := strings.Cut(c.query, "="); ok {
			path += "?" + name + "=" + url.QueryEscape(value)
		}
		status, body, _ := u.call("GET", path, "")
		if status != c.status || !strings.Contains(body, c.words) {
			t.Errorf("%s?%s: %d %.300s, want %d %s", c.path, c.query, status, body, c.status, c.words)
		}
		if status >= 400 && !strings.Contains(body, `"errordetails":[`) {
			t.Errorf("%s: %s", c.path, body)
		}
	}
}

func TestALongListIsCutWithATokenOfItsOwn(t *testing.T) {
	t.Parallel()
	u := &user{t: t, url: start(t, s4.Options{Counts: s4.Counts{Stock: 2300}}).URL()}
	path, seen, pages := service+"API_MATERIAL_STOCK_SRV/A_MatlStkInAcctMod?$top=5000&$inlinecount=allpages", 0, 0
	for ; path != ""; pages++ {
		_, body, _ := u.call("GET", path, "")
		var got struct {
			D struct {
				Results []json.RawMessage `json:"results"`
				Count   string            `json:"__count"`
				Next    string            `json:"__next"`
			} `json:"d"`
		}
		if err := json.Unmarshal([]byte(body), &got); err != nil || got.D.Count != "2300" || len(got.D.Results) > 1000 {
			t.Fatalf("%v %s %d", err, got.D.Count, len(got.D.Results))
		}
		seen += len(got.D.Results)
		path = strings.TrimPrefix(got.D.Next, u.url)
	}
	if seen != 2300 || pages != 3 {
		t.Errorf("%d in %d pages", seen, pages)
	}
}

func TestWritesNeedATokenAndATag(t *testing.T) {
	t.Parallel()
	u := &user{t: t, url: start(t, s4.Options{}).URL()}
	product := service + "API_PRODUCT_SRV/A_Product"
	status, _, header := u.call("POST", product, `{}`)
	if status != 403 || header.Get("X-CSRF-Token") != "Required" {
		t.Errorf("%d %v", status, header)
	}
	u.token = "Fetch"
	u.call("GET", service+"API_PRODUCT_SRV/", "")
	made := `{"Product":"NEW-1","ProductType":"ERSA","BaseUnit":"PC","to_Description":{"results":[{"Language":"EN","ProductDescription":"New"}]}}`
	if status, body, header := u.call("POST", product, made); status != 201 || header.Get("Location") == "" || header.Get("ETag") == "" || !strings.Contains(body, `"NEW-1"`) {
		t.Errorf("%d %s %v", status, body, header)
	}
	if status, body, _ := u.call("POST", product, made); status != 400 || !strings.Contains(body, "already exists") {
		t.Errorf("%d %s", status, body)
	}
	if status, body, _ := u.call("POST", product, `{"Product":"`+strings.Repeat("x", 41)+`"}`); status != 400 || !strings.Contains(body, "ASSERT_DATA_TYPE") {
		t.Errorf("%d %s", status, body)
	}
	_, _, header = u.call("GET", product+"('NEW-1')", "")
	for tag, want := range map[string]int{"": 428, `W/"0"`: 412, header.Get("ETag"): 204} {
		if status, body, _ := u.call("PATCH", product+"('NEW-1')", `{"ProductGroup":"L1"}`, "If-Match", tag); status != want {
			t.Errorf("%q: %d %s, want %d", tag, status, body, want)
		}
	}
	if status, _, _ := u.call("DELETE", product+"('NEW-1')", "", "If-Match", "*"); status != 405 {
		t.Errorf("%d", status)
	}
}

func TestTheRulesOfMaintenanceHold(t *testing.T) {
	t.Parallel()
	u := &user{t: t, url: start(t, s4.Options{}).URL(), token: "Fetch"}
	orders := service + "API_MAINTENANCEORDER/"
	u.call("GET", orders, "")
	call := func(name, order string) int {
		status, _, _ := u.call("POST", fmt.Sprintf("%s%s?MaintenanceOrder='%s'", orders, name, order), "", "If-Match", "*")
		return status
	}
	for _, step := range []struct {
		name string
		want int
	}{{"SetMaintOrdToTechCompleted", 400}, {"ReleaseMaintenanceOrder", 200}, {"ReleaseMaintenanceOrder", 400}, {"SetMaintOrdToTechCompleted", 200}, {"SetMaintOrderStatusToClosed", 200}, {"ResetMaintOrdStsTechCompleted", 400}} {
		if got := call(step.name, "4000000"); got != step.want {
			t.Errorf("%s: %d, want %d", step.name, got, step.want)
		}
	}
	if got := call("ReleaseMaintenanceOrder", "nope"); got != 404 {
		t.Errorf("%d", got)
	}
	for order, want := range map[string]int{"4000000": 400, "4000004": 204} {
		if status, body, _ := u.call("PATCH", orders+"MaintenanceOrder('"+order+"')", `{"MaintenanceOrderDesc":"x"}`, "If-Match", "*"); status != want {
			t.Errorf("%s: %d %s, want %d", order, status, body, want)
		}
	}
	if status, body, _ := u.call("PATCH", orders+"MaintenanceOrder('4000004')", `{"Equipment":"999"}`, "If-Match", "*"); status != 400 || !strings.Contains(body, "Equipment 999 does not exist") {
		t.Errorf("%d %s", status, body)
	}
	if status, body, _ := u.call("PATCH", orders+"MaintenanceOrder('4000004')", `{"SystemStatusText":"CLSD"}`, "If-Match", "*"); status != 400 || !strings.Contains(body, "cannot be set") {
		t.Errorf("%d %s", status, body)
	}
}
