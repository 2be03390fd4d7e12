package api

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/member"
	"github.com/busbar-dev/busbar/model"
)

// Route is who may use an operation of the document.
type Route struct {
	ID, Method, Path string
	Tokens           bool     // it takes the token of a connection
	Keys             bool     // it takes a project key
	Connection       bool     // it works on one connection, which a key or a member names
	Wide             bool     // or, where these name none, on all of the project
	Scopes           []string // of which one is enough
	Roles            []string // that have one of them
	Sensitive        bool     // a session must prove anew who it is
	First            bool     // it is about the whole Busbar: only the first project's keys and members
}

// Routes gives every operation of the document, by path and method.
func Routes(m *model.Model) ([]Route, error) {
	s, err := build(Deps{Model: m})
	if err != nil {
		return nil, err
	}
	var all []Route
	for _, item := range s.api.OpenAPI().Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op != nil {
				all = append(all, routeOf(op))
			}
		}
	}
	slices.SortFunc(all, func(a, b Route) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Method, b.Method))
	})
	return all, nil
}

func routeOf(op *huma.Operation) Route {
	need := accessOf(op)
	r := Route{ID: op.OperationID, Method: op.Method, Path: op.Path, Tokens: need.plane.takesTokens(), Keys: need.plane.takesKeys(), Connection: need.plane.serves(), Wide: need.plane == widePlane, First: need.plane == wholePlane, Scopes: need.scopes(), Sensitive: sensitive(op)}
	for _, role := range member.Roles() {
		if need.missing("role", member.ScopesOf(role)) == nil {
			r.Roles = append(r.Roles, role)
		}
	}
	return r
}

const accessHead = `<!-- Written by ` + "`go run ./internal/gen`" + `. Do not edit. -->
# Access to every route

One scope of those named is enough. A token serves its own connection; a key or a member names the connection in ` + "`Busbar-Connection`" + ` where "one connection" says yes; where it says "or all", without it the route is about all connections of the project. Where "sensitive" says yes, a session proves anew who
it is when its last proof is ten minutes old. Where "first project" says yes, the route is about the whole Busbar: callers of other projects get 403. [Who may do what](guides/access.md) explains scopes and roles. The routes of one entity stand for those of all.

| route | tokens | keys | one connection | scope | roles | sensitive | first project |
|---|---|---|---|---|---|---|---|
`

// AccessPage is docs/access.md. The routes of entities, which are alike, are shown once.
func AccessPage(m *model.Model) (string, error) {
	all, err := Routes(m)
	if err != nil {
		return "", err
	}
	var page strings.Builder
	page.WriteString(accessHead)
	shown := map[string]bool{}
	for _, r := range all {
		line := fmt.Sprintf("| `%s %s` | %s | %s | %s | %s | %s | %s | %s |\n", r.Method, entityPath(m, r.Path), yes(r.Tokens), yes(r.Keys), reach(r), strings.Join(r.Scopes, " or "), strings.Join(r.Roles, ", "), yes(r.Sensitive), yes(r.First))
		if !shown[line] {
			shown[line] = true
			page.WriteString(line)
		}
	}
	return page.String(), nil
}

// entityPath puts {entity} in the place of an entity's name.
func entityPath(m *model.Model, path string) string {
	first, rest, more := strings.Cut(strings.TrimPrefix(path, "/v1/"), "/")
	if m.Entity(first) == nil {
		return path
	}
	if !more {
		return "/v1/{entity}"
	}
	return "/v1/{entity}/" + rest
}

// reach says whether a route works on one connection.
func reach(r Route) string {
	if r.Wide {
		return "or all"
	}
	return yes(r.Connection)
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return ""
}
