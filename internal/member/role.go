package member

import (
	"slices"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/store"
)

// The roles of a member.
const (
	Owner    = "owner"
	Admin    = "admin"
	Operator = "operator"
	Viewer   = "viewer"
)

// Roles lists them, the most powerful first.
func Roles() []string { return []string{Owner, Admin, Operator, Viewer} }

// ScopesOf gives what a role may do; an unknown one may do nothing.
func ScopesOf(role string) []string {
	scopes := []string{connection.ScopeRead}
	switch role {
	case Owner:
		return append(scopes, connection.ScopeSync, connection.ScopeWrite, connection.ScopeRun, connection.ScopeFlows, connection.ScopeConnect, connection.ScopeAdmin, connection.ScopeOwn)
	case Admin:
		return append(scopes, connection.ScopeSync, connection.ScopeWrite, connection.ScopeRun, connection.ScopeFlows, connection.ScopeConnect, connection.ScopeAdmin)
	case Operator:
		return append(scopes, connection.ScopeSync, connection.ScopeWrite, connection.ScopeRun)
	case Viewer:
		return scopes
	}
	return nil
}

// By is who changes members: what it may do itself.
type By struct {
	Scopes []string
	Member string // its id; empty: it is none
}

// covers tells whether who acts may do all that a role may. Nobody gives or takes more than that: only owners change owners.
func (b By) covers(role string) bool {
	scopes := ScopesOf(role)
	return len(scopes) > 0 && b.may(scopes)
}

// may tells whether who acts has all of these scopes.
func (b By) may(scopes []string) bool {
	return !slices.ContainsFunc(scopes, func(one string) bool { return !slices.Contains(b.Scopes, one) })
}

// active tells whether a member may come in.
func active(m *store.Member) bool { return m.DisabledAt.IsZero() }
