package connectors_test

import "flag"

// whole wants every check against the real systems that are slow; without it those make the checks that quick names.
var whole = flag.Bool("live", false, "make every check against slow real systems too: Odoo, Request Tracker, Tryton")

// quick are the checks of a slow system that every run makes. What it leaves to -live takes minutes: faults, resumption, the changes of others, and rules of state.
func quick() []string {
	if *whole {
		return nil
	}
	return []string{
		"a wrong login is refused", "nothing is in quarantine", "lists and gets agree", "every word is mapped", "a second reading agrees", "small pages give the same", "there and back is the identity",
		"times carry their zone, or are the connection's", "what is not declared is refused", "what is required is asked for", "create", "update", "a lost answer doubles nothing", "delete", "writes for many",
	}
}
