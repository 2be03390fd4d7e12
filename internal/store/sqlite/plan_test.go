package sqlite_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/store"
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
		"DueFlows": "flows_triggered", "FlowsReady": "flows_ready (<expr><?)", "FlowByHook": "hook_hash=?", "RunnableFlowRuns": "flow_runs_due (flow=? AND due_at", "FlowRunsOpen": "flow_runs_open",
		"FlowRunsOfProject": "flow_runs_project", "MarkFlowRuns": "flow_runs_finished", "NextErasingFlowRun": "flow_runs_erasing", "RunnableFlowItems": "flow_items_due", "NextFlowItem": "flow_items_due",
		"FlowItemsByStatus": "flow_items_status", "FlowItemCounts": "flow_items_status", "WaitersOfOperation": "flow_items_operation", "FindRecords": "PRIMARY KEY (connection=? AND stream=? AND field=? AND value=?",
		"ProjectActivity": "activity", "PurgeActivity": "activity_age", "ConnectionsByState": "connections_state", "ConnectionsInState": "connections_state", "ProjectHeld": "held_deletions_pending",
		"ProjectUndecided": "operations_undecided", "ProjectFailedOperations": "operations_failed (project_id=? AND id<?)", "ProjectOperations": "operations_project (project_id=? AND id<?)",
		"ProjectFailedFlowRuns": "flow_runs_failed (project_id=? AND created_at>?)", "ProjectFailedRuns": "runs_failed (connection=? AND finished_at>?)", "ProjectStreams": "quarantine_open (connection=? AND stream=?)",
	} {
		plan := planOf(t, s, generated(t, name))
		if !strings.Contains(plan, index) || strings.Contains(plan, "SCAN r\n") || strings.Contains(plan, "SCAN s\n") {
			t.Errorf("%s does not use %s:\n%s", name, index, plan)
		}
		t.Logf("%s:\n%s", name, plan)
	}
}

// Items of a run are moved one by one, however many the run has.
func TestMovesUseIndexes(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("bulk_flow.go")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?s)moveFlowItems = insert{\\s+head: `(.*?)`,\\s+row: +`(.*?)`,\\s+tail: `(.*?)`").FindSubmatch(text)
	if m == nil {
		t.Fatal("the statement was not found")
	}
	statement := string(m[1]) + string(m[2]) + ", " + string(m[2]) + string(m[3])
	plan := planOf(t, open(t, t.TempDir()), regexp.MustCompile(`\?\d*`).ReplaceAllString(statement, "9"))
	if !strings.Contains(plan, "AND n=?)") || !strings.Contains(plan, "flow_items USING INTEGER PRIMARY KEY") || strings.Contains(plan, "SCAN f") {
		t.Errorf("items are not looked up one by one:\n%s", plan)
	}
}

// planOf gives the plan of a statement.
func planOf(t *testing.T, s *store.Store, statement string) (plan string) {
	t.Helper()
	rows, err := s.DB().QueryContext(t.Context(), "explain query plan "+statement)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, x int
		var detail string
		if err := rows.Scan(&id, &parent, &x, &detail); err != nil {
			t.Fatal(err)
		}
		plan += detail + "\n"
	}
	return plan
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
