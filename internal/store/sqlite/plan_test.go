package sqlite_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The queries that a tick runs over all connections use their indexes, whatever the number of connections.
func TestTickUsesIndexes(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	for name, index := range map[string]string{
		"DueStreams": "streams_due", "ConnectionsWithRunnableRuns": "runs_ready (<expr><?)", "ConnectionsWithAskedRuns": "runs_asked (<expr><?)", "ConnectionsToDelete": "connections_deleting", "ProbesDue": "connections_probe",
		"ConnectionsWithOperations": "operations_open (connection>?)", "RunnableOperations": "operations_open (connection=? AND <expr><?)", "ItemsByStatus": "operation_items_status",
		"CancelOperations": "operations_open", "SetOperationsDormant": "operations_open", "MarkReceiving": "operations_receiving", "MarkFinished": "operations_finished", "NextErasing": "operations_erasing",
		"DoubtPendingItems": "operation_items_status", "PurgeIdempotencyKeys": "idempotency_keys_age", "FreeIdempotencyKeyOf": "idempotency_keys_operation",
		"RunnableRuns": "runs_active", "ActiveRuns": "runs_active", "ActiveRunsOfStream": "runs_active", "Tombstones": "bodies_tombstones", "TokenByHash": "hash=?",
	} {
		rows, err := s.DB().QueryContext(t.Context(), "explain query plan "+generated(t, name))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		plan := ""
		for rows.Next() {
			var id, parent, x int
			var detail string
			if err := rows.Scan(&id, &parent, &x, &detail); err != nil {
				t.Fatal(err)
			}
			plan += detail + "\n"
		}
		rows.Close()
		if !strings.Contains(plan, index) || strings.Contains(plan, "SCAN r\n") || strings.Contains(plan, "SCAN s\n") {
			t.Errorf("%s does not use %s:\n%s", name, index, plan)
		}
		t.Logf("%s:\n%s", name, plan)
	}
}

// generated gives the text of a query as sqlc made it, without its parameters' values.
func generated(t *testing.T, name string) string {
	t.Helper()
	files, err := filepath.Glob("../queries/*.sql.go")
	if err != nil {
		t.Fatal(err)
	}
	query := regexp.MustCompile("(?s)`-- name: " + name + " :[a-z]+\n(.*?)`")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if m := query.FindSubmatch(text); m != nil {
			return regexp.MustCompile(`\$\d+`).ReplaceAllString(string(m[1]), "9")
		}
	}
	t.Fatalf("no query %s", name)
	return ""
}
