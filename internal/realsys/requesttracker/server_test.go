package requesttracker_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/busbar-dev/busbar/internal/realsys/requesttracker"
)

// TestServersAreApart proves that two servers share no data, and that one goes on where it was after it was killed.
func TestServersAreApart(t *testing.T) {
	t.Parallel()
	one, other := requesttracker.Start(t), requesttracker.Start(t)
	id, err := one.Add(t.Context(), "work-orders")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Try(t.Context(), http.MethodGet, "ticket/"+id, nil); err == nil {
		t.Fatalf("the ticket %s of one server is on the other too", id)
	}
	one.Kill()
	one.Run()
	if err := one.Touch(t.Context(), "work-orders", id); err != nil {
		t.Fatal(err)
	}
	if err := one.Remove(t.Context(), "work-orders", id); err != nil {
		t.Fatal(err)
	}
	if status := one.Ticket(id, "Status"); status != "deleted" {
		t.Errorf("the ticket is %s", status)
	}
	var found struct{ Total int }
	if err := json.Unmarshal(one.Call(http.MethodGet, "tickets?query=id%3E0", nil), &found); err != nil || found.Total != 25+6+1 {
		t.Errorf("%d tickets, %v", found.Total, err)
	}
}
