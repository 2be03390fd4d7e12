package member_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/member"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// as is what a member may do, with the context in which it acts.
func (w *world) as(s member.Session) (context.Context, member.By) {
	return w.As(w.ctx, s.Member, home), member.By{Scopes: member.ScopesOf(s.Member.Role), Member: s.MemberID}
}

// givesOut lets a member invite to a role, make a link to another's password, and issue a key with what the role may.
func (w *world) givesOut(s member.Session, other, role string) (invitation, password member.Link, key store.Key) {
	w.t.Helper()
	ctx, by := w.as(s)
	invitation = must(w.Invite(ctx, by, w.project, fmt.Sprintf("by-%s-%s@example.com", s.MemberID, role), role))
	password = must(w.PasswordLink(ctx, by, w.project, other))
	key = store.Key{ID: "key-" + s.MemberID, ProjectID: w.project, Label: "theirs", Hash: []byte(s.MemberID), Scopes: member.ScopesOf(role), CreatedAt: w.clock(), IssuedBy: s.MemberID}
	w.ok(w.store.InsertKey(w.ctx, key))
	return invitation, password, key
}

// acts are the last acts of the audit log, each with what it was done to.
func (w *world) acts(n int) (acts []string) {
	w.t.Helper()
	page, _, err := w.store.AuditChain(w.ctx, 0, 1000)
	w.ok(err)
	for _, e := range page[len(page)-n:] {
		acts = append(acts, e.Action+" "+e.TargetID)
	}
	return acts
}

// TestWhatAMemberGaveOutIsWithdrawnWithIt: links into the project end with the right to make them, each with its entry; keys go on and are named.
func TestWhatAMemberGaveOutIsWithdrawnWithIt(t *testing.T) {
	for name, tt := range map[string]struct {
		role         string // of whom the member invited, and that its key may do
		lose         func(w *world, id string) (member.Left, error)
		action       string
		links, stays bool
	}{
		"removed":                          {member.Viewer, func(w *world, id string) (member.Left, error) { return w.Remove(w.ctx, all, w.project, id) }, "member.removed", true, true},
		"disabled":                         {member.Viewer, change(member.Change{Disabled: new(true)}), "member.changed", true, true},
		"demoted below inviting anybody":   {member.Viewer, change(member.Change{Role: new(member.Operator)}), "member.changed", true, false},
		"demoted below what the key may":   {member.Owner, change(member.Change{Role: new(member.Viewer)}), "member.changed", true, true},
		"demoted, and still may do it":     {member.Operator, change(member.Change{Role: new(member.Admin)}), "", false, false},
		"renamed":                          {member.Owner, change(member.Change{Name: new("Renamed")}), "", false, false},
		"demoted below the role of others": {member.Owner, change(member.Change{Role: new(member.Admin)}), "member.changed", true, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.owner()
			s, other := w.join("ada@example.com", member.Owner), w.join("target@example.com", tt.role)
			invitation, toPassword, key := w.givesOut(s, other.MemberID, tt.role)
			kept := must(w.Invite(w.ctx, all, w.project, "by-somebody-else@example.com", member.Viewer))
			left, err := tt.lose(w, s.MemberID)
			w.ok(err)
			for _, l := range []member.Link{invitation, toPassword} {
				_, err := w.Look(w.ctx, l.Plain, l.Purpose)
				if tt.links {
					w.fails(err, problem.NotFound)
				} else {
					w.ok(err)
				}
			}
			must(w.Look(w.ctx, kept.Plain, kept.Purpose))
			want := []string{}
			if tt.links {
				want = append(want, tt.action+" "+s.MemberID, "invitation.revoked "+invitation.ID, "password_link.revoked "+other.MemberID)
			}
			if tt.stays {
				want = append(want, "key.outlived "+key.ID)
			}
			if got := w.acts(len(want)); !slices.Equal(got, want) {
				t.Errorf("noted %v, want %v", got, want)
			}
			if (len(left.Withdrawn) == 2) != tt.links || (len(left.Keys) == 1 && left.Keys[0].ID == key.ID) != tt.stays {
				t.Errorf("left %+v", left)
			}
			if k := must(w.store.ProjectKey(w.ctx, w.project, key.ID)); !k.RevokedAt.IsZero() {
				t.Error("a key was revoked: what lives by it stands still")
			}
		})
	}
}

func change(c member.Change) func(w *world, id string) (member.Left, error) {
	return func(w *world, id string) (member.Left, error) {
		_, left, err := w.Change(w.ctx, all, w.project, id, c)
		return left, err
	}
}

// TestKeysThatAreOverAreNotNamed: neither revoked nor expired ones, nor those of others.
func TestKeysThatAreOverAreNotNamed(t *testing.T) {
	w := newWorld(t)
	w.owner()
	s := w.join("ada@example.com", member.Admin)
	for i, k := range []store.Key{{ExpiresAt: w.clock().Add(time.Minute)}, {RevokedAt: w.clock()}, {IssuedBy: "somebody"}, {ExpiresAt: w.clock().Add(time.Hour)}} {
		k.ID, k.ProjectID, k.Hash, k.Scopes, k.CreatedAt = fmt.Sprint("k", i), w.project, []byte{byte(i)}, []string{"read"}, w.clock()
		if k.IssuedBy == "" {
			k.IssuedBy = s.MemberID
		}
		w.ok(w.store.InsertKey(w.ctx, k))
	}
	w.tick(time.Minute)
	if left := w.left(w.Remove(w.ctx, all, w.project, s.MemberID)); len(left.Keys) != 1 || left.Keys[0].ID != "k3" {
		t.Errorf("named %+v", left.Keys)
	}
}

// TestNobodyGivesOutBehindItsRemoval: a request that was let in before gives nothing out after.
func TestNobodyGivesOutBehindItsRemoval(t *testing.T) {
	w := newWorld(t)
	w.owner()
	other := w.join("target@example.com", member.Viewer)
	for name, lose := range map[string]func(w *world, id string) (member.Left, error){
		"removed":  func(w *world, id string) (member.Left, error) { return w.Remove(w.ctx, all, w.project, id) },
		"disabled": change(member.Change{Disabled: new(true)}),
		"demoted":  change(member.Change{Role: new(member.Viewer)}),
	} {
		s := w.join(name+"@example.com", member.Admin)
		ctx, by := w.as(s)
		w.left(lose(w, s.MemberID))
		_, err := w.Invite(ctx, by, w.project, "friend@example.com", member.Admin)
		w.fails(err, problem.InvalidToken)
		_, err = w.PasswordLink(ctx, by, w.project, other.MemberID)
		w.fails(err, problem.InvalidToken)
		w.fails(w.store.Write(ctx, func(tx *store.Tx) error { return w.Stands(ctx, tx, w.project, by) }), problem.InvalidToken)
	}
}

// TestNoInvitationOutlivesARemovalAtTheSameTime: whichever comes first, no link of a removed member works.
func TestNoInvitationOutlivesARemovalAtTheSameTime(t *testing.T) {
	w := newWorld(t)
	w.owner()
	for i := range 8 {
		s := w.join(fmt.Sprintf("m%d@example.com", i), member.Admin)
		ctx, by := w.as(s)
		var both sync.WaitGroup
		var l member.Link
		var invited error
		both.Go(func() {
			l, invited = w.Invite(ctx, by, w.project, fmt.Sprintf("friend%d@example.com", i), member.Viewer)
		})
		both.Go(func() {
			if _, err := w.Remove(w.ctx, all, w.project, s.MemberID); err != nil {
				t.Error(err)
			}
		})
		both.Wait()
		if invited != nil {
			w.fails(invited, problem.InvalidToken)
			continue
		}
		_, err := w.Look(w.ctx, l.Plain, store.LinkInvite)
		w.fails(err, problem.NotFound)
	}
}
