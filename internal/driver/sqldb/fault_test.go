package sqldb_test

import (
	"bytes"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/realsys/mariadb"
	"github.com/busbar-dev/busbar/internal/realsys/postgres"
)

// behind gives the login with a proxy in between.
func (b *base) behind(t testing.TB) (*proxy, map[string]string) {
	t.Helper()
	p := newProxy(t, net.JoinHostPort(b.login["host"], b.login["port"]))
	return p, b.with("port", p.port())
}

// with gives the login with another value.
func (b *base) with(field, value string) map[string]string {
	login := map[string]string{field: value}
	for name, given := range b.login {
		if _, other := login[name]; !other {
			login[name] = given
		}
	}
	return login
}

func commits(sent []byte) bool { return bytes.Contains(bytes.ToUpper(sent), []byte("COMMIT")) }

// What is lost before the commit goes out is known not to have been done.
func TestLineCutBeforeCommit(t *testing.T) {
	both(t, func(t *testing.T, b *base) {
		w := newWriting(t, b)
		for _, at := range []string{"INSERT INTO", "INSERT INTO " + map[string]string{"mysql": "`request_lines`", "postgresql": `"request_lines"`}[b.kind]} {
			p, login := b.behind(t)
			c := open(t, w.system, login)
			if _, err := c.ReadOne(t.Context(), w.entity, "1"); err != nil {
				t.Fatal(err)
			}
			p.set(func() { p.cut = func(sent []byte) bool { return bytes.Contains(sent, []byte(at)) } })
			_, err := c.Write(sending(t), driver.Command{Entity: w.entity, Op: manifest.Create, Body: []byte(someOrder)})
			if driver.FateOf(err) != driver.NotSent {
				t.Errorf("cut at %s: %v is %s", at, err, driver.FateOf(err))
			}
		}
		if n := b.one(t, "SELECT COUNT(*) FROM requests"); n != "0" {
			t.Errorf("%s rows", n)
		}
	})
}

// A commit that does not get there, and one whose answer does not come back, are unknown alike; the mark tells them apart.
func TestCommitLost(t *testing.T) {
	both(t, func(t *testing.T, b *base) {
		w := newWriting(t, b)
		for n, arrives := range []bool{false, true} {
			p, login := b.behind(t)
			c := open(t, w.system, login)
			p.set(func() {
				p.cut = func(sent []byte) bool {
					p.deaf = p.deaf || commits(sent)
					return commits(sent) && !arrives
				}
			})
			mark := fmt.Sprintf("mark-%d", n)
			_, err := c.Write(sending(t), driver.Command{Entity: w.entity, Op: manifest.Create, Body: []byte(`{"number": "` + mark + `", "mark": "` + mark + `"}`)})
			if driver.FateOf(err) != driver.Unknown {
				t.Errorf("a lost commit is %s: %v", driver.FateOf(err), err)
			}
			found := 0
			for range 500 {
				records, err := w.Search(t.Context(), driver.Search{Entity: w.entity, Rung: &w.entity.Operations[manifest.Create].Ladder[0], Value: mark})
				if err != nil {
					t.Fatal(err)
				}
				if found = len(records); found > 0 || !arrives {
					break
				}
			}
			if found != map[bool]int{false: 0, true: 1}[arrives] {
				t.Errorf("of a commit that arrives (%v) %d rows are there", arrives, found)
			}
		}
	})
}

func TestWrongLogins(t *testing.T) {
	t.Parallel()
	b := onMariaDB(t)
	b.exec(t, makeVendors)
	s := system(t, vendors)
	probe := func(login map[string]string) error {
		_, err := open(t, s, login).Probe(t.Context())
		return err
	}
	if e := wantKind(t, probe(b.with("password", "wrong-one")), driver.Credentials); e.Field != "password" || strings.Contains(e.Detail, "wrong-one") {
		t.Errorf("got %+v", e)
	}
	if e := wantKind(t, probe(b.with("database", "nowhere")), driver.Credentials); e.Field != "database" {
		t.Errorf("got %+v", e)
	}
	if e := wantKind(t, probe(b.with("tls", "verify")), driver.Unreachable); e.Field != "tls" {
		t.Errorf("got %+v", e)
	}
	p := onPostgres(t)
	if e := wantKind(t, probe(p.with("database", "nowhere")), driver.Credentials); e.Field != "database" {
		t.Errorf("got %+v", e)
	}
	if e := wantKind(t, probe(p.with("tls", "verify")), driver.Unreachable); e.Field != "tls" {
		t.Errorf("got %+v", e)
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(closed.Addr().String())
	_ = closed.Close()
	wantKind(t, probe(p.with("port", port)), driver.Unreachable, "does not answer")
}

// A database that restarts is unreachable for as long, and then goes on with the client that there is.
func TestRestart(t *testing.T) {
	t.Parallel()
	s := system(t, vendors)
	look := func(t *testing.T, b *base, stop, start func(testing.TB)) {
		t.Helper()
		c := open(t, s, b.login)
		q := driver.Request{Entity: s.Entity("vendors")}
		if _, err := c.Fetch(t.Context(), q); err != nil {
			t.Fatal(err)
		}
		stop(t)
		_, err := c.Fetch(t.Context(), q)
		wantKind(t, err, driver.Unreachable)
		start(t)
		if _, err = c.Fetch(t.Context(), q); err != nil {
			t.Errorf("after the restart: %v", err)
		}
	}
	t.Run("postgresql", func(t *testing.T) {
		t.Parallel()
		own := postgres.Start(t)
		own.Exec(t, "postgres", "CREATE TABLE vendors (id bigint, name text, code text, changed timestamptz); GRANT SELECT ON vendors TO "+postgres.Role)
		b := &base{kind: "postgresql", login: map[string]string{"kind": "postgresql", "host": "127.0.0.1", "port": fmt.Sprint(own.Port), "database": "postgres", "username": postgres.Role, "password": "not-asked-for", "tls": "off"}}
		look(t, b, own.Stop, own.Start)
	})
	t.Run("mariadb", func(t *testing.T) {
		t.Parallel()
		own := mariadb.Start(t)
		name := own.Database(t)
		own.Exec(t, name, "CREATE TABLE vendors (id bigint, name text, code text, changed timestamp NULL)")
		b := &base{kind: "mysql", login: map[string]string{"kind": "mysql", "host": "127.0.0.1", "port": fmt.Sprint(own.Port), "database": name, "username": mariadb.Admin, "password": "", "tls": "off"}}
		look(t, b, own.Stop, own.Start)
	})
}

// A column or table that is gone is an error with its name, not a record without it; what the user may not see is a missing right.
func TestTableAltered(t *testing.T) {
	both(t, func(t *testing.T, b *base) {
		b.exec(t, makeVendors)
		b.addVendors(t, 1, 4, func(n int) int { return n })
		s := system(t, vendors)
		c := open(t, s, b.login)
		first, err := c.Fetch(t.Context(), driver.Request{Entity: s.Entity("vendors"), Limit: 2})
		if err != nil {
			t.Fatal(err)
		}
		b.exec(t, "ALTER TABLE vendors DROP COLUMN code")
		_, err = c.Fetch(t.Context(), driver.Request{Entity: s.Entity("vendors"), Limit: 2, Token: first.Next})
		wantKind(t, err, driver.Invalid, "code")
		_, err = c.Fetch(t.Context(), driver.Request{Entity: s.Entity("vendors")})
		wantKind(t, err, driver.Invalid, "code", "vendors")
		b.exec(t, "DROP TABLE vendors")
		_, err = c.Fetch(t.Context(), driver.Request{Entity: s.Entity("vendors")})
		wantKind(t, err, driver.Invalid, "vendors")
	})
}

func TestPermissionLost(t *testing.T) {
	t.Parallel()
	s := system(t, vendors)
	p := onPostgres(t)
	postgres.Shared(t).Exec(t, p.login["database"], "CREATE TABLE vendors (id bigint, name text, code text, changed timestamptz)")
	_, err := open(t, s, p.login).Fetch(t.Context(), driver.Request{Entity: s.Entity("vendors")})
	wantKind(t, err, driver.Permission, "vendors")
	m := onMariaDB(t)
	m.exec(t, makeVendors)
	mariadb.Shared(t).Exec(t, "", "REVOKE ALL ON "+m.login["database"]+".* FROM "+m.login["username"]+"@'127.0.0.1'; CREATE DATABASE IF NOT EXISTS other; GRANT SELECT ON other.* TO "+
		m.login["username"]+"@'127.0.0.1'")
	other := system(t, strings.Replace(vendors, "table: vendors", "table: "+m.login["database"]+".vendors", 1))
	_, err = open(t, other, m.with("database", "other")).Fetch(t.Context(), driver.Request{Entity: other.Entity("vendors")})
	wantKind(t, err, driver.Permission, "vendors")
}

// A query that takes too long is given up by the database itself, and is no sign that it is away.
func TestSlowQuery(t *testing.T) {
	both(t, func(t *testing.T, b *base) {
		b.exec(t, "CREATE TABLE many (id BIGINT PRIMARY KEY)")
		var rows []string
		for n := range 2000 {
			rows = append(rows, fmt.Sprintf("(%d)", n))
		}
		b.exec(t, "INSERT INTO many VALUES "+strings.Join(rows, ", "))
		s := system(t, "connect: {timeout: 1s}"+strings.Replace(vendors, "{table: vendors}",
			`{query: "SELECT a.id AS id, 'x' AS name, 'y' AS code, NULL AS changed FROM many a, many b, many c WHERE a.id * b.id - c.id = -7 OR a.id + b.id + c.id < 0"}`, 1))
		_, err := open(t, s, b.login).Fetch(t.Context(), driver.Request{Entity: s.Entity("vendors")})
		wantKind(t, err, driver.Fault, "1s")
	})
}

// Two rows with one key are an error: pages could not tell them apart.
func TestKeyTwice(t *testing.T) {
	both(t, func(t *testing.T, b *base) {
		b.exec(t, "CREATE TABLE vendors (id BIGINT, name $TEXT, code $TEXT, changed $AT NULL)")
		b.addVendors(t, 1, 6, func(n int) int { return n })
		b.addVendors(t, 4, 4, func(n int) int { return n })
		s := system(t, vendors)
		for _, limit := range []int{2, 4, 5, 100} {
			q := driver.Request{Entity: s.Entity("vendors"), Limit: limit}
			var err error
			c := open(t, s, b.login)
			for range 10 {
				var p *driver.Page
				if p, err = c.Fetch(t.Context(), q); err != nil || p.Next == nil {
					break
				}
				q.Token = p.Next
			}
			wantKind(t, err, driver.Invalid, "the same key 4")
		}
		b.exec(t, "DELETE FROM vendors WHERE id = 4")
		b.exec(t, "INSERT INTO vendors (name) VALUES ('no key')")
		c := open(t, s, b.login)
		p, err := c.Fetch(t.Context(), driver.Request{Entity: s.Entity("vendors"), Limit: 2})
		for err == nil && p.Next != nil {
			p, err = c.Fetch(t.Context(), driver.Request{Entity: s.Entity("vendors"), Limit: 2, Token: p.Next})
		}
		if err == nil && p.Total <= 5 {
			t.Errorf("a row without a key is not missed: %d", p.Total)
		}
	})
}

// Large rows end a page early, and a page never takes more memory than its bounds.
func TestLargeRows(t *testing.T) {
	both(t, func(t *testing.T, b *base) {
		wide := map[string]string{"mysql": "LONGTEXT", "postgresql": "TEXT"}[b.kind]
		b.exec(t, "CREATE TABLE vendors (id BIGINT PRIMARY KEY, name "+wide+", code $TEXT, changed $AT NULL)")
		for n := range 30 {
			b.exec(t, fmt.Sprintf("INSERT INTO vendors (id, name, changed) VALUES (%d, REPEAT('x', 1000000), %s)", n, b.stamp(n)))
		}
		s := system(t, vendors)
		records, pages := drain(t, open(t, s, b.login), driver.Request{Entity: s.Entity("vendors"), Limit: 500})
		if len(records) != 30 || len(pages) < 3 {
			t.Errorf("%d rows in %d pages", len(records), len(pages))
		}
		for _, p := range pages {
			if len(p.Records) > 10 {
				t.Errorf("a page of %d million bytes", len(p.Records))
			}
		}
	})
}

// Times without a zone are read in that of the connection, and the hour that comes twice when clocks are set back hides nothing.
func TestClocksSetBack(t *testing.T) {
	both(t, func(t *testing.T, b *base) {
		vienna, err := time.LoadLocation("Europe/Vienna")
		if err != nil {
			t.Fatal(err)
		}
		b.exec(t, "CREATE TABLE vendors (id BIGINT PRIMARY KEY, name $TEXT, code $TEXT, changed $WALL NULL)")
		b.exec(t, "INSERT INTO vendors (id, changed) VALUES (1, '2025-10-26 01:59:00'), (2, '2025-10-26 02:50:00'), (3, '2025-10-26 02:10:00'), (4, '2025-10-26 03:01:00')")
		s := system(t, vendors)
		c := openIn(t, s, b.login, vienna)
		for since, want := range map[string]string{ // the first 02:50 is 00:50 UTC, the second 02:10 01:10 UTC
			"2025-10-26T00:50:00Z": "3 2 4", "2025-10-26T01:10:00Z": "3 2 4", "2025-10-26T02:00:00Z": "4", "2025-10-25T23:59:00Z": "1 3 2 4",
		} {
			at, _ := time.Parse(time.RFC3339, since)
			changed, pages := drain(t, c, driver.Request{Entity: s.Entity("vendors"), Since: at, Limit: 1})
			if got := column(changed, "id"); got != want {
				t.Errorf("since %s there are %s, want %s", since, got, want)
			}
			if hw := pages[len(pages)-1].HighWater; !hw.Equal(time.Date(2025, 10, 26, 2, 1, 0, 0, time.UTC)) {
				t.Errorf("since %s it promises %s", since, hw)
			}
		}
	})
}
