package postgres_test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	server "github.com/busbar-dev/busbar/internal/realsys/postgres"
)

// Tables without statistics are as quick as others (they once were not): rows are looked up by the whole of their primary key.
func TestEmptyStatistics(t *testing.T) {
	t.Parallel()
	conn := planner(t)
	statements := constants(t, "bulk.go")
	maps.Copy(statements, constants(t, "bulk_flow.go"))
	for name, statement := range statements {
		if strings.HasPrefix(strings.TrimSpace(statement), "insert") {
			continue
		}
		plan := explain(t, conn, statement)
		if !regexp.MustCompile(`u\.(id|seq|key|n)\)`).MatchString(plan) || strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "Hash") {
			t.Errorf("%s does not look rows up one by one:\n%s", name, plan)
		}
	}
}

// The queries that a tick runs over all connections can use their indexes.
func TestTickUsesIndexes(t *testing.T) {
	t.Parallel()
	conn := planner(t)
	if _, err := conn.Exec(t.Context(), "set enable_seqscan = off"); err != nil {
		t.Fatal(err)
	}
	for name, index := range map[string]string{
		"DueStreams": "streams_due", "ConnectionsWithRunnableRuns": "runs_ready", "ConnectionsToDelete": "connections_deleting",
		"ConnectionsWithOperations": "operations_open", "RunnableOperations": "operations_open", "MarkReceiving": "operations_receiving", "MarkFinished": "operations_finished",
		"NextErasing": "operations_erasing", "PurgeIdempotencyKeys": "idempotency_keys_age",
		"RunnableRuns": "runs_active", "ProbesDue": "connections_probe", "TokenByHash": "tokens_hash_key",
		"DueFlows": "flows_triggered", "FlowsReady": "flows_ready", "RunnableFlowRuns": "flow_runs_due", "MarkFlowRuns": "flow_runs_finished", "NextErasingFlowRun": "flow_runs_erasing",
		"WaitersOfOperation": "flow_items_operation", "NextFlowItem": "flow_items_due",
		"ProjectActivity": "activity_", "PurgeActivity": "activity_age", "ConnectionsByState": "connections_", "ConnectionsInState": "connections_", "ProjectUndecided": "operations_undecided",
		"ProjectFailedOperations": "operations_failed", "ProjectOperations": "operations_project", "ProjectFailedFlowRuns": "flow_runs_failed", "ProjectFailedRuns": "runs_failed",
		"ProjectHeld": "held_deletions_pending", "ProjectStreams": "quarantine_open",
	} {
		if plan := explain(t, conn, generated(t, name)); !strings.Contains(plan, index) || strings.Contains(plan, "Seq Scan") {
			t.Errorf("%s does not use %s:\n%s", name, index, plan)
		}
	}
}

// planner gives a connection to an empty database of ours, with the settings of our sessions.
func planner(t *testing.T) *pgx.Conn {
	t.Helper()
	conn := connect(t, strings.Replace(migrated(t), server.Role+"@", server.Admin+"@", 1))
	for _, setting := range []string{"plan_cache_mode = force_custom_plan", "jit = off"} {
		if _, err := conn.Exec(t.Context(), "set "+setting); err != nil {
			t.Fatal(err)
		}
	}
	return conn
}

// explain gives the plan of a statement for values of some kind.
func explain(t *testing.T, conn *pgx.Conn, statement string) string {
	t.Helper()
	ctx := context.Background()
	d, err := conn.Prepare(ctx, "", statement)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	values := make([]string, len(d.ParamOIDs))
	for i, oid := range d.ParamOIDs {
		known, _ := conn.TypeMap().TypeForOID(oid)
		switch {
		case strings.HasPrefix(known.Name, "_"):
			values[i] = "array_fill(" + sample(known.Name[1:]) + ", array[500])"
		default:
			values[i] = sample(known.Name)
		}
	}
	text := regexp.MustCompile(`\$(\d+)`).ReplaceAllStringFunc(statement, func(p string) string {
		n, err := strconv.Atoi(p[1:])
		must(t, err)
		return values[n-1]
	})
	rows, err := conn.Query(ctx, "explain "+text)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return strings.Join(lines, "\n")
}

func sample(typ string) string {
	switch typ {
	case "bytea":
		return `'\x01'::bytea`
	case "text":
		return "'a'::text"
	}
	return "9::" + typ
}

// constants gives the statements of a file of this package.
func constants(t *testing.T, file string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, m := range regexp.MustCompile("(?s)\\s(\\w+) += `([^`]*)`").FindAllStringSubmatch(string(text), -1) {
		found[m[1]] = m[2]
	}
	return found
}

// generated gives the text of a query as sqlc made it.
func generated(t *testing.T, name string) string {
	t.Helper()
	files, err := filepath.Glob("../queries/*.sql.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if m := regexp.MustCompile("(?s)`-- name: " + name + " :[a-z]+\n(.*?)`").FindSubmatch(text); m != nil {
			return string(m[1])
		}
	}
	t.Fatalf("no query %s", name)
	return ""
}
