package sqldb

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
)

var update = flag.Bool("update", false, "write the statements anew")

// sample is an order as each database knows it.
func sample(d *dialect) *shape {
	natives := map[string][4]string{
		"postgresql": {"INT8", "TEXT", "TIMESTAMPTZ", "NUMERIC"}, "mysql": {"BIGINT", "VARCHAR", "DATETIME", "DECIMAL"},
		"sqlserver": {"BIGINT", "VARCHAR", "DATETIME", "DECIMAL"}, "oracle": {"NUMBER", "NCHAR", "TIMESTAMPTZ_DTY", "NUMBER"},
	}[d.kind]
	var s shape
	for i, name := range []string{"company", "id", "note]\"`", "changed", "total"} {
		native := natives[[]int{1, 0, 1, 2, 3}[i]]
		s.all = append(s.all, column{name: d.stored(name), class: d.classes[native], native: native})
	}
	s.columns, s.key, s.modified, s.history = s.all, s.all[:2], s.all[3:4], s.all[3]
	return &s
}

func statements(d *dialect) string {
	var out strings.Builder
	say := func(what string, q *statement) {
		fmt.Fprintf(&out, "-- %s\n%s\n   %#v\n", what, q.text.String(), q.args)
	}
	c := &client{dialect: d, config: driver.Config{TimeZone: time.UTC}}
	table := sample(d)
	r := &reading{source: source{Table: "plant.orders"}, Where: map[string][]any{"company": {"A'; DROP", "B"}}, history: "changed", key: []string{"company", "id"}, modified: []string{"changed"}}
	f := &fetching{session: &session{client: c}, r: r, shape: table, q: driver.Request{Limit: 10}}
	say("columns", c.statement("SELECT q.*").from(r.source).add(" WHERE 1 = 0"))
	say("the first page of all", f.listing(f.order(), 11))
	f.at.At = []string{"A", "9007199254740993"}
	say("the next page of all", f.listing(f.order(), 11))
	f.q.HistoryFrom, f.at.At = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), nil
	say("a count of a period", f.counted(f.statement("SELECT COUNT(*), ", d.shown("MAX("+f.modifiedTerm().expr+")", table.modified[0]), ", ", d.clock)))
	f.q.HistoryFrom, f.q.Since, f.at.Stamped = time.Time{}, time.Date(2026, 3, 4, 10, 0, 0, 123456000, time.UTC), true
	f.at.At = []string{"2026-03-04T11:00:00.007", "A", "12"}
	say("the next page of changes", f.listing(f.order(), 11))
	f.shape.modified = append(f.shape.modified[:1:1], table.all[4])
	f.at.Stamped, f.at.At = false, nil
	say("rows without a time of change", f.listing(f.order(), 11))
	q := c.statement("SELECT ").choose(table.columns).from(source{Query: "SELECT * FROM lines"}).add(" WHERE ")
	q.among(table.key, [][]string{{"A", "1"}, {"B", "2"}})
	say("what belongs to rows", q)
	values := []assignment{{table.all[2], json.RawMessage(`"it's"`)}, {table.all[3], json.RawMessage(`"2026-03-04T11:00:00.5Z"`)}, {table.all[4], json.RawMessage(`12.50`)}, {table.all[0], json.RawMessage(`null`)}}
	say("an insert", c.insertion("plant.orders", values, table.key[1:]))
	say("an update", c.updating("plant.orders", values).add(" WHERE ").the(table.key, []string{"A", "1"}).add(" AND ").is(table.all[3], []byte(`"2026-03-04T11:00:00"`)).add(" AND ").is(table.all[2], []byte("null")))
	say("a lock", c.statement("SELECT ", listOf(d, table.key), " FROM ", d.table("plant.orders"), d.hint, " WHERE ").the(table.key, []string{"A", "1"}).add(d.lock))
	say("a procedure", c.statement(d.call(d.table("plant.close"), d.param(1))))
	for _, text := range d.begin(time.Minute) {
		say("at the beginning of a connection", c.statement(text))
	}
	say("the version", c.statement(d.version))
	return out.String()
}

// The statements of each dialect are those of its file in testdata. Those of SQL Server and Oracle run nowhere else.
func TestStatements(t *testing.T) {
	t.Parallel()
	for _, d := range dialects() {
		name := "testdata/" + d.kind + ".sql"
		got := statements(d)
		if *update {
			if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s differs (run with -update when it should):\n%s", name, got)
		}
		if strings.Contains(got[:strings.Index(got, "   []")], "DROP") || strings.Contains(strings.ReplaceAll(got, `{"A'; DROP", "B"`, ""), "DROP") {
			t.Errorf("%s: a value is in the statement", name)
		}
	}
}

// What the servers' numbers mean.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	for number, want := range map[int32]verdict{18456: badLogin, 4060: badDatabase, 229: forbidden, 208: wrong, 2627: doubled, 547: badValue, 1205: again, 99999: failed} {
		if got := verdictSQLServer(number); got != want {
			t.Errorf("SQL Server's %d is %d, want %d", number, got, want)
		}
	}
	for number, want := range map[int]verdict{1017: badLogin, 12514: badDatabase, 1031: forbidden, 942: wrong, 1: doubled, 2291: badValue, 60: again, 20001: badValue, 99999: failed} {
		if got := verdictOracle(number); got != want {
			t.Errorf("ORA-%05d is %d, want %d", number, got, want)
		}
	}
}

// Values of every client, as JSON.
func TestRender(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 4, 10, 0, 0, 120000000, time.FixedZone("", 3600))
	for _, c := range []struct {
		column column
		value  any
		want   string
	}{
		{column{class: number}, ".5", "0.5"}, {column{class: number}, "-.25", "-0.25"}, {column{class: number}, "NaN", `"NaN"`}, {column{class: number}, []byte("1.10"), "1.10"},
		{column{class: integer}, uint64(18446744073709551615), "18446744073709551615"}, {column{native: "BIT"}, []byte{1, 0}, "256"},
		{column{class: zoned}, at, `"2026-03-04T09:00:00.12Z"`}, {column{class: zoneless}, at, `"2026-03-04T10:00:00.12"`}, {column{class: date}, at, `"2026-03-04"`},
		{column{class: zoneless}, "2026-03-04 10:00:00.500000", `"2026-03-04T10:00:00.5"`}, {column{class: zoned}, "2026-03-04T10:00:00.000000000Z", `"2026-03-04T10:00:00Z"`},
		{column{class: zoneless}, []byte("0000-00-00 00:00:00"), "null"}, {column{class: document}, []byte(`{"a": 1.10}`), `{"a": 1.10}`}, {column{class: document}, "no json", `"no json"`},
		{column{class: binary}, []byte{0, 255}, `"AP8="`}, {column{}, "a\"b", `"a\"b"`}, {column{}, nil, "null"}, {column{class: boolean}, true, "true"},
	} {
		got, err := render(c.column, c.value)
		if err != nil || string(got) != c.want {
			t.Errorf("%v is %s, want %s (%v)", c.value, got, c.want, err)
		}
	}
	if _, err := render(column{}, "\xff"); err == nil {
		t.Error("what is no UTF-8 is let through")
	}
}

// Only one SELECT can stand where a table does.
func TestQueries(t *testing.T) {
	t.Parallel()
	for _, query := range []string{"SELECT a FROM b", "select ';' AS x, \"a)b\" FROM (SELECT 1) c", " WITH a AS (SELECT 1) SELECT * FROM a"} {
		if err := checkQuery(query, "postgresql"); err != nil {
			t.Errorf("%s: %v", query, err)
		}
	}
	for _, query := range []string{"", "DELETE FROM a", "SELECT 1; DELETE FROM a", "SELECT 1) q; DELETE FROM (a", "SELECT 1 -- x", "SELECT 1 /* x", "SELECT ')", "SELECT $$;$$", `SELECT '\'`, "SELECTED", "SELECT (1"} {
		if checkQuery(query, "postgresql") == nil {
			t.Errorf("%s passes", query)
		}
	}
	if checkQuery("WITH a AS (SELECT 1) SELECT * FROM a", "sqlserver") == nil {
		t.Error("SQL Server gets a WITH within a query")
	}
}
