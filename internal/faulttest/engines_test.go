package faulttest

import "testing"

// TestOnPostgreSQL is the core of the matrix on the other engine: what the store has a part in.
func TestOnPostgreSQL(t *testing.T) {
	t.Parallel()
	other := setup{postgres: true}
	core := map[string]bool{"13 page fails": true, "14 everything is gone": true, "16 error in a 200": true, "17 login refused": true, "18 cut in a record": true, "20 429": true}
	for _, c := range answers() {
		if core[c.name] {
			c.setup.postgres = true
			t.Run(c.name, func(t *testing.T) { t.Parallel(); c.run(t, "full") })
		}
	}
	t.Run("15 deleted and made again", func(t *testing.T) { t.Parallel(); recreated(t, other, "full") })
	t.Run("no fault, across restarts", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, other)
		w.change()
		w.restart()
		w.settled("incremental")
		w.restart()
		w.even()
	})
}
