package faulttest

import (
	"bytes"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/realsys/oidc"
	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// TestProviderRenewals is row 38 against a server that is not ours: a token is renewed once in its life, shortly before it ends, and once when it ended early. Tokens that are replaced are
// stored each time, or the server would end the login.
func TestProviderRenewals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]oidc.Client{"client": machine(), "refresh token": onBehalf()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvided(t, c, setup{})
			step := func(what string, want int, change func()) {
				t.Helper()
				if n := p.renewals(func() { change(); p.sync("incremental") }); n != want {
					t.Errorf("%s: %d calls for tokens, want %d", what, n, want)
				}
			}
			step("in the life of a token", 0, func() { p.passes(50 * time.Minute) })
			step("near its end", 1, func() { p.passes(9 * time.Minute) })
			step("behind its end", 1, func() { p.passes(2 * time.Hour) })
			step("revoked early", 1, func() { p.passes(2 * time.Minute); p.revoke() })
			step("another process", 0, p.restart)
			p.lives()
			p.even()
		})
	}
}

// TestProviderReplicas is row 38 against a server that is not ours: five replicas on one database find the token ended at once, and one call for tokens reaches the server.
func TestProviderReplicas(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		setup  setup
		client oidc.Client
	}{
		"SQLite, refresh token":     {setup{}, onBehalf()},
		"SQLite, client":            {setup{}, machine()},
		"PostgreSQL, refresh token": {setup{postgres: true}, onBehalf()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvided(t, c.client, c.setup)
			_, remote := p.fresh("vendors", 1)
			services := p.services(5)
			for n, end := range []func(){func() { p.passes(61 * time.Minute) }, p.revoke, func() { p.passes(59 * time.Minute) }} {
				p.passes(2 * time.Minute)
				end()
				p.plan.Set(erp.Rule{Path: "token", Fault: erp.Fault{Delay: 50 * time.Millisecond}})
				if calls := p.renewals(func() { p.readBy(services, remote) }); calls != 1 {
					t.Errorf("end %d: %d calls for tokens, want 1", n, calls)
				}
			}
			p.plan.Set()
			p.lives()
		})
	}
}

// services are replicas, as far as logins are concerned: on SQLite they share the database of the first, on PostgreSQL each has its own pool.
func (p *provided) services(n int) (all []*connection.Service) {
	p.Helper()
	if p.postgres {
		all = append(all, p.app.Connections)
		for _, a := range p.replicas(n - 1) {
			all = append(all, a.Connections)
		}
		return all
	}
	for range n {
		s, err := connection.NewService(p.app.Connections.Config)
		p.check(err)
		p.Cleanup(func() { _ = s.Close() })
		all = append(all, s)
	}
	return all
}

// readBy lets four callers of each service read one vendor at the same time.
func (p *provided) readBy(services []*connection.Service, remote string) {
	p.Helper()
	var all sync.WaitGroup
	begin := make(chan struct{})
	for i, s := range services {
		for range 4 {
			all.Go(func() {
				<-begin
				if err := readBy(p.Context(), p.app.Store, s, p.world.id, remote); err != nil {
					p.Errorf("replica %d: %v", i, err)
				}
			})
		}
	}
	close(begin)
	all.Wait()
}

// TestProviderLosesAnAnswer is row 38 against a server that is not ours: the answer with the next refresh token is lost, and the server ends the login when the old one comes again. That
// connection asks for a new login, once and with the reason; the other one lives. With a new login in place everything goes on: id, tokens, records, cursors, and the run that was under way.
func TestProviderLosesAnAnswer(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]erp.Fault{
		"no byte of it comes": {Drop: true, Execute: true},
		"most of it comes":    {Longer: 1},
		"a gateway answers":   {Status: http.StatusBadGateway, Execute: true},
		"it has no token":     {Body: `{"token_type":"Bearer"}`, Execute: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvided(t, onBehalf(), setup{})
			p.loses(func() {
				p.passes(2 * time.Hour)
				p.plan.Set(erp.Rule{Path: "token", Times: 1, Fault: lost})
			})
		})
	}
	t.Run("the process ends with it", func(t *testing.T) {
		t.Parallel()
		p := newProvided(t, onBehalf(), setup{postgres: true})
		p.loses(p.diesWithTheAnswer)
	})
}

// loses lets the answer to a renewal be lost, and a run meet that.
func (p *provided) loses(how func()) {
	p.Helper()
	other := p.connectAs("bob")
	p.change()
	how()
	p.goesOn()
	p.plan.Set()
	p.lost()
	p.worksAs(other)
	p.reconnected()
}

// TestProviderSaysNoEnd: a server that does not say how long a token is good is asked again when the system does not take it any more, and not before.
func TestProviderSaysNoEnd(t *testing.T) {
	t.Parallel()
	p := newProvided(t, onBehalf(), setup{})
	silent := func(answer []byte) []byte { return bytes.Replace(answer, []byte(`"expires_in":3600,`), nil, 1) }
	p.plan.Set(erp.Rule{Path: "token", Fault: erp.Fault{Rewrite: silent}})
	for n, want := range []int{1, 0, 1, 0, 1} { // the first token said when it ends
		pass := 30 * time.Minute
		if want == 1 {
			pass = 2 * time.Hour
		}
		if calls := p.renewals(func() { p.passes(pass); p.sync("incremental") }); calls != want {
			t.Errorf("sync %d: %d calls for tokens, want %d", n, calls, want)
		}
	}
	if p.plan.Hits() != 3 {
		t.Errorf("%d answers were changed", p.plan.Hits())
	}
	p.lives()
	p.even()
}

// TestProviderEndsTheLoginMidSync: the login ends at the source while a run reads. What it has read stays; with a new login in place the run goes on behind it.
func TestProviderEndsTheLoginMidSync(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		client oidc.Client
		end    func(p *provided)
	}{
		"the client has another secret": {machine(), func(p *provided) {
			p.client = oidc.Machine("busbar", "CANARY-second-secret")
			p.server.SetClient(p.client)
			p.revoke()
		}},
		"the person has withdrawn it": {onBehalf(), func(p *provided) { p.server.Revoke("ann") }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvided(t, c.client, setup{counts: erp.Counts{Vendors: 900, Customers: 1, Items: 1, Stock: 1, Orders: 1, SalesOrders: 1, Requisitions: 1}})
			p.passes(2 * time.Minute)
			var once sync.Once
			p.plan.Set(erp.Rule{Path: "vendors", After: 1, Times: 1, Fault: erp.Fault{Before: func() { once.Do(func() { c.end(p) }) }}})
			had := len(p.stored())
			id := p.request("full")
			p.step()
			p.plan.Set()
			run := p.run(id)
			if c := p.call(p.token, "GET", "/v1/connection", nil, http.StatusOK); c.get("status") != "needs_reauthorization" || c.get("status_code") != "credentials-refused" {
				t.Fatalf("the connection is %s, %s", c.get("status"), c.get("status_code"))
			}
			if run.get("state") != "queued" || run.get("counts", "pages") != "1" || len(p.stored()) != had {
				t.Errorf("the run is %s after %s pages, %d records are stored", run.get("state"), run.get("counts", "pages"), len(p.stored()))
			}
			p.anew("ann")
			p.step()
			if next := p.lastRun(); next.get("id") != id || next.get("mode") != "full" || next.get("state") != "complete" {
				t.Errorf("with a new login goes on: %s", next)
			}
			p.even()
		})
	}
}

// TestProviderTokenEndsBeforeAWrite is row 38 against a server that is not ours: the token ends after the record was read for an update and before the update is sent.
func TestProviderTokenEndsBeforeAWrite(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(p *provided){"expires": func(p *provided) { p.passes(61 * time.Minute) }, "revoked": (*provided).revoke} {
		for kind, client := range map[string]oidc.Client{"client": machine(), "refresh token": onBehalf()} {
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				p := newProvided(t, client, setup{})
				p.passes(2 * time.Minute)
				var once sync.Once
				p.plan.Set(erp.Rule{Path: "*", When: func(r *http.Request) bool { return r.Method == http.MethodPatch }, Times: 1,
					Fault: erp.Fault{Before: func() { once.Do(func() { end(p) }) }}})
				var a *asked
				if n := p.renewals(func() { a = p.write(p.changing("vendors", "name", 0)) }); n != 1 || a.status != http.StatusOK {
					t.Errorf("%d calls for tokens; the client is told %d %s", n, a.status, a.body)
				}
				p.lives()
				p.even()
			})
		}
	}
}
