package erp_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/check"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// subject is an entity of the manifest and one record of SimERP's: what the manifest allows is held against what SimERP takes.
type subject struct {
	*testing.T
	sim      *erp.Server
	url, id  string // of the record
	resource string
	system   *manifest.System
	entity   *manifest.Entity
	mapper   *mapping.Mapper
	liberal  *mapping.Mapper // of a manifest without rules: it writes whatever has a place
	env      mapping.Env
	base     string // the record as it was made, a draft
}

// subjectOf makes a record; words is its status as the record writes it.
func subjectOf(t *testing.T, entity, record string) *subject {
	t.Helper()
	sim, api := start(t, erp.Options{Counts: few()})
	s, _ := connector(t, sim.URL(), erp.DefaultKey)
	free, _ := connector(t, sim.URL(), erp.DefaultKey)
	status, made := call(t, "POST", api+entity, record)
	if status != 201 {
		t.Fatal(status, made)
	}
	out := &subject{T: t, sim: sim, id: field(t, []byte(made), "id"), resource: entity, system: s, entity: s.Entity(entity),
		env:  mapping.Env{Connection: uuid.MustParse("01938c5e-6a40-7c7e-b0a4-5d1f0e6d9a21"), Zone: time.UTC},
		base: made}
	out.url = api + entity + "/" + out.id
	open := free.Entity(entity)
	open.ReadOnly, open.Moves, open.Picklists, open.Operations = nil, nil, nil, nil
	var err error
	if out.mapper, err = mapping.Compile(s, out.entity, nil); err != nil {
		t.Fatal(err)
	}
	if out.liberal, err = mapping.Compile(free, open, nil); err != nil {
		t.Fatal(err)
	}
	return out
}

// reset puts the record back, in a status.
func (s *subject) reset(status string) string {
	s.Helper()
	text := strings.ReplaceAll(s.base, `"status":"DRAFT"`, `"status":"`+status+`"`)
	if err := s.sim.Edit(erp.Edit{Resource: s.resource, ID: s.id, Raw: text}); err != nil {
		s.Fatal(err)
	}
	return text
}

var anyStamp = regexp.MustCompile(`"updatedAt":"[^"]*"`)

// takes tells whether SimERP changes the record as it is asked to.
func (s *subject) takes(before string, body []byte) (bool, string) {
	s.Helper()
	status, answer := call(s.T, "PATCH", s.url, string(body))
	_, after := call(s.T, "GET", s.url, "")
	return status == 200 && anyStamp.ReplaceAllString(after, "") != anyStamp.ReplaceAllString(before, ""), fmt.Sprintf("%d %.300s", status, answer)
}

// allows gives the verdict of the manifest's rules on a patch of the record.
func (s *subject) allows(op manifest.Op, before, patch string) check.Verdict {
	s.Helper()
	m, err := s.mapper.Map([]byte(before), s.env)
	if err != nil {
		s.Fatal(err)
	}
	return check.Check(check.Input{System: s.system, Entity: s.entity, Mapper: s.mapper, Env: s.env, Op: op, Data: []byte(patch), Strict: true, Mark: "bb-0",
		Current: &check.Current{JSON: m.Fields, Raw: []byte(before), RemoteID: s.id}, Words: func(string, string) []string { return []string{"EUR", "USD", "PCE", "MTR"} }})
}

// sourceWords are SimERP's own words for the status, those that the mapping does not know among them.
func (s *subject) sourceWords() []string {
	if s.entity.Field("status") == nil {
		return []string{""}
	}
	var words []string
	records, _ := all(s.T, s.sim.URL()+"/api/v1/statuses", 100)
	for _, r := range records {
		if field(s.T, r, "document") == s.resource {
			words = append(words, field(s.T, r, "code"))
		}
	}
	return words
}

func (s *subject) modelWord(source string) string {
	for _, v := range s.entity.Field("status").Values {
		if v.Source == source {
			return v.Name
		}
	}
	return "other"
}

// fieldsAgree holds each patch of one field, in each status, against the manifest's verdict.
func (s *subject) fieldsAgree(patches map[string]string) {
	s.Helper()
	s.allAreTried(patches)
	for _, status := range s.sourceWords() {
		for name, value := range patches {
			before := s.reset(status)
			patch := fmt.Sprintf(`{%q: %s}`, name, value)
			if inner, ok := strings.CutPrefix(name, "lines."); ok {
				patch = fmt.Sprintf(`{"lines": [{"remote_id": "%s-10", %q: %s}]}`, s.id, inner, value)
			}
			v := s.allows(manifest.Update, before, patch)
			if v.Nothing { // it is so already
				continue
			}
			body, err := s.liberal.Patch([]byte(patch), []byte(before), manifest.ListsReplaced, s.env, nil)
			if err != nil {
				s.Errorf("%s: %v", patch, err)
				continue
			}
			taken, answer := s.takes(before, body)
			if allowed := v.Problem == nil; allowed != taken {
				s.Errorf("%s of %s: the manifest allows it: %v (%v); SimERP takes it: %v (%s)", name, status, allowed, v.Problem, taken, answer)
			}
		}
	}
}

// allAreTried demands a patch for every field that is mapped from a place that can be written; the status has its moves.
func (s *subject) allAreTried(patches map[string]string) {
	s.Helper()
	var want []string
	for _, m := range s.entity.Fields {
		want = append(want, m.Field.Name)
		if m.Field.Name == "lines" {
			for _, inner := range m.Fields {
				want = append(want, "lines."+inner.Field.Name)
			}
		}
	}
	for _, name := range want {
		if _, tried := patches[name]; !tried && name != "status" && name != "lines" {
			s.Errorf("%s is not tried", name)
		}
	}
}

// movesAgree holds each change of status against the rows of the manifest.
func (s *subject) movesAgree() {
	s.Helper()
	words := s.sourceWords()
	for _, from := range words {
		for _, to := range words {
			if from == to || s.modelWord(to) == "other" {
				continue
			}
			declared := slices.ContainsFunc(s.entity.Moves.Rows, func(m manifest.Move) bool {
				return m.To == s.modelWord(to) && slices.Contains(m.From, s.modelWord(from))
			})
			before := s.reset(from)
			if taken, answer := s.takes(before, []byte(`{"status":"`+to+`"}`)); taken != declared {
				s.Errorf("from %s to %s: declared %v, SimERP takes it: %v (%s)", from, to, declared, taken, answer)
			}
		}
	}
}

// deletionsAgree holds deletion in each status against the verdict.
func (s *subject) deletionsAgree() {
	s.Helper()
	for _, status := range s.sourceWords() {
		before := s.reset(status)
		v := s.allows(manifest.Delete, before, "")
		got, answer := call(s.T, "DELETE", s.url, "")
		if (v.Problem == nil) != (got == 204) {
			s.Errorf("delete %s: %v, and SimERP answers %d %s", status, v.Problem, got, answer)
		}
	}
}

const ref2 = `{"remote_id": "000002"}`

func TestRulesForPurchaseOrdersAreSimERPsOwn(t *testing.T) {
	t.Parallel()
	s := subjectOf(t, "purchase-orders", `{"vendorId":"000001","requiredDate":"2026-12-01","lines":[{"itemId":"000003","quantity":"2"},{"itemId":"000004","quantity":"1"}]}`)
	address := `{"name": "Gate 3", "lines": ["Mill Road 1"], "city": "Leeds", "country": "GB"}`
	s.fieldsAgree(map[string]string{
		"number": `"PO-1"`, "vendor": ref2, "organization": `{"remote_id": "02"}`, "site": ref2, "buyer": ref2, "requested_by": ref2, "approved_by": ref2,
		"order_date": `"2026-11-01"`, "required_date": `null`, "expected_date": `"2026-12-24"`, "approved_at": `"2026-11-01T10:00:00Z"`, "closed_at": `"2026-11-01T10:00:00Z"`,
		"currency": `"USD"`, "exchange_rate": `"1.1"`, "subtotal": `{"amount": "1.00"}`, "tax_total": `{"amount": "1.00"}`, "total": `{"amount": "1.00"}`,
		"payment_terms": `"NET60"`, "incoterms": `"DAP"`, "shipping_method": `"TRUCK"`, "ship_to": address, "bill_to": address, "notes": `"Call first."`,
		"lines.line_number": `15`, "lines.item": ref2, "lines.description": `"Shim"`, "lines.vendor_part_number": `"X1"`, "lines.quantity": `{"value": "7"}`,
		"lines.received_quantity": `{"value": "1"}`, "lines.invoiced_quantity": `{"value": "1"}`, "lines.unit_price": `{"amount": "9.9900"}`, "lines.discount_percent": `"2.5"`,
		"lines.tax_amount": `{"amount": "1.00"}`, "lines.line_total": `{"amount": "1.00"}`, "lines.required_date": `"2026-12-02"`, "lines.expected_date": `"2026-12-03"`,
		"lines.site": ref2, "lines.location": ref2, "lines.account": `{"remote_id": "00004000"}`, "lines.status": `"closed"`, "lines.notes": `"Certificate."`,
	})
	s.movesAgree()
	s.deletionsAgree()
}

func TestRulesForRequisitionsAreSimERPsOwn(t *testing.T) {
	t.Parallel()
	s := subjectOf(t, "purchase-requisitions", `{"requiredDate":"2026-12-01","lines":[{"itemId":"000003","quantity":"2"}]}`)
	s.fieldsAgree(map[string]string{
		"number": `"PR-1"`, "requester": ref2, "required_date": `"2026-12-02"`, "currency": `"USD"`, "total": `{"amount": "1.00"}`,
		"lines.line_number": `15`, "lines.item": ref2, "lines.description": `"Shim"`, "lines.quantity": `{"value": "7"}`, "lines.unit_price": `{"amount": "9.9900"}`,
		"lines.line_total": `{"amount": "1.00"}`, "lines.required_date": `"2026-12-02"`,
	})
	s.movesAgree()
}

func TestRulesForMastersAreSimERPsOwn(t *testing.T) {
	t.Parallel()
	s := subjectOf(t, "vendors", `{"name":"A"}`)
	s.fieldsAgree(map[string]string{
		"name": `"B"`, "code": `"B1"`, "tax_number": `"DE1"`, "email": `"a@b.example"`, "phone": `"1"`, "website": `"https://b.example"`, "address": `{"city": "Leeds"}`,
		"contacts": `[{"name": "Ann"}]`, "currency": `"USD"`, "payment_terms": `"NET60"`, "is_active": `false`,
	})
	s.deletionsAgree()
	s = subjectOf(t, "items", `{"name":"A"}`)
	s.fieldsAgree(map[string]string{
		"code": `"B"`, "name": `"B"`, "description": `"B"`, "type": `"tool"`, "category": `"B"`, "unit": `"MTR"`, "manufacturer": `"B"`, "part_number": `"B"`, "barcode": `"B"`,
		"cost": `{"amount": "2.00", "currency": "EUR"}`, "price": `{"amount": "2.00", "currency": "EUR"}`, "is_stocked": `false`, "is_active": `false`,
		"vendors": `[{"vendor": {"remote_id": "000002"}, "price": {"amount": "2.00", "currency": "EUR"}, "lead_time": "P7D"}]`,
	})
	s.deletionsAgree()
}

// What the manifest does not offer SimERP does not either, and the reverse.
func TestOperationsAreSimERPsOwn(t *testing.T) {
	t.Parallel()
	sim, api := start(t, erp.Options{Counts: few()})
	s, _ := connector(t, sim.URL(), erp.DefaultKey)
	for name := range resources {
		e := s.Entity(map[string]string{"companies": "organizations", "units": "units-of-measure", "warehouses": "sites", "stock": "stock-levels", "stock-postings": "stock-adjustments"}[name])
		if e == nil {
			e = s.Entity(name)
		}
		records, _ := all(t, api+name, 1)
		one := api + name + "/" + field(t, records[0], "id")
		for op, c := range map[manifest.Op][2]string{manifest.Create: {"POST", api + name}, manifest.Update: {"PATCH", one}, manifest.Delete: {"DELETE", one}} {
			o, declared := e.Operations[op]
			if status, body := call(t, c[0], c[1], `{}`); (status == 405) == declared {
				t.Errorf("%s %s: declared %v, SimERP answers %d %s", op, name, declared, status, body)
			}
			if status, body := call(t, "POST", api+name+"/bulk", `{"op":"`+string(op)+`","items":[{"key":"a","id":"none","data":{}}]}`); (status == 405) == (o.Bulk != nil) {
				t.Errorf("many of %s %s: declared %v, SimERP answers %d %s", op, name, o.Bulk != nil, status, body)
			}
		}
	}
}

// A create with what the manifest requires is taken, and one that lacks any of it is not.
func TestRequiredFieldsAreSimERPsOwn(t *testing.T) {
	t.Parallel()
	for entity, needed := range map[string]map[string]any{
		"vendors": {"name": "A"}, "items": {"name": "A"},
		"purchase-requisitions": {"lines": []any{map[string]any{"item": remote("000003"), "quantity": value("2")}}},
		"purchase-orders":       {"vendor": remote("000001"), "lines": []any{map[string]any{"item": remote("000003"), "quantity": value("2")}}},
		"goods-receipts":        {"purchase_order": remote("ORDER"), "lines": []any{map[string]any{"purchase_order_line": "ORDER-10", "quantity": value("1")}}},
		"stock-adjustments":     {"type": "receipt", "lines": []any{map[string]any{"item": remote("000003"), "location": remote("000003"), "quantity": value("1")}}},
	} {
		t.Run(entity, func(t *testing.T) {
			t.Parallel()
			sim, api := start(t, erp.Options{Counts: few()})
			s, _ := connector(t, sim.URL(), erp.DefaultKey)
			e := s.Entity(entity)
			m, err := mapping.Compile(s, e, nil)
			if err != nil {
				t.Fatal(err)
			}
			create := func(data map[string]any) (int, string) {
				t.Helper()
				text, _ := json.Marshal(data)
				body, err := m.Unmap([]byte(strings.ReplaceAll(string(text), "ORDER", withStatus(t, api, "OPEN"))), nil)
				if err != nil {
					t.Fatal(err)
				}
				return call(t, "POST", api+strings.Replace(entity, "stock-adjustments", "stock-postings", 1), string(body))
			}
			if status, body := create(needed); status != 201 {
				t.Errorf("with all that is required: %d %s", status, body)
			}
			if given := leaves("", needed); fmt.Sprint(given) != fmt.Sprint(slices.Sorted(slices.Values(e.Operations[manifest.Create].Required))) {
				t.Errorf("%v are given, %v required", given, e.Operations[manifest.Create].Required)
			}
			for _, name := range e.Operations[manifest.Create].Required {
				if status, body := create(lacking(needed, name)); status < 400 {
					t.Errorf("without %s: %d %s", name, status, body)
				}
			}
		})
	}
}

func remote(id string) map[string]any  { return map[string]any{"remote_id": id} }
func value(text string) map[string]any { return map[string]any{"value": text} }

// leaves names the fields of a create, in order; those of lines with a dot.
func leaves(prefix string, data map[string]any) (names []string) {
	for name, v := range data {
		names = append(names, prefix+name)
		if list, ok := v.([]any); ok {
			names = append(names, leaves(prefix+name+".", list[0].(map[string]any))...)
		}
	}
	slices.Sort(names)
	return names
}

// lacking gives the data without one field.
func lacking(data map[string]any, name string) map[string]any {
	out := map[string]any{}
	outer, inner, within := strings.Cut(name, ".")
	for n, v := range data {
		switch {
		case n == outer && within:
			out[n] = []any{lacking(v.([]any)[0].(map[string]any), inner)}
		case n != name:
			out[n] = v
		}
	}
	return out
}

func TestPicklistsAreSimERPsOwn(t *testing.T) {
	t.Parallel()
	sim, api := start(t, erp.Options{Counts: few()})
	s, _ := connector(t, sim.URL(), erp.DefaultKey)
	draft := withStatus(t, api, "DRAFT")
	for path, entity := range map[string]string{"vendors/000001": "vendors", "purchase-orders/" + draft: "purchase-orders"} {
		for _, terms := range append([]string{"NET90"}, s.Entity(entity).Picklists["payment_terms"].Values...) {
			if status, body := call(t, "PATCH", api+path, `{"paymentTerms":"`+terms+`"}`); (status == 200) != (terms != "NET90") {
				t.Errorf("%s: %s: %d %s", entity, terms, status, body)
			}
		}
	}
	records, _ := all(t, api+"vendors", 100)
	for _, r := range records {
		if !slices.Contains(s.Entity("vendors").Picklists["payment_terms"].Values, field(t, r, "paymentTerms")) {
			t.Errorf("%s is not on the list", field(t, r, "paymentTerms"))
		}
	}
}
