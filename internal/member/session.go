package member

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
)

// Cookie is the name of the cookie that holds a session's secret, without the prefix that binds it to its host.
const Cookie = "busbar"

// How long a session lives.
const (
	Idle     = 30 * time.Minute // without being used
	Absolute = 12 * time.Hour   // in any case
	Fresh    = 10 * time.Minute // after a proof of identity, for what is sensitive
	noted    = time.Minute      // how exactly the last use is known
	kept     = 30 * 24 * time.Hour
)

const maxAgent = 200 // characters

// Session is a session with the cookie's value, which exists only in this answer. It prints without it.
type Session struct {
	store.MemberSession
	Member *store.Member
	Plain  string `json:"-"`
}

// Format implements fmt.Formatter.
func (s Session) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "session %s", s.ID) }

// LogValue implements slog.LogValuer.
func (s Session) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(s)) }

// Login lets a member in who knows the password. Errors are *problem.Error: invalid-token with one sentence for whatever is wrong, rate-limited.
func (s *Service) Login(ctx context.Context, email, password string, b Browser) (Session, error) {
	key, _ := fold(email)
	if err := s.limits.attempt(key, b.Address); err != nil {
		return Session{}, err
	}
	m, err := s.Store.MemberByEmail(ctx, key)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return Session{}, fmt.Errorf("look a member up: %w", err)
	}
	if err := s.prove(ctx, m, password); err != nil {
		if m != nil {
			s.Log.WarnContext(ctx, "a login was refused", "member", m.ID, "address", b.Address.String(), "request_id", b.RequestID)
		}
		return Session{}, err
	}
	return s.Start(ctx, m, b)
}

// prove checks a password. It does the same work whether there is such a member or not.
func (s *Service) prove(ctx context.Context, m *store.Member, password string) error {
	stored := ""
	if m != nil {
		stored = m.Password
	}
	if len(password) > maxPassword {
		password = ""
	}
	ok, outdated, err := s.hasher.verify(ctx, password, stored)
	switch {
	case err != nil:
		return err
	case !ok || m == nil || !active(m):
		return problem.New(problem.InvalidToken, "E-mail address and password do not belong together. Try again, or ask an admin for a link to choose a new password.")
	case outdated:
		return s.rehash(ctx, m, password)
	}
	return nil
}

// wrongOne says of a refused password of somebody who is known already in which field it stands.
func wrongOne(err error, field string) error {
	var p *problem.Error
	if errors.As(err, &p) && p.Code == problem.InvalidToken {
		return &Invalid{[]Fault{{field, WrongOne}}}
	}
	return err
}

// rehash stores the password at the cost of today.
func (s *Service) rehash(ctx context.Context, m *store.Member, password string) error {
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	old := m.Password
	m.Password = hash
	return s.Store.Write(ctx, func(tx *store.Tx) error { return tx.RehashMemberPassword(ctx, m.ID, old, hash) })
}

// Start begins a session of a member who has proved who it is.
func (s *Service) Start(ctx context.Context, m *store.Member, b Browser) (Session, error) {
	return s.start(ctx, m, b, s.instant())
}

// start is Start for a proof that was given at that time.
func (s *Service) start(ctx context.Context, m *store.Member, b Browser, proved time.Time) (Session, error) {
	made, err := s.newSession(m, b)
	if err != nil {
		return Session{}, err
	}
	made.provedAt(proved)
	ctx = s.As(ctx, m, b)
	err = s.Store.Write(ctx, func(tx *store.Tx) error { return s.begin(ctx, tx, made) })
	if err != nil {
		return Session{}, fmt.Errorf("begin a session: %w", err)
	}
	s.limits.succeeded(m.EmailKey, b.Address)
	return made, nil
}

// newSession makes a session that is not stored yet.
func (s *Service) newSession(m *store.Member, b Browser) (Session, error) {
	id, err := s.newID()
	if err != nil {
		return Session{}, err
	}
	plain, err := secret.NewToken(secret.SessionSecret, s.Rand)
	if err != nil {
		return Session{}, err
	}
	now := s.instant()
	return Session{Member: m, Plain: plain, MemberSession: store.MemberSession{
		ID: id, Hash: s.Keeper.Hash(plain), MemberID: m.ID, Address: addressText(b.Address), Agent: clip(b.Agent, maxAgent),
		CreatedAt: now, SeenAt: now, AuthenticatedAt: now, ExpiresAt: now.Add(Absolute),
	}}, nil
}

// begin stores a session, unless the member may not come in any more or has another password than the one that was proved. It takes the member's row first, as those do who change that.
func (s *Service) begin(ctx context.Context, tx *store.Tx, made Session) error {
	err := tx.NoteMemberLogin(ctx, made.MemberID, made.CreatedAt)
	if errors.Is(err, store.ErrNotFound) {
		return sessionOver()
	}
	if err != nil {
		return err
	}
	m, err := tx.Member(ctx, made.Member.ProjectID, made.MemberID)
	if err != nil {
		return err
	}
	if !active(m) || m.Password != made.Member.Password {
		return sessionOver()
	}
	if err := tx.InsertMemberSession(ctx, made.MemberSession, made.CreatedAt.Add(-kept)); err != nil {
		return err
	}
	return s.note(ctx, tx, act{"session.started", "session", made.ID, nil})
}

// Authenticate is Recognise for a request that counts as use of the session.
func (s *Service) Authenticate(ctx context.Context, plain string) (*store.Member, *store.MemberSession, error) {
	m, session, err := s.Recognise(ctx, plain)
	if err != nil {
		return nil, nil, err
	}
	now := s.instant()
	if now.Sub(session.SeenAt) < noted {
		return m, session, nil
	}
	session.SeenAt = now
	err = s.Store.Write(ctx, func(tx *store.Tx) error { return tx.TouchMemberSession(ctx, session.ID, now) })
	return m, session, err
}

// Recognise tells whose session a cookie's value names. It looks every time, so that a session that was ended is dead at once, everywhere. Errors are *problem.Error
// invalid-token.
func (s *Service) Recognise(ctx context.Context, plain string) (*store.Member, *store.MemberSession, error) {
	if kind, ok := secret.ParseToken(plain); !ok || kind != secret.SessionSecret {
		return nil, nil, sessionOver()
	}
	session, m, err := s.Store.MemberSessionByHash(ctx, s.Keeper.Hash(plain))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil, sessionOver()
	}
	if err != nil {
		return nil, nil, fmt.Errorf("look a session up: %w", err)
	}
	if !active(m) || !goesOn(session, s.instant()) {
		return nil, nil, sessionOver()
	}
	return m, session, nil
}

// goesOn tells whether a session has not ended. One from the future is over: the clock was put back.
func goesOn(session *store.MemberSession, now time.Time) bool {
	return session.EndedAt.IsZero() && between(now, session.CreatedAt, session.ExpiresAt) && between(now, session.SeenAt, session.SeenAt.Add(Idle))
}

func sessionOver() error {
	return problem.New(problem.InvalidToken, "The session has ended. Log in again.")
}

// Recent tells whether the member proved who it is a short time ago, as what is sensitive demands.
func (s *Service) Recent(session *store.MemberSession) bool {
	return between(s.instant(), session.AuthenticatedAt, session.AuthenticatedAt.Add(Fresh))
}

// Reauthenticate takes a further proof of who the member is. The session goes on under a new secret. Errors: *Invalid, *problem.Error rate-limited.
func (s *Service) Reauthenticate(ctx context.Context, m *store.Member, session *store.MemberSession, password string, b Browser) (Session, error) {
	if err := s.limits.attempt(m.EmailKey, b.Address); err != nil {
		return Session{}, err
	}
	if err := s.prove(ctx, m, password); err != nil {
		return Session{}, wrongOne(err, "password")
	}
	return s.Proved(ctx, m, session, b)
}

// Proved notes that the member of a session proved who it is, in whatever way. The session goes on under a new secret.
func (s *Service) Proved(ctx context.Context, m *store.Member, session *store.MemberSession, b Browser) (Session, error) {
	plain, err := secret.NewToken(secret.SessionSecret, s.Rand)
	if err != nil {
		return Session{}, err
	}
	next := Session{MemberSession: *session, Member: m, Plain: plain}
	next.Hash, next.AuthenticatedAt = s.Keeper.Hash(plain), s.instant()
	ctx = s.As(ctx, m, b)
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.ProveMemberSession(ctx, session.ID, next.Hash, next.AuthenticatedAt); err != nil {
			return sessionOver()
		}
		return s.note(ctx, tx, act{"session.reauthenticated", "session", session.ID, nil})
	})
	return next, err
}

// Sessions lists the sessions of a member that go on, newest first.
func (s *Service) Sessions(ctx context.Context, m *store.Member) ([]store.MemberSession, error) {
	now := s.instant()
	all, err := s.Store.MemberSessions(ctx, m.ID, now)
	if err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	living := all[:0]
	for _, one := range all {
		if goesOn(&one, now) {
			living = append(living, one)
		}
	}
	return living, nil
}

// End ends a session of a member at once. Errors are *problem.Error not-found.
func (s *Service) End(ctx context.Context, m *store.Member, id string) error {
	return s.Store.Write(ctx, func(tx *store.Tx) error {
		err := tx.EndMemberSession(ctx, m.ID, id, s.instant())
		if errors.Is(err, store.ErrNotFound) {
			return problem.New(problem.NotFound, "There is no such session, or it has ended.")
		}
		if err != nil {
			return err
		}
		return s.note(ctx, tx, act{"session.ended", "session", id, nil})
	})
}

// EndOthers ends all sessions of a member but one; with the empty id, all.
func (s *Service) EndOthers(ctx context.Context, m *store.Member, keep string) (ended int64, err error) {
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		if ended, err = tx.EndMemberSessions(ctx, m.ID, keep, s.instant()); err != nil || ended == 0 {
			return err
		}
		return s.note(ctx, tx, act{"sessions.ended", "member", m.ID, nil})
	})
	return ended, err
}
