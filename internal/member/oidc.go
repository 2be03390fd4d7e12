package member

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/member/oidc"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
)

// What a login at another server is for.
const (
	ToLogIn   = "login"   // nobody is logged in yet
	ToProve   = "prove"   // the member of a session proves anew who it is
	ToConnect = "connect" // the member of a session logs in there from now on
)

// The errors of logins at another server, besides *oidc.Error. Errors with them are *problem.Error.
var (
	ErrStranger    = errors.New("the person is no member and was not invited")
	ErrOtherPerson = errors.New("another person logged in there than the one of the session")
)

func stranger() error {
	return problem.New(problem.InvalidToken, "This person is not a member, and there is no open invitation for an e-mail address that the login server calls verified. Ask an admin to invite you.").Wrap(ErrStranger)
}

func otherPerson() error {
	return problem.New(problem.InvalidToken, "Another person logged in at the login server than the member who began. Log out there, and try again.").Wrap(ErrOtherPerson)
}

// Sealer hides what a login under way has to remember. Package secret has one.
type Sealer interface {
	SealOwn(p secret.Place, plaintext []byte) ([]byte, error)
	OpenOwn(p secret.Place, sealed []byte) ([]byte, error)
}

// OIDC lets members in who log in at another server. Who does so for the first time must be invited, by an address that the server calls verified; from then on it is known by
// the server's own name for it.
type OIDC struct {
	*Service
	provider *oidc.Provider
	sealer   Sealer
	project  Project
}

// Project gives the id of the one that members belong to.
type Project func(ctx context.Context) (id string, err error)

// NewOIDC gives the way in by the server that c names. Attempts, Now and Rand of c are not looked at.
func (s *Service) NewOIDC(c oidc.Config, sealer Sealer, project Project) *OIDC {
	o := &OIDC{Service: s, sealer: sealer, project: project}
	c.Attempts, c.Now, c.Rand = o, s.Now, s.Rand
	o.provider = oidc.New(c)
	return o
}

// aim is what a login is for, where it leads in the end, and whose session it belongs to; empty: to none.
type aim struct{ For, Next, Session string }

// Begin gives the address of the server that the browser is sent to. cookie is a value that this browser alone has; next comes back from Finish; session is nil for ToLogIn. Errors: *oidc.Error.
func (o *OIDC) Begin(ctx context.Context, cookie, what, next string, session *store.MemberSession) (string, error) {
	a := aim{For: what, Next: next}
	if session != nil {
		a.Session = session.ID
	}
	text, err := json.Marshal(a)
	if err != nil {
		return "", fmt.Errorf("begin a login: %w", err)
	}
	return o.provider.Begin(ctx, cookie, what == ToProve, string(text))
}

// Return is what a login came to.
type Return struct {
	Session   Session // from now on; without its secret where that stays
	For, Next string  // as Begin was told
}

// Finish takes the way back from the server. session and m are those of the browser's session now, which another one takes the place of; nil where it has none. Errors: *oidc.Error, ErrStranger, ErrOtherPerson, and those of Start.
func (o *OIDC) Finish(ctx context.Context, cookie string, a oidc.Answer, m *store.Member, session *store.MemberSession, b Browser) (Return, error) {
	who, err := o.provider.Finish(ctx, cookie, a)
	if err != nil {
		return Return{}, err
	}
	var to aim
	if err := json.Unmarshal([]byte(who.For), &to); err != nil {
		return Return{}, fmt.Errorf("read what a login is for: %w", err)
	}
	if to.For != ToLogIn && (session == nil || m == nil || session.ID != to.Session) {
		return Return{}, otherPerson()
	}
	back := Return{For: to.For, Next: to.Next}
	switch to.For {
	case ToProve:
		back.Session, err = o.provesAgain(ctx, who, m, session, b)
	case ToConnect:
		back.Session, err = o.connect(ctx, who, m, session, b)
	default:
		back.Session, err = o.logIn(ctx, who, b)
	}
	if err == nil && session != nil && session.ID != back.Session.ID {
		err = o.End(o.As(ctx, m, b), m, session.ID)
	}
	var p *problem.Error
	if errors.As(err, &p) && p.Code == problem.NotFound {
		err = nil // it has ended meanwhile
	}
	return back, err
}

func (o *OIDC) provesAgain(ctx context.Context, who *oidc.Person, m *store.Member, session *store.MemberSession, b Browser) (Session, error) {
	if m.OIDCIssuer != who.Issuer || m.OIDCSubject != who.Subject {
		return Session{}, otherPerson()
	}
	return o.Proved(ctx, m, session, b)
}

// connect lets the member log in at the server from now on, as the person that it is there. Whoever does so has proved who it is a short time ago.
func (o *OIDC) connect(ctx context.Context, who *oidc.Person, m *store.Member, session *store.MemberSession, b Browser) (Session, error) {
	if !o.Recent(session) {
		return Session{}, problem.New(problem.ReauthenticationRequired, "Log in again first.")
	}
	ctx = o.As(ctx, m, b)
	err := o.Store.Write(ctx, func(tx *store.Tx) error {
		err := tx.SetMemberOIDC(ctx, m.ID, who.Issuer, who.Subject, o.instant())
		if errors.Is(err, store.ErrConflict) {
			return problem.New(problem.Conflict, "Another member logs in as this person at the login server.")
		}
		if err != nil {
			return err
		}
		if err := tx.ProveMemberSession(ctx, session.ID, session.Hash, session.AuthenticatedAt); err != nil {
			return sessionOver() // meanwhile, perhaps by a new password
		}
		return o.note(ctx, tx, act{"member.changed", "member", m.ID, []string{loginServer}})
	})
	return Session{MemberSession: *session, Member: m}, err
}

// logIn lets in who is a member, and makes one of who was invited. Who joins in several browsers at once is one member, and comes in with each.
func (o *OIDC) logIn(ctx context.Context, who *oidc.Person, b Browser) (Session, error) {
	s, err := o.known(ctx, who, b)
	if !errors.Is(err, store.ErrNotFound) {
		return s, err
	}
	s, err = o.join(ctx, who, b)
	if refused := new(problem.Error); !errors.As(err, &refused) {
		return s, err
	}
	again, meanwhile := o.known(ctx, who, b)
	switch {
	case !errors.Is(meanwhile, store.ErrNotFound):
		return again, meanwhile
	case errors.Is(err, ErrLinkGone):
		err = stranger()
	}
	return s, err
}

// known begins a session of the member whom the server knows. Errors: store.ErrNotFound, ErrStranger, those of Start.
func (o *OIDC) known(ctx context.Context, who *oidc.Person, b Browser) (Session, error) {
	m, err := o.Store.MemberByOIDC(ctx, who.Issuer, who.Subject)
	switch {
	case err != nil:
		return Session{}, fmt.Errorf("look a member up: %w", err)
	case !active(m):
		return Session{}, stranger()
	}
	return o.start(ctx, m, b, who.ProvedAt)
}

// join makes a member of who was invited.
func (o *OIDC) join(ctx context.Context, who *oidc.Person, b Browser) (Session, error) {
	l, err := o.invitation(ctx, who)
	if err != nil {
		return Session{}, err
	}
	var f form
	m := store.Member{ProjectID: l.ProjectID, Role: l.Role, CreatedAt: o.instant(), OIDCIssuer: who.Issuer, OIDCSubject: who.Subject}
	m.Email, m.EmailKey = f.email(l.Email)
	m.Name = f.name(clip(who.Name, maxName))
	if f.err() != nil {
		m.Name = m.Email
	}
	return o.admit(ctx, l, m, b, "member.joined", who.ProvedAt)
}

// invitation finds the open invitation of a verified address. Errors: ErrStranger.
func (o *OIDC) invitation(ctx context.Context, who *oidc.Person) (*store.MemberLink, error) {
	key, ok := fold(who.Email)
	if !ok || !who.EmailVerified {
		return nil, stranger()
	}
	project, err := o.project(ctx)
	if err != nil {
		return nil, err
	}
	const page = 200
	for before := ""; ; {
		links, err := o.Store.Invitations(ctx, project, before, page)
		if err != nil {
			return nil, fmt.Errorf("look invitations up: %w", err)
		}
		for i := range links {
			if links[i].EmailKey == key && Open(&links[i], o.instant()) {
				return &links[i], nil
			}
		}
		if len(links) < page {
			return nil, stranger()
		}
		before = links[len(links)-1].ID
	}
}

// Keep implements oidc.Attempts.
func (o *OIDC) Keep(ctx context.Context, a oidc.Attempt) error {
	project, err := o.project(ctx)
	if err != nil {
		return err
	}
	hash := o.Keeper.Hash(a.State)
	text, err := json.Marshal(secrets{a.Verifier, a.Nonce, a.For, a.Fresh})
	if err != nil {
		return err
	}
	sealed, err := o.sealer.SealOwn(secret.AttemptPlace(hash), text)
	if err != nil {
		return err
	}
	return o.Store.InsertLoginAttempt(ctx, store.LoginAttempt{
		Hash: hash, Purpose: purposeMember, Owner: project, Browser: o.Keeper.Hash(a.Browser), Sealed: sealed, CreatedAt: a.Begun, ExpiresAt: a.Ends,
	})
}

// Take implements oidc.Attempts.
func (o *OIDC) Take(ctx context.Context, state, browser string) (oidc.Attempt, error) {
	hash := o.Keeper.Hash(state)
	row, err := o.Store.UseLoginAttempt(ctx, purposeMember, hash, o.Keeper.Hash(browser), o.instant())
	if errors.Is(err, store.ErrNotFound) {
		return oidc.Attempt{}, oidc.ErrNoAttempt
	}
	if err != nil {
		return oidc.Attempt{}, err
	}
	text, err := o.sealer.OpenOwn(secret.AttemptPlace(hash), row.Sealed)
	if err != nil {
		return oidc.Attempt{}, err
	}
	var hidden secrets
	if err := json.Unmarshal(text, &hidden); err != nil {
		return oidc.Attempt{}, err
	}
	return oidc.Attempt{
		State: state, Browser: browser, Verifier: hidden.Verifier, Nonce: hidden.Nonce, For: hidden.For, Fresh: hidden.Fresh, Begun: row.CreatedAt, Ends: row.ExpiresAt,
	}, nil
}

// purposeMember is that of a member's login among all logins under way.
const purposeMember = "member"

// secrets are what is sealed of a login under way.
type secrets struct {
	Verifier, Nonce, For string
	Fresh                bool
}

// provedAt takes over when the server says that the person proved who it is: a login there may be hours old. One that does not say has proved nothing that is fresh.
func (s *Session) provedAt(at time.Time) {
	stale := s.CreatedAt.Add(-Fresh)
	if at = at.UTC().Truncate(time.Microsecond); at.Before(stale) {
		at = stale
	}
	if at.Before(s.AuthenticatedAt) {
		s.AuthenticatedAt = at
	}
}
