package mapping_test

import (
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

const benchManifest = `
system: acme
name: Acme
summary: A system for tests.
categories: [erp]
driver: rest
versions: ["1"]
auth: [{method: basic, fields: [{name: url, label: Address, type: url}]}]
entities:
  purchase-orders:
    read: {}
    id: id
    display_id: number
    display_name: reference
    created_at: created
    updated_at: [changed, created]
    cursor: {precision: 1s}
    history: ordered
    fields:
      number: number
      vendor: vendor/id
      site: site
      buyer: buyer
      status: {from: state, values: {draft: draft, quotation: pending_approval, processing: approved, done: closed}}
      order_date: ordered
      expected_date: expected
      currency: currency
      subtotal: net
      tax_total: tax
      total: gross
      payment_terms: terms
      ship_to: {name: to/name, lines: [to/street, to/street2], city: to/city, postal_code: to/zip, country: to/country}
      notes: notes
      lines:
        from: lines
        id: id
        fields:
          line_number: no
          item: item
          description: text
          quantity: {value: qty, unit: unit}
          received_quantity: {value: received, unit: unit}
          unit_price: price
          line_total: sum
          expected_date: due
    evidence: {read: documented}
`

// benchOrder is a purchase order of 1.5 KB with 5 lines.
func benchOrder() []byte {
	line := `{"id":42731,"no":10,"item":1187,"text":"Deep groove ball bearing 6204-2RS, sealed","qty":25.0,"received":"5","unit":"pcs","price":"12.3450","sum":"308.63","due":"2026-12-01"}`
	order := `{"id":9137,"number":"PO-2026-009137","reference":"Bearings for line 3","state":"processing","vendor":{"id":329,"name":"Hydraulik Nord GmbH"},"site":"P1","buyer":17,` +
		`"created":"2026-10-26T08:00:00.123456Z","changed":"2026-11-23T15:21:34.208894Z","ordered":"2026-10-26","expected":"2026-12-01","currency":"EUR","net":"24321.41","tax":"4864.28","gross":"29185.69",` +
		`"terms":"30 days net","to":{"name":"Plant Linz","street":"Hafenstrasse 12","street2":"Gate 3","city":"Linz","zip":"4020","country":"AT"},"notes":"Deliver to gate 3.\nCall before arrival.","lines":[`
	var lines []string
	for _, id := range []string{"42731", "42732", "42733", "42734", "42735"} {
		lines = append(lines, strings.Replace(line, "42731", id, 1))
	}
	return []byte(order + strings.Join(lines, ",") + "]}")
}

func BenchmarkManifest(b *testing.B) {
	s, e := load(b, []byte(benchManifest))
	m, err := mapping.Compile(s, e, nil)
	if err != nil {
		b.Fatal(err)
	}
	raw, env := benchOrder(), env(b)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Map(raw, env); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRemoteID(b *testing.B) {
	s, e := load(b, []byte(benchManifest))
	m, err := mapping.Compile(s, e, nil)
	if err != nil {
		b.Fatal(err)
	}
	raw := benchOrder()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.RemoteID(raw); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkHandWritten is the yardstick: the same mapping by hand with types.
func BenchmarkHandWritten(b *testing.B) {
	raw, env := benchOrder(), env(b)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := handWritten(raw, env.Connection); err != nil {
			b.Fatal(err)
		}
	}
}

// TestHandWrittenIsTheSame keeps the yardstick honest.
func TestHandWrittenIsTheSame(t *testing.T) {
	t.Parallel()
	s, e := load(t, []byte(benchManifest))
	m, err := mapping.Compile(s, e, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := m.Map(benchOrder(), env(t))
	if err != nil {
		t.Fatal(err)
	}
	want, err := handWritten(benchOrder(), env(t).Connection)
	if err != nil {
		t.Fatal(err)
	}
	if same, err := rawjson.Equal(r.Fields, want, nil); err != nil || !same {
		t.Errorf("%v\n%s\n%s", err, r.Fields, want)
	}
}

type sourceOrder struct {
	ID        jsontext.Value `json:"id"`
	Number    string         `json:"number"`
	Reference *string        `json:"reference"`
	State     string         `json:"state"`
	Vendor    struct {
		ID jsontext.Value `json:"id"`
	} `json:"vendor"`
	Site     string         `json:"site"`
	Buyer    jsontext.Value `json:"buyer"`
	Created  time.Time      `json:"created"`
	Changed  time.Time      `json:"changed"`
	Ordered  string         `json:"ordered"`
	Expected string         `json:"expected"`
	Currency string         `json:"currency"`
	Net      string         `json:"net"`
	Tax      string         `json:"tax"`
	Gross    string         `json:"gross"`
	Terms    string         `json:"terms"`
	To       struct {
		Name    string `json:"name"`
		Street  string `json:"street"`
		Street2 string `json:"street2"`
		City    string `json:"city"`
		Zip     string `json:"zip"`
		Country string `json:"country"`
	} `json:"to"`
	Notes string       `json:"notes"`
	Lines []sourceLine `json:"lines"`
}

type sourceLine struct {
	ID       jsontext.Value `json:"id"`
	No       int            `json:"no"`
	Item     jsontext.Value `json:"item"`
	Text     string         `json:"text"`
	Qty      jsontext.Value `json:"qty"`
	Received string         `json:"received"`
	Unit     string         `json:"unit"`
	Price    string         `json:"price"`
	Sum      string         `json:"sum"`
	Due      string         `json:"due"`
}

type money struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

type quantity struct {
	Value    string `json:"value"`
	Unit     string `json:"unit"`
	UnitCode string `json:"unit_code"`
}

type unifiedOrder struct {
	DisplayID       string    `json:"display_id"`
	DisplayName     *string   `json:"display_name"`
	RemoteCreatedAt time.Time `json:"remote_created_at"`
	RemoteUpdatedAt time.Time `json:"remote_updated_at"`
	Number          string    `json:"number"`
	VendorID        uuid.UUID `json:"vendor_id"`
	SiteID          uuid.UUID `json:"site_id"`
	BuyerID         uuid.UUID `json:"buyer_id"`
	Status          string    `json:"status"`
	StatusSource    string    `json:"status_source"`
	OrderDate       string    `json:"order_date"`
	ExpectedDate    string    `json:"expected_date"`
	Currency        string    `json:"currency"`
	Subtotal        money     `json:"subtotal"`
	TaxTotal        money     `json:"tax_total"`
	Total           money     `json:"total"`
	PaymentTerms    string    `json:"payment_terms"`
	ShipTo          struct {
		Name       string   `json:"name"`
		Lines      []string `json:"lines"`
		City       string   `json:"city"`
		PostalCode string   `json:"postal_code"`
		Country    string   `json:"country"`
	} `json:"ship_to"`
	Notes        string        `json:"notes"`
	Lines        []unifiedLine `json:"lines"`
	CustomFields struct{}      `json:"custom_fields"`
}

type unifiedLine struct {
	ID               uuid.UUID `json:"id"`
	RemoteID         string    `json:"remote_id"`
	LineNumber       int       `json:"line_number"`
	ItemID           uuid.UUID `json:"item_id"`
	Description      string    `json:"description"`
	Quantity         quantity  `json:"quantity"`
	ReceivedQuantity quantity  `json:"received_quantity"`
	UnitPrice        money     `json:"unit_price"`
	LineTotal        money     `json:"line_total"`
	ExpectedDate     string    `json:"expected_date"`
}

func handWritten(raw []byte, connection uuid.UUID) ([]byte, error) {
	var in sourceOrder
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, err
	}
	if err := checkDates(in); err != nil {
		return nil, err
	}
	id := mapping.RecordID(connection, "purchase-orders", string(in.ID))
	amount := func(text string) money { return money{text, in.Currency} }
	out := unifiedOrder{
		DisplayID: in.Number, DisplayName: in.Reference, RemoteCreatedAt: in.Created.UTC(), RemoteUpdatedAt: in.Changed.UTC(), Number: in.Number,
		VendorID: mapping.RecordID(connection, "vendors", string(in.Vendor.ID)), SiteID: mapping.RecordID(connection, "sites", in.Site),
		BuyerID: mapping.RecordID(connection, "users", string(in.Buyer)), Status: statusOf(in.State), StatusSource: in.State, OrderDate: in.Ordered,
		ExpectedDate: in.Expected, Currency: in.Currency, Subtotal: amount(in.Net), TaxTotal: amount(in.Tax), Total: amount(in.Gross),
		PaymentTerms: in.Terms, Notes: in.Notes, Lines: make([]unifiedLine, 0, len(in.Lines)),
	}
	out.ShipTo.Name, out.ShipTo.City, out.ShipTo.PostalCode, out.ShipTo.Country = in.To.Name, in.To.City, in.To.Zip, in.To.Country
	out.ShipTo.Lines = []string{in.To.Street, in.To.Street2}
	for _, l := range in.Lines {
		out.Lines = append(out.Lines, unifiedLine{
			ID: mapping.RecordID(id, "lines", string(l.ID)), RemoteID: string(l.ID), LineNumber: l.No,
			ItemID: mapping.RecordID(connection, "items", string(l.Item)), Description: l.Text, Quantity: quantity{string(l.Qty), l.Unit, "H87"},
			ReceivedQuantity: quantity{l.Received, l.Unit, "H87"}, UnitPrice: amount(l.Price), LineTotal: amount(l.Sum), ExpectedDate: l.Due,
		})
	}
	return json.Marshal(&out)
}

func statusOf(state string) string {
	switch state {
	case "draft":
		return "draft"
	case "quotation":
		return "pending_approval"
	case "processing":
		return "approved"
	case "done":
		return "closed"
	}
	return "other"
}

func checkDates(in sourceOrder) error {
	dates := []string{in.Ordered, in.Expected}
	for _, l := range in.Lines {
		dates = append(dates, l.Due)
	}
	for _, d := range dates {
		if _, err := time.Parse(time.DateOnly, d); err != nil {
			return err
		}
	}
	return nil
}
