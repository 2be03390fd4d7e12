package trytonrpc_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/check"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/trytonrpc"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/realsys/tryton"
)

// judged is a write in the model's words, as the check of a dry run and of a write sees it.
func (d *desk) judged(entity string, op manifest.Op, id, data, mark string) check.Verdict {
	d.Helper()
	e := d.system.Entity(entity)
	m, err := mapping.Compile(d.system, e, trytonrpc.New().Dialect())
	if err != nil {
		d.Fatal(err)
	}
	in := check.Input{System: d.system, Entity: e, Mapper: m, Env: env, Op: op, Data: []byte(data), Strict: true, Mark: mark,
		Resolve: func(string, uuid.UUID) (string, bool) { return "", false }}
	if id != "" {
		raw := d.read(entity, id)
		in.Current = &check.Current{JSON: d.mapped(entity, id), Raw: raw, RemoteID: id, Version: "1"}
	}
	return check.Check(in)
}

func (d *desk) mapped(entity, id string) []byte {
	d.Helper()
	e := d.system.Entity(entity)
	m, err := mapping.Compile(d.system, e, trytonrpc.New().Dialect())
	if err != nil {
		d.Fatal(err)
	}
	r, err := m.Map(d.read(entity, id), env)
	if err != nil {
		d.Fatal(err)
	}
	return r.Fields
}

// ask takes a write in the model's words through all its steps, and wants the record to show it all.
func (d *desk) ask(entity string, op manifest.Op, id, data, mark string) string {
	d.Helper()
	v := d.judged(entity, op, id, data, mark)
	if v.Problem != nil {
		d.Fatalf("%s %s: %v", op, data, v.Problem)
	}
	if len(v.Steps) == 0 {
		d.Fatalf("%s %s: nothing is to be sent", op, data)
	}
	for _, s := range v.Steps {
		c := driver.Command{Entity: d.system.Entity(entity), Op: op, Move: s.Move, RemoteID: id, Body: s.Body, Mark: mark}
		if id != "" {
			c.Op, c.Current, c.Insist = manifest.Update, d.read(entity, id), true
		}
		id = d.write(c).RemoteID
	}
	if missed := check.Missed(d.system.Entity(entity), v.Wanted, d.mapped(entity, id)); len(missed) != 0 {
		d.Errorf("%s %s: Tryton did not take %+v", op, data, missed)
	}
	return id
}

// forbidden wants the check to refuse a write.
func (d *desk) forbidden(entity string, op manifest.Op, id, data string) {
	d.Helper()
	if v := d.judged(entity, op, id, data, "bb-x"); v.Problem == nil {
		d.Errorf("%s of %s %s would be sent: %s", op, entity, id, data)
	}
}

// TestLiveWritesInTheModelsWords sends what the API would send.
func TestLiveWritesInTheModelsWords(t *testing.T) {
	t.Parallel()
	s := tryton.Start(t)
	d := newDesk(t, s, admin(s))
	vendor := d.ask("vendors", manifest.Create, "", `{"name":"Lager Linz GmbH","payment_terms":"30 days"}`, "bbask-0")
	d.ask("vendors", manifest.Update, vendor, `{"code":"LL-1","payment_terms":null}`, "bbask-1")
	d.ask("vendors", manifest.Update, vendor, `{"is_active":false}`, "bbask-2")
	d.ask("vendors", manifest.Update, vendor, `{"is_active":true}`, "bbask-3")
	item := d.ask("items", manifest.Create, "", `{"code":"RL-6205","name":"Roller","description":"sealed","type":"product","unit":"kg",
		"cost":{"amount":"4.85","currency":"USD"},"price":{"amount":"9.90","currency":"USD"}}`, "bbask-4")
	d.ask("items", manifest.Update, item, `{"name":"Roller bearing","price":{"amount":"10.90"},"description":null}`, "bbask-5")
	order := d.ask("purchase-orders", manifest.Create, "", fmt.Sprintf(`{"vendor":{"remote_id":%q},"order_date":"2026-11-02","currency":"EUR","payment_terms":"30 days","notes":"Gate 3","status":"pending_approval",
		"lines":[{"line_number":1,"item":{"remote_id":%q},"quantity":{"value":"2.5","unit":"kg"},"unit_price":{"amount":"4.6000","currency":"EUR"},"notes":"with certificate"},
		{"line_number":2,"description":"Freight","quantity":{"value":"1"},"unit_price":{"amount":"80"}}]}`, vendor, item), "bbask-6")
	d.ask("purchase-orders", manifest.Update, order, `{"order_date":"2026-11-03","expected_date":"2026-11-20","notes":"Gate 4"}`, "bbask-7")
	d.forbidden("purchase-orders", manifest.Update, order, `{"lines":[{"description":"More","quantity":{"value":"1"},"unit_price":{"amount":"1"}}]}`)
	d.ask("purchase-orders", manifest.Update, order, `{"status":"draft"}`, "bbask-8")
	soon := time.Now().AddDate(0, 0, 10).Format(time.DateOnly) // Tryton shows no expected date that is over
	first := d.at("purchase-orders", order, "lines.", "0", "id")
	second := d.at("purchase-orders", order, "lines.", "1", "id")
	d.ask("purchase-orders", manifest.Update, order, fmt.Sprintf(`{"lines":[{"remote_id":%q,"quantity":{"value":"3"},"expected_date":%q},{"remote_id":%q,"_delete":true},
		{"line_number":3,"item":{"remote_id":"1"},"quantity":{"value":"6"}}],"status":"pending_approval"}`, first, soon, second), "bbask-9")
	d.ask("purchase-orders", manifest.Update, order, `{"status":"draft"}`, "bbask-10")
	for n, product := range []string{"1", "2"} { // the first is taxed, the second is not
		d.ask("purchase-orders", manifest.Update, order, fmt.Sprintf(`{"lines":[{"remote_id":%q,"item":{"remote_id":%q},"quantity":{"value":"1","unit":"u"}}]}`, first, product), "bbask-10")
		if taxes := s.Read("purchase.line", number(d, first), "taxes")["taxes"].([]any); len(taxes) != 1-n { //nolint:errcheck,forcetypeassert // Tryton's own
			t.Errorf("item %s in the line brought the taxes %v", product, taxes)
		}
	}
	d.ask("purchase-orders", manifest.Update, order, `{"status":"cancelled"}`, "bbask-11")
	other := d.ask("purchase-orders", manifest.Create, "", `{"vendor":{"remote_id":"2"},"lines":[{"item":{"remote_id":"1"},"quantity":{"value":"2"}}]}`, "bbask-12")
	d.ask("purchase-orders", manifest.Update, other, `{"status":"pending_approval"}`, "bbask-13")
	d.write(d.press(other, "pending_approval", "approved"))
	for _, data := range []string{`{"status":"draft"}`, `{"status":"cancelled"}`, `{"lines":[{"remote_id":"1","quantity":{"value":"9"}}]}`, `{"currency":"EUR"}`, `{"vendor":{"remote_id":"3"}}`} {
		d.forbidden("purchase-orders", manifest.Update, other, data)
	}
	d.ask("purchase-orders", manifest.Update, other, `{"notes":"Call first"}`, "bbask-14")
	d.forbidden("purchase-orders", manifest.Delete, other, "")
	d.forbidden("items", manifest.Update, item, `{"unit":"u"}`)
	d.forbidden("items", manifest.Create, "", `{"name":"Without unit","type":"product"}`)
}
