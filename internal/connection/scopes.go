package connection

import (
	"fmt"
	"slices"

	"github.com/busbar-dev/busbar/internal/problem"
)

// The scopes of tokens, keys and roles: what their holder may do.
const (
	ScopeRead    = "read"    // see
	ScopeSync    = "sync"    // start, stop and pause syncs, approve what they hold back
	ScopeWrite   = "write"   // write records, decide about writes whose outcome is not known
	ScopeRun     = "run"     // begin, retry, pause and cancel runs of flows
	ScopeFlows   = "flows"   // make, change, test and delete flows
	ScopeConnect = "connect" // make, change, renew and end connections, their tokens and links; delete their data
	ScopeAdmin   = "admin"   // members, project keys, the project's settings, the audit log
	ScopeOwn     = "own"     // owners, further projects, the master key
)

// Scopes lists all scopes, each once, in their usual order.
func Scopes() []string {
	return []string{ScopeRead, ScopeSync, ScopeWrite, ScopeRun, ScopeFlows, ScopeConnect, ScopeAdmin, ScopeOwn}
}

// TokenScopes lists those that a connection token may have.
func TokenScopes() []string { return Scopes()[:3] }

// KeyScopes lists those that a project key gets when nothing is said.
func KeyScopes() []string { return Scopes()[:6] }

// Among gives those of scopes that are in held, in their usual order.
func Among(scopes, held []string) []string {
	return slices.DeleteFunc(slices.Clone(Scopes()), func(name string) bool {
		return !slices.Contains(scopes, name) || !slices.Contains(held, name)
	})
}

// scopes gives the wanted scopes in their usual order, those of otherwise when none are wanted.
func (f *faults) scopes(wanted, otherwise, all []string) []string {
	if len(wanted) == 0 {
		return otherwise
	}
	for i, name := range wanted {
		if !slices.Contains(all, name) {
			f.at(problem.Unknown, unknown("scope", name, all), "scopes", fmt.Sprint(i))
		}
	}
	return Among(wanted, all)
}
