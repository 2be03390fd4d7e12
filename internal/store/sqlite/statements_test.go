package sqlite_test

import "testing"

// A text that is given again while its rows are being read is a statement of its own, and one that is kept follows the schema.
func TestTextsGivenAgain(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	tx, err := s.DB().BeginTx(t.Context(), nil)
	must(t, err)
	defer tx.Rollback()
	const text = "select value from json_each('[1, 2, 3]') where value > ? order by value"
	outer, err := tx.QueryContext(t.Context(), text, 0)
	must(t, err)
	defer outer.Close()
	sum := 0
	for outer.Next() {
		var a, b int
		must(t, outer.Scan(&a))
		must(t, tx.QueryRowContext(t.Context(), text, a-1).Scan(&b))
		sum += 10*a + b
	}
	must(t, outer.Err())
	if sum != 66 {
		t.Errorf("the rows come to %d", sum)
	}

	var n, columns int
	for _, change := range []string{"create table things (a)", "alter table things add b", "insert into things values (1, 2)"} {
		_, err := tx.ExecContext(t.Context(), change)
		must(t, err)
		rows, err := tx.QueryContext(t.Context(), "select * from things")
		must(t, err)
		names, err := rows.Columns()
		must(t, err)
		for columns = len(names); rows.Next(); {
			n++
		}
		must(t, rows.Close())
	}
	if n != 1 || columns != 2 {
		t.Errorf("%d rows of %d columns", n, columns)
	}
}
