package sqldb_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// An enumeration in the key is paged in the order in which it is compared.
func TestEnumerationsInKeysArePaged(t *testing.T) {
	t.Parallel()
	b := onMariaDB(t)
	b.exec(t, "CREATE TABLE vendors (kind ENUM('z', 'a', 'm'), id INT, name VARCHAR(20), code VARCHAR(20), PRIMARY KEY (kind, id))")
	b.exec(t, "INSERT INTO vendors VALUES ('z', 1, 'A', 'A'), ('a', 1, 'B', 'B'), ('m', 1, 'C', 'C'), ('z', 2, 'D', 'D'), ('a', 2, 'E', 'E')")
	s := system(t, "\nentities:\n  vendors:\n    read: {table: vendors}\n    id: [kind, id]\n    fields: {name: name, code: code}\n    evidence: {read: documented}\n")
	records, _ := drain(t, open(t, s, b.login), driver.Request{Entity: s.Entity("vendors"), Limit: 1})
	if got, want := column(records, "name"), `"B" "E" "C" "A" "D"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Rows are not ordered by what is shown otherwise than the database compares it.
func TestKeysThatCannotOrderRows(t *testing.T) {
	both(t, func(t *testing.T, b *base) {
		b.exec(t, "CREATE TABLE bytes (id "+map[string]string{"mysql": "VARBINARY(16)", "postgresql": "BYTEA"}[b.kind]+" PRIMARY KEY, name $TEXT)")
		b.exec(t, "CREATE TABLE mixed (id $ID, name $TEXT, changed $AT NULL, made $WALL NULL)")
		s := system(t, `
entities:
  vendors:
    read: {table: bytes, base64: [id]}
    id: id
    fields: {name: name}
    evidence: {read: documented}
  locations:
    read: {table: mixed}
    id: id
    updated_at: [changed, made]
    cursor: {precision: 1us}
    fields: {name: name}
    evidence: {read: documented}
`)
		c := open(t, s, b.login)
		_, err := c.Fetch(t.Context(), driver.Request{Entity: s.Entity("vendors")})
		wantKind(t, err, driver.Invalid, "binary")
		_, err = c.Fetch(t.Context(), driver.Request{Entity: s.Entity("locations")})
		wantKind(t, err, driver.Invalid, "different types")
	})
}

// More readers than connections wait for each other and all come to an end, however few places the budget has.
func TestReadersWaitForConnectionsOutsideOfTheBudget(t *testing.T) {
	t.Parallel()
	b := onPostgres(t)
	b.exec(t, makeVendors)
	b.addVendors(t, 1, 20, func(n int) int { return n })
	s := system(t, "limits: {concurrency: 1}\n"+vendors)
	c := openWith(t, s, b.login, &narrow{Line: line(t, b.login["port"], time.Minute), places: make(chan struct{}, 1)})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 5 {
				if _, err := c.Fetch(ctx, driver.Request{Entity: s.Entity("vendors")}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

// A row is found by its mark after it has left the listing, and of a view of MariaDB nobody knows what is undone.
func TestMarksAndViews(t *testing.T) {
	both(t, func(t *testing.T, b *base) {
		w := newWriting(t, b)
		s := system(t, strings.Replace(writable, "table: requests\n", "table: requests\n      where: {state: [draft]}\n", 1))
		w.create(t, someOrder)
		b.exec(t, "UPDATE requests SET state = 'gone'")
		e := s.Entity("purchase-orders")
		found, err := open(t, s, b.login).Search(t.Context(), driver.Search{Entity: e, Rung: &e.Operations[manifest.Create].Ladder[0], Value: "m-1"})
		if err != nil || len(found) != 1 {
			t.Errorf("found %s (%v)", found, err)
		}
		if b.kind != "mysql" {
			return
		}
		b.exec(t, "CREATE VIEW shown AS SELECT * FROM requests")
		s = system(t, strings.Replace(writable, "table: requests\n", "table: shown\n", 1))
		_, err = open(t, s, b.login).Write(sending(t), driver.Command{Entity: s.Entity("purchase-orders"), Op: manifest.Create, Body: []byte(`{"number": "R2"}`)})
		wantKind(t, err, driver.Invalid, "is a view")
	})
}

// narrow is a line with so many places.
type narrow struct {
	driver.Line
	places chan struct{}
}

// Call implements driver.Line.
func (n *narrow) Call(ctx context.Context, do func(context.Context) error, silent func(error) bool) error {
	select {
	case n.places <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-n.places }()
	return n.Line.Call(ctx, do, silent)
}
