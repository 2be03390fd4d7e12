package member_test

import (
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/member"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

const issuer = "https://idp.example.com"

// tie lets somebody log in as the member at the login server.
func (w *world) tie(s member.Session, subject string) {
	w.t.Helper()
	w.ok(w.store.Write(w.ctx, func(tx *store.Tx) error { return tx.SetMemberOIDC(w.ctx, s.MemberID, issuer, subject, w.clock()) }))
}

func (w *world) tied(subject string) bool {
	w.t.Helper()
	_, err := w.store.MemberByOIDC(w.ctx, issuer, subject)
	return err == nil
}

// lastEntry gives action and fields of the newest entry of the audit log.
func (w *world) lastEntry() string {
	w.t.Helper()
	var action, fields string
	w.ok(w.store.DB().QueryRowContext(w.ctx, "select action, fields from audit_log where action not like 'session.%' order by n desc limit 1").Scan(&action, &fields))
	return action + " " + fields
}

// TestALinkToChooseAPasswordEndsEveryOtherWayIn: whoever had the account before keeps no person of the login server in it. A member who changes its own password keeps that.
func TestALinkToChooseAPasswordEndsEveryOtherWayIn(t *testing.T) {
	w := newWorld(t)
	w.Cheap()
	olga := w.owner()
	w.tie(olga, "mallory")
	changed := must(w.ChangePassword(w.ctx, olga.Member, &olga.MemberSession, password, "another long password", home))
	if !w.tied("mallory") {
		t.Error("a member who changes its password is not the one any more that the login server knows")
	}
	reset := must(w.PasswordLink(w.ctx, all, w.project, olga.MemberID))
	s := must(w.ChoosePassword(w.ctx, reset.Plain, "an entirely new password", home))
	if w.tied("mallory") || member.Tied(s.Member) || w.alive(changed) || !w.alive(s) {
		t.Error("who had the account before still has a way in")
	}
	if got := w.lastEntry(); got != `member.changed ["password","login_server"]` {
		t.Errorf("the audit log says %s", got)
	}
}

// TestUntie: an admin ends the tie and every session, the member the other sessions, unless nothing would be left to log in with.
func TestUntie(t *testing.T) {
	w := newWorld(t)
	w.Cheap()
	olga := w.owner()
	other := must(w.Login(w.ctx, "olga@example.com", password, home))
	w.tie(olga, "olga")
	w.ok(w.UntieOwn(w.As(w.ctx, olga.Member, home), olga.Member, &olga.MemberSession))
	if w.tied("olga") || w.alive(other) || !w.alive(olga) {
		t.Error("the tie outlives its end, or a session that may come from it")
	}
	if got := w.lastEntry(); got != `member.changed ["login_server"]` {
		t.Errorf("the audit log says %s", got)
	}
	w.tie(olga, "olga")
	w.fails(w.Untie(w.ctx, member.By{Scopes: member.ScopesOf(member.Admin)}, w.project, olga.MemberID), problem.MissingScope)
	if !w.tied("olga") {
		t.Error("an admin changed an owner")
	}
	w.ok(w.Untie(w.ctx, all, w.project, olga.MemberID))
	if w.tied("olga") || w.alive(olga) {
		t.Error("the tie outlives its end, or a session that may come from it")
	}
	w.fails(w.Untie(w.ctx, all, w.project, "nobody"), problem.NotFound)
	w.tie(olga, "olga")
	w.ok(w.store.Write(w.ctx, func(tx *store.Tx) error { return tx.SetMemberPassword(w.ctx, olga.MemberID, "", w.clock()) }))
	err := w.UntieOwn(w.ctx, olga.Member, &olga.MemberSession)
	if w.fails(err, problem.Conflict); !w.tied("olga") || !strings.Contains(err.Error(), "no password") {
		t.Errorf("who has no password locked itself out: %v", err)
	}
}
