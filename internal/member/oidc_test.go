package member_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/member"
	"github.com/busbar-dev/busbar/internal/member/oidc"
	"github.com/busbar-dev/busbar/internal/problem"
	server "github.com/busbar-dev/busbar/internal/realsys/oidc"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
)

const back = "http://127.0.0.1:8080/login/oidc/callback"

// logins is a world whose members may log in at a real server.
type logins struct {
	*world
	*member.OIDC
	server *server.Server
	met    func() // nil, or called when the server has answered to a code
}

func verified(name string) server.Person {
	return server.Person{Subject: "subject-" + name, Login: name, Password: "CANARY-" + name, Email: name + "@Example.com", Verified: true, Name: name}
}

func newLogins(t *testing.T, people ...server.Person) *logins {
	t.Helper()
	return loginsOf(newWorld(t), people...)
}

func loginsOf(w *world, people ...server.Person) *logins {
	t := w.t
	t.Helper()
	w.now = time.Now().UTC()
	l := &logins{world: w, server: server.Start(t, server.Settings{Clients: []server.Client{server.Web("busbar", "CANARY-secret", back)}, People: people})}
	l.OIDC = l.replica()
	return l
}

// replica is another process's way in.
func (l *logins) replica() *member.OIDC {
	keeper := must(secret.FromText(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32)), "", rand.Reader))
	return l.world.NewOIDC(oidc.Config{Issuer: l.server.Issuer, ClientID: "busbar", Secret: "CANARY-secret", RedirectURI: back, HTTP: &http.Client{Transport: l}}, keeper, func(context.Context) (string, error) { return l.project, nil })
}

// RoundTrip implements http.RoundTripper.
func (l *logins) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	if r.Method == http.MethodPost && l.met != nil {
		l.met()
	}
	return resp, err
}

// visit begins in a browser, logs a person in at the server and gives what comes back.
func (l *logins) visit(cookie, what string, session *store.MemberSession, p server.Person) oidc.Answer {
	l.t.Helper()
	address, err := l.Begin(l.ctx, cookie, what, "/next", session)
	l.ok(err)
	q := l.server.NewBrowser().LogIn(l.server, address, p).Query()
	return oidc.Answer{State: q.Get("state"), Code: q.Get("code"), Issuer: q.Get("iss"), Error: q.Get("error")}
}

func (l *logins) enter(p server.Person) (member.Session, error) {
	l.t.Helper()
	back, err := l.Finish(l.ctx, "browser", l.visit("browser", member.ToLogIn, nil, p), nil, nil, home)
	return back.Session, err
}

func (l *logins) refused(err error, want error) {
	l.t.Helper()
	if !errors.Is(err, want) {
		l.t.Errorf("got %v, want %v", err, want)
	}
}

func (l *logins) invite(email string) member.Link {
	l.t.Helper()
	return must(l.world.Invite(l.ctx, all, l.project, email, member.Operator))
}

// TestOIDCJoins: who was invited joins with the first login, once, and is known by the server's own name for it from then on.
func TestOIDCJoins(t *testing.T) {
	ann := verified("ann")
	l := newLogins(t, ann)
	_, err := l.enter(ann)
	l.refused(err, member.ErrStranger)
	l.fails(err, problem.InvalidToken)
	invited := l.invite(" ANN@example.com ")
	first := must(l.enter(ann))
	if m := first.Member; m.Role != member.Operator || m.Name != "ann" || m.EmailKey != "ann@example.com" || m.OIDCSubject != ann.Subject || m.Password != "" || !l.alive(first) {
		t.Errorf("%+v joined", m)
	}
	if _, err := l.world.Look(l.ctx, invited.Plain, store.LinkInvite); !errors.Is(err, member.ErrLinkGone) {
		t.Errorf("the invitation can be used again: %v", err)
	}
	if again := must(l.enter(ann)); again.MemberID != first.MemberID || again.ID == first.ID || !l.alive(again) {
		t.Errorf("the second login is %+v", again)
	}
	if !l.world.Recent(&first.MemberSession) {
		t.Error("who has just given its password there has proved nothing")
	}
	l.ok(l.change(first.Member.ID))
	_, err = l.enter(ann)
	l.refused(err, member.ErrStranger)
}

// change disables a member.
func (l *logins) change(id string) error {
	return l.store.Write(l.ctx, func(tx *store.Tx) error {
		m, err := tx.Member(l.ctx, l.project, id)
		if err != nil {
			return err
		}
		m.DisabledAt = l.clock()
		return tx.SetMember(l.ctx, *m, l.clock())
	})
}

// TestOIDCStrangers: an address opens an invitation only where the server says that it is verified, and only while it is open.
func TestOIDCStrangers(t *testing.T) {
	ann, bob, eve := verified("ann"), verified("bob"), verified("eve")
	bob.Verified = false
	eve.Email = ""
	l := newLogins(t, ann, bob, eve)
	l.invite("bob@example.com")
	for _, p := range []server.Person{ann, bob, eve} {
		_, err := l.enter(p)
		l.refused(err, member.ErrStranger)
	}
	revoked := l.invite("ann@example.com")
	l.ok(l.store.Write(l.ctx, func(tx *store.Tx) error { return tx.RevokeMemberLink(l.ctx, l.project, revoked.ID, l.clock()) }))
	_, err := l.enter(ann)
	l.refused(err, member.ErrStranger)
}

// TestOIDCAttempts: a login under way is kept for all replicas, sealed, for one way back in the browser that began; another browser uses nothing up.
func TestOIDCAttempts(t *testing.T) {
	ann := verified("ann")
	l := newLogins(t, ann)
	l.invite("ann@example.com")
	notBegun := func(err error) {
		t.Helper()
		var e *oidc.Error
		if !errors.As(err, &e) || e.Reason != oidc.NotBegun {
			t.Errorf("got %v", err)
		}
	}
	a := l.visit("browser", member.ToLogIn, nil, ann)
	_, err := l.Finish(l.ctx, "victim", a, nil, nil, home)
	notBegun(err)
	var sealed []byte
	l.ok(l.store.DB().QueryRowContext(l.ctx, "select sealed from login_attempts where used_at is null").Scan(&sealed))
	if bytes.Contains(sealed, []byte("erifier")) || len(sealed) < 100 {
		t.Errorf("what is kept is %q", sealed)
	}
	if back, err := l.replica().Finish(l.ctx, "browser", a, nil, nil, home); err != nil || !l.alive(back.Session) || back.Next != "/next" {
		t.Errorf("another replica takes the way back: %v", err)
	}
	_, err = l.Finish(l.ctx, "browser", a, nil, nil, home)
	notBegun(err)
	a = l.visit("browser", member.ToLogIn, nil, ann)
	l.tick(10 * time.Minute)
	_, err = l.Finish(l.ctx, "browser", a, nil, nil, home)
	notBegun(err)
}

// TestOIDCConnects: a member who has a password logs in at the server too, once it has proved who it is and said so; nobody takes over another one's place.
func TestOIDCConnects(t *testing.T) {
	ann, bob := verified("ann"), verified("bob")
	l := newLogins(t, ann, bob)
	own, other := l.owner(), l.join("second@example.com", member.Viewer)
	connect := func(s member.Session, by member.Session, p server.Person) error {
		a := l.visit("browser", member.ToConnect, &s.MemberSession, p)
		_, err := l.Finish(l.ctx, "browser", a, by.Member, &by.MemberSession, home)
		return err
	}
	l.refused(connect(own, other, ann), member.ErrOtherPerson)
	l.ok(connect(own, own, ann))
	if s := must(l.enter(ann)); s.MemberID != own.MemberID {
		t.Errorf("ann logs in as %s", s.MemberID)
	}
	l.fails(connect(other, other, ann), problem.Conflict)
	l.tick(member.Fresh)
	l.fails(connect(other, other, bob), problem.ReauthenticationRequired)
}

// TestOIDCProves: the member of a session proves anew who it is, which counts for that session and person alone.
func TestOIDCProves(t *testing.T) {
	ann, bob := verified("ann"), verified("bob")
	l := newLogins(t, ann, bob)
	l.invite("ann@example.com")
	s := must(l.enter(ann))
	l.tick(20 * time.Minute)
	l.server.Pass(20 * time.Minute)
	if l.world.Recent(&s.MemberSession) {
		t.Fatal("a proof does not age")
	}
	a := l.visit("browser", member.ToProve, &s.MemberSession, bob)
	_, err := l.Finish(l.ctx, "browser", a, s.Member, &s.MemberSession, home)
	l.refused(err, member.ErrOtherPerson)
	a = l.visit("browser", member.ToProve, &s.MemberSession, ann)
	_, err = l.Finish(l.ctx, "browser", a, nil, nil, home)
	l.refused(err, member.ErrOtherPerson)
	a = l.visit("browser", member.ToProve, &s.MemberSession, ann)
	proved, err := l.Finish(l.ctx, "browser", a, s.Member, &s.MemberSession, home)
	next := proved.Session
	if err != nil || proved.For != member.ToProve || !l.world.Recent(&next.MemberSession) || !l.alive(next) || l.alive(s) {
		t.Errorf("%+v, %v", proved, err)
	}
}

// TestOIDCOldProof: who has been logged in at the server for hours is let in, and has proved nothing that is fresh.
func TestOIDCOldProof(t *testing.T) {
	ann := verified("ann")
	l := newLogins(t, ann)
	l.invite("ann@example.com")
	b := l.server.NewBrowser()
	for n, recent := range []bool{true, false} {
		address := must(l.Begin(l.ctx, "browser", member.ToLogIn, "", nil))
		q := b.LogIn(l.server, address, ann).Query()
		back, err := l.Finish(l.ctx, "browser", oidc.Answer{State: q.Get("state"), Code: q.Get("code"), Issuer: q.Get("iss")}, nil, nil, home)
		if err != nil || !l.alive(back.Session) || l.world.Recent(&back.Session.MemberSession) != recent {
			t.Errorf("login %d: %+v, %v", n, back, err)
		}
		l.tick(2 * time.Hour)
		l.server.Pass(2 * time.Hour)
	}
}
