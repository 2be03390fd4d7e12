package api

import (
	"fmt"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/member"
	"github.com/busbar-dev/busbar/internal/problem"
)

// scopes are the words of which one is enough.
func (a access) scopes() []string { return strings.Fields(a.scope) }

// flaw says what is wrong with a route's demand: a route without a scope is nobody's, and one that no token can have is not for tokens.
func (a access) flaw(op huma.Operation) error {
	known := connection.Scopes()
	if a.plane.serves() {
		known = connection.TokenScopes()
	}
	if len(a.scopes()) == 0 {
		return fmt.Errorf("%s %s names no scope", op.Method, op.Path)
	}
	for _, scope := range a.scopes() {
		if !slices.Contains(known, scope) {
			return fmt.Errorf("%s %s needs %q, which is none of the scopes %s", op.Method, op.Path, scope, strings.Join(known, ", "))
		}
	}
	return nil
}

// missing refuses a credential none of whose scopes is enough.
func (a access) missing(credential string, held []string) error {
	if slices.ContainsFunc(a.scopes(), func(one string) bool { return slices.Contains(held, one) }) {
		return nil
	}
	has := "no scope"
	if len(held) > 0 {
		has = "the scopes " + strings.Join(held, ", ")
	}
	return &problem.Error{Code: problem.MissingScope, Detail: fmt.Sprintf("This %s has %s; the request needs %s. Use a %s with that scope.",
		credential, has, strings.Join(a.scopes(), " or "), credential)}
}

// scopes are what the caller may do.
func (c caller) scopes() []string {
	switch {
	case c.principal.Token != nil:
		return c.principal.Token.Scopes
	case c.principal.Member != nil:
		return member.ScopesOf(c.principal.Member.Role)
	}
	return c.principal.Key.Scopes
}

// grants gives those of the wanted scopes that the caller may pass on with a connection token, and all that it may when none are wanted.
func (c caller) grants(wanted []string) ([]string, error) {
	may := connection.Among(connection.TokenScopes(), c.scopes())
	if len(may) == 0 {
		return nil, &problem.Error{Code: problem.MissingScope,
			Detail: fmt.Sprintf("Nobody gives more than they have: a token would need one of the scopes %s, and you have %s.", strings.Join(connection.TokenScopes(), ", "), strings.Join(c.scopes(), ", "))}
	}
	if len(wanted) == 0 {
		return may, nil
	}
	return wanted, c.lacks(wanted)
}

// lacks refuses to give what the caller does not have. Words that are no scopes are left to others to refuse.
func (c caller) lacks(wanted []string) error {
	for _, scope := range connection.Among(wanted, connection.Scopes()) {
		if !slices.Contains(c.scopes(), scope) {
			return &problem.Error{Code: problem.MissingScope,
				Detail: fmt.Sprintf("Nobody gives or takes more than they have: you have the scopes %s, and %s is not among them.", strings.Join(c.scopes(), ", "), scope)}
		}
	}
	return nil
}
