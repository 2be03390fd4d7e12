package link_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/link"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// From a link to a token: the vendor's backend makes the link, the customer connects, the browser brings a code, the backend gets the token.
func TestLinkToToken(t *testing.T) {
	w := newWorld(t)
	l, plain := w.make(session())
	if c := w.connection(l.ConnectionID); c.State != store.ConnectionPending || c.System != "plant" || c.Credentials != nil {
		t.Errorf("reserved: %+v", c)
	}
	w.stands(plain, "", link.Fresh)
	v, cookie := w.browse(plain)
	done, err := w.Connect(t.Context(), v, login())
	w.ok(err)
	got := w.answer(done)
	if got.Get("state") != "s t&ate" || got.Get("tenant") != "7" {
		t.Errorf("brought back %v", got)
	}
	c := w.connection(l.ConnectionID)
	if c.State != store.ConnectionSyncing || c.SystemVersion != "4.2" || c.Public["url"] != "https://erp.example.com" {
		t.Errorf("connected: %+v", c)
	}
	if tokens := must(w.store.Tokens(t.Context(), c.Scope())); len(tokens) != 0 {
		t.Errorf("%d tokens before the code was exchanged", len(tokens))
	}
	x, err := w.Exchange(w.vendor(), w.project, got.Get("code"), verifier, []string{"read"})
	w.ok(err)
	who, err := w.conns.Authenticate(t.Context(), x.Token.Plain)
	w.ok(err)
	if who.Connection.ID != l.ConnectionID || strings.Join(who.Token.Scopes, " ") != "read" {
		t.Errorf("the token is good for %s %v", who.Connection.ID, who.Token.Scopes)
	}
	w.stands(plain, cookie, link.Connected)
	again, err := w.Result(t.Context(), w.stands(plain, cookie, link.Connected))
	if w.ok(err); !again.Handed || again.Redirect != "" {
		t.Errorf("after the exchange: %+v", again)
	}
	if strings.Contains(w.log.String(), "CANARY") || strings.Contains(w.log.String(), plain) {
		t.Errorf("the log gives away: %s", w.log.String())
	}
}

// A code is good once: whoever uses it again ends what it gave.
func TestCodeUsedTwice(t *testing.T) {
	w := newWorld(t)
	_, plain := w.make(session())
	v, _ := w.browse(plain)
	code := w.answer(must(w.Connect(t.Context(), v, login()))).Get("code")
	for wrong, project := range map[string]string{verifier + "x": w.project, verifier: "another", "short": w.project} {
		_, err := w.Exchange(w.vendor(), project, code, wrong, nil)
		w.refused(err, problem.ValidationFailed)
	}
	x := must(w.Exchange(w.vendor(), w.project, code, verifier, nil))
	if _, err := w.Exchange(w.vendor(), "another", code, verifier, nil); !strings.Contains(w.refused(err, problem.ValidationFailed), "not known in your project") {
		t.Error(err)
	}
	must(w.conns.Authenticate(t.Context(), x.Token.Plain))
	_, err := w.Exchange(w.vendor(), w.project, code, verifier, nil)
	w.refused(err, problem.ValidationFailed)
	_, err = w.conns.Authenticate(t.Context(), x.Token.Plain)
	if !strings.Contains(w.refused(err, problem.InvalidToken), "revoked") {
		t.Error(err)
	}
}

func TestCodeExpiresAndIsGivenAnew(t *testing.T) {
	w := newWorld(t)
	_, plain := w.make(session())
	v, cookie := w.browse(plain)
	old := w.answer(must(w.Connect(t.Context(), v, login()))).Get("code")
	w.pass(time.Minute)
	_, err := w.Exchange(w.vendor(), w.project, old, verifier, nil)
	w.refused(err, problem.ValidationFailed)
	fresh := w.answer(must(w.Result(t.Context(), w.stands(plain, cookie, link.Connected)))).Get("code")
	_, err = w.Exchange(w.vendor(), w.project, old, verifier, nil)
	w.refused(err, problem.ValidationFailed)
	must(w.Exchange(w.vendor(), w.project, fresh, verifier, nil))
	_, err = w.Result(t.Context(), w.stands(plain, "", link.Connected))
	w.refused(err, problem.Conflict)
}

func TestFreshCodesEnd(t *testing.T) {
	w := newWorld(t)
	_, plain := w.make(session())
	v, cookie := w.browse(plain)
	must(w.Connect(t.Context(), v, login()))
	w.pass(30 * time.Minute)
	if done := must(w.Result(t.Context(), w.stands(plain, cookie, link.Connected))); done.Redirect != "" || done.Handed {
		t.Errorf("half an hour later: %+v", done)
	}
}

// A link is one browser's: the first that goes on. A scanner that only looks takes it from nobody.
func TestLinkIsBoundToABrowser(t *testing.T) {
	w := newWorld(t)
	_, plain := w.make(link.New{Kind: link.KindMagic})
	for range 3 {
		w.stands(plain, "", link.Fresh)
	}
	v, cookie := w.browse(plain)
	w.stands(plain, cookie, link.Yours)
	other, otherCookie := w.browse(plain)
	if other.Standing != link.Elsewhere || otherCookie != "" {
		t.Errorf("another browser: %s, cookie %q", other.Standing, otherCookie)
	}
	for _, act := range []func() error{
		func() error { _, err := w.Connect(t.Context(), other, login()); return err },
		func() error { _, err := w.Check(t.Context(), other, login()); return err },
		func() error { _, err := w.Cancel(t.Context(), other); return err },
		func() error { _, err := w.Begin(t.Context(), other, login()); return err },
	} {
		if says := w.refused(act(), problem.Conflict); !strings.Contains(says, "another browser") {
			t.Error(says)
		}
	}
	l := login()
	l.System, l.Name = "plant", "My plant"
	done := must(w.Connect(t.Context(), v, l))
	if done.Redirect != "" || w.connection(v.Connection.ID).Name != "My plant" {
		t.Errorf("%+v %+v", done, w.connection(v.Connection.ID))
	}
	if _, again, err := w.Continue(t.Context(), plain, cookie); err != nil || again != cookie {
		t.Errorf("the same browser: %q %v", again, err)
	}
}

// Two tabs of one browser send the form at the same moment: one connection, one first sync, and both come to the end.
func TestTwoTabsConnectOnce(t *testing.T) {
	w := newWorld(t)
	w.driver.hold = make(chan struct{})
	l, plain := w.make(session())
	v, cookie := w.browse(plain)
	second := w.stands(plain, cookie, link.Yours)
	var all sync.WaitGroup
	var codes sync.Map
	for i, tab := range []*link.Visit{v, second} {
		all.Go(func() {
			done, err := w.Connect(t.Context(), tab, login())
			if err != nil {
				t.Error(err)
				return
			}
			codes.Store(i, w.answer(done).Get("code"))
		})
	}
	close(w.driver.hold)
	all.Wait()
	c := w.connection(l.ConnectionID)
	runs := must(w.store.Runs(t.Context(), c.Scope(), store.RunFilter{}))
	if len(runs) != 2 {
		t.Errorf("%d runs of two entities", len(runs))
	}
	good := 0
	codes.Range(func(_, code any) bool {
		if _, err := w.Exchange(w.vendor(), w.project, code.(string), verifier, nil); err == nil {
			good++
		}
		return true
	})
	if good != 1 {
		t.Errorf("%d codes were good", good)
	}
}

func TestExpiredBetweenFormAndSubmit(t *testing.T) {
	w := newWorld(t)
	l, plain := w.make(session())
	v, cookie := w.browse(plain)
	w.pass(30 * time.Minute)
	_, err := w.Connect(t.Context(), v, login())
	if says := w.refused(err, problem.Conflict); !strings.Contains(says, "expired") {
		t.Error(says)
	}
	w.stands(plain, cookie, link.Expired)
	w.ok(w.Tidy(t.Context()))
	if now := must(w.store.Link(t.Context(), w.project, l.ID)); now.Status != store.LinkExpired || now.EndedAt.IsZero() {
		t.Errorf("%+v", now)
	}
	if c := w.connection(l.ConnectionID); c.State != store.ConnectionDisconnected || c.DeletingAt.IsZero() {
		t.Errorf("its connection: %+v", c)
	}
	for done, err := false, error(nil); !done; {
		if done, err = w.store.DeleteDataStep(t.Context(), w.connection(l.ConnectionID).Scope(), 100); err != nil {
			t.Fatal(err)
		}
	}
	w.stands(plain, cookie, link.Expired)
}

func TestRevokeAndCancel(t *testing.T) {
	w := newWorld(t)
	l, plain := w.make(session())
	v, cookie := w.browse(plain)
	must(w.Revoke(w.vendor(), w.project, l.ID))
	must(w.Revoke(w.vendor(), w.project, l.ID))
	_, err := w.Revoke(w.vendor(), "another", l.ID)
	w.refused(err, problem.NotFound)
	_, err = w.Connect(t.Context(), v, login())
	w.refused(err, problem.Conflict)
	w.stands(plain, cookie, link.Cancelled)

	_, plain = w.make(session())
	v, cookie = w.browse(plain)
	if got := w.answer(must(w.Cancel(t.Context(), v))); got.Get("error") != "access_denied" || got.Get("state") != "s t&ate" || got.Has("code") {
		t.Errorf("%v", got)
	}
	w.stands(plain, cookie, link.Cancelled)

	used, plain := w.make(session())
	v, _ = w.browse(plain)
	must(w.Connect(t.Context(), v, login()))
	_, err = w.Revoke(w.vendor(), w.project, used.ID)
	w.refused(err, problem.Conflict)
}

// The vendor ends the connection while the customer fills in the form.
func TestConnectionEndsWhileTheLinkIsOpen(t *testing.T) {
	w := newWorld(t)
	l, plain := w.make(session())
	v, cookie := w.browse(plain)
	w.ok(w.conns.Disconnect(w.vendor(), w.connection(l.ConnectionID)))
	_, err := w.Connect(t.Context(), v, login())
	w.refused(err, problem.Conflict)
	w.stands(plain, cookie, link.Cancelled)
	c := w.connection(l.ConnectionID)
	if c.State != store.ConnectionDisconnected || c.Credentials != nil {
		t.Errorf("%+v", c)
	}
	_, _, err = w.Create(w.vendor(), w.project, link.New{Purpose: link.PurposeReauthorize, ConnectionID: c.ID})
	w.refused(err, problem.Conflict)
}

// The login does not work, then the system is down, then all is well: the link stays open until it has connected.
func TestLinkOutlivesRefusals(t *testing.T) {
	w := newWorld(t)
	_, plain := w.make(session())
	v, cookie := w.browse(plain)
	wrong := login()
	wrong.Values["password"] = "wrong"
	_, err := w.Connect(t.Context(), v, wrong)
	w.refused(err, problem.ValidationFailed)
	w.driver.down = true
	_, err = w.Connect(t.Context(), v, login())
	w.refused(err, problem.SystemUnreachable)
	w.driver.down = false
	must(w.Connect(t.Context(), w.stands(plain, cookie, link.Yours), login()))
}

func TestUnknownLinks(t *testing.T) {
	w := newWorld(t)
	_, plain := w.make(session())
	for _, secret := range []string{"", "bb_lnk_", plain[:len(plain)-1], plain + "0", strings.Replace(plain, "bb_lnk_", "bb_con_", 1), strings.ToUpper(plain), "bb_lnk_" + strings.Repeat("A", 38)} {
		_, err := w.Open(t.Context(), secret, "")
		w.refused(err, problem.NotFound)
		_, _, err = w.Continue(t.Context(), secret, "")
		w.refused(err, problem.NotFound)
	}
}

func TestOldLinksAreForgotten(t *testing.T) {
	w := newWorld(t)
	l, plain := w.make(session())
	v, _ := w.browse(plain)
	must(w.Connect(t.Context(), v, login()))
	w.ok(w.Tidy(t.Context()))
	must(w.store.Link(t.Context(), w.project, l.ID))
	w.pass(91 * 24 * time.Hour)
	w.ok(w.Tidy(t.Context()))
	if _, err := w.store.Link(t.Context(), w.project, l.ID); err == nil {
		t.Error("a link of 91 days ago is there")
	}
}
