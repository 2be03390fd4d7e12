package odata_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/odata"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/sim/s4"
	"github.com/busbar-dev/busbar/model"
)

const orders2 = `
  purchase-orders:
    read: {service: sap/opu/odata/sap/API_PURCHASEORDER_PROCESS_SRV, set: A_PurchaseOrder, protocol: v2, expand: [to_PurchaseOrderItem]LINK}
    id: PurchaseOrder
    updated_at: LastChangeDateTime
    cursor: {precision: 1ms}
    history: PurchaseOrderDate
    fields:
      number: PurchaseOrder
      vendor: Supplier
      organization: CompanyCode
      payment_terms: PaymentTerms
      order_date: PurchaseOrderDate
      status: {from: PurchasingDocumentDeletionCode, values: {"": sent, L: cancelled}}
      lines:
        from: to_PurchaseOrderItem
        id: PurchaseOrderItem
        fields: {item: Material, quantity: {value: OrderQuantity, unit: PurchaseOrderQuantityUnit}, site: Plant}
    moves: [{from: [sent], to: cancelled, send: {body: {PurchasingDocumentDeletionCode: L}}}]
    operations:
      create:
        required: [vendor]
        send: {body: {PurchaseOrderType: NB, PurchasingOrganization: "1010", PurchasingGroup: "001"}}
        bulk: {max: 10, atomic: true, send: {body: {PurchaseOrderType: NB, PurchasingOrganization: "1010", PurchasingGroup: "001"}}}
        reconcile: [{class: W3, member: CorrespncInternalReference, find: {}}, {class: W4, match: [vendor], find: {since: LastChangeDateTime}}]
      update: {insists: true, send: {}, bulk: {max: 10, atomic: true, send: {}}, reconcile: [{class: W2}]}
    evidence: {read: simulated, create: simulated, update: simulated}`

// orders4 is the same by version 4.
func orders4() string {
	return strings.NewReplacer("sap/opu/odata/sap/API_PURCHASEORDER_PROCESS_SRV", "sap/opu/odata4/sap/api_purchaseorder_2/srvd_a2x/sap/purchaseorder/0001",
		"A_PurchaseOrder", "PurchaseOrder", "protocol: v2", "protocol: v4", "to_", "_").Replace(orders2)
}

// system makes a manifest of one entity.
func system(t *testing.T, entity, link string) *manifest.System {
	t.Helper()
	text := `
system: acme
name: Acme
summary: Acme.
categories: [erp]
driver: odata
versions: ["1"]
nulls: ['""']
auth:
  - method: basic
    fields: [{name: url, label: Address, type: url}, {name: username, label: User, type: text}, {name: password, label: Password, type: password, secret: true}]
connect:
  url: "{url}"
  auth: {style: basic, username: "{username}", password: "{password}"}
  probe: {service: sap/opu/odata/sap/API_PLANT_SRV, set: A_Plant, protocol: v2}
  csrf: true
entities:` + strings.Replace(entity, "LINK", link, 1)
	if strings.Contains(entity, "protocol: v2") {
		text = strings.Replace(text, "nulls:", "decimals: text\nnulls:", 1)
	}
	m, err := model.Load()
	if err != nil {
		t.Fatal(err)
	}
	s, err := manifest.LoadSystem(fstest.MapFS{"acme/manifest.yaml": {Data: []byte(text)}, "acme/guide.md": {Data: []byte("# Acme\n")}}, "acme", m, map[string]manifest.Checker{"odata": odata.New()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

type client interface {
	driver.Client
	driver.Writer
}

func open(t *testing.T, s *manifest.System, url string) client {
	t.Helper()
	c, err := odata.New().Open(s, driver.Config{
		Credentials: secret.NewCredentials(map[string]string{"url": url, "username": s4.DefaultUser, "password": s4.DefaultPassword}).Public("url", "username"),
		HTTP:        &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, Now: time.Now, TimeZone: time.UTC,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c.(client)
}

// world is a simulator and a client of one entity.
func world(t *testing.T, entity, link string, o s4.Options) (*s4.Server, client, *manifest.Entity) {
	t.Helper()
	sim, err := s4.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sim.Close() })
	s := system(t, entity, link)
	return sim, open(t, s, sim.URL()), s.Entities[0]
}

// both runs a test for each version.
func both(t *testing.T, test func(t *testing.T, entity string)) {
	t.Helper()
	for name, entity := range map[string]string{"v2": orders2, "v4": orders4()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, entity)
		})
	}
}

// read follows the pages of a request to the proved end; between is called after each page.
func read(t *testing.T, c driver.Client, r driver.Request, between func(*driver.Page)) (ids []string) {
	t.Helper()
	for n := 0; ; n++ {
		page, err := c.Fetch(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		for _, record := range page.Records {
			ids = append(ids, member(t, record, "PurchaseOrder"))
		}
		if between != nil {
			between(page)
		}
		if page.Next == nil {
			return ids
		}
		if n > 1000 {
			t.Fatal("the pages do not end")
		}
		r.Token = page.Next
	}
}

func member(t *testing.T, record []byte, name string) string {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal(record, &object); err != nil {
		t.Fatalf("%s: %s", err, record)
	}
	text, _ := object[name].(string)
	return text
}

func wants(t *testing.T, err error, kind driver.Kind, fate driver.Fate, words string) *driver.Error {
	t.Helper()
	var e *driver.Error
	if !errors.As(err, &e) || e.Kind != kind || driver.FateOf(err) != fate || !strings.Contains(e.Detail, words) {
		t.Errorf("%v (%s), want %s, %s with %q", err, driver.FateOf(err), kind, fate, words)
	}
	return e
}

// serve answers every request the same way.
func serve(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	srv := httptest.NewServer(answer)
	t.Cleanup(srv.Close)
	return srv.URL
}

func says(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-CSRF-Token") == "Fetch" {
			w.Header().Set("X-CSRF-Token", "token")
			return
		}
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}
