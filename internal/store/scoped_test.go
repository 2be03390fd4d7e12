package store_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What a query may say to touch tenant data of more than one connection.
const across = "-- Across connections: "

var (
	tenantTable = regexp.MustCompile(`(?m)^create table (\w+) \(\s+connection\s`)
	anyString   = regexp.MustCompile("(?s)`([^`]*)`|\"((?:select|insert|update|delete) [^\"]*)\"")
)

// unscoped tells whether a statement touches more rows of tenant tables than it names a connection for.
func unscoped(statement string, tables []string) bool {
	if strings.Contains(statement, across) {
		return false
	}
	names := strings.Join(tables, "|")
	touched := regexp.MustCompile(`\b(?:from|join|update|into) (?:`+names+`)\b`).FindAllString(statement, -1)
	inserted := regexp.MustCompile(`\binto (?:`+names+`) \(connection,`).FindAllString(statement, -1)
	return len(touched) > strings.Count(statement, "connection = ")+len(inserted)
}

// Every statement that touches tenant data says of which connection.
func TestStatementsAreScoped(t *testing.T) {
	t.Parallel()
	tables := tenantTables(t)
	if len(tables) < 8 {
		t.Fatalf("found only %v", tables)
	}
	for where, statements := range allStatements(t) {
		for _, s := range statements {
			if unscoped(s, tables) {
				t.Errorf("%s: no \"connection = \" for every table, nor %q:\n%s", where, across, s)
			}
		}
	}
}

func TestUnscoped(t *testing.T) {
	t.Parallel()
	for statement, want := range map[string]bool{
		"select * from heads where id = $1":                                                        true,
		"select * from heads where connection = $1 and id = $2":                                    false,
		"select * from heads h join bodies b on b.seq = h.seq where h.connection = $1":             true,
		"insert into heads (connection, id) values ($1, $2)":                                       false,
		"insert into heads (id) values ($1)":                                                       true,
		"update bodies set raw = '' where seq = $1":                                                true,
		"-- Across connections: the tick.\nselect * from heads":                                    false,
		"delete from heads where connection = $1 and id in (select id from heads where deleted=1)": true,
		"select * from meta": false,
	} {
		if got := unscoped(statement, []string{"heads", "bodies"}); got != want {
			t.Errorf("%s: got %v", statement, got)
		}
	}
}

// tenantTables are the tables keyed by connection, except the list of connections itself.
func tenantTables(t *testing.T) (tables []string) {
	t.Helper()
	for _, file := range glob(t, "migrations/*.sql") {
		for _, m := range tenantTable.FindAllStringSubmatch(read(t, file), -1) {
			if m[1] != "connections" {
				tables = append(tables, m[1])
			}
		}
	}
	return tables
}

// allStatements gives the queries that sqlc compiles and the SQL that stands in Go strings, by file.
func allStatements(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, file := range glob(t, "queries/*.sql") {
		out[file] = strings.Split(read(t, file), "-- name: ")[1:]
	}
	for _, file := range append(glob(t, "*.go"), glob(t, "sqlite/*.go")...) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, m := range anyString.FindAllStringSubmatch(read(t, file), -1) {
			out[file] = append(out[file], m[1]+m[2])
		}
	}
	if len(out["scan.go"]) == 0 || len(out["sqlite/insert.go"]) == 0 {
		t.Fatal("the SQL in Go files was not found")
	}
	return out
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no files %s: %v", pattern, err)
	}
	return files
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
