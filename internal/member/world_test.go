package member_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/audit"
	"github.com/busbar-dev/busbar/internal/member"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/store/sqlite"
)

const password = "correct battery horse"

// world is the members of one project, with a clock that only the test moves.
type world struct {
	t *testing.T
	*member.Service
	store   *store.Store
	ctx     context.Context
	project string

	mu  sync.Mutex
	now time.Time
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) tick(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func newWorld(t *testing.T, changes ...func(*member.Config)) *world {
	t.Helper()
	t.Parallel()
	w := &world{t: t, now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
	w.ctx = audit.By(t.Context(), audit.Actor{Kind: audit.Command, Name: "test", ProjectID: "project", At: w.now})
	file := must(sqlite.Open(t.Context(), t.TempDir()))
	t.Cleanup(func() { _ = file.Close() })
	keeper := must(secret.FromText(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32)), "", rand.Reader))
	c := member.Config{Store: file, Keeper: keeper, Now: w.clock, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler)}
	for _, change := range changes {
		change(&c)
	}
	w.store = c.Store
	w.Service = must(member.NewService(c))
	p, _, err := w.store.EnsureProject(t.Context(), "project", "Plant", w.now)
	w.ok(err)
	w.project = p.ID
	return w
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// fails wants an error of a code.
func (w *world) fails(err error, code problem.Code) {
	w.t.Helper()
	var p *problem.Error
	if !errors.As(err, &p) || p.Code != code {
		w.t.Errorf("got %v, want %s", err, code)
	}
}

func from(address string) member.Browser {
	return member.Browser{Address: netip.MustParseAddr(address), Agent: "Tester", RequestID: "req_1"}
}

var home = from("192.0.2.1")

// all is who may do everything.
var all = member.By{Scopes: member.ScopesOf(member.Owner)}

// owner sets Busbar up.
func (w *world) owner() member.Session {
	w.t.Helper()
	l, ok, err := w.SetupLink(w.ctx, w.project)
	w.ok(err)
	if !ok {
		w.t.Fatal("there is an owner already")
	}
	return must(w.SetUp(w.ctx, l.Plain, member.Profile{Name: "Olga", Email: "olga@example.com", Password: password}, home))
}

// join invites somebody, who joins.
func (w *world) join(email, role string) member.Session {
	w.t.Helper()
	l := must(w.Invite(w.ctx, all, w.project, email, role))
	return must(w.Join(w.ctx, l.Plain, member.Profile{Name: "Somebody", Password: password}, home))
}

// alive tells whether a session's cookie is accepted.
func (w *world) alive(s member.Session) bool {
	w.t.Helper()
	m, _, err := w.Authenticate(w.ctx, s.Plain)
	if err != nil {
		w.fails(err, problem.InvalidToken)
		return false
	}
	return m.ID == s.MemberID
}

// changed gives what became of what a member gave out, after a change that must have succeeded.
func (w *world) changed(_ *store.Member, left member.Left, err error) member.Left {
	w.t.Helper()
	return w.left(left, err)
}

func (w *world) left(left member.Left, err error) member.Left {
	w.t.Helper()
	w.ok(err)
	return left
}
