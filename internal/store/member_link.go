package store

import (
	"context"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// The purposes of links for members.
const (
	LinkSetup    = "setup"
	LinkInvite   = "invite"
	LinkPassword = "password"
)

// MemberLink is a link that works once, without its secret.
type MemberLink struct {
	ID        string
	Hash      []byte // keyed hash of the secret
	Purpose   string
	ProjectID string
	MemberID  string // whose password; empty: nobody's yet
	Email     string // who is invited, as it was written
	EmailKey  string // as it is compared
	Role      string
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    time.Time // zero: not
	RevokedAt time.Time // zero: not
	MadeBy    string    // the member who did, or stands behind the key that did; empty: none
}

// InsertMemberLink stores a new link and removes those of the project that expired before old.
func (t *Tx) InsertMemberLink(ctx context.Context, l MemberLink, old time.Time) error {
	t.changedIn(ThingMembers, l.ProjectID)
	if err := t.q.PurgeMemberLinks(ctx, l.ProjectID, queries.At(old)); err != nil {
		return err
	}
	return t.q.InsertMemberLink(ctx, queries.InsertMemberLinkParams{
		ID: l.ID, Hash: l.Hash, Purpose: l.Purpose, ProjectID: l.ProjectID, MemberID: l.MemberID, Email: l.Email, EmailKey: l.EmailKey, Role: l.Role,
		CreatedAt: queries.At(l.CreatedAt), ExpiresAt: queries.At(l.ExpiresAt), MadeBy: l.MadeBy,
	})
}

// MemberLinkByHash gives a link, used and expired ones too. ErrNotFound.
func (s *Store) MemberLinkByHash(ctx context.Context, hash []byte) (*MemberLink, error) {
	row, err := s.read.MemberLinkByHash(ctx, hash)
	return memberLinkOf(row, err)
}

// MemberLink gives a link of a project. ErrNotFound.
func (s *Store) MemberLink(ctx context.Context, projectID, id string) (*MemberLink, error) {
	row, err := s.read.MemberLink(ctx, projectID, id)
	return memberLinkOf(row, err)
}

// Invitations lists a project's invitations, newest first, those before an id.
func (s *Store) Invitations(ctx context.Context, projectID, beforeID string, limit int) ([]MemberLink, error) {
	rows, err := s.read.Invitations(ctx, projectID, before(beforeID), atMost(limit))
	return each(rows, memberLinkFrom), err
}

// LinksMadeBy lists the links that a member made and that can still be used.
func (t *Tx) LinksMadeBy(ctx context.Context, projectID, memberID string, now time.Time) ([]MemberLink, error) {
	rows, err := t.q.LinksMadeBy(ctx, projectID, memberID, queries.At(now))
	return each(rows, memberLinkFrom), err
}

// UseMemberLink uses a link up. ErrConflict: it was used or revoked before.
func (t *Tx) UseMemberLink(ctx context.Context, id string, now time.Time) error {
	n, err := t.q.UseMemberLink(ctx, queries.At(now), id)
	return hit(n, err, ErrConflict)
}

// RevokeMemberLink ends a link. ErrConflict: it was used or revoked before, or is none.
func (t *Tx) RevokeMemberLink(ctx context.Context, projectID, id string, now time.Time) error {
	t.changedIn(ThingMembers, projectID)
	n, err := t.q.RevokeMemberLink(ctx, queries.At(now), projectID, id)
	return hit(n, err, ErrConflict)
}

// RevokeMemberLinks ends the links of that purpose, member and address, however it was written.
func (t *Tx) RevokeMemberLinks(ctx context.Context, l MemberLink, now time.Time) error {
	t.changedIn(ThingMembers, l.ProjectID)
	return t.q.RevokeMemberLinks(ctx, queries.RevokeMemberLinksParams{
		RevokedAt: queries.At(now), ProjectID: l.ProjectID, Purpose: l.Purpose, MemberID: l.MemberID, EmailKey: l.EmailKey,
	})
}

// RevokeLinksOfMember ends all links that lead into a member's account.
func (t *Tx) RevokeLinksOfMember(ctx context.Context, projectID, memberID string, now time.Time) error {
	t.changedIn(ThingMembers, projectID)
	return t.q.RevokeLinksOfMember(ctx, queries.At(now), projectID, memberID)
}

func memberLinkOf(r queries.MemberLink, err error) (*MemberLink, error) {
	if err != nil {
		return nil, orNotFound(err)
	}
	l := memberLinkFrom(r)
	return &l, nil
}

func memberLinkFrom(r queries.MemberLink) MemberLink {
	return MemberLink{
		ID: r.ID, Hash: r.Hash, Purpose: r.Purpose, ProjectID: r.ProjectID, MemberID: r.MemberID, Email: r.Email, EmailKey: r.EmailKey, Role: r.Role,
		CreatedAt: r.CreatedAt.Time, ExpiresAt: r.ExpiresAt.Time, UsedAt: r.UsedAt.Time, RevokedAt: r.RevokedAt.Time, MadeBy: r.MadeBy,
	}
}
