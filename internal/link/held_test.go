package link_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/link"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// byBrowser is a link that lives for a day, whose customer has come back from the login server.
func (w *world) byBrowser() (*store.LinkSession, string, *link.Visit, string) {
	w.t.Helper()
	n := session()
	n.Life = 24 * time.Hour
	l, plain := w.make(n)
	v, cookie := w.browse(plain)
	returned, err := w.Finish(w.t.Context(), cookie, w.callback(v))
	if w.ok(err); returned.Visit == nil || returned.Visit.Path() != v.Path() || returned.Done != nil || returned.Window {
		w.t.Fatalf("came back with %+v", returned)
	}
	return l, plain, v, cookie
}

// callback is what the login server answers to a login that a visit begins.
func (w *world) callback(v *link.Visit) link.Callback {
	w.t.Helper()
	address, err := w.Begin(w.t.Context(), v, inBrowser())
	w.ok(err)
	u, err := url.Parse(address)
	w.ok(err)
	return link.Callback{State: u.Query().Get("state"), Code: "good " + u.Query().Get("code_challenge")}
}

func inBrowser() link.Login {
	return link.Login{System: "plant", Method: "oauth2", Values: map[string]string{"url": "https://erp.example.com", "client_id": "c", "client_secret": password}}
}

// A login in a browser waits for the customer's choice: for the browser that made it, half an hour, until the link ends.
func TestALoginInABrowserWaitsForTheChoice(t *testing.T) {
	w := newWorld(t)
	l, plain, v, cookie := w.byBrowser()
	if c := w.connection(l.ConnectionID); c.State != store.ConnectionPending {
		t.Errorf("before the choice the connection is %s", c.State)
	}
	_, err := w.Connect(t.Context(), v, inBrowser())
	w.refused(err, problem.Conflict)
	got := must(w.Held(t.Context(), v))
	if found := must(w.Check(t.Context(), v, *got)); len(found) == 0 || !found[len(found)-2].OK {
		t.Errorf("the check says %+v", found)
	}
	if other := must(w.Held(t.Context(), w.stands(plain, "another", link.Elsewhere))); other != nil {
		t.Error("another browser is given the login")
	}
	got.Entities, got.History = []string{"vendors"}, "P30D"
	if done := must(w.Connect(t.Context(), v, *got)); w.answer(done).Get("code") == "" {
		t.Errorf("done %+v", done)
	}
	if streams := must(w.store.Streams(t.Context(), w.connection(l.ConnectionID).Scope())); len(streams) != 1 || streams[0].Entity != "vendors" {
		t.Errorf("%+v is read", streams)
	}
	w.none(l)
	if again := must(w.Held(t.Context(), w.stands(plain, cookie, link.Connected))); again != nil {
		t.Error("a link that has ended gives the login")
	}
}

// none fails the test when something of a login is still kept with the link.
func (w *world) none(l *store.LinkSession) {
	w.t.Helper()
	var n int
	err := w.store.DB().QueryRowContext(w.t.Context(), "select count(*) from login_attempts where owner = ? and used_at is null", l.ID).Scan(&n)
	if err != nil || n != 0 {
		w.t.Errorf("%d logins are kept, %v", n, err)
	}
}

func TestALoginInABrowserIsNotKeptForLong(t *testing.T) {
	w := newWorld(t)
	_, _, v, _ := w.byBrowser()
	w.pass(30*time.Minute - time.Second)
	if l := must(w.Held(t.Context(), v)); l == nil {
		t.Error("it is gone before half an hour")
	}
	w.pass(time.Second)
	if l := must(w.Held(t.Context(), v)); l != nil {
		t.Error("it is there after half an hour")
	}
}

func TestALoginInABrowserGoesWithItsLink(t *testing.T) {
	w := newWorld(t)
	for name, end := range map[string]func(l *store.LinkSession, v *link.Visit){
		"cancelled": func(_ *store.LinkSession, v *link.Visit) { must(w.Cancel(t.Context(), v)) },
		"withdrawn": func(l *store.LinkSession, _ *link.Visit) { must(w.Revoke(w.vendor(), w.project, l.ID)) },
		"expired":   func(*store.LinkSession, *link.Visit) { w.pass(24 * time.Hour); w.ok(w.Tidy(t.Context())) },
	} {
		l, _, v, _ := w.byBrowser()
		end(l, v)
		if got := must(w.Held(t.Context(), v)); got != nil {
			t.Errorf("%s: the login is given", name)
		}
		w.none(l)
	}
}

// A state is used up by the browser that it belongs to alone; in a window of its own the login of a frame uses nothing up.
func TestStatesBelongToOneBrowser(t *testing.T) {
	w := newWorld(t)
	_, plain := w.make(session())
	v, cookie := w.browse(plain)
	back := w.callback(v)
	for _, other := range []string{"", "another"} {
		returned, err := w.Finish(t.Context(), other, back)
		if w.refused(err, problem.NotFound); returned.Visit != nil {
			t.Error("another browser is shown the link")
		}
	}
	_, err := w.Finish(t.Context(), cookie, back)
	w.ok(err)
	returned, err := w.Finish(t.Context(), cookie, back)
	if w.refused(err, problem.NotFound); returned.Visit == nil {
		t.Error("its browser is not led back to the link")
	}

	l := inBrowser()
	l.Framed = true
	address := must(w.Begin(t.Context(), v, l))
	u, err := url.Parse(address)
	w.ok(err)
	back = link.Callback{State: u.Query().Get("state"), Code: "good " + u.Query().Get("code_challenge")}
	for _, window := range []string{"", "another", cookie} {
		if returned := must(w.Finish(t.Context(), window, back)); !returned.Window || returned.Done != nil {
			t.Errorf("in the window: %+v", returned)
		}
	}
	back.Framed = true
	if _, err := w.Finish(t.Context(), "another", back); w.refused(err, problem.NotFound) == "" {
		t.Error("another frame takes it")
	}
	if returned := must(w.Finish(t.Context(), cookie, back)); returned.Window {
		t.Errorf("in the frame: %+v", returned)
	}
}
