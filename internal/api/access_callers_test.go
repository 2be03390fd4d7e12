package api_test

import (
	"slices"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/api"
	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/member"
	"github.com/busbar-dev/busbar/internal/store"
)

// outcome is what a caller gets; letIn is any answer that does not refuse the caller.
type outcome struct {
	status int
	code   string
}

var (
	letIn    = outcome{}
	unknown  = outcome{401, "invalid-token"}
	lacking  = outcome{403, "missing-scope"}
	foreign  = outcome{404, "not-found"}
	crossing = outcome{403, "cross-site-request"}
	stale    = outcome{403, "reauthentication-required"}
)

// stranger is somebody who calls every route, and the rule that says what they get.
type stranger struct {
	name    string
	secret  func(r api.Route) string
	headers []string
	rule    func(r api.Route) outcome
}

func always(o outcome) func(api.Route) outcome { return func(api.Route) outcome { return o } }

// strangers are the callers of the matrix; the victim is a connection of the first project.
func (w *world) strangers(victim *store.Connection) []stranger {
	fixed := func(s string) func(api.Route) string { return func(api.Route) string { return s } }
	_, other := w.connect("Other")
	visitors := w.visitors() // first: they let time pass
	all := []stranger{
		{"a token of another connection", fixed(other), nil, func(r api.Route) outcome {
			if !r.Tokens {
				return lacking
			}
			if strings.Contains(r.Path, "{id}") {
				return foreign
			}
			return letIn
		}},
		{"a token of another connection that names the victim", fixed(other), []string{"Busbar-Connection", victim.ID}, func(r api.Route) outcome {
			if !r.Tokens {
				return lacking
			}
			return foreign
		}},
		{"a token without the scope", w.without(victim), nil, func(r api.Route) outcome {
			if !r.Tokens || len(w.rest(r, connection.TokenScopes())) < len(connection.TokenScopes()) && !free(r) {
				return lacking
			}
			return letIn
		}},
		{"a key without the scope", w.keyWithout(), []string{"Busbar-Connection", victim.ID}, func(r api.Route) outcome {
			if free(r) {
				return letIn
			}
			return lacking
		}},
	}
	all = append(all, w.outsiders(victim)...)
	for name, secret := range w.unknown(other) {
		all = append(all, stranger{name, fixed(secret), nil, always(unknown)})
	}
	return append(all, visitors...)
}

// free tells whether every scope is enough for a route.
func free(r api.Route) bool { return len(r.Scopes) == len(connection.Scopes()) }

// rest are the scopes that are not enough for a route; all of them when none is left.
func (w *world) rest(r api.Route, of []string) []string {
	left := slices.DeleteFunc(slices.Clone(of), func(s string) bool { return slices.Contains(r.Scopes, s) })
	if len(left) == 0 {
		return of
	}
	return left
}

func (w *world) without(c *store.Connection) func(api.Route) string {
	made := map[string]string{}
	return func(r api.Route) string {
		scopes := w.rest(r, connection.TokenScopes())
		name := strings.Join(scopes, " ")
		if made[name] == "" {
			made[name] = must(w.conns.IssueToken(acting(w.t.Context()), c, name, scopes, nil)).Plain
		}
		return made[name]
	}
}

func (w *world) keyWithout() func(api.Route) string {
	made := map[string]string{}
	return func(r api.Route) string {
		scopes := w.rest(r, connection.Scopes())
		name := strings.Join(scopes, " ")
		if made[name] == "" {
			made[name] = must(w.conns.IssueKey(acting(w.t.Context()), w.project, connection.NewKey{Label: name, Scopes: scopes})).Plain
		}
		return made[name]
	}
}

// outsiders may do everything in another project.
func (w *world) outsiders(victim *store.Connection) []stranger {
	other, first, err := w.conns.NewProject(acting(w.t.Context()), "second")
	w.ok(err)
	project, key := other.ID, first.Plain
	rule := func(r api.Route) outcome {
		switch {
		case r.ID == "put-flow": // names are each project's own
			return letIn
		case r.Connection || strings.Contains(r.Path, "{id}") || strings.Contains(r.Path, "{name}"):
			return foreign
		case r.First:
			return lacking
		}
		return letIn
	}
	own := func(r api.Route) outcome {
		if !r.Keys {
			return lacking
		}
		return rule(r)
	}
	return []stranger{
		{"a key of another project", func(api.Route) string { return key }, []string{"Busbar-Connection", victim.ID}, own},
		{"a session of another project", nobodys, page(w.memberOf(project, "eve@example.com", member.Owner), "Busbar-Connection", victim.ID), rule},
	}
}

func nobodys(api.Route) string { return "" }

// page are the headers of a request by a page of this server.
func page(s member.Session, more ...string) []string {
	return append([]string{"Cookie", "__Host-busbar=" + s.Plain, "Busbar-Request", "1", "Sec-Fetch-Site", "same-origin"}, more...)
}

// unknown are secrets that open nothing.
func (w *world) unknown(good string) map[string]string {
	ctx := acting(w.t.Context())
	c, _ := w.connect("Strangers")
	soon := w.clock().Add(time.Minute)
	revoked := must(w.conns.IssueToken(ctx, c, "revoked", nil, nil))
	expired := must(w.conns.IssueToken(ctx, c, "expired", nil, &soon))
	revokedKey := must(w.conns.IssueKey(ctx, w.project, connection.NewKey{Label: "revoked"}))
	expiredKey := must(w.conns.IssueKey(ctx, w.project, connection.NewKey{Label: "expired", Expires: &soon}))
	w.ok(w.store.Write(ctx, func(tx *store.Tx) error { return tx.RevokeToken(ctx, c.Scope(), revoked.ID, w.clock()) }))
	w.ok(w.conns.RevokeKey(ctx, w.project, revokedKey.ID))
	ended, dead := w.connect("Ended")
	w.ok(w.conns.Disconnect(ctx, ended))
	w.tick(time.Minute)
	return map[string]string{
		"nobody": "", "garbage": "garbage", "a typo": mistyped(good), "a made up token": "bb_con_" + strings.Repeat("A", 38),
		"a revoked token": revoked.Plain, "an expired token": expired.Plain, "the token of a connection that ended": dead,
		"a revoked key": revokedKey.Plain, "an expired key": expiredKey.Plain,
	}
}

// mistyped is a secret with another last character.
func mistyped(good string) string {
	last := "0"
	if strings.HasSuffix(good, last) {
		last = "1"
	}
	return good[:len(good)-1] + last
}

// visitors are members of the victim's project who look for what is not there.
func (w *world) visitors() []stranger {
	proved := w.member("stale@example.com", member.Owner)
	w.tick(member.Fresh)
	mine, _ := w.connect("Mine")
	owner, ended := w.member("owner2@example.com", member.Owner), w.member("ended@example.com", member.Owner)
	w.ok(w.members.End(acting(w.t.Context()), must(w.members.Member(w.t.Context(), w.project, ended.MemberID)), ended.ID))
	crossed := func(r api.Route) outcome {
		if r.Method == "GET" {
			return letIn
		}
		return crossing
	}
	all := []stranger{
		{"an ended session", nobodys, page(ended), always(unknown)},
		{"a session without the header", nobodys, []string{"Cookie", "__Host-busbar=" + owner.Plain, "Busbar-Connection", mine.ID}, crossed},
		{"a session of another origin", nobodys, page(owner, "Busbar-Connection", mine.ID, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"), crossed},
		{"a stale session", nobodys, page(proved, "Busbar-Connection", mine.ID), func(r api.Route) outcome {
			if r.Sensitive {
				return stale
			}
			return letIn
		}},
	}
	for _, role := range member.Roles() {
		all = append(all, stranger{"a session of " + role, nobodys, page(w.member(role+"@example.com", role), "Busbar-Connection", mine.ID), func(r api.Route) outcome {
			if slices.Contains(r.Roles, role) {
				return letIn
			}
			return lacking
		}})
	}
	return all
}
