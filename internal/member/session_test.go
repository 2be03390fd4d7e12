package member_test

import (
	"encoding/base64"
	"encoding/hex"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/member"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

func TestLogin(t *testing.T) {
	w := newWorld(t)
	first := w.owner()
	again := must(w.Login(w.ctx, " OLGA@example.com ", password, home))
	if again.Plain == first.Plain || !w.alive(again) || !w.alive(first) || !strings.HasPrefix(again.Plain, "bb_ses_") || len(again.Plain) < 7+43 {
		t.Error("a login is not a session of its own with 256 bits")
	}
	for _, wrong := range [][2]string{{"olga@example.com", "wrong"}, {"olga@example.com", ""}, {"nobody@example.com", password}, {"", ""}, {"olga", password}, {"olga@example.com", strings.Repeat("x", 4096)}} {
		_, err := w.Login(w.ctx, wrong[0], wrong[1], home)
		w.fails(err, problem.InvalidToken)
		if !strings.Contains(err.Error(), "do not belong together") {
			t.Errorf("%v: %v", wrong, err)
		}
	}
}

func TestSessionsEnd(t *testing.T) {
	w := newWorld(t)
	w.Cheap()
	idle := w.owner()
	w.tick(member.Idle - time.Second)
	if !w.alive(idle) {
		t.Error("it ended early")
	}
	w.tick(member.Idle)
	if w.alive(idle) {
		t.Error("an idle session goes on")
	}
	busy := must(w.Login(w.ctx, "olga@example.com", password, home))
	for range 24 {
		w.tick(member.Idle - 2*time.Minute)
		w.alive(busy)
	}
	w.tick(25 * time.Minute)
	if !w.alive(busy) {
		t.Error("a session in use ended before its time")
	}
	w.tick(25 * time.Minute)
	if w.alive(busy) {
		t.Error("a session outlives 12 hours")
	}
	ended := must(w.Login(w.ctx, "olga@example.com", password, home))
	w.ok(w.End(w.ctx, ended.Member, ended.ID))
	if w.alive(ended) {
		t.Error("a session goes on after it was ended")
	}
	w.fails(w.End(w.ctx, ended.Member, ended.ID), problem.NotFound)
}

func TestAClockThatWasPutBackLetsNothingLiveLonger(t *testing.T) {
	w := newWorld(t)
	s := w.owner()
	w.tick(-30 * time.Second)
	if !w.alive(s) || !w.Recent(&s.MemberSession) {
		t.Error("a small step back ended a session")
	}
	w.tick(-time.Hour)
	if w.alive(s) || w.Recent(&s.MemberSession) {
		t.Error("a session from the future is accepted")
	}
	l := must(w.Invite(w.ctx, all, w.project, "ada@example.com", member.Viewer))
	w.tick(-time.Hour)
	if _, err := w.Look(w.ctx, l.Plain, store.LinkInvite); err == nil {
		t.Error("a link from the future is accepted")
	}
}

func TestProofOfIdentityAges(t *testing.T) {
	w := newWorld(t)
	s := w.owner()
	w.tick(member.Fresh)
	if w.Recent(&s.MemberSession) {
		t.Error("a proof never ages")
	}
	_, err := w.Reauthenticate(w.ctx, s.Member, &s.MemberSession, "wrong", home)
	w.fails(err, problem.ValidationFailed)
	next := must(w.Reauthenticate(w.ctx, s.Member, &s.MemberSession, password, home))
	if !w.Recent(&next.MemberSession) || w.alive(s) || !w.alive(next) {
		t.Error("the session does not go on under a new secret")
	}
}

// What stands in the database opens nothing.
func TestAStolenRowIsWorthless(t *testing.T) {
	w := newWorld(t)
	s := w.owner()
	for _, loot := range []string{string(s.Hash), hex.EncodeToString(s.Hash), base64.StdEncoding.EncodeToString(s.Hash), "bb_ses_" + hex.EncodeToString(s.Hash), s.ID, "bb_ses_" + s.ID} {
		if _, _, err := w.Authenticate(w.ctx, loot); err == nil {
			t.Errorf("%q opens a session", loot)
		}
	}
	l := must(w.Invite(w.ctx, all, w.project, "ada@example.com", member.Viewer))
	for _, loot := range []string{string(l.Hash), hex.EncodeToString(l.Hash), l.ID} {
		if _, err := w.Look(w.ctx, loot, store.LinkInvite); err == nil {
			t.Errorf("%q opens a link", loot)
		}
	}
	if m := must(w.Member(w.ctx, w.project, s.MemberID)); strings.Contains(m.Password, password) || !strings.HasPrefix(m.Password, "$argon2id$v=19$m=47104,t=1,p=1$") {
		t.Errorf("the password is kept as %s", m.Password)
	}
}

// The work for a login is the same whoever is asked for.
func TestUnknownMembersCostTheSameWork(t *testing.T) {
	w := newWorld(t)
	w.owner()
	gone := w.join("gone@example.com", member.Viewer)
	w.changed(w.Change(w.ctx, all, w.project, gone.MemberID, member.Change{Disabled: new(true)}))
	for _, email := range []string{"olga@example.com", "nobody@example.com", "gone@example.com", "no address"} {
		before := w.Hashed()
		_, err := w.Login(w.ctx, email, "wrong password", home)
		w.fails(err, problem.InvalidToken)
		if n := w.Hashed() - before; n != 1 {
			t.Errorf("%s: %d hashes", email, n)
		}
	}
}

func TestPasswordsOfOldAreHashedAnew(t *testing.T) {
	w := newWorld(t)
	s := w.owner()
	old := member.OldHash(password)
	w.ok(w.store.Write(w.ctx, func(tx *store.Tx) error { return tx.SetMemberPassword(w.ctx, s.MemberID, old, w.clock()) }))
	if !w.alive(must(w.Login(w.ctx, "olga@example.com", password, home))) {
		t.Error("the login is not good")
	}
	m := must(w.Member(w.ctx, w.project, s.MemberID))
	if m.Password == old || !strings.Contains(m.Password, "m=47104") {
		t.Errorf("still %s", m.Password)
	}
	must(w.Login(w.ctx, "olga@example.com", password, home))
	if again := must(w.Member(w.ctx, w.project, s.MemberID)); again.Password != m.Password {
		t.Error("hashed anew without need")
	}
}

// A hundred logins at once take the memory of two.
func TestManyLoginsAtOnce(t *testing.T) {
	w := newWorld(t, func(c *member.Config) {
		c.Limits = member.Limits{Account: member.Bucket{Burst: 1000, Every: time.Second}, Address: member.Bucket{Burst: 1000, Every: time.Second}, All: member.Bucket{Burst: 1000, Every: time.Second}}
	})
	w.owner()
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if _, err := w.Login(w.ctx, "olga@example.com", password, home); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	runtime.ReadMemStats(&after)
	if most := w.MostAtOnce(); most > 2 {
		t.Errorf("%d passwords at once", most)
	}
	if grown := int64(after.Sys-before.Sys) >> 20; grown > 600 {
		t.Errorf("the process grew by %d MiB", grown)
	}
}

func TestChangeOfPasswordEndsSessions(t *testing.T) {
	w := newWorld(t)
	s := w.owner()
	other := must(w.Login(w.ctx, "olga@example.com", password, home))
	_, err := w.ChangePassword(w.ctx, s.Member, &s.MemberSession, "wrong", "another long password", home)
	w.fails(err, problem.ValidationFailed)
	for _, bad := range []string{"short", "olga@example.com", "passwordpassword", "Password Password", strings.Repeat("x", 2000)} {
		if _, err := w.ChangePassword(w.ctx, s.Member, &s.MemberSession, password, bad, from("192.0.2.77")); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	next := must(w.ChangePassword(w.ctx, s.Member, &s.MemberSession, password, "another long password", home))
	if w.alive(s) || w.alive(other) || !w.alive(next) {
		t.Error("the sessions from before go on")
	}
	_, err = w.Login(w.ctx, "olga@example.com", password, home)
	w.fails(err, problem.InvalidToken)
	must(w.Login(w.ctx, "olga@example.com", "another long password", home))
}
