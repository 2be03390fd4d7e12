package member

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// Change is what changes of a member; nil leaves it.
type Change struct {
	Name     *string
	Role     *string
	Disabled *bool
}

// Member gives a member of a project. Errors are *problem.Error not-found.
func (s *Service) Member(ctx context.Context, projectID, id string) (*store.Member, error) {
	m, err := s.Store.Member(ctx, projectID, id)
	return m, noMember(err)
}

func noMember(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return problem.New(problem.NotFound, "There is no such member in your project.")
	}
	return err
}

// Change changes a member. With its role or its place among the enabled, all its sessions end. Errors are *problem.Error: not-found, missing-scope, conflict for the last
// owner, *Invalid.
func (s *Service) Change(ctx context.Context, by By, projectID, id string, c Change) (changed *store.Member, left Left, err error) {
	err = s.alone(ctx, by, projectID, id, func(tx *store.Tx, m store.Member) error {
		next, fields, err := s.applied(m, c)
		changed, left = &next, Left{}
		if err != nil || len(fields) == 0 {
			return err
		}
		if !by.covers(next.Role) {
			return notYours(next.Role)
		}
		if err := s.keepOwner(ctx, tx, m, active(&next) && next.Role == Owner); err != nil {
			return err
		}
		if err := tx.SetMember(ctx, next, next.UpdatedAt); err != nil {
			return err
		}
		if next.Role != m.Role || active(&next) != active(&m) {
			if err := s.shut(ctx, tx, &m); err != nil {
				return err
			}
			if left, err = s.withdraw(ctx, tx, m, still(&next)); err != nil {
				return err
			}
		}
		return s.noteLeft(ctx, tx, act{"member.changed", "member", m.ID, fields}, left)
	})
	return changed, left, err
}

// applied gives the member as it will be, and the names of what differs.
func (s *Service) applied(m store.Member, c Change) (store.Member, []string, error) {
	var f form
	var fields []string
	if c.Name != nil {
		if name := f.name(*c.Name); name != m.Name {
			m.Name, fields = name, append(fields, "name")
		}
	}
	if c.Role != nil {
		if role := f.role(*c.Role); role != m.Role {
			m.Role, fields = role, append(fields, "role")
		}
	}
	if c.Disabled != nil && *c.Disabled == active(&m) {
		fields = append(fields, "disabled")
		if m.DisabledAt = (time.Time{}); *c.Disabled {
			m.DisabledAt = s.instant()
		}
	}
	m.UpdatedAt = s.instant()
	return m, fields, f.err()
}

// Remove removes a member. Errors are *problem.Error: not-found, missing-scope, conflict for the last owner.
func (s *Service) Remove(ctx context.Context, by By, projectID, id string) (left Left, err error) {
	err = s.alone(ctx, by, projectID, id, func(tx *store.Tx, m store.Member) error {
		if err := s.keepOwner(ctx, tx, m, false); err != nil {
			return err
		}
		if err := s.shut(ctx, tx, &m); err != nil {
			return err
		}
		if err := s.endInvitations(ctx, tx, m); err != nil {
			return err
		}
		if left, err = s.withdraw(ctx, tx, m, By{}); err != nil {
			return err
		}
		if err := tx.DeleteMember(ctx, projectID, id); err != nil {
			return err
		}
		return s.noteLeft(ctx, tx, act{"member.removed", "member", m.ID, nil}, left)
	})
	return left, err
}

// PasswordLink makes a link by which a member chooses a new password; earlier ones end. Errors are *problem.Error: not-found, missing-scope, conflict when it is disabled.
func (s *Service) PasswordLink(ctx context.Context, by By, projectID, id string) (Link, error) {
	l, err := s.newLink(store.MemberLink{Purpose: store.LinkPassword, ProjectID: projectID, MemberID: id}, PasswordWithin)
	if err != nil {
		return Link{}, err
	}
	err = s.alone(ctx, by, projectID, id, func(tx *store.Tx, m store.Member) error {
		if !active(&m) {
			return problem.New(problem.Conflict, "The member is disabled. Enable it first.")
		}
		return s.giveLink(ctx, tx, &l, act{"password_link.created", "member", id, nil})
	})
	return l, err
}

// giveLink stores a link in place of earlier ones for the same.
func (s *Service) giveLink(ctx context.Context, tx *store.Tx, l *Link, a act) (err error) {
	if l.MadeBy, err = connection.Behind(ctx, tx); err != nil {
		return err
	}
	if err := tx.RevokeMemberLinks(ctx, l.MemberLink, l.CreatedAt); err != nil {
		return err
	}
	if err := tx.InsertMemberLink(ctx, l.MemberLink, l.CreatedAt.Add(-kept)); err != nil {
		return err
	}
	return s.note(ctx, tx, a)
}

// endInvitations ends every open invitation for the address of somebody who has joined or was removed: none brings it back, or back to an earlier role.
func (s *Service) endInvitations(ctx context.Context, tx *store.Tx, m store.Member) error {
	return tx.RevokeMemberLinks(ctx, store.MemberLink{Purpose: store.LinkInvite, ProjectID: m.ProjectID, EmailKey: m.EmailKey}, s.instant())
}

// Invite makes a link by which somebody joins; an earlier one for the same address ends. Errors are *problem.Error: missing-scope, *Invalid.
func (s *Service) Invite(ctx context.Context, by By, projectID, email, role string) (Link, error) {
	var f form
	email, key := f.email(email)
	f.role(role)
	if err := f.err(); err != nil {
		return Link{}, err
	}
	if !by.covers(role) {
		return Link{}, notYours(role)
	}
	l, err := s.newLink(store.MemberLink{Purpose: store.LinkInvite, ProjectID: projectID, Email: email, EmailKey: key, Role: role}, InviteWithin)
	if err != nil {
		return Link{}, err
	}
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		if err := s.Stands(ctx, tx, projectID, by); err != nil {
			return err
		}
		_, err := tx.MemberByEmail(ctx, key)
		if err == nil {
			return &Invalid{[]Fault{{"email", TakenName}}}
		}
		if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		return s.giveLink(ctx, tx, &l, act{"invitation.created", "invitation", l.ID, []string{"email", "role"}})
	})
	return l, err
}

// RevokeInvitation ends an invitation. Errors are *problem.Error: not-found, missing-scope, conflict when it was used or revoked before.
func (s *Service) RevokeInvitation(ctx context.Context, by By, projectID, id string) (*store.MemberLink, error) {
	l, err := s.Store.MemberLink(ctx, projectID, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && l.Purpose != store.LinkInvite {
		return nil, problem.New(problem.NotFound, "There is no such invitation in your project.")
	}
	if err != nil {
		return nil, fmt.Errorf("look an invitation up: %w", err)
	}
	if !by.covers(l.Role) {
		return nil, notYours(l.Role)
	}
	l.RevokedAt = s.instant()
	return l, s.Store.Write(ctx, func(tx *store.Tx) error {
		err := tx.RevokeMemberLink(ctx, projectID, id, l.RevokedAt)
		if errors.Is(err, store.ErrConflict) {
			return problem.New(problem.Conflict, "The invitation was used or revoked before.")
		}
		if err != nil {
			return err
		}
		return s.note(ctx, tx, act{"invitation.revoked", "invitation", id, nil})
	})
}

// alone runs fn on a member whom by may change, while nobody else changes members.
func (s *Service) alone(ctx context.Context, by By, projectID, id string, fn func(tx *store.Tx, m store.Member) error) error {
	var account string
	err := s.Store.Write(ctx, func(tx *store.Tx) error {
		if err := s.Stands(ctx, tx, projectID, by); err != nil {
			return noMember(err)
		}
		m, err := tx.Member(ctx, projectID, id)
		if err != nil {
			return noMember(err)
		}
		if !by.covers(m.Role) {
			return notYours(m.Role)
		}
		account = m.EmailKey
		return fn(tx, *m)
	})
	if err == nil {
		s.limits.forget(account)
	}
	return err
}

// keepOwner refuses what would leave a project without an owner.
func (s *Service) keepOwner(ctx context.Context, tx *store.Tx, m store.Member, stays bool) error {
	if m.Role != Owner || !active(&m) || stays {
		return nil
	}
	owners, err := tx.Owners(ctx, m.ProjectID)
	if err == nil && owners <= 1 {
		return problem.New(problem.Conflict, "This is the last owner. Make somebody else an owner first.")
	}
	return err
}

func notYours(role string) error {
	return problem.Newf(problem.MissingScope, "Only who may do all that the role %s may can give it, take it or change who has it. It needs the scopes %v.", role, ScopesOf(role))
}
