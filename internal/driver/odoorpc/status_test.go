package odoorpc_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/driver/odoorpc"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// The status of a work order is its stage, of the customer's own words too, unless it is archived.
func TestStatusOfAWorkOrder(t *testing.T) {
	t.Parallel()
	system := connector(t)
	m, err := mapping.Compile(system, system.Entity("work-orders"), odoorpc.New().Dialect())
	if err != nil {
		t.Fatal(err)
	}
	nobody := func(string, uuid.UUID) (string, bool) { return "", false }
	for given, want := range map[string]string{
		`{"status":"in_progress"}`:              `{"stage_id.":{"name":"In Progress"}}`,
		`{"status":"cancelled"}`:                `{"archive":true}`,
		`{"status_source":"Waiting for parts"}`: `{"stage_id.":{"name":"Waiting for parts"}}`,
	} {
		got, err := m.Unmap([]byte(given), nobody)
		if err != nil || string(got) != want {
			t.Errorf("%s: %s, %v, want %s", given, got, err, want)
		}
	}
	for raw, want := range map[string]string{
		`{"id":1,"archive":false,"stage_id.":{"id":2,"name":"Repaired"}}`: `"completed"`, `{"id":1,"archive":true,"stage_id.":{"id":2,"name":"Repaired"}}`: `"cancelled"`,
		`{"id":1,"archive":false,"stage_id.":{"id":9,"name":"Mine"}}`: `"other"`, `{"id":1,"archive":false,"stage_id.":null}`: `null`,
	} {
		r, err := m.Map([]byte(raw), env)
		if err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		if got, _, err := rawjson.Find(r.Fields, "status"); err != nil || string(got) != want {
			t.Errorf("%s: %s, want %s", raw, got, want)
		}
	}
}
