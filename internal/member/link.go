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

// How long links may be used.
const (
	SetupWithin    = 15 * time.Minute
	InviteWithin   = 7 * 24 * time.Hour
	PasswordWithin = 24 * time.Hour
)

// ErrLinkGone says that a link was used, revoked, has expired or never was. Errors with it are *problem.Error not-found.
var ErrLinkGone = errors.New("the link does not work any more")

func linkGone() error {
	return problem.New(problem.NotFound, "This link was used or revoked, has expired, or is not complete. Ask for a new one.").Wrap(ErrLinkGone)
}

// Link is a link with its secret, which exists only in this answer. It prints without it.
type Link struct {
	store.MemberLink
	Plain string `json:"-"`
}

// Path is where the link leads, below Busbar's own address.
func (l Link) Path() string { return "/" + l.Purpose + "/" + l.Plain }

// Format implements fmt.Formatter.
func (l Link) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "link %s (%s)", l.ID, l.Purpose) }

// LogValue implements slog.LogValuer.
func (l Link) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(l)) }

// Profile is what a person says of itself on the way in. Email counts where the link names none.
type Profile struct{ Name, Email, Password string }

// SetupLink makes a link by which the first owner comes in; ok is false when the project has an owner.
func (s *Service) SetupLink(ctx context.Context, projectID string) (l Link, ok bool, err error) {
	l, err = s.newLink(store.MemberLink{Purpose: store.LinkSetup, ProjectID: projectID, Role: Owner}, SetupWithin)
	if err != nil {
		return Link{}, false, err
	}
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		ok = false
		if err := tx.LockProject(ctx, projectID); err != nil {
			return err
		}
		owners, err := tx.Owners(ctx, projectID)
		if err != nil || owners > 0 {
			return err
		}
		ok = true
		if err := tx.InsertMemberLink(ctx, l.MemberLink, l.CreatedAt.Add(-kept)); err != nil {
			return err
		}
		return s.note(ctx, tx, act{"setup_link.created", "link", l.ID, nil})
	})
	if err != nil {
		return Link{}, false, fmt.Errorf("make a link to set up: %w", err)
	}
	return l, ok, nil
}

func (s *Service) newLink(l store.MemberLink, within time.Duration) (Link, error) {
	id, err := s.newID()
	if err != nil {
		return Link{}, err
	}
	plain, err := secret.NewToken(secret.MemberLink, s.Rand)
	if err != nil {
		return Link{}, err
	}
	l.ID, l.Hash, l.CreatedAt = id, s.Keeper.Hash(plain), s.instant()
	l.ExpiresAt = l.CreatedAt.Add(within)
	return Link{l, plain}, nil
}

// Look gives a link that can be used, and uses nothing up. Errors: ErrLinkGone.
func (s *Service) Look(ctx context.Context, plain, purpose string) (*store.MemberLink, error) {
	if kind, ok := secret.ParseToken(plain); !ok || kind != secret.MemberLink {
		return nil, linkGone()
	}
	l, err := s.Store.MemberLinkByHash(ctx, s.Keeper.Hash(plain))
	if errors.Is(err, store.ErrNotFound) {
		return nil, linkGone()
	}
	if err != nil {
		return nil, fmt.Errorf("look a link up: %w", err)
	}
	if l.Purpose != purpose || !Open(l, s.instant()) {
		return nil, linkGone()
	}
	if purpose != store.LinkSetup {
		return l, nil
	}
	owners, err := s.Store.Owners(ctx, l.ProjectID)
	if err == nil && owners > 0 {
		err = linkGone()
	}
	return l, err
}

// Open tells whether a link can be used.
func Open(l *store.MemberLink, now time.Time) bool {
	return l.UsedAt.IsZero() && l.RevokedAt.IsZero() && between(now, l.CreatedAt, l.ExpiresAt)
}

// SetUp makes the first owner, who is logged in then. Of two who do so at once one wins. Errors: *Invalid, ErrLinkGone.
func (s *Service) SetUp(ctx context.Context, plain string, p Profile, b Browser) (Session, error) {
	l, err := s.Look(ctx, plain, store.LinkSetup)
	if err != nil {
		return Session{}, err
	}
	return s.enter(ctx, l, p, b, "setup.completed")
}

// Join makes a member of who was invited, who is logged in then. Errors: *Invalid, ErrLinkGone.
func (s *Service) Join(ctx context.Context, plain string, p Profile, b Browser) (Session, error) {
	l, err := s.Look(ctx, plain, store.LinkInvite)
	if err != nil {
		return Session{}, err
	}
	p.Email = l.Email
	return s.enter(ctx, l, p, b, "member.joined")
}

// enter makes a member by a link.
func (s *Service) enter(ctx context.Context, l *store.MemberLink, p Profile, b Browser, action string) (Session, error) {
	var f form
	m := store.Member{ProjectID: l.ProjectID, Role: l.Role, CreatedAt: s.instant()}
	m.Name = f.name(p.Name)
	m.Email, m.EmailKey = f.email(p.Email)
	f.password(p.Password, m.EmailKey)
	if err := f.err(); err != nil {
		return Session{}, err
	}
	var err error
	if m.Password, err = s.hasher.hash(ctx, p.Password); err != nil {
		return Session{}, err
	}
	return s.admit(ctx, l, m, b, action, s.instant())
}

// admit uses a link up for a new member, who proved then who it is, and begins its session. It is the one place where members are made.
func (s *Service) admit(ctx context.Context, l *store.MemberLink, m store.Member, b Browser, action string, proved time.Time) (Session, error) {
	var err error
	if m.ID, err = s.newID(); err != nil {
		return Session{}, err
	}
	made, err := s.newSession(&m, b)
	if err != nil {
		return Session{}, err
	}
	made.provedAt(proved)
	ctx = s.As(ctx, &m, b)
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		if err := s.useLink(ctx, tx, l); err != nil {
			return err
		}
		err := tx.InsertMember(ctx, m)
		if errors.Is(err, store.ErrConflict) {
			return &Invalid{[]Fault{{"email", TakenName}}}
		}
		if err != nil {
			return err
		}
		if err := s.endInvitations(ctx, tx, m); err != nil {
			return err
		}
		if err := s.note(ctx, tx, act{action, "member", m.ID, []string{"email", "name", "role"}}); err != nil {
			return err
		}
		return s.begin(ctx, tx, made)
	})
	if err != nil {
		return Session{}, fmt.Errorf("make a member: %w", err)
	}
	s.limits.succeeded(m.EmailKey, b.Address)
	return made, nil
}

// useLink uses a link up while nobody else changes members. Errors: ErrLinkGone.
func (s *Service) useLink(ctx context.Context, tx *store.Tx, l *store.MemberLink) error {
	if err := tx.LockProject(ctx, l.ProjectID); err != nil {
		return err
	}
	now := s.instant()
	err := tx.UseMemberLink(ctx, l.ID, now)
	if errors.Is(err, store.ErrConflict) {
		return linkGone()
	}
	if err != nil || l.Purpose != store.LinkSetup {
		return err
	}
	owners, err := tx.Owners(ctx, l.ProjectID)
	if err == nil && owners > 0 {
		return linkGone()
	}
	return errors.Join(err, tx.RevokeMemberLinks(ctx, *l, now))
}

// ChoosePassword sets the password of the member whom a link is for, who from then on comes in by nothing else. All its sessions end, and a new one begins. Errors: *Invalid, ErrLinkGone.
func (s *Service) ChoosePassword(ctx context.Context, plain, password string, b Browser) (Session, error) {
	l, err := s.Look(ctx, plain, store.LinkPassword)
	if err != nil {
		return Session{}, err
	}
	m, err := s.Store.Member(ctx, l.ProjectID, l.MemberID)
	if errors.Is(err, store.ErrNotFound) || err == nil && !active(m) {
		return Session{}, linkGone()
	}
	if err != nil {
		return Session{}, fmt.Errorf("look a member up: %w", err)
	}
	m.OIDCIssuer, m.OIDCSubject = "", ""
	return s.setPassword(ctx, m, password, b, func(tx *store.Tx) ([]string, error) {
		if err := s.useLink(ctx, tx, l); err != nil {
			return nil, err
		}
		tied, err := tx.ClearMemberOIDC(ctx, m.ID, s.instant())
		if !tied {
			return nil, err
		}
		return []string{loginServer}, err
	})
}

// ChangePassword sets the password of a member who knows the present one, or, having none, has proved who it is a short time ago. All its sessions end, and a new one begins.
// Errors: *Invalid, *problem.Error rate-limited.
func (s *Service) ChangePassword(ctx context.Context, m *store.Member, session *store.MemberSession, present, password string, b Browser) (Session, error) {
	if err := s.limits.attempt(m.EmailKey, b.Address); err != nil {
		return Session{}, err
	}
	if m.Password == "" && !s.Recent(session) {
		return Session{}, problem.New(problem.ReauthenticationRequired, "Log in again first.")
	}
	if m.Password != "" {
		if err := s.prove(ctx, m, present); err != nil {
			return Session{}, wrongOne(err, "present")
		}
	}
	return s.setPassword(ctx, m, password, b, func(*store.Tx) ([]string, error) { return nil, nil })
}

// setPassword sets a member's password in one transaction with what allows it, which names what else it changes.
func (s *Service) setPassword(ctx context.Context, m *store.Member, password string, b Browser, allow func(tx *store.Tx) ([]string, error)) (Session, error) {
	var f form
	if f.password(password, m.EmailKey); f.err() != nil {
		return Session{}, f.err()
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return Session{}, err
	}
	changed := *m
	changed.Password = hash
	made, err := s.newSession(&changed, b)
	if err != nil {
		return Session{}, err
	}
	ctx = s.As(ctx, m, b)
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		also, err := allow(tx)
		if err != nil {
			return err
		}
		if err := tx.SetMemberPassword(ctx, m.ID, hash, made.CreatedAt); err != nil {
			return err
		}
		if err := s.shut(ctx, tx, m); err != nil {
			return err
		}
		if err := s.note(ctx, tx, act{"member.changed", "member", m.ID, append([]string{"password"}, also...)}); err != nil {
			return err
		}
		return s.begin(ctx, tx, made)
	})
	if err != nil {
		return Session{}, fmt.Errorf("set a password: %w", err)
	}
	s.limits.forget(m.EmailKey)
	s.limits.succeeded(m.EmailKey, b.Address)
	return made, nil
}

// shut ends every session of a member and every link into its account.
func (s *Service) shut(ctx context.Context, tx *store.Tx, m *store.Member) error {
	now := s.instant()
	if _, err := tx.EndMemberSessions(ctx, m.ID, "", now); err != nil {
		return err
	}
	return tx.RevokeLinksOfMember(ctx, m.ProjectID, m.ID, now)
}
