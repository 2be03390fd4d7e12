package member_test

import (
	"errors"
	"testing"

	"github.com/busbar-dev/busbar/internal/member"
)

// TestOneOpenInvitationAnAddress: however an address is written, a new invitation takes the place of earlier ones, and none is left when somebody joined or was removed.
func TestOneOpenInvitationAnAddress(t *testing.T) {
	w := newWorld(t)
	w.Cheap()
	w.owner()
	ada := member.Profile{Name: "Ada", Password: password}
	gone := func(what string, l member.Link) {
		t.Helper()
		if s, err := w.Join(w.ctx, l.Plain, ada, home); !errors.Is(err, member.ErrLinkGone) {
			t.Errorf("%s: ada joins as %+v: %v", what, s.Member, err)
		}
	}
	first := must(w.Invite(w.ctx, all, w.project, "Ada@example.com", member.Owner))
	second := must(w.Invite(w.ctx, all, w.project, " ada@Example.com ", member.Viewer))
	gone("replaced", first)
	s := must(w.Join(w.ctx, second.Plain, ada, home))
	must(w.Remove(w.ctx, all, w.project, s.MemberID))
	gone("replaced, and ada was removed", first)
	again := must(w.Invite(w.ctx, all, w.project, "ADA@example.com", member.Viewer))
	s = must(w.Join(w.ctx, again.Plain, ada, home))
	must(w.Remove(w.ctx, all, w.project, s.MemberID))
	gone("used", again)
	left := must(w.Invite(w.ctx, all, w.project, "ada@example.com", member.Owner))
	last := must(w.Invite(w.ctx, all, w.project, "ada@example.com", member.Viewer))
	reopen := func() { // as if it had been overlooked
		t.Helper()
		_, err := w.store.DB().ExecContext(w.ctx, "update member_links set revoked_at = null where id = $1", left.ID)
		w.ok(err)
	}
	reopen()
	s = must(w.Join(w.ctx, last.Plain, ada, home))
	gone("another one was used", left)
	reopen()
	must(w.Remove(w.ctx, all, w.project, s.MemberID))
	gone("ada was removed", left)
}
