package tryton_test

import (
	"testing"

	"github.com/busbar-dev/busbar/internal/realsys/tryton"
)

// A transaction beside the server stamps what it writes with the time at which it first asked for it, however late it commits: SQLite locks
// writers out only from the first write on.
func TestTransactionInside(t *testing.T) {
	t.Parallel()
	s := tryton.Start(t)
	vendors := s.Search("party.party", []any{"name", "like", "Vendor%"})
	x := s.Begin()
	began := x.SQL("select now()")[0][0]
	s.Write("party.party", vendors[0], map[string]any{"name": "Quick"})
	x.Write("party.party", vendors[1], map[string]any{"name": "Slow"})
	x.Commit()
	rows := s.SQL("select name, write_date from party_party where id in (?, ?) order by write_date", vendors[0], vendors[1])
	if rows[0][0] != "Slow" || rows[0][1] != began || rows[1][0] != "Quick" {
		t.Errorf("%v; want the slow one first, stamped %v", rows, began)
	}
}

func TestKilledAndRunAgain(t *testing.T) {
	t.Parallel()
	s := tryton.Start(t)
	s.Kill()
	if _, err := s.Try("model.party.party.search", []any{}, 0, 1, nil); err == nil {
		t.Error("a killed server answers")
	}
	s.Run()
	if len(s.Search("party.party")) == 0 {
		t.Error("the server does not serve its data again")
	}
}
