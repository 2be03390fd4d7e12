package sqldb_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
)

const vendors = `
entities:
  vendors:
    read: {table: vendors}
    id: id
    updated_at: changed
    cursor: {precision: 1us}
    fields: {name: name, code: code}
    evidence: {read: documented}
`

const makeVendors = "CREATE TABLE vendors (id $ID, name $TEXT, code $TEXT, changed $AT NULL)"

// at is a time of the tests, as each database takes it in a session whose zone is UTC.
func at(second int) string {
	return time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC).Add(time.Duration(second) * time.Second).Format("2006-01-02 15:04:05")
}

// stamp writes a time into a column of either database, whatever the session's zone.
func (b *base) stamp(second int) string {
	if b.kind == "mysql" {
		return "CONVERT_TZ('" + at(second) + "', '+00:00', @@session.time_zone)"
	}
	return "'" + at(second) + "+00'"
}

func (b *base) addVendors(t testing.TB, from, to int, second func(n int) int) {
	t.Helper()
	var rows []string
	for n := from; n <= to; n++ {
		rows = append(rows, fmt.Sprintf("(%d, 'Vendor %d', 'V%04d', %s)", n, n, n, b.stamp(second(n))))
	}
	b.exec(t, "INSERT INTO vendors (id, name, code, changed) VALUES "+strings.Join(rows, ", "))
}

func TestProbe(t *testing.T) {
	both(t, func(t *testing.T, b *base) {
		b.exec(t, makeVendors)
		p, err := open(t, system(t, vendors), b.login).Probe(t.Context())
		if err != nil || p.Version == "" || !strings.Contains(p.Account, b.login["database"]) {
			t.Errorf("got %+v (%v)", p, err)
		}
	})
}

// All values come out exactly, whatever the client of the database thinks of them.
func TestValuesAreExact(t *testing.T) {
	both(t, func(t *testing.T, b *base) {
		b.exec(t, "CREATE TABLE vendors (id BIGINT PRIMARY KEY, name $TEXT, code DECIMAL(30,10), changed $AT NULL, wall $WALL NULL, day DATE NULL, yes $BOOL, r $REAL, photo $BLOB, "+
			"$QOdd name, with [marks] + €$Q $TEXT, doc JSON)")
		b.exec(t, `INSERT INTO vendors VALUES (9007199254740993, 'Ünïcode "quoted" \ 雪', 12345678901234567890.1234567890, `+b.stamp(1)+`, '2026-10-25 02:30:00.123456', '2026-02-28', TRUE, 0.1, 'x', 'odd', '{"a": [1.10]}')`)
		b.exec(t, `INSERT INTO vendors (id) VALUES (9007199254740994)`)
		c := open(t, system(t, strings.Replace(vendors, "read: {table: vendors}", "read: {table: vendors, json: [doc]}", 1)), b.login)
		records, pages := drain(t, c, driver.Request{Entity: system(t, vendors).Entity("vendors"), Limit: 1})
		want := map[string]string{"id": "9007199254740993", "code": "12345678901234567890.1234567890", "changed": `"2026-03-04T10:00:01Z"`, "wall": `"2026-10-25T02:30:00.123456"`,
			"day": `"2026-02-28"`, "r": "0.1", `Odd name, with [marks] + €`: `"odd"`}
		for name, value := range want {
			if got := string(records[0][name]); got != value {
				t.Errorf("%s is %s, want %s", name, got, value)
			}
		}
		var name string
		if json.Unmarshal(records[0]["name"], &name) != nil || name != `Ünïcode "quoted" \ 雪` && name != `Ünïcode "quoted"  雪` {
			t.Errorf("the name is %q", name)
		}
		if yes := string(records[0]["yes"]); yes != "true" && yes != "1" {
			t.Errorf("yes is %s", yes)
		}
		if _, there := records[0]["photo"]; there {
			t.Error("a binary column that nobody wants is read")
		}
		if !strings.Contains(string(records[0]["doc"]), `[1.10]`) {
			t.Errorf("doc is %s", records[0]["doc"])
		}
		if string(records[1]["code"]) != "null" || len(records) != 2 || pages[0].Total != 2 {
			t.Errorf("got %v of %d", records[1], pages[0].Total)
		}
	})
}

// Rows of one time of change, more than fill a page, come once each and in order.
func TestPages(t *testing.T) {
	both(t, func(t *testing.T, b *base) {
		b.exec(t, makeVendors)
		b.addVendors(t, 1, 25, func(n int) int { return n / 10 })
		b.exec(t, "UPDATE vendors SET changed = NULL WHERE id IN (3, 4)")
		s := system(t, vendors)
		c := open(t, s, b.login)
		records, pages := drain(t, c, driver.Request{Entity: s.Entity("vendors"), Limit: 3})
		if got := len(records); got != 25 || pages[0].Total != 25 || column(records[:3], "id") != "1 2 3" {
			t.Errorf("a full listing gives %d of %d", got, pages[0].Total)
		}
		if want := time.Date(2026, 3, 4, 10, 0, 2, 0, time.UTC); !pages[0].HighWater.Equal(want) || pages[0].Ordered {
			t.Errorf("high water %s, want %s", pages[0].HighWater, want)
		}
		for _, limit := range []int{1, 2, 4, 7, 100} {
			changed, pages := drain(t, c, driver.Request{Entity: s.Entity("vendors"), Limit: limit, Since: time.Date(2026, 3, 4, 10, 0, 1, 0, time.UTC)})
			if want := "3 4 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25"; column(changed, "id") != want || pages[0].Total != 18 {
				t.Errorf("in pages of %d the changes are %s of %d, want %s", limit, column(changed, "id"), pages[0].Total, want)
			}
			if last := pages[len(pages)-1]; !last.Ordered || !last.HighWater.Equal(time.Date(2026, 3, 4, 10, 0, 2, 0, time.UTC)) {
				t.Errorf("in pages of %d the last one promises %s", limit, last.HighWater)
			}
		}
	})
}

// A time of change that lies in the future does not move the cursor beyond the database's own clock.
func TestHighWaterKeepsToTheClock(t *testing.T) {
	both(t, func(t *testing.T, b *base) {
		b.exec(t, makeVendors)
		b.addVendors(t, 1, 1, func(int) int { return 86400 * 365 * 5 })
		s := system(t, vendors)
		c := open(t, s, b.login)
		now := time.Now()
		for _, since := range []time.Time{{}, now.Add(-time.Hour)} {
			_, pages := drain(t, c, driver.Request{Entity: s.Entity("vendors"), Since: since})
			if hw := pages[0].HighWater; hw.IsZero() || hw.After(now.Add(time.Minute)) {
				t.Errorf("since %s it promises %s", since, hw)
			}
		}
	})
}

// What changes, comes and goes between pages is in the listing of changes, and moves nothing out of a full one.
func TestChangesBetweenPages(t *testing.T) {
	both(t, func(t *testing.T, b *base) {
		b.exec(t, makeVendors)
		b.addVendors(t, 1, 20, func(n int) int { return n })
		s := system(t, vendors)
		c := open(t, s, b.login)
		change := func(page int) {
			switch page {
			case 0:
				b.exec(t, "UPDATE vendors SET changed = "+b.stamp(100)+" WHERE id IN (1, 10)")
			case 1:
				b.exec(t, "DELETE FROM vendors WHERE id IN (2, 15)")
			}
		}
		changed, _ := drain(t, c, driver.Request{Entity: s.Entity("vendors"), Limit: 4, Since: time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)}, change)
		if want := "1 2 3 4 5 6 7 8 9 11 12 13 14 16 17 18 19 20 1 10"; column(changed, "id") != want {
			t.Errorf("changes are %s, want %s", column(changed, "id"), want)
		}
		full, pages := drain(t, c, driver.Request{Entity: s.Entity("vendors"), Limit: 4}, func(page int) {
			if page == 0 {
				b.exec(t, "UPDATE vendors SET changed = "+b.stamp(200)+" WHERE id = 20")
				b.exec(t, "DELETE FROM vendors WHERE id = 1")
			}
		})
		if want := "1 3 4 5 6 7 8 9 10 11 12 13 14 16 17 18 19 20"; column(full, "id") != want || pages[len(pages)-1].Total > 18 {
			t.Errorf("the full listing is %s of %d, want %s", column(full, "id"), pages[len(pages)-1].Total, want)
		}
	})
}

// A transaction that began before the cursor and is committed behind it is within the lookback of the next run.
func TestLateCommit(t *testing.T) {
	both(t, func(t *testing.T, b *base) {
		b.exec(t, makeVendors)
		b.addVendors(t, 1, 3, func(n int) int { return 10 + n })
		s := system(t, vendors)
		c := open(t, s, b.login)
		tx, err := b.db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec("INSERT INTO vendors (id, name, changed) VALUES (4, 'late', " + b.stamp(11) + ")"); err != nil {
			t.Fatal(err)
		}
		_, pages := drain(t, c, driver.Request{Entity: s.Entity("vendors")})
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		changed, _ := drain(t, c, driver.Request{Entity: s.Entity("vendors"), Since: pages[0].HighWater.Add(-s.Entity("vendors").Cursor.Lookback)})
		if want := "1 4 2 3"; column(changed, "id") != want {
			t.Errorf("got %s, want %s", column(changed, "id"), want)
		}
	})
}

// A listing of 10,000 rows ends, counts right, and goes on from a token in another process.
func TestManyRows(t *testing.T) {
	both(t, func(t *testing.T, b *base) {
		b.exec(t, makeVendors)
		for n := 0; n < 10; n++ {
			b.addVendors(t, n*1000+1, n*1000+1000, func(n int) int { return n / 100 })
		}
		s := system(t, vendors)
		first, err := open(t, s, b.login).Fetch(t.Context(), driver.Request{Entity: s.Entity("vendors"), Limit: 900})
		if err != nil {
			t.Fatal(err)
		}
		rest, _ := drain(t, open(t, s, b.login), driver.Request{Entity: s.Entity("vendors"), Limit: 900, Token: first.Next})
		if got := len(first.Records) + len(rest); got != 10000 || first.Total != 10000 {
			t.Errorf("%d rows of %d", got, first.Total)
		}
	})
}

const orders = `
entities:
  vendors:
    read: {table: vendors, columns: [id, name]}
    id: id
    fields: {name: name}
    evidence: {read: documented}
  purchase-orders:
    read:
      query: "SELECT o.*, v.name AS vendor_name FROM orders o LEFT JOIN vendors v ON v.id = o.vendor"
      where: {company: [ACME]}
      with:
        lines: {table: order_lines, on: {company: company, order_no: number}, key: [line_no], columns: [line_no, item, qty]}
        site: {table: sites, on: {code: site}, single: true}
    id: [company, number]
    updated_at: [changed, made]
    cursor: {precision: 1us}
    history: ordered
    hot: {every: 1h, read: {where: {state: [open]}}}
    fields:
      number: number
      vendor: vendor
      status: {from: state, values: {open: sent, done: closed}}
      order_date: ordered
      notes: site/name
      lines:
        from: lines
        id: line_no
        fields: {description: item, quantity: {value: qty, unit: {const: EA}}}
    evidence: {read: documented}
`

func (b *base) makeOrders(t testing.TB) {
	t.Helper()
	b.exec(t, "CREATE TABLE vendors (id $ID, name $TEXT)")
	b.exec(t, "CREATE TABLE sites (code VARCHAR(20) PRIMARY KEY, name $TEXT)")
	b.exec(t, "CREATE TABLE orders (company VARCHAR(20), number VARCHAR(20), vendor BIGINT, site VARCHAR(20), state VARCHAR(20), ordered DATE NULL, made $AT NULL, changed $AT NULL, PRIMARY KEY (company, number))")
	b.exec(t, "CREATE TABLE order_lines (company VARCHAR(20), order_no VARCHAR(20), line_no INT, item $TEXT, qty DECIMAL(12,3), PRIMARY KEY (company, order_no, line_no))")
	b.exec(t, "INSERT INTO vendors (id, name) VALUES (1, 'Nord')")
	b.exec(t, "INSERT INTO sites VALUES ('S1', 'Works')")
	b.exec(t, "INSERT INTO orders VALUES ('ACME', 'A1:b', 1, 'S1', 'open', '2026-01-05', "+b.stamp(1)+", NULL), ('ACME', 'A2', 1, NULL, 'done', '2025-01-05', "+b.stamp(1)+", "+b.stamp(9)+"), "+
		"('ACME', 'A3', 2, 'S9', 'done', NULL, NULL, NULL), ('OTHER', 'A2', 1, 'S1', 'open', '2026-01-05', "+b.stamp(1)+", NULL)")
	b.exec(t, "INSERT INTO order_lines VALUES ('ACME', 'A1:b', 2, 'nut', 2.500), ('ACME', 'A1:b', 1, 'bolt', 10), ('ACME', 'A2', 1, 'oil', 1), ('OTHER', 'A2', 1, 'wrong', 1)")
}

// A query with what belongs to its rows: composite keys, a list, a single one, none.
func TestNested(t *testing.T) {
	both(t, func(t *testing.T, b *base) {
		b.makeOrders(t)
		s := system(t, orders)
		c := open(t, s, b.login)
		e := s.Entity("purchase-orders")
		records, _ := drain(t, c, driver.Request{Entity: e, Limit: 2})
		if got := column(records, "number"); got != `"A1:b" "A2" "A3"` {
			t.Fatalf("got %s", got)
		}
		if got := string(records[0]["lines"]); got != `[{"line_no":1,"item":"bolt","qty":10.000},{"line_no":2,"item":"nut","qty":2.500}]` {
			t.Errorf("lines are %s", got)
		}
		if got := column(records, "site"); got != `{"code":"S1","name":"Works"} null null` {
			t.Errorf("sites are %s", got)
		}
		if got := string(records[2]["lines"]); got != `[]` {
			t.Errorf("no lines are %s", got)
		}
		changed, _ := drain(t, c, driver.Request{Entity: e, Since: time.Date(2026, 3, 4, 10, 0, 5, 0, time.UTC)})
		if got := column(changed, "number"); got != `"A3" "A2"` {
			t.Errorf("changed are %s", got)
		}
		bounded, _ := drain(t, c, driver.Request{Entity: e, HistoryFrom: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)})
		if got := column(bounded, "number"); got != `"A1:b" "A3"` {
			t.Errorf("of this year are %s", got)
		}
		hot, _ := drain(t, c, driver.Request{Entity: e, Hot: true})
		if got := column(hot, "number"); got != `"A1:b"` {
			t.Errorf("hot are %s", got)
		}
		one, err := c.ReadOne(t.Context(), e, `ACME:A1\:b`)
		if err != nil || !strings.Contains(string(one), `"bolt"`) {
			t.Errorf("one is %s (%v)", one, err)
		}
		if none, err := c.ReadOne(t.Context(), e, `ACME:A9`); err != nil || none != nil {
			t.Errorf("none is %s (%v)", none, err)
		}
	})
}
