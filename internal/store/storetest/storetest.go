// Package storetest is the suite that every dialect of the store passes. It uses the store only through its API, so that a dialect cannot pass
// by the shape of its tables.
package storetest

import (
	"testing"

	"github.com/busbar-dev/busbar/internal/store"
)

// Opener opens a new, empty database that is closed when the test ends.
type Opener func(t *testing.T) *store.Store

// Run runs the suite. Each test opens a database of its own.
func Run(t *testing.T, open Opener) {
	for _, group := range []struct {
		name  string
		tests []test
	}{
		{"Deployment", deploymentTests},
		{"Audit", auditTests},
		{"Members", memberTests},
		{"Connections", connectionTests},
		{"States", stateTests},
		{"Recovery", recoveryTests},
		{"Streams", streamTests},
		{"Runs", runTests},
		{"Pages", pageTests},
		{"Sweeps", sweepTests},
		{"Held deletions", heldTests},
		{"Quarantine", quarantineTests},
		{"Reading", readingTests},
		{"Lookups", lookupTests},
		{"Operations", operationTests},
		{"Items", itemTests},
		{"Decisions", decisionTests},
		{"Written records", writtenTests},
		{"Flows", flowTests},
		{"Runs of flows", flowRunTests},
		{"Items of flows", flowItemTests},
		{"Ends of flows", flowEndTests},
		{"Idempotency keys", keyTests},
		{"Tokens of logins", loginTests},
		{"Data keys", dataKeyTests},
		{"Deletions", deletionTests},
		{"Overview", activityTests},
		{"Isolation", isolationTests},
		{"News", newsTests},
		{"Text", textTests},
	} {
		t.Run(group.name, func(t *testing.T) { runGroup(t, open, group.tests) })
	}
}

// test is one rule of the store, named as a sentence.
type test struct {
	name string
	run  func(t *testing.T, w *world)
}

func runGroup(t *testing.T, open Opener, tests []test) {
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.run(t, &world{t: t, Store: open(t), now: start})
		})
	}
}
