package member_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/member"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

func (w *world) gone(err error) {
	w.t.Helper()
	if !errors.Is(err, member.ErrLinkGone) {
		w.t.Errorf("got %v, want that the link is gone", err)
	}
	w.fails(err, problem.NotFound)
}

func TestSetUpHappensOnce(t *testing.T) {
	w := newWorld(t)
	w.Cheap()
	expired, _, err := w.SetupLink(w.ctx, w.project)
	w.ok(err)
	w.tick(member.SetupWithin)
	_, err = w.Look(w.ctx, expired.Plain, store.LinkSetup)
	w.gone(err)
	first, _, err := w.SetupLink(w.ctx, w.project)
	w.ok(err)
	second, _, err := w.SetupLink(w.ctx, w.project)
	w.ok(err)
	p := member.Profile{Name: "Olga", Email: "olga@example.com", Password: password}
	for range 3 { // looking uses nothing up
		if l := must(w.Look(w.ctx, first.Plain, store.LinkSetup)); l.ID != first.ID || !strings.HasPrefix(first.Path(), "/setup/bb_inv_") {
			t.Errorf("got %+v", l)
		}
	}
	_, err = w.SetUp(w.ctx, first.Plain, member.Profile{Email: "x", Password: "short"}, home)
	var invalid *member.Invalid
	if !errors.As(err, &invalid) || len(invalid.Faults) != 3 {
		t.Errorf("got %v", err)
	}
	s := must(w.SetUp(w.ctx, first.Plain, p, home))
	if s.Member.Role != member.Owner || !w.alive(s) {
		t.Errorf("got %+v", s.Member)
	}
	for _, l := range []member.Link{first, second} {
		_, err = w.Look(w.ctx, l.Plain, store.LinkSetup)
		w.gone(err)
		_, err = w.SetUp(w.ctx, l.Plain, p, home)
		w.gone(err)
	}
	if _, ok, err := w.SetupLink(w.ctx, w.project); err != nil || ok {
		t.Errorf("a link to set up is made though there is an owner: %v", err)
	}
}

// Of people who set up at the same time, with one link or with two, one wins.
func TestRaceOfSetUps(t *testing.T) {
	for _, links := range []int{1, 2} {
		t.Run(map[int]string{1: "one link", 2: "two links"}[links], func(t *testing.T) {
			w := newWorld(t)
			w.Cheap()
			made := make([]member.Link, 2)
			for i := range made {
				l, _, err := w.SetupLink(w.ctx, w.project)
				w.ok(err)
				made[i] = l
			}
			errs := make([]error, 4)
			var all sync.WaitGroup
			for i := range errs {
				all.Go(func() {
					email := string(rune('a'+i)) + "@example.com"
					_, errs[i] = w.SetUp(w.ctx, made[i%links].Plain, member.Profile{Name: "X", Email: email, Password: password}, home)
				})
			}
			all.Wait()
			won := 0
			for _, err := range errs {
				if err == nil {
					won++
				} else {
					w.gone(err)
				}
			}
			members := must(w.store.Members(w.ctx, w.project, "", 10))
			if won != 1 || len(members) != 1 {
				t.Errorf("%d won, %d members: %v", won, len(members), errs)
			}
		})
	}
}

func TestInvitations(t *testing.T) {
	w := newWorld(t)
	w.Cheap()
	w.owner()
	first := must(w.Invite(w.ctx, all, w.project, "ada@example.com", member.Operator))
	second := must(w.Invite(w.ctx, all, w.project, "ada@example.com", member.Viewer))
	_, err := w.Look(w.ctx, first.Plain, store.LinkInvite)
	w.gone(err) // the later one takes its place
	_, err = w.Look(w.ctx, second.Plain, store.LinkPassword)
	w.gone(err) // a link is good for its purpose only
	s := must(w.Join(w.ctx, second.Plain, member.Profile{Name: "Ada", Email: "somebody-else@example.com", Password: password}, home))
	if s.Member.Email != "ada@example.com" || s.Member.Role != member.Viewer || !w.alive(s) {
		t.Errorf("got %+v", s.Member)
	}
	_, err = w.Join(w.ctx, second.Plain, member.Profile{Name: "Eve", Password: password}, home)
	w.gone(err)
	_, err = w.Invite(w.ctx, all, w.project, "ADA@example.com", member.Viewer)
	w.fails(err, problem.ValidationFailed)
	revoked := must(w.Invite(w.ctx, all, w.project, "bob@example.com", member.Viewer))
	must(w.RevokeInvitation(w.ctx, all, w.project, revoked.ID))
	_, err = w.Join(w.ctx, revoked.Plain, member.Profile{Name: "Bob", Password: password}, home)
	w.gone(err)
	_, err = w.RevokeInvitation(w.ctx, all, w.project, revoked.ID)
	w.fails(err, problem.Conflict)
	_, err = w.RevokeInvitation(w.ctx, all, "another-project", revoked.ID)
	w.fails(err, problem.NotFound)
	late := must(w.Invite(w.ctx, all, w.project, "late@example.com", member.Viewer))
	w.tick(member.InviteWithin)
	_, err = w.Join(w.ctx, late.Plain, member.Profile{Name: "Late", Password: password}, home)
	w.gone(err)
}

func TestPasswordLinks(t *testing.T) {
	w := newWorld(t)
	w.Cheap()
	s := w.owner()
	first := must(w.PasswordLink(w.ctx, all, w.project, s.MemberID))
	second := must(w.PasswordLink(w.ctx, all, w.project, s.MemberID))
	_, err := w.ChoosePassword(w.ctx, first.Plain, "another long password", home)
	w.gone(err)
	_, err = w.ChoosePassword(w.ctx, second.Plain, "short", home)
	w.fails(err, problem.ValidationFailed)
	next := must(w.ChoosePassword(w.ctx, second.Plain, "another long password", home))
	if w.alive(s) || !w.alive(next) {
		t.Error("the sessions from before go on")
	}
	_, err = w.ChoosePassword(w.ctx, second.Plain, "a third long password", home)
	w.gone(err)
	must(w.Login(w.ctx, "olga@example.com", "another long password", home))
	other := w.join("ada@example.com", member.Viewer)
	l := must(w.PasswordLink(w.ctx, all, w.project, other.MemberID))
	w.changed(w.Change(w.ctx, all, w.project, other.MemberID, member.Change{Disabled: new(true)}))
	_, err = w.ChoosePassword(w.ctx, l.Plain, "another long password", home)
	w.gone(err)
}

func TestGuessingIsSlowedDownAndLocksNobodyOut(t *testing.T) {
	w := newWorld(t)
	w.Cheap()
	w.owner() // from home
	limited := 0
	for i := range 40 { // from many addresses, so that the account's own limit counts
		_, err := w.Login(w.ctx, "olga@example.com", "wrong", from("198.51.100."+string(rune('0'+i%10))))
		var p *problem.Error
		if errors.As(err, &p) && p.Code == problem.RateLimited {
			if limited++; p.RetryAfter < 1 || p.RetryAfter > 60 {
				t.Errorf("Retry-After: %d", p.RetryAfter)
			}
		}
	}
	if limited != 30 {
		t.Errorf("%d of 40 were refused", limited)
	}
	if _, err := w.Login(w.ctx, "olga@example.com", password, home); err != nil {
		t.Errorf("a stranger's guesses keep the owner out: %v", err)
	}
	_, err := w.Login(w.ctx, "olga@example.com", password, from("203.0.113.5"))
	w.fails(err, problem.RateLimited)
	w.tick(time.Minute)
	must(w.Login(w.ctx, "olga@example.com", password, from("203.0.113.5")))
}

func TestOneAddressTriesManyAccounts(t *testing.T) {
	w := newWorld(t)
	w.Cheap()
	limited := 0
	for i := range 50 {
		_, err := w.Login(w.ctx, string(rune('a'+i%26))+strings.Repeat("x", i/26)+"@example.com", "wrong", from("2001:db8::"+string(rune('0'+i%10))))
		var p *problem.Error
		if errors.As(err, &p) && p.Code == problem.RateLimited {
			limited++
		}
	}
	if limited != 20 {
		t.Errorf("%d of 50 were refused", limited)
	}
}
