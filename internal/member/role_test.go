package member_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/busbar-dev/busbar/internal/member"
	"github.com/busbar-dev/busbar/internal/problem"
)

// TestWhoMayChangeWhom: nobody gives, takes or changes a role that may do more than they.
func TestWhoMayChangeWhom(t *testing.T) {
	w := newWorld(t)
	w.Cheap()
	w.owner()
	may := map[string][]string{
		member.Owner:    {member.Owner, member.Admin, member.Operator, member.Viewer},
		member.Admin:    {member.Admin, member.Operator, member.Viewer},
		member.Operator: {member.Operator, member.Viewer},
		member.Viewer:   {member.Viewer},
		"only admin":    {},
		"nothing":       {},
	}
	scopes := func(who string) member.By {
		if who == "only admin" {
			return member.By{Scopes: []string{"admin"}}
		}
		return member.By{Scopes: member.ScopesOf(who)}
	}
	n := 0
	for who, roles := range may {
		by := scopes(who)
		for _, role := range member.Roles() {
			allowed := slices.Contains(roles, role)
			want := func(what string, err error) {
				t.Helper()
				if allowed {
					w.ok(err)
				} else if err == nil {
					t.Errorf("%s may %s %s", who, what, role)
				} else {
					w.fails(err, problem.MissingScope)
				}
			}
			n++
			target := w.join(fmt.Sprintf("m%d@example.com", n), role)
			viewer := w.join(fmt.Sprintf("v%d@example.com", n), member.Viewer)
			_, err := w.Invite(w.ctx, by, w.project, fmt.Sprintf("i%d@example.com", n), role)
			want("invite", err)
			invited := must(w.Invite(w.ctx, all, w.project, fmt.Sprintf("i%d@example.com", n), role))
			_, err = w.RevokeInvitation(w.ctx, by, w.project, invited.ID)
			want("revoke the invitation of", err)
			_, err = w.PasswordLink(w.ctx, by, w.project, target.MemberID)
			want("make a password link for", err)
			_, _, err = w.Change(w.ctx, by, w.project, target.MemberID, member.Change{Name: new("Renamed")})
			want("rename", err)
			if role != member.Viewer {
				_, _, err = w.Change(w.ctx, by, w.project, viewer.MemberID, member.Change{Role: &role})
				want("promote to", err)
			}
			_, _, err = w.Change(w.ctx, by, w.project, target.MemberID, member.Change{Disabled: new(true)})
			want("disable", err)
			_, err = w.Remove(w.ctx, by, w.project, target.MemberID)
			want("remove", err)
		}
	}
}

func TestTheLastOwnerStays(t *testing.T) {
	w := newWorld(t)
	s := w.owner()
	id := s.MemberID
	try := func(code string) {
		t.Helper()
		_, _, err := w.Change(w.ctx, all, w.project, id, member.Change{Role: new(member.Admin)})
		w.fails(err, code)
		_, _, err = w.Change(w.ctx, all, w.project, id, member.Change{Disabled: new(true)})
		w.fails(err, code)
		_, err = w.Remove(w.ctx, all, w.project, id)
		w.fails(err, code)
	}
	try(problem.Conflict)
	second := w.join("second@example.com", member.Owner)
	w.changed(w.Change(w.ctx, all, w.project, second.MemberID, member.Change{Disabled: new(true)}))
	try(problem.Conflict) // a disabled owner is no owner who could help
	w.changed(w.Change(w.ctx, all, w.project, second.MemberID, member.Change{Disabled: new(false)}))
	w.changed(w.Change(w.ctx, all, w.project, id, member.Change{Role: new(member.Viewer)}))
	if w.alive(s) {
		t.Error("a session goes on under another role")
	}
	_, err := w.Remove(w.ctx, all, w.project, second.MemberID)
	w.fails(err, problem.Conflict)
}

func TestDisabledAndRemovedMembersAreOutAtOnce(t *testing.T) {
	w := newWorld(t)
	w.owner()
	s := w.join("ada@example.com", member.Admin)
	w.changed(w.Change(w.ctx, all, w.project, s.MemberID, member.Change{Disabled: new(true)}))
	if w.alive(s) {
		t.Error("a disabled member's session goes on")
	}
	_, err := w.Login(w.ctx, "ada@example.com", password, home)
	w.fails(err, problem.InvalidToken)
	w.changed(w.Change(w.ctx, all, w.project, s.MemberID, member.Change{Disabled: new(false)}))
	if w.alive(s) {
		t.Error("a session comes alive again")
	}
	s = must(w.Login(w.ctx, "ada@example.com", password, home))
	w.left(w.Remove(w.ctx, all, w.project, s.MemberID))
	if w.alive(s) {
		t.Error("a removed member's session goes on")
	}
	_, err = w.Member(w.ctx, w.project, s.MemberID)
	w.fails(err, problem.NotFound)
	_, err = w.Remove(w.ctx, all, "another-project", s.MemberID)
	w.fails(err, problem.NotFound)
}
