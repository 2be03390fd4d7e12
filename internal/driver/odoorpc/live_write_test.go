package odoorpc_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
	"github.com/busbar-dev/busbar/internal/realsys/odoo"
)

// desk is the connector's own client of one running Odoo, as writes use it.
type desk struct {
	*testing.T
	system *manifest.System
	server *odoo.Server
	writer driver.Writer
	ctx    context.Context
}

func newDesk(t *testing.T, s *odoo.Server, login map[string]string) *desk {
	t.Helper()
	return newDeskOn(t, s, login, loopback(t, s.URL).Client(egress.ClientConfig{}))
}

func newDeskOn(t *testing.T, s *odoo.Server, login map[string]string, wire *http.Client) *desk {
	t.Helper()
	d := &desk{T: t, system: connector(t), server: s, ctx: egress.AsWrite(t.Context(), egress.Sending{})}
	d.writer = openOn(t, wire, login, d.system).(driver.Writer) //nolint:errcheck,forcetypeassert // the contract
	return d
}

func (d *desk) command(entity string, op manifest.Op, id, body string) driver.Command {
	d.Helper()
	c := driver.Command{Entity: d.system.Entity(entity), Op: op, RemoteID: id, Body: []byte(body)}
	if id != "" {
		c.Current = d.read(entity, id)
	}
	return c
}

func (d *desk) write(c driver.Command) driver.Written {
	d.Helper()
	w, err := d.writer.Write(d.ctx, c)
	if err != nil {
		d.Fatalf("%s %s: %v", c.Op, c.Body, err)
	}
	return w
}

// refused wants an error of a fate whose sentence says something.
func (d *desk) refused(c driver.Command, want driver.Fate, says string) {
	d.Helper()
	_, err := d.writer.Write(d.ctx, c)
	if driver.FateOf(err) != want || !strings.Contains(fmt.Sprint(err), says) {
		d.Errorf("%s %s: %v, which is %s; want %s: %s", c.Op, c.Body, err, driver.FateOf(err), want, says)
	}
}

func (d *desk) read(entity, id string) []byte {
	d.Helper()
	raw, err := d.writer.ReadOne(d.Context(), d.system.Entity(entity), id)
	if err != nil || raw == nil {
		d.Fatalf("read %s %s: %s, %v", entity, id, raw, err)
	}
	return raw
}

// at gives the JSON text at a path of a record.
func (d *desk) at(entity, id string, path ...string) string {
	d.Helper()
	raw, _, err := rawjson.Find(d.read(entity, id), path...)
	if err != nil {
		d.Fatal(err)
	}
	return string(raw)
}

// wants compares values of a record with what they are to be.
func (d *desk) wants(entity, id string, want map[string]string) {
	d.Helper()
	for path, text := range want {
		if got := d.at(entity, id, strings.Split(path, "/")...); got != text {
			d.Errorf("%s %s: %s is %s, want %s", entity, id, path, got, text)
		}
	}
}

func (d *desk) move(entity, id, from, to string) driver.Command {
	d.Helper()
	c := d.command(entity, manifest.Update, id, "")
	c.Body = nil
	rows := d.system.Entity(entity).Moves.Rows
	i := slices.IndexFunc(rows, func(m manifest.Move) bool { return m.To == to && slices.Contains(m.From, from) })
	if i < 0 {
		d.Fatalf("no move from %s to %s", from, to)
	}
	c.Move = &rows[i]
	return c
}

func (d *desk) found(entity, mark string) [][]byte {
	d.Helper()
	e := d.system.Entity(entity)
	found, err := d.writer.Search(d.Context(), driver.Search{Entity: e, Rung: &e.Operations[manifest.Create].Ladder[0], Value: mark})
	if err != nil {
		d.Fatal(err)
	}
	return found
}

const twoLines = `{"partner_id":%d,"notes":"Gate 3","date_order":"2026-11-02","message_ids.":{"subject":%q},"order_line.":[
 {"sequence":10,"product_id":%d,"product_qty":3,"product_uom.":{"name":"Units"},"price_unit":12.5},
 {"sequence":20,"product_id":%d,"product_qty":4}]}`

func (d *desk) vendor() int { return d.server.Search("res.partner", []any{"ref", "=", "V00001"})[0] }

func (d *desk) part(code string) int {
	return d.server.Search("product.product", []any{"default_code", "=", code})[0]
}

func (d *desk) order(mark string) string {
	d.Helper()
	return d.write(d.command("purchase-orders", manifest.Create, "", fmt.Sprintf(twoLines, d.vendor(), mark, d.part("P00001"), d.part("P00051")))).RemoteID
}

// TestLiveWrites writes to a real server, as the user whom the guide describes. The cases do not depend on each other.
func TestLiveWrites(t *testing.T) {
	t.Parallel()
	s := odoo.StartIfCached(t)
	for _, c := range []struct {
		name string
		run  func(*desk)
	}{
		{"an order is made as its form makes it", orderIsMade},
		{"an order and its lines are changed", orderIsChanged},
		{"an order goes through its states", orderIsMoved},
		{"masters are made, changed and deleted", mastersAreWritten},
		{"a work order goes through its stages", workOrderIsMoved},
		{"refusals prove what they say", refusals},
		{"many at once", manyAtOnce},
		{"an answer that is lost leaves the mark", lostAnswer},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(newDesk(t, s.For(t), user(s))) })
	}
}

func orderIsMade(d *desk) {
	id := d.order("bb-made")
	d.wants("purchase-orders", id, map[string]string{
		"state": `"draft"`, "partner_id": strconv.Itoa(d.vendor()), "date_order": `"2026-11-02T12:00:00Z"`, "currency_id./name": `"EUR"`, "notes": `"Gate 3"`,
		"order_line./0/price_unit": "12.5", "order_line./0/product_uom./name": `"Units"`, "order_line./1/product_qty": "4.0",
		"order_line./1/price_unit": "52.25", // the vendor's own price of the item
	})
	number, _ := strconv.Atoi(id)
	if tax := d.server.Read("purchase.order", number, "amount_tax")["amount_tax"]; tax == 0.0 {
		d.Error("the order has no taxes, as one that is entered in Odoo has")
	}
	if name := d.at("purchase-orders", id, "order_line.", "1", "name"); !strings.Contains(name, "Bearing 00051") {
		d.Errorf("the line is described as %s", name)
	}
	if found := d.found("purchase-orders", "bb-made"); len(found) != 1 || !strings.Contains(string(found[0]), `"id":`+id) {
		d.Errorf("%d orders carry the mark", len(found))
	}
	if found := d.found("purchase-orders", "bb-nobody"); len(found) != 0 {
		d.Errorf("%d orders carry a mark that nobody gave", len(found))
	}
}

func orderIsChanged(d *desk) {
	id := d.order("bb-changed")
	first, second := d.at("purchase-orders", id, "order_line.", "0", "id"), d.at("purchase-orders", id, "order_line.", "1", "id")
	d.write(d.command("purchase-orders", manifest.Update, id, fmt.Sprintf(`{"notes":null,"payment_term_id.":{"name":null},"order_line.":[{"op":"update","key":{"id":%s},"data":{"product_qty":7,"date_planned":"2026-12-24"}},
 {"op":"delete","key":{"id":%s}},{"op":"create","data":{"product_id":%d,"product_qty":2,"price_unit":3.333333}}]}`, first, second, d.part("P00004"))))
	d.wants("purchase-orders", id, map[string]string{"notes": "false", "order_line./0/id": first, "order_line./0/product_qty": "7.0",
		"order_line./0/date_planned": `"2026-12-24T12:00:00Z"`, "order_line./1/product_id": strconv.Itoa(d.part("P00004")), "order_line./1/price_unit": "3.33"})
	if n := strings.Count(d.at("purchase-orders", id, "order_line."), `"product_id"`); n != 2 {
		d.Errorf("%d lines, want 2", n)
	}
}

func orderIsMoved(d *desk) {
	id := d.order("bb-moved")
	for _, step := range []struct{ from, to, state string }{
		{"draft", "sent", "sent"}, {"sent", "approved", "purchase"}, {"approved", "closed", "done"}, {"closed", "approved", "purchase"},
		{"approved", "cancelled", "cancel"}, {"cancelled", "draft", "draft"},
	} {
		d.write(d.move("purchase-orders", id, step.from, step.to))
		if got := d.at("purchase-orders", id, "state"); got != strconv.Quote(step.state) {
			d.Errorf("from %s to %s: %s, want %s", step.from, step.to, got, step.state)
		}
	}
	// A button that is not for this state changes nothing, and Odoo says nothing: the record tells.
	d.write(d.move("purchase-orders", id, "pending_approval", "approved"))
	if got := d.at("purchase-orders", id, "state"); got == `"cancel"` {
		d.Errorf("approved before it was confirmed: %s", got)
	}
	number, _ := strconv.Atoi(id)
	d.server.Write("purchase.order", number, map[string]any{"state": "done"})
	d.server.Call("purchase.order", "button_unlock", []int{number})
}

func mastersAreWritten(d *desk) {
	for entity, m := range map[string]struct {
		create, update string
		made, changed  map[string]string
	}{
		"vendors": {`{"name":"Hydraulik Nord","ref":"0042","street":"Kaistr. 7","country_id.":{"code":"DE"},"message_ids.":{"subject":"bb-vendors"}}`,
			`{"phone":"+49 40 555","ref":null}`, map[string]string{"ref": `"0042"`, "country_id./code": `"DE"`}, map[string]string{"phone": `"+49 40 555"`, "ref": "false"}},
		"items": {`{"name":"Seal","default_code":"00017","detailed_type":"product","uom_id.":{"name":"kg"},"message_ids.":{"subject":"bb-items"}}`,
			`{"name":"Seal kit","active":false}`, map[string]string{"default_code": `"00017"`, "detailed_type": `"product"`, "uom_id./name": `"kg"`},
			map[string]string{"name": `"Seal kit"`, "active": "false"}},
		"assets": {`{"name":"Pump 9","serial_no":"0A9650","category_id.":{"name":"Pumps"},"warranty_date":"2027-05-13","message_ids.":{"subject":"bb-assets"}}`,
			`{"note":"Moved","warranty_date":null}`, map[string]string{"category_id./name": `"Pumps"`, "warranty_date": `"2027-05-13"`},
			map[string]string{"note": `"Moved"`, "warranty_date": "false"}},
	} {
		id := d.write(d.command(entity, manifest.Create, "", m.create)).RemoteID
		d.wants(entity, id, m.made)
		if found := d.found(entity, "bb-"+entity); len(found) != 1 {
			d.Errorf("%d %s carry the mark", len(found), entity)
		}
		d.write(d.command(entity, manifest.Update, id, m.update))
		d.wants(entity, id, m.changed)
		gone := d.command(entity, manifest.Delete, id, "")
		d.write(gone)
		if raw, err := d.writer.ReadOne(d.Context(), gone.Entity, id); err != nil || raw != nil {
			d.Errorf("%s is still there: %s, %v", entity, raw, err)
		}
		d.refused(gone, driver.Missing, "no such record")
	}
}

func workOrderIsMoved(d *desk) {
	asset := d.server.Search("maintenance.equipment")[0]
	id := d.write(d.command("work-orders", manifest.Create, "", fmt.Sprintf(
		`{"name":"Replace seal","equipment_id":%d,"maintenance_type":"corrective","schedule_date":"2026-11-04 07:00:00","duration":1.5,"message_ids.":{"subject":"bb-wo"}}`, asset))).RemoteID
	d.wants("work-orders", id, map[string]string{"stage_id./name": `"New Request"`, "schedule_date": `"2026-11-04T07:00:00Z"`, "archive": "false"})
	d.write(d.command("work-orders", manifest.Update, id, `{"stage_id.":{"name":"Repaired"}}`))
	d.wants("work-orders", id, map[string]string{"stage_id./name": `"Repaired"`})
	d.write(d.move("work-orders", id, "completed", "cancelled"))
	d.wants("work-orders", id, map[string]string{"archive": "true"})
	d.write(d.move("work-orders", id, "cancelled", "requested"))
	d.wants("work-orders", id, map[string]string{"archive": "false", "stage_id./name": `"New Request"`})
}

func refusals(d *desk) {
	vendor, part := d.vendor(), d.part("P00001")
	line := fmt.Sprintf(`[{"product_id":%d,"product_qty":1}]`, part)
	create := func(body string) driver.Command { return d.command("purchase-orders", manifest.Create, "", body) }
	d.refused(create(`{"order_line.":`+line+`}`), driver.Refused, "")
	d.refused(create(fmt.Sprintf(`{"partner_id":99999999,"order_line.":%s}`, line)), driver.Refused, "")
	d.refused(create(fmt.Sprintf(`{"partner_id":%d,"date_order":"soon","order_line.":%s}`, vendor, line)), driver.Refused, "time data")
	d.refused(create(fmt.Sprintf(`{"partner_id":%d,"nope":1,"order_line.":%s}`, vendor, line)), driver.Refused, "no field nope")
	d.refused(create(fmt.Sprintf(`{"partner_id":%d,"currency_id.":{"name":"XXX"},"order_line.":%s}`, vendor, line)), driver.Refused, `"XXX"`)
	d.refused(d.command("assets", manifest.Create, "", `{"name":"Twin","serial_no":"SN-0000001"}`), driver.Doubled, "")
	missing := driver.Command{Entity: d.system.Entity("purchase-orders"), Op: manifest.Update, RemoteID: "99999999", Body: []byte(`{"notes":"x"}`)}
	d.refused(missing, driver.Missing, "no such record")
	item := driver.Command{Entity: d.system.Entity("items"), Op: manifest.Delete, RemoteID: strconv.Itoa(part)}
	d.refused(item, driver.Refused, "")

	clerk := user(d.server)
	clerk["username"], clerk["api_key"] = d.server.ClerkUser, d.server.ClerkPassword
	other := newDesk(d.T, d.server, clerk)
	other.refused(other.command("items", manifest.Create, "", `{"name":"Not allowed"}`), driver.Refused, "")
	wrong := user(d.server)
	wrong["api_key"] = "nope"
	other = newDesk(d.T, d.server, wrong)
	other.refused(driver.Command{Entity: item.Entity, Op: manifest.Create, Body: []byte(`{"name":"x"}`)}, driver.NotSent, "refuses the user name or the API key")
}

func manyAtOnce(d *desk) {
	var commands []driver.Command
	for i := range 5 {
		mark := fmt.Sprintf("bb-many-%d", i)
		c := d.command("vendors", manifest.Create, "", fmt.Sprintf(`{"name":"Vendor no. %d","message_ids.":{"subject":%q}}`, i, mark))
		c.Mark = mark
		commands = append(commands, c)
	}
	results, err := d.writer.WriteMany(d.ctx, commands, true)
	if err != nil {
		d.Fatal(err)
	}
	var gone []driver.Command
	for i, r := range results {
		if r.Err != nil {
			d.Fatal(r.Err)
		}
		d.wants("vendors", r.RemoteID, map[string]string{"name": fmt.Sprintf(`"Vendor no. %d"`, i)})
		gone = append(gone, d.command("vendors", manifest.Delete, r.RemoteID, ""))
	}
	if _, err := d.writer.WriteMany(d.ctx, gone, true); err != nil {
		d.Fatal(err)
	}
	if left := d.server.Search("res.partner", []any{"name", "like", "Vendor no. %"}); len(left) != 0 {
		d.Errorf("%d are left", len(left))
	}
	commands[3].Body = []byte(`{"name":"Vendor no. 3","country_id":99999999,"message_ids.":{"subject":"bb-many-3"}}`)
	if _, err := d.writer.WriteMany(d.ctx, commands, true); driver.FateOf(err) != driver.Refused {
		d.Errorf("one that is refused among five: %v", err)
	}
	if made := d.server.Search("res.partner", []any{"name", "like", "Vendor no. %"}); len(made) != 0 {
		d.Errorf("%d were made although one was refused", len(made))
	}
}

// losing loses the answer to the first create, after Odoo has given it.
type losing struct {
	http.RoundTripper
	lost *bool
}

func (l losing) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := r.GetBody()
	if err != nil {
		return nil, err
	}
	text, _ := io.ReadAll(body)
	resp, err := l.RoundTripper.RoundTrip(r)
	if err == nil && !*l.lost && strings.Contains(string(text), `"create"`) {
		*l.lost = true
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		return nil, io.ErrUnexpectedEOF
	}
	return resp, err
}

func lostAnswer(d *desk) {
	wire := loopback(d.T, d.server.URL).Client(egress.ClientConfig{})
	lost := false
	wire.Transport = losing{wire.Transport, &lost}
	other := newDeskOn(d.T, d.server, user(d.server), wire)
	_, err := other.writer.Write(other.ctx, other.command("vendors", manifest.Create, "", `{"name":"Perhaps","message_ids.":{"subject":"bb-lost"}}`))
	if driver.FateOf(err) != driver.Unknown || !lost {
		d.Fatalf("%v is %s, want unknown", err, driver.FateOf(err))
	}
	found := other.found("vendors", "bb-lost")
	var r struct{ Name string }
	if len(found) != 1 || json.Unmarshal(found[0], &r) != nil || r.Name != "Perhaps" {
		d.Errorf("found %s", found)
	}
}
