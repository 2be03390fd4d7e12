package store

import (
	"context"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// MemberSession is a member's browser that logged in, without the cookie's value.
type MemberSession struct {
	ID              string
	Hash            []byte // keyed hash of the cookie's value
	MemberID        string
	Address, Agent  string
	CreatedAt       time.Time
	SeenAt          time.Time // last used, to the minute
	AuthenticatedAt time.Time // the member last proved who it is
	ExpiresAt       time.Time
	EndedAt         time.Time // zero: it goes on
}

// InsertMemberSession stores a new session and removes those that expired before old.
func (t *Tx) InsertMemberSession(ctx context.Context, s MemberSession, old time.Time) error {
	if err := t.q.PurgeMemberSessions(ctx, queries.At(old)); err != nil {
		return err
	}
	return t.q.InsertMemberSession(ctx, queries.InsertMemberSessionParams{
		ID: s.ID, Hash: s.Hash, MemberID: s.MemberID, Address: Storable(s.Address), Agent: Storable(s.Agent), CreatedAt: queries.At(s.CreatedAt),
		SeenAt: queries.At(s.SeenAt), AuthenticatedAt: queries.At(s.AuthenticatedAt), ExpiresAt: queries.At(s.ExpiresAt),
	})
}

// MemberSessionByHash gives a session, ended and expired ones too, and its member. ErrNotFound.
func (s *Store) MemberSessionByHash(ctx context.Context, hash []byte) (*MemberSession, *Member, error) {
	row, err := s.read.MemberSessionByHash(ctx, hash)
	if err != nil {
		return nil, nil, orNotFound(err)
	}
	session, m := memberSessionFrom(row.MemberSession), memberFrom(row.Member)
	return &session, &m, nil
}

// MemberSessions lists the sessions of a member that have not ended, newest first.
func (s *Store) MemberSessions(ctx context.Context, memberID string, now time.Time) ([]MemberSession, error) {
	rows, err := s.read.MemberSessions(ctx, memberID, queries.At(now))
	return each(rows, memberSessionFrom), err
}

// TouchMemberSession stores when a session was last used.
func (t *Tx) TouchMemberSession(ctx context.Context, id string, now time.Time) error {
	return t.q.TouchMemberSession(ctx, queries.At(now), id)
}

// ProveMemberSession stores that the member proved who it is, and the hash of the session's new secret. ErrNotFound.
func (t *Tx) ProveMemberSession(ctx context.Context, id string, hash []byte, now time.Time) error {
	n, err := t.q.ProveMemberSession(ctx, queries.At(now), hash, id)
	return hit(n, err, ErrNotFound)
}

// EndMemberSession ends one session of a member. ErrNotFound: it has ended, or is none.
func (t *Tx) EndMemberSession(ctx context.Context, memberID, id string, now time.Time) error {
	n, err := t.q.EndMemberSession(ctx, queries.At(now), id, memberID)
	return hit(n, err, ErrNotFound)
}

// EndMemberSessions ends all sessions of a member but the one to keep, and counts them.
func (t *Tx) EndMemberSessions(ctx context.Context, memberID, keep string, now time.Time) (int64, error) {
	return t.q.EndMemberSessions(ctx, queries.At(now), memberID, keep)
}

func memberSessionFrom(r queries.MemberSession) MemberSession {
	return MemberSession{
		ID: r.ID, Hash: r.Hash, MemberID: r.MemberID, Address: r.Address, Agent: r.Agent, CreatedAt: r.CreatedAt.Time, SeenAt: r.SeenAt.Time,
		AuthenticatedAt: r.AuthenticatedAt.Time, ExpiresAt: r.ExpiresAt.Time, EndedAt: r.EndedAt.Time,
	}
}
