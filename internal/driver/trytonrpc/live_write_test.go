package trytonrpc_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/trytonrpc"
	"github.com/busbar-dev/busbar/internal/egress"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
	"github.com/busbar-dev/busbar/internal/realsys/tryton"
	"github.com/busbar-dev/busbar/internal/secret"
)

// desk is the connector's own client of one running Tryton, as writes use it.
type desk struct {
	*testing.T
	system *manifest.System
	server *tryton.Server
	client driver.Client
	writer driver.Writer
	ctx    context.Context
	ahead  atomic.Int64 // of the clock
}

func newDesk(t *testing.T, s *tryton.Server, login map[string]string) *desk {
	t.Helper()
	d := &desk{T: t, system: connector(t), server: s, ctx: egress.AsWrite(t.Context(), egress.Sending{})}
	c, err := trytonrpc.New().Open(d.system, driver.Config{Credentials: secret.NewCredentials(login).Public("url", "database", "username"),
		HTTP: loopback(t, s.URL).Client(egress.ClientConfig{}), Now: func() time.Time { return time.Now().Add(time.Duration(d.ahead.Load())) }, TimeZone: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	d.client, d.writer = c, c.(driver.Writer) //nolint:errcheck,forcetypeassert // the contract
	return d
}

func (d *desk) command(entity string, op manifest.Op, id, body string) driver.Command {
	d.Helper()
	c := driver.Command{Entity: d.system.Entity(entity), Op: op, RemoteID: id, Body: []byte(body)}
	if id != "" {
		c.Current, c.Insist = d.read(entity, id), true
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

func (d *desk) press(id, from, to string) driver.Command {
	d.Helper()
	c := d.command("purchase-orders", manifest.Update, id, "")
	c.Body = nil
	rows := d.system.Entity("purchase-orders").Moves.Rows
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

const twoLines = `{"party":2,"comment":"Gate 3","purchase_date":{"__class__":"date","year":2026,"month":11,"day":2},"notes.":{"message":%q},"lines.":[
 {"sequence":10,"product":1,"quantity":3,"unit.":{"symbol":"u"},"unit_price":{"__class__":"Decimal","decimal":"12.5000"}},
 {"sequence":20,"product":2,"quantity":4,"note":"with certificate"}]}`

func (d *desk) order(mark string) string {
	d.Helper()
	return d.write(d.command("purchase-orders", manifest.Create, "", fmt.Sprintf(twoLines, mark))).RemoteID
}

// TestLiveWrites writes to a real server. The cases do not depend on each other.
func TestLiveWrites(t *testing.T) {
	t.Parallel()
	s := tryton.Start(t)
	for _, c := range []struct {
		name string
		run  func(*desk)
	}{
		{"an order is made as asked", orderIsMade},
		{"one record is read as in the list", oneAsInTheList},
		{"an order and its lines are changed", orderIsChanged},
		{"a stale record is not written", staleIsRefused},
		{"an order moves through its states", orderMoves},
		{"an order is deleted", orderIsDeleted},
		{"vendors", vendors},
		{"items", items},
		{"what Tryton refuses", whatTrytonRefuses},
		{"many or none", manyOrNone},
		{"a session that ended", sessionEnded},
		{"an answer that is lost", answerLost},
		{"a clerk of purchasing", clerkOfPurchasing},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(newDesk(t, s.For(t), admin(s))) })
	}
}

func orderIsMade(d *desk) {
	id := d.order("bbmade-0")
	for path, want := range map[string]string{
		"party": "2", "state": `"draft"`, "comment": `"Gate 3"`, "currency./code": `"USD"`, "lines./0/product": "1", "lines./0/quantity": "3.0", "lines./0/type": `"line"`,
		"lines./0/unit_price": `{"__class__":"Decimal","decimal":"12.5000"}`, "lines./1/unit./symbol": `"u"`, "lines./1/note": `"with certificate"`,
	} {
		if got := d.at("purchase-orders", id, strings.Split(path, "/")...); got != want {
			d.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	if got := d.at("purchase-orders", id, "tax_amount", "decimal"); got == `"0"` || got == `"0.00"` {
		d.Error("the items' taxes are missing, which Tryton's form fills in")
	}
	if order := d.server.Read("purchase.purchase", number(d, id), "invoice_address"); order["invoice_address"] == nil {
		d.Error("the vendor's address is missing, which Tryton's form fills in")
	}
	if found := d.found("purchase-orders", "bbmade-0"); len(found) != 1 || string(found[0]) != string(d.read("purchase-orders", id)) {
		d.Errorf("by its mark there came %s", found)
	}
	if found := d.found("purchase-orders", "bbmade-1"); len(found) != 0 {
		d.Errorf("another mark found %s", found)
	}
}

func number(d *desk, id string) int {
	n, err := strconv.Atoi(id)
	if err != nil {
		d.Fatal(err)
	}
	return n
}

func oneAsInTheList(d *desk) {
	for _, entity := range []string{"purchase-orders", "vendors", "items"} {
		page, err := d.client.Fetch(d.Context(), driver.Request{Entity: d.system.Entity(entity), Limit: 500})
		if err != nil {
			d.Fatal(err)
		}
		for _, raw := range page.Records[:6] {
			id, _, _ := rawjson.Find(raw, "id")
			if one := d.read(entity, string(id)); string(one) != string(raw) {
				d.Errorf("%s\nin the list: %s\nby itself:   %s", entity, raw, one)
			}
		}
	}
	if raw, err := d.writer.ReadOne(d.Context(), d.system.Entity("vendors"), "999999"); raw != nil || err != nil {
		d.Errorf("a record that does not exist: %s, %v", raw, err)
	}
}

func orderIsChanged(d *desk) {
	id := d.order("bbchanged-0")
	first, second := d.at("purchase-orders", id, "lines.", "0", "id"), d.at("purchase-orders", id, "lines.", "1", "id")
	d.write(d.command("purchase-orders", manifest.Update, id, fmt.Sprintf(`{"comment":"Gate 4","payment_term.":{"name":null},"lines.":[{"op":"delete","key":{"id":%s}},
		{"op":"update","key":{"id":%s},"data":{"quantity":7}},{"op":"create","data":{"sequence":30,"product":3,"quantity":1}}]}`, second, first)))
	for path, want := range map[string]string{"comment": `"Gate 4"`, "lines./0/id": first, "lines./0/quantity": "7.0", "lines./0/unit_price/decimal": `"12.5000"`, "lines./1/product": "3"} {
		if got := d.at("purchase-orders", id, strings.Split(path, "/")...); got != want {
			d.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}

// Tryton's stamps on SQLite tell seconds apart; the comparison in front of the write tells everything apart that was there before it.
func staleIsRefused(d *desk) {
	id := d.order("bbstale-0")
	for name, change := range map[string]func(){
		"the order": func() {
			d.server.Write("purchase.purchase", number(d, id), map[string]any{"comment": time.Now().String()})
		},
		"a line": func() {
			d.server.Write("purchase.line", number(d, d.at("purchase-orders", id, "lines.", "0", "id")), map[string]any{"note": time.Now().String()})
		},
	} {
		c := d.command("purchase-orders", manifest.Update, id, `{"comment":"mine"}`)
		change()
		d.refused(c, driver.Conflicts, "changed")
		if got := d.at("purchase-orders", id, "comment"); got == `"mine"` {
			d.Errorf("%s was changed by others, and written over", name)
		}
	}
}

func orderMoves(d *desk) {
	id := d.order("bbmoves-0")
	state := func(want string) {
		d.Helper()
		if got := d.at("purchase-orders", id, "state"); got != strconv.Quote(want) {
			d.Errorf("the state is %s, want %s", got, want)
		}
	}
	d.write(d.press(id, "draft", "pending_approval"))
	state("quotation")
	d.write(d.press(id, "pending_approval", "draft"))
	state("draft")
	d.write(d.press(id, "draft", "pending_approval"))
	d.write(d.press(id, "pending_approval", "approved"))
	state("processing") // it goes on by itself
	before := d.read("purchase-orders", id)
	for _, to := range [][2]string{{"draft", "cancelled"}, {"cancelled", "draft"}} { // what it answers is success
		d.write(d.press(id, to[0], to[1]))
		if after := d.read("purchase-orders", id); string(after) != string(before) {
			d.Errorf("%s of an order in process changed it:\n%s\n%s", to[1], before, after)
		}
	}
	cancelled := d.order("bbmoves-1")
	d.write(d.press(cancelled, "draft", "cancelled"))
	if got := d.at("purchase-orders", cancelled, "state"); got != `"cancelled"` {
		d.Errorf("cancelled: %s", got)
	}
}

func orderIsDeleted(d *desk) {
	id := d.order("bbdeleted-0")
	c := d.command("purchase-orders", manifest.Delete, id, "")
	d.write(c)
	if raw, err := d.writer.ReadOne(d.Context(), c.Entity, id); raw != nil || err != nil {
		d.Errorf("still there: %s, %v", raw, err)
	}
	c.Insist = false
	for _, insist := range []bool{false, true} {
		c.Insist = insist
		d.refused(c, driver.Missing, "")
		update := c
		update.Op, update.Body = manifest.Update, []byte(`{"comment":"x"}`)
		d.refused(update, driver.Missing, "")
	}
	d.refused(d.command("purchase-orders", manifest.Delete, "79", ""), driver.Refused, "you must cancel it")
}

func vendors(d *desk) {
	id := d.write(d.command("vendors", manifest.Create, "", `{"name":"Hydraulik Nord GmbH","code":"HN-1","identifiers.":{"code":"bbvendor-0"}}`)).RemoteID
	if got := d.at("vendors", id, "code"); got != `"HN-1"` {
		d.Errorf("code: %s", got)
	}
	d.write(d.command("vendors", manifest.Update, id, `{"name":"Hydraulik Süd GmbH","active":false}`))
	if name, active := d.at("vendors", id, "name"), d.at("vendors", id, "active"); !strings.HasPrefix(name, `"Hydraulik S\u00fcd`) || !untrue(active) {
		d.Errorf("changed: %s %s", name, active)
	}
	d.refused(d.command("vendors", manifest.Create, "", `{"name":"Another","code":"HN-1"}`), driver.Doubled, "")
	numbered := d.write(d.command("vendors", manifest.Create, "", `{"name":"Numbered","identifiers.":{"code":"bbvendor-1"}}`)).RemoteID
	if got := d.at("vendors", numbered, "code"); got == `""` || got == "null" {
		d.Errorf("Tryton gave no code: %s", got)
	}
	if found := d.found("vendors", "bbvendor-0"); len(found) != 1 {
		d.Errorf("archived, it is not found by its mark: %s", found)
	}
	order := d.write(d.command("purchase-orders", manifest.Create, "", `{"party":`+numbered+`,"lines.":[{"product":1,"quantity":1}]}`)).RemoteID
	d.write(d.press(order, "draft", "pending_approval"))
	d.write(d.press(order, "pending_approval", "approved"))
	if got := d.at("purchase-orders", order, "state"); got != `"processing"` {
		d.Errorf("an order with the new vendor: %s", got)
	}
}

// untrue knows that Tryton on SQLite answers 0.
func untrue(raw string) bool { return raw == "false" || raw == "0" }

func items(d *desk) {
	id := d.write(d.command("items", manifest.Create, "", `{"code":"NUT-8","description":"M8","cost_price":{"__class__":"Decimal","decimal":"0.12"},"identifiers.":{"code":"bbitem-0"},
		"template.":{"name":"Nut","type":"goods","default_uom.":{"symbol":"u"},"list_price":{"__class__":"Decimal","decimal":"0.30"}}}`)).RemoteID
	check := func(want map[string]string) {
		d.Helper()
		for path, want := range want {
			if got := d.at("items", id, strings.Split(path, "/")...); got != want {
				d.Errorf("%s is %s, want %s", path, got, want)
			}
		}
	}
	check(map[string]string{"code": `"NUT-8"`, "description": `"M8"`, "template./name": `"Nut"`, "template./default_uom./symbol": `"u"`, "cost_price/decimal": `"0.12"`})
	if found := d.found("items", "bbitem-0"); len(found) != 1 {
		d.Errorf("by its mark: %s", found)
	}
	d.write(d.command("items", manifest.Update, id, `{"description":"M8 DIN 934"}`))
	d.write(d.command("items", manifest.Update, id, `{"description":"M8 ISO 4032","active":false,"template.":{"name":"Hex nut"}}`))
	check(map[string]string{"description": `"M8 ISO 4032"`, "template./name": `"Hex nut"`, "code": `"NUT-8"`})
	if got := d.at("items", id, "active"); !untrue(got) {
		d.Errorf("active: %s", got)
	}
	c := d.command("items", manifest.Update, id, `{"template.":{"name":"Mine"}}`)
	template := number(d, d.at("items", id, "template.", "id"))
	d.server.Write("product.template", template, map[string]any{"name": "Theirs"})
	d.refused(c, driver.Conflicts, "changed")
	d.refused(d.command("items", manifest.Create, "", `{"code":"000000","template.":{"name":"Other","type":"goods","default_uom.":{"symbol":"u"}}}`), driver.Doubled, "")
	order := d.order("bbitem-1")
	d.write(d.command("purchase-orders", manifest.Update, order, `{"lines.":[{"op":"create","data":{"product":`+d.write(d.command("items", manifest.Create, "",
		`{"template.":{"name":"Bought","type":"goods","default_uom.":{"symbol":"u"}}}`)).RemoteID+`,"quantity":1,"unit_price":{"__class__":"Decimal","decimal":"1"}}}]}`))
}

func whatTrytonRefuses(d *desk) {
	order := func(line string) driver.Command {
		return d.command("purchase-orders", manifest.Create, "", `{"party":2,"notes.":{"message":"bbrefused-0"},"lines.":[`+line+`]}`)
	}
	for line, says := range map[string]string{
		`{"product":1}`: `A value is required for field "Quantity"`,
		`{"product":1,"quantity":1,"unit_price":{"__class__":"Decimal","decimal":"3.123456"}}`: "exceeds the limit",
		`{"product":99999,"quantity":1}`:                                  "don't exist anymore",
		`{"product":1,"quantity":1,"unit.":{"symbol":"furlong"}}`:         `no product.uom whose symbol is "furlong"`,
		`{"product":1,"quantity":1,"unit.":{"symbol":"kg"}}`:              "not valid according to its domain",
		`{"product":1,"quantity":1,"product_supplier.":{"code":"SUP-0"}}`: "does not say how product_supplier",
		`{"product":1,"quantity":1,"nope":2}`:                             "'nope'",
	} {
		d.refused(order(line), driver.Refused, says)
	}
	if found := d.found("purchase-orders", "bbrefused-0"); len(found) != 0 {
		d.Errorf("something was made all the same: %s", found)
	}
	clerk := admin(d.server)
	clerk["username"], clerk["password"] = d.server.ClerkUser, d.server.ClerkPassword
	newDesk(d.T, d.server, clerk).refused(order(`{"product":1,"quantity":1}`), driver.Refused, "not allowed")
	wrong := admin(d.server)
	wrong["password"] = "nope"
	newDesk(d.T, d.server, wrong).refused(order(`{"product":1,"quantity":1}`), driver.NotSent, "")
}

func manyOrNone(d *desk) {
	commands := func(mark string, bad int) (cs []driver.Command) {
		for i := range 20 {
			m, quantity := fmt.Sprintf("%s-%d", mark, i), strconv.Itoa(i+1)
			if i == bad {
				quantity = "null"
			}
			c := d.command("purchase-orders", manifest.Create, "", fmt.Sprintf(`{"party":2,"comment":%q,"notes.":{"message":%q},"lines.":[{"product":1,"quantity":%s}]}`, m, m, quantity))
			c.Mark = m
			cs = append(cs, c)
		}
		return cs
	}
	before := len(d.server.Search("purchase.purchase"))
	if _, err := d.writer.WriteMany(d.ctx, commands("bbnone", 13), true); driver.FateOf(err) != driver.Refused {
		d.Errorf("one bad of 20: %v", err)
	}
	if after := len(d.server.Search("purchase.purchase")); after != before {
		d.Errorf("%d of the 20 were made all the same", after-before)
	}
	cs := commands("bbmany", -1)
	results, err := d.writer.WriteMany(d.ctx, cs, true)
	if err != nil {
		d.Fatal(err)
	}
	var updates []driver.Command
	for i, r := range results {
		if got := d.at("purchase-orders", r.RemoteID, "comment"); r.Err != nil || got != strconv.Quote(cs[i].Mark) || string(r.Record) != string(d.read("purchase-orders", r.RemoteID)) {
			d.Errorf("%s: %s, %v", cs[i].Mark, got, r.Err)
		}
		updates = append(updates, d.command("purchase-orders", manifest.Update, r.RemoteID, fmt.Sprintf(`{"comment":"changed %d"}`, i)))
	}
	if _, err := d.writer.WriteMany(d.ctx, updates, true); err != nil {
		d.Fatal(err)
	}
	for i, r := range results {
		if got := d.at("purchase-orders", r.RemoteID, "comment"); got != fmt.Sprintf(`"changed %d"`, i) {
			d.Errorf("update %d: %s", i, got)
		}
	}
	updates = updates[:0]
	for _, r := range results[:3] {
		updates = append(updates, d.command("purchase-orders", manifest.Delete, r.RemoteID, ""))
	}
	if _, err := d.writer.WriteMany(d.ctx, updates, true); err != nil {
		d.Fatal(err)
	}
}

// A session that Tryton no longer knows costs no write and doubles none: Tryton answers 401 before it looks at the call.
func sessionEnded(d *desk) {
	d.order("bbsession-0")
	d.server.SQL("delete from ir_session")
	create := driver.Command{Entity: d.system.Entity("vendors"), Op: manifest.Create, Body: []byte(`{"name":"Late","identifiers.":{"code":"bbsession-1"}}`)}
	_, err := d.writer.Write(d.ctx, create)
	if driver.FateOf(err) != driver.NotSent || driver.KindOf(err) == driver.Credentials {
		d.Fatalf("%v is %s, want it not sent, and no fault of the login", err, driver.FateOf(err))
	}
	if found := d.found("vendors", "bbsession-1"); len(found) != 0 {
		d.Errorf("refused for its session, and done: %s", found)
	}
	d.write(create)
	if found := d.found("vendors", "bbsession-1"); len(found) != 1 {
		d.Errorf("sent again it is there %d times", len(found))
	}
	d.server.SQL("delete from ir_session")
	d.ahead.Add(int64(2 * time.Minute)) // it was not used for so long: it is tried before the write
	d.write(d.command("vendors", manifest.Create, "", `{"name":"Later"}`))
}

// Whatever comes back instead of the answer, the write is unknown, and its mark tells that it was done, once.
func answerLost(d *desk) {
	target, err := url.Parse(d.server.URL)
	if err != nil {
		d.Fatal(err)
	}
	for name, spoil := range map[string]func(http.ResponseWriter, []byte){
		"cut": func(w http.ResponseWriter, answer []byte) {
			w.Header().Set("Content-Length", "900")
			_, _ = w.Write(answer)
		},
		"page": func(w http.ResponseWriter, _ []byte) { _, _ = io.WriteString(w, "<html>please log in</html>") },
		"gate": func(w http.ResponseWriter, _ []byte) { w.WriteHeader(http.StatusBadGateway) },
		"none": func(http.ResponseWriter, []byte) { panic(http.ErrAbortHandler) },
	} {
		proxy := httptest.NewUnstartedServer(nil)
		proxy.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(body))
			answer := httptest.NewRecorder()
			httputil.NewSingleHostReverseProxy(target).ServeHTTP(answer, r)
			if bytes.Contains(body, []byte("purchase.create")) {
				spoil(w, answer.Body.Bytes())
				return
			}
			w.WriteHeader(answer.Code)
			_, _ = w.Write(answer.Body.Bytes())
		})
		proxy.Start()
		d.Cleanup(proxy.Close)
		login := admin(d.server)
		login["url"] = proxy.URL
		mark := "bblost-" + name
		behind := newDesk(d.T, &tryton.Server{URL: proxy.URL}, login)
		behind.refused(behind.command("purchase-orders", manifest.Create, "", fmt.Sprintf(twoLines, mark)), driver.Unknown, "")
		if found := d.found("purchase-orders", mark); len(found) != 1 {
			d.Errorf("%s: done %d times", name, len(found))
		}
	}
}

// The group that the guide names is enough for vendors and orders, the button that processes an order aside.
func clerkOfPurchasing(d *desk) {
	group := d.server.Search("res.group", []any{"name", "=", "Purchase"})
	d.server.Create("res.user", map[string]any{"name": "Busbar", "login": "busbar", "password": "qwEr7zuIpa5kfX", "company": 1,
		"companies": []any{[]any{"add", []int{1}}}, "groups": []any{[]any{"add", group}}})
	login := admin(d.server)
	login["username"], login["password"] = "busbar", "qwEr7zuIpa5kfX"
	clerk := newDesk(d.T, d.server, login)
	clerk.write(clerk.command("vendors", manifest.Create, "", `{"name":"By the clerk","identifiers.":{"code":"bbclerk-0"}}`))
	id := clerk.order("bbclerk-1")
	if found := clerk.found("purchase-orders", "bbclerk-1"); len(found) != 1 {
		d.Errorf("by its mark: %s", found)
	}
	clerk.write(clerk.press(id, "draft", "pending_approval"))
	clerk.write(clerk.press(id, "pending_approval", "approved"))
	clerk.refused(clerk.press(id, "approved", "sent"), driver.Refused, "not allowed")
	clerk.refused(clerk.command("items", manifest.Create, "", `{"template.":{"name":"Nut","type":"goods","default_uom.":{"symbol":"u"}}}`), driver.Refused, "not allowed")
}
