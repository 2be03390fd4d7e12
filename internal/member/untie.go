package member

import (
	"context"

	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// loginServer is what the audit log calls the tie of an account to a person of the login server.
const loginServer = "login_server"

// Tied tells whether a member logs in at the login server.
func Tied(m *store.Member) bool { return m.OIDCSubject != "" }

// Untie lets a member log in at the login server no more, and ends all its sessions. Errors are *problem.Error: not-found, missing-scope.
func (s *Service) Untie(ctx context.Context, by By, projectID, id string) error {
	return s.alone(ctx, by, projectID, id, func(tx *store.Tx, m store.Member) error { return s.untie(ctx, tx, m, "") })
}

// UntieOwn is Untie by the member itself, whose other sessions end. Errors are *problem.Error conflict when it has no password and could not come in any more.
func (s *Service) UntieOwn(ctx context.Context, m *store.Member, session *store.MemberSession) error {
	return s.Store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.LockProject(ctx, m.ProjectID); err != nil {
			return err
		}
		now, err := tx.Member(ctx, m.ProjectID, m.ID)
		if err != nil {
			return noMember(err)
		}
		if Tied(now) && now.Password == "" {
			return problem.New(problem.Conflict, "You have no password, and could not log in any more. Choose one first.")
		}
		return s.untie(ctx, tx, *now, session.ID)
	})
}

// untie ends the tie, and every session but one to keep.
func (s *Service) untie(ctx context.Context, tx *store.Tx, m store.Member, keep string) error {
	tied, err := tx.ClearMemberOIDC(ctx, m.ID, s.instant())
	if err != nil || !tied {
		return err
	}
	if _, err := tx.EndMemberSessions(ctx, m.ID, keep, s.instant()); err != nil {
		return err
	}
	return s.note(ctx, tx, act{"member.changed", "member", m.ID, []string{loginServer}})
}
