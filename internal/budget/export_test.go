package budget

// KeeperOf gives what keeps the budgets.
func KeeperOf(b *Budgets) Keeper { return b.keeper }

// FullState has something in every member.
func FullState() State {
	return State{
		At: 1, Next: [windows]int64{2, 3, 4}, Late: 5, LateTo: [windows]int64{6, 7, 8}, Passed: [2]int{7, 8}, Share: 9, Narrow: 10, Good: 11, NarrowAt: 12, Pause: 13,
		Holders: []holder{{ID: "a", Held: 1, Until: 2, Waiting: [priorities]int{1, 2, 3, 4, 5, 6}, Since: [priorities]int64{6, 5, 4, 3, 2, 1}, Back: 3}},
		Breaker: breaker{Failures: 1, Trips: 2, Since: 3, Until: 4, Probe: "a"},
	}
}

// Kept is how many connections the budgets hold anything of.
func Kept(b *Budgets) (budgets, states int) { return len(b.byID), len(b.memory.kept) }
