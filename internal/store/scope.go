package store

import "cmp"

// Scope names the one connection that a call may touch. Its fields are unexported: it comes only from a stored
// connection (Connection.Scope), so a handler cannot make one from a path.
type Scope struct {
	no int64
	id string
}

// Compare orders scopes: whoever locks rows of many connections does it in this order.
func (s Scope) Compare(other Scope) int { return cmp.Compare(s.no, other.no) }

// ConnectionID is the id of the connection of this scope.
func (s Scope) ConnectionID() string { return s.id }
