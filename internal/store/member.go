package store

import (
	"context"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// Member is a person who works with a project.
type Member struct {
	ID, ProjectID           string
	Email                   string // as it was written
	EmailKey                string // as it is compared; no two members share one
	Name                    string
	Role                    string // a word of package member
	Password                string // an argon2id hash; empty: none
	OIDCIssuer, OIDCSubject string // empty: none
	CreatedAt, UpdatedAt    time.Time
	LastLoginAt, DisabledAt time.Time // zero: never, not
}

// LockProject lets nobody else change the project's members until the transaction ends. ErrNotFound.
func (t *Tx) LockProject(ctx context.Context, id string) error {
	_, err := t.q.LockProject(ctx, id)
	return orNotFound(err)
}

// InsertMember stores a new member. ErrConflict: the address, or the name at a login server, is a member's already.
func (t *Tx) InsertMember(ctx context.Context, m Member) error {
	t.changedIn(ThingMembers, m.ProjectID)
	n, err := t.q.InsertMember(ctx, queries.InsertMemberParams{
		ID: m.ID, ProjectID: m.ProjectID, Email: m.Email, EmailKey: m.EmailKey, Name: m.Name, Role: m.Role, Password: m.Password,
		OidcIssuer: m.OIDCIssuer, OidcSubject: m.OIDCSubject, CreatedAt: queries.At(m.CreatedAt), UpdatedAt: queries.At(m.CreatedAt),
	})
	return hit(n, err, ErrConflict)
}

// Member gives a member of a project. ErrNotFound.
func (s *Store) Member(ctx context.Context, projectID, id string) (*Member, error) {
	row, err := s.read.Member(ctx, projectID, id)
	return memberOf(row, err)
}

// Member gives a member as it is in this transaction. ErrNotFound.
func (t *Tx) Member(ctx context.Context, projectID, id string) (*Member, error) {
	row, err := t.q.Member(ctx, projectID, id)
	return memberOf(row, err)
}

// MemberByEmail gives the member of an address as it is compared, of whatever project. ErrNotFound.
func (s *Store) MemberByEmail(ctx context.Context, key string) (*Member, error) {
	row, err := s.read.MemberByEmail(ctx, key)
	return memberOf(row, err)
}

// MemberByEmail is the same in this transaction. ErrNotFound.
func (t *Tx) MemberByEmail(ctx context.Context, key string) (*Member, error) {
	row, err := t.q.MemberByEmail(ctx, key)
	return memberOf(row, err)
}

// MemberByOIDC gives the member that a login server knows by subject. ErrNotFound.
func (s *Store) MemberByOIDC(ctx context.Context, issuer, subject string) (*Member, error) {
	row, err := s.read.MemberByOIDC(ctx, issuer, subject)
	return memberOf(row, err)
}

// Members lists a project's members, newest first, those before an id.
func (s *Store) Members(ctx context.Context, projectID, beforeID string, limit int) ([]Member, error) {
	rows, err := s.read.Members(ctx, projectID, before(beforeID), atMost(limit))
	return each(rows, memberFrom), err
}

// Owners counts the owners that are not disabled.
func (s *Store) Owners(ctx context.Context, projectID string) (int64, error) {
	return s.read.CountOwners(ctx, projectID)
}

// Owners is the same in this transaction.
func (t *Tx) Owners(ctx context.Context, projectID string) (int64, error) {
	return t.q.CountOwners(ctx, projectID)
}

// SetMember stores name, role and whether the member is disabled. ErrNotFound.
func (t *Tx) SetMember(ctx context.Context, m Member, now time.Time) error {
	t.changedIn(ThingMembers, m.ProjectID)
	n, err := t.q.SetMember(ctx, queries.SetMemberParams{
		Name: m.Name, Role: m.Role, DisabledAt: queries.At(m.DisabledAt), UpdatedAt: queries.At(now), ProjectID: m.ProjectID, ID: m.ID,
	})
	return hit(n, err, ErrNotFound)
}

// SetMemberPassword stores the hash of a new password. ErrNotFound.
func (t *Tx) SetMemberPassword(ctx context.Context, id, hash string, now time.Time) error {
	n, err := t.q.SetMemberPassword(ctx, hash, queries.At(now), id)
	return hit(n, err, ErrNotFound)
}

// RehashMemberPassword stores another hash of the same password, unless it has been changed since.
func (t *Tx) RehashMemberPassword(ctx context.Context, id, old, hash string) error {
	_, err := t.q.RehashMemberPassword(ctx, hash, id, old)
	return err
}

// SetMemberOIDC stores by which name a login server knows the member. ErrConflict: another member is known by it, or this one is gone.
func (t *Tx) SetMemberOIDC(ctx context.Context, id, issuer, subject string, now time.Time) error {
	n, err := t.q.SetMemberOIDC(ctx, queries.SetMemberOIDCParams{OidcIssuer: issuer, OidcSubject: subject, UpdatedAt: queries.At(now), ID: id})
	return hit(n, err, ErrConflict)
}

// ClearMemberOIDC forgets the member of a login server, and tells whether there was one.
func (t *Tx) ClearMemberOIDC(ctx context.Context, id string, now time.Time) (bool, error) {
	n, err := t.q.ClearMemberOIDC(ctx, queries.At(now), id)
	return n > 0, err
}

// NoteMemberLogin stores when the member last logged in. ErrNotFound.
func (t *Tx) NoteMemberLogin(ctx context.Context, id string, now time.Time) error {
	n, err := t.q.NoteMemberLogin(ctx, queries.At(now), id)
	return hit(n, err, ErrNotFound)
}

// DeleteMember removes a member. ErrNotFound.
func (t *Tx) DeleteMember(ctx context.Context, projectID, id string) error {
	t.changedIn(ThingMembers, projectID)
	n, err := t.q.DeleteMember(ctx, projectID, id)
	return hit(n, err, ErrNotFound)
}

func memberOf(r queries.Member, err error) (*Member, error) {
	if err != nil {
		return nil, orNotFound(err)
	}
	m := memberFrom(r)
	return &m, nil
}

func memberFrom(r queries.Member) Member {
	return Member{
		ID: r.ID, ProjectID: r.ProjectID, Email: r.Email, EmailKey: r.EmailKey, Name: r.Name, Role: r.Role, Password: r.Password,
		OIDCIssuer: r.OidcIssuer, OIDCSubject: r.OidcSubject, CreatedAt: r.CreatedAt.Time, UpdatedAt: r.UpdatedAt.Time,
		LastLoginAt: r.LastLoginAt.Time, DisabledAt: r.DisabledAt.Time,
	}
}
