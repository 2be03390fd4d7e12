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
		one.bind(Place{"t", "c", "r", "n"}), two.bind(Place{"t", "c", "r", "n"}), one.bind(Place{"x", "c", "r", "n"}), one.bind(Place{"t", "x", "r", "n"}),
		one.bind(Place{"t", "c", "x", "n"}), one.bind(Place{"t", "c", "r", "x"}), one.bind(Place{"tc", "", "r", "n"}), one.bind(Place{"t", "c", "rn", ""}),
	} {
		if j, twice := seen[string(b)]; twice {
			t.Errorf("%d and %d are bound alike", i, j)
		}
		seen[string(b)] = i
	}
}
