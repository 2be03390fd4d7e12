package member

import (
	"context"
	"errors"
	"slices"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// Left is what becomes of what a member gave out, itself or by a key that it issued, when it may not do so any more.
type Left struct {
	Withdrawn []store.MemberLink // links into the project: they work no more
	Keys      []store.Key        // keys that may do more than the member now: they go on, because machines live by them
}

// still is what a member may do as it is.
func still(m *store.Member) By {
	if !active(m) {
		return By{}
	}
	return By{Scopes: ScopesOf(m.Role)}
}

// Stands takes the project's lock and refuses a member who was removed, disabled or demoted since its request was let in. What it does then comes before or after that, never
// in between.
func (s *Service) Stands(ctx context.Context, tx *store.Tx, projectID string, by By) error {
	if err := tx.LockProject(ctx, projectID); err != nil || by.Member == "" {
		return err
	}
	m, err := tx.Member(ctx, projectID, by.Member)
	if errors.Is(err, store.ErrNotFound) || err == nil && !still(m).may(by.Scopes) {
		return problem.New(problem.InvalidToken, "You are not the member any more who began this. Log in again.")
	}
	return err
}

// withdraw ends the links that a member made and could not make as what it is now, and gives the keys that outlive its rights.
func (s *Service) withdraw(ctx context.Context, tx *store.Tx, m store.Member, now By) (left Left, err error) {
	links, err := tx.LinksMadeBy(ctx, m.ProjectID, m.ID, s.instant())
	if err != nil {
		return Left{}, err
	}
	for _, l := range links {
		role, err := s.leadsTo(ctx, tx, l)
		if err != nil {
			return Left{}, err
		}
		if now.may([]string{connection.ScopeAdmin}) && now.covers(role) {
			continue
		}
		err = tx.RevokeMemberLink(ctx, m.ProjectID, l.ID, s.instant())
		if errors.Is(err, store.ErrConflict) {
			continue // revoked meanwhile
		}
		if err != nil {
			return Left{}, err
		}
		left.Withdrawn = append(left.Withdrawn, l)
	}
	keys, err := tx.KeysIssuedBy(ctx, m.ProjectID, m.ID, s.instant())
	left.Keys = slices.DeleteFunc(keys, func(k store.Key) bool { return now.may(k.Scopes) })
	return left, err
}

// leadsTo gives the role that whoever uses a link has then.
func (s *Service) leadsTo(ctx context.Context, tx *store.Tx, l store.MemberLink) (string, error) {
	if l.Purpose != store.LinkPassword {
		return l.Role, nil
	}
	m, err := tx.Member(ctx, l.ProjectID, l.MemberID)
	if err != nil {
		return "", err
	}
	return m.Role, nil
}

// noteLeft notes an act on a member, and what became of what it gave out.
func (s *Service) noteLeft(ctx context.Context, tx *store.Tx, a act, left Left) error {
	acts := []act{a}
	for _, l := range left.Withdrawn {
		if l.Purpose == store.LinkPassword {
			acts = append(acts, act{"password_link.revoked", "member", l.MemberID, nil})
			continue
		}
		acts = append(acts, act{"invitation.revoked", "invitation", l.ID, nil})
	}
	for _, k := range left.Keys {
		acts = append(acts, act{"key.outlived", "key", k.ID, nil})
	}
	for _, one := range acts {
		if err := s.note(ctx, tx, one); err != nil {
			return err
		}
	}
	return nil
}
