package member_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/busbar-dev/busbar/internal/member"
	"github.com/busbar-dev/busbar/internal/member/oidc"
	server "github.com/busbar-dev/busbar/internal/realsys/oidc"
	cluster "github.com/busbar-dev/busbar/internal/realsys/postgres"
	"github.com/busbar-dev/busbar/internal/store/postgres"
)

// TestOfTwoBrowsersThatJoinAtOnceBothComeIn: one person who comes back from the login server in several browsers at the same time becomes one member, logged in in each.
func TestOfTwoBrowsersThatJoinAtOnceBothComeIn(t *testing.T) {
	people := make([]server.Person, 4)
	for i := range people {
		people[i] = verified(fmt.Sprint("ann", i))
	}
	t.Run("SQLite", func(t *testing.T) { joinAtOnce(loginsOf(newWorld(t), people...), people) })
	t.Run("PostgreSQL", func(t *testing.T) {
		url := cluster.Database(t)
		joinAtOnce(loginsOf(newWorld(t, func(c *member.Config) {
			c.Store = must(postgres.Open(t.Context(), url))
			t.Cleanup(func() { _ = c.Store.Close() })
		}), people...), people)
	})
}

func joinAtOnce(l *logins, people []server.Person) {
	const browsers = 4
	ways := []*member.OIDC{l.OIDC, l.replica()}
	for _, p := range people {
		l.invite(p.Email)
		var answers [browsers]oidc.Answer
		for i := range answers {
			answers[i] = l.visit(fmt.Sprint("browser", i), member.ToLogIn, nil, p)
		}
		var sessions [browsers]member.Session
		var all sync.WaitGroup
		var there sync.WaitGroup
		there.Add(browsers)
		l.met = func() { there.Done(); there.Wait() }
		for i, a := range answers {
			all.Go(func() {
				back, err := ways[i%2].Finish(l.ctx, fmt.Sprint("browser", i), a, nil, nil, home)
				if err != nil {
					l.t.Errorf("browser %d of %s: %v", i, p.Login, err)
				}
				sessions[i] = back.Session
			})
		}
		all.Wait()
		l.met = nil
		for i, s := range sessions {
			if s.MemberID != sessions[0].MemberID || s.ID == sessions[(i+1)%browsers].ID {
				l.t.Errorf("browser %d of %s: member %s, session %s", i, p.Login, s.MemberID, s.ID)
			}
		}
	}
	if members := must(l.store.Members(l.ctx, l.project, "", 100)); len(members) != len(people) {
		l.t.Errorf("%d members joined, want %d", len(members), len(people))
	}
}
