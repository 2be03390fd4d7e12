package secret

import "testing"

// Every part of a place, and the key, is bound.
func TestBind(t *testing.T) {
	t.Parallel()
	key := make([]byte, keySize)
	one, _ := newBox([]byte{0, 0, 0, 1}, key)
	two, _ := newBox([]byte{0, 0, 0, 2}, key)
	seen := map[string]int{}
	for i, b := range [][]byte{
		one.bind(at("t", "c", "r", "n", "")), two.bind(at("t", "c", "r", "n", "")), one.bind(at("x", "c", "r", "n", "")), one.bind(at("t", "x", "r", "n", "")),
		one.bind(at("t", "c", "x", "n", "")), one.bind(at("t", "c", "r", "x", "")), one.bind(at("tc", "", "r", "n", "")), one.bind(at("t", "c", "rn", "", "")), one.bind(at("t", "c", "r", "", "n")), one.bind(at("t", "c", "r", "n", "n")),
	} {
		if j, twice := seen[string(b)]; twice {
			t.Errorf("%d and %d are bound alike", i, j)
		}
		seen[string(b)] = i
	}
}

func at(table, column, row, connection, project string) Place {
	return Place{Table: table, Column: column, Row: row, Connection: connection, Project: project}
}
