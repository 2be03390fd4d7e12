package sqldb_test

import (
	"strings"
	"testing"
)

// Every mistake has its place and what to write instead.
func TestCheck(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ from, to, want string }{
		{"read: {table: vendors}", "read: {}", "entities.vendors.read: says not from where rows come; write either table or query"},
		{"read: {table: vendors}", "read: {tabel: vendors}", "entities.vendors.read.tabel: unknown key; did you mean table?"},
		{"read: {table: vendors}", "read: {table: 'a.b.c.d'}", `entities.vendors.read.table: "a.b.c.d" is no name of a table`},
		{"read: {table: vendors}", `read: {query: "SELECT 1; DROP TABLE a"}`, "entities.vendors.read.query: the query holds more than one SELECT"},
		{"read: {table: vendors}", "read: {table: vendors, with: {lines: {table: b, on: {}, key: [c]}}}", "nothing joins these rows to theirs"},
		{"read: {table: vendors}", "read: {table: vendors, with: {lines: {table: b, on: {a: b}}}}", "nothing tells these rows apart"},
		{"read: {table: vendors}", "read: {table: vendors, where: {a: []}}", "no value is wanted"},
		{"id: id", "id: id/x", "id id/x is no column of the row itself"},
		{"entities:", "connect: {kind: db2}\nentities:", "connect.kind: unknown word \"db2\"; known: postgresql, mysql, sqlserver, oracle"},
		{"entities:", "connect: {timeout: 1ms}\nentities:", "connect.timeout: leaves no time for an answer"},
	} {
		_, err := load(t, form+strings.Replace(vendors, c.from, c.to, 1))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.to, err, c.want)
		}
	}
	for _, c := range []struct{ from, to, want string }{
		{"lists: changes", "lists: replace", "write lists: changes in the entity"},
		{"{lines: {numbered: line_no}}", "{lines: {numbered: item}}", "numbered names no column of the key"},
		{"{lines: {numbered: line_no}}", "{others: {}}", "says not where these rows are written"},
		{"find: {column: mark}", "find: {}", "does not say in which column W3 looks"},
		{"send: {set: {state: sent}, now: [changed]}}", "send: {}}", "says not what makes the change"},
	} {
		_, err := load(t, form+strings.Replace(writable, c.from, c.to, 1))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.to, err, c.want)
		}
	}
	if _, err := load(t, strings.Replace(form, "{name: kind,", "{name: sort,", 1)+vendors); err == nil || !strings.Contains(err.Error(), "has no field kind") {
		t.Errorf("without a kind: %v", err)
	}
}
