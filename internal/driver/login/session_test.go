package login_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
)

// house is a system with sessions: each login opens one, and what is not ended stays open.
type house struct {
	mu     sync.Mutex
	open   map[string]bool
	opened int
	most   int           // logins at a time
	busy   int           //
	hold   chan struct{} // a login waits for it; nil: it does not
	bodies []string
	cookie bool
	lapsed string // what a call without a session is answered with; "" is 401
}

func newHouse() *house { return &house{open: map[string]bool{}} }

func (h *house) count() (open, opened int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.open), h.opened
}

// kill ends every session.
func (h *house) kill() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open = map[string]bool{}
}

func (h *house) token(r *http.Request) string {
	if c, err := r.Cookie("SID"); err == nil {
		return c.Value
	}
	return strings.TrimPrefix(r.Header.Get("X-Session"), "S ")
}

func (h *house) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	switch r.Method + " " + r.URL.Path {
	case "POST /login":
		h.login(w, string(body))
	case "DELETE /logout":
		h.mu.Lock()
		delete(h.open, h.token(r))
		h.mu.Unlock()
	default:
		h.mu.Lock()
		known, lapsed := h.open[h.token(r)], h.lapsed
		h.mu.Unlock()
		switch {
		case known:
			_, _ = io.WriteString(w, "{}")
		case lapsed != "":
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, lapsed)
		default:
			w.WriteHeader(http.StatusUnauthorized)
		}
	}
}

func (h *house) login(w http.ResponseWriter, body string) {
	h.mu.Lock()
	h.busy++
	h.most = max(h.most, h.busy)
	hold := h.hold
	h.mu.Unlock()
	if hold != nil {
		<-hold
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.busy--
	h.bodies = append(h.bodies, body)
	if !strings.Contains(body, password) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	h.opened++
	token := fmt.Sprintf("session-token-%d", h.opened)
	h.open[token] = true
	if h.cookie {
		http.SetCookie(w, &http.Cookie{Name: "SID", Value: token, Path: "/", HttpOnly: true})
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"result": map[string]any{"token": token}})
}

const tokenSession = `{auth: {style: session, session: {url: "{url}/login", body: {user: "{user}", password: "{password}", client: [1, true]},
  take: {token: result/token}, send: {X-Session: "S {token}"}, over: {words: [SESSION_EXPIRED]}, logout: {url: "{url}/logout", method: DELETE}%s}}}`

func sessionWith(more string) string { return fmt.Sprintf(tokenSession, more) }

const cookieSession = `{auth: {style: session, session: {url: "{url}/login", form: {user: "{user}", password: "{password}"}, cookies: true, logout: {url: "{url}/logout", method: DELETE}}}}`

// TestASessionIsOpenedOnceAndEnded: by a token as well as by a cookie, and nothing stays open.
func TestASessionIsOpenedOnceAndEnded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ connect, body string }{
		"a token":  {sessionWith(""), `{"client":[1,true],"password":"s3cret-pass-word","user":"ann \u0026 co"}`},
		"a cookie": {cookieSession, "password=s3cret-pass-word&user=ann+%26+co"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse()
			h.cookie = name == "a cookie"
			w := start(t, c.connect, h.ServeHTTP)
			for range 3 {
				if err := errors.Join(w.read(t.Context()), w.write(t.Context())); err != nil {
					t.Fatal(err)
				}
			}
			if open, opened := h.count(); open != 1 || opened != 1 || h.bodies[0] != c.body {
				t.Errorf("%d of %d sessions are open, by %q", open, opened, h.bodies)
			}
			if err := errors.Join(w.Close(), w.Close()); err != nil {
				t.Error(err)
			}
			if open, _ := h.count(); open != 0 {
				t.Errorf("%d sessions are open at the end", open)
			}
			if err := w.read(t.Context()); driver.FateOf(err) != driver.NotSent {
				t.Errorf("after the end: %v", err)
			}
		})
	}
}

// TestASessionThatHasEndedIsOpenedAnew: a read is made again; a write was not looked at, and can be sent again. That may happen again and again, as long as each session works.
func TestASessionThatHasEndedIsOpenedAnew(t *testing.T) {
	t.Parallel()
	for name, lapsed := range map[string]string{"by a 401": "", "in the given words": `{"code":"SESSION_EXPIRED"}`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse()
			h.lapsed = lapsed
			w := start(t, sessionWith(""), h.ServeHTTP)
			for i := range 3 {
				if err := w.read(t.Context()); err != nil {
					t.Fatal(i, err)
				}
				h.kill()
			}
			err := w.write(t.Context())
			var e *driver.Error
			if !errors.As(err, &e) || driver.FateOf(err) != driver.NotSent || !e.Again {
				t.Fatalf("%+v", err)
			}
			if n := w.count("POST /items"); n != 1 {
				t.Errorf("the write went out %d times", n)
			}
			if err := w.write(t.Context()); err != nil {
				t.Error(err)
			}
			if _, opened := h.count(); opened != 4 {
				t.Errorf("%d sessions were opened", opened)
			}
		})
	}
}

// TestASessionThatNeverWorks: the one that came in its place is not replaced, for then it is the login that is refused.
func TestASessionThatNeverWorks(t *testing.T) {
	t.Parallel()
	h := newHouse()
	w := start(t, sessionWith(""), func(rw http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(rw, r)
		h.kill()
	})
	for range 3 {
		if err := w.read(t.Context()); driver.KindOf(err) != driver.Credentials {
			t.Errorf("%v", err)
		}
	}
	if _, opened := h.count(); opened != 2 {
		t.Errorf("%d sessions were opened", opened)
	}
}

// TestManyWantASession: one logs in, whoever waits uses that, nobody waits longer than he wants, and a login that nobody waits for any more is not lost.
func TestManyWantASession(t *testing.T) {
	t.Parallel()
	h := newHouse()
	h.hold = make(chan struct{})
	w := start(t, sessionWith(""), h.ServeHTTP)
	hurried, cancel := context.WithCancel(t.Context())
	first := make(chan error)
	go func() { first <- w.read(hurried) }()
	for w.count("POST /login") == 0 {
		runtime.Gosched()
	}
	var all sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		all.Go(func() { errs[i] = w.read(context.Background()) })
	}
	cancel()
	if err := <-first; driver.KindOf(err) != driver.Unreachable || !errors.Is(err, context.Canceled) {
		t.Errorf("who is in a hurry: %v", err)
	}
	if err := w.write(hurried); driver.FateOf(err) != driver.NotSent {
		t.Errorf("a write in a hurry: %v", err)
	}
	close(h.hold)
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	if open, opened := h.count(); open != 1 || opened != 1 || h.most != 1 {
		t.Errorf("%d of %d sessions are open, %d logins at once", open, opened, h.most)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if open, _ := h.count(); open != 0 {
		t.Error("a session stayed open")
	}
}

// TestAWrongPasswordIsSentOnce: whoever waited for a login that is refused gets its refusal, and sends no more of the kind that lock accounts.
func TestAWrongPasswordIsSentOnce(t *testing.T) {
	t.Parallel()
	h := newHouse()
	h.hold = make(chan struct{})
	w := start(t, sessionWith(""), h.ServeHTTP, "password", "wrong-password")
	var all sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		all.Go(func() { errs[i] = w.read(context.Background()) })
	}
	for waiting(t.Name()) < len(errs)-1 {
		runtime.Gosched()
	}
	close(h.hold)
	all.Wait()
	for _, err := range errs {
		var e *driver.Error
		if !errors.As(err, &e) || e.Kind != driver.Credentials || e.Field != "password" || strings.Contains(e.Detail, "wrong-password") {
			t.Errorf("%+v", err)
		}
	}
	if n := w.count("POST /login"); n != 1 {
		t.Errorf("it was sent %d times", n)
	}
}

// waiting counts who waits in a test for his turn to log in.
func waiting(test string) (n int) {
	stacks := make([]byte, 1<<20)
	for stack := range strings.SplitSeq(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
		if strings.Contains(stack, test) && strings.Contains(stack, "web.Turn.Enter") {
			n++
		}
	}
	return n
}

// TestASessionIsRenewedBeforeItsEnd: by what the manifest or the answer says of its life.
func TestASessionIsRenewedBeforeItsEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		more   string
		ends   string
		wait   time.Duration
		opened int
	}{
		"long before":         {", life: 1h", "", 57 * time.Minute, 1},
		"two minutes before":  {", life: 1h", "", 58 * time.Minute, 2},
		"half of a short one": {", life: 2m", "", time.Minute, 2},
		"the answer's time":   {", ends: ends", "2026-11-20T10:30:00Z", 58 * time.Minute, 2},
		"before that":         {", ends: ends", "2026-11-20T10:30:00Z", 57 * time.Minute, 1},
		"a time that is none": {", ends: ends", "soon", 999 * time.Hour, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opened := 0
			w := start(t, sessionWith(c.more), func(rw http.ResponseWriter, r *http.Request) {
				rw.Header()["Date"] = nil
				if r.URL.Path == "/login" {
					opened++
				}
				fmt.Fprintf(rw, `{"result":{"token":"session-token-%d"},"ends":%q}`, opened, c.ends)
			})
			if err := w.read(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.pass(c.wait)
			if err := w.read(t.Context()); err != nil || opened != c.opened {
				t.Errorf("%d sessions, %v", opened, err)
			}
		})
	}
}

// TestAnswersToALogin: what is no session says what is wrong with it, and never opens one.
func TestAnswersToALogin(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		more   string
		status int
		body   string
		kind   driver.Kind
		field  string
	}{
		"a session":                  {"", 200, `{"result":{"token":"abcdefgh"}}`, "", ""},
		"a number":                   {"", 201, `{"result":{"token":12345678}}`, "", ""},
		"a refusal":                  {"", 401, `{}`, driver.Credentials, "password"},
		"a refusal of its own":       {", denied: [400]", 400, `{}`, driver.Credentials, "password"},
		"one in a good answer":       {", denied: [200]", 200, `{"success":false}`, driver.Credentials, "password"},
		"a good answer all the same": {", denied: [200]", 200, `{"result":{"token":"abcdefgh"}}`, "", ""},
		"too many sessions":          {"", 403, `{}`, driver.Permission, ""},
		"not so":                     {"", 400, `{}`, driver.Invalid, ""},
		"not here":                   {"", 404, `{}`, driver.NotSystem, "url"},
		"not now":                    {"", 429, ``, driver.RateLimited, ""},
		"broken":                     {"", 503, ``, driver.Fault, ""},
		"a page":                     {"", 200, `<html>`, driver.NotSystem, "url"},
		"elsewhere":                  {"", 302, ``, driver.NotSystem, "url"},
		"no token":                   {"", 200, `{"result":{}}`, driver.Torn, ""},
		"a token with a line end":    {"", 200, `{"result":{"token":"a\r\nX-Evil: 1"}}`, driver.Torn, ""},
		"half of it":                 {"", 200, `{"result":{"token":"abc`, driver.Torn, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, sessionWith(c.more), func(rw http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/login" {
					rw.WriteHeader(c.status)
					_, _ = io.WriteString(rw, c.body)
				}
			})
			err := w.write(t.Context())
			var e *driver.Error
			switch errors.As(err, &e); {
			case c.kind == "" && err != nil:
				t.Error(err)
			case c.kind != "" && (e == nil || e.Kind != c.kind || e.Field != c.field || driver.FateOf(err) != driver.NotSent || e.Detail == ""):
				t.Errorf("%+v", err)
			}
			if n := w.count("POST /login"); n != 1 {
				t.Errorf("%d logins", n)
			}
			if n := w.count("POST /items"); (n > 0) != (c.kind == "") {
				t.Errorf("%d writes", n)
			}
		})
	}
}

// TestWhatASessionHoldsIsNotShown: neither its token nor its cookie.
func TestWhatASessionHoldsIsNotShown(t *testing.T) {
	t.Parallel()
	h := newHouse()
	h.cookie = true
	w := start(t, cookieSession, h.ServeHTTP)
	if err := w.read(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := w.Quote("no right for session-token-1 of "+password, 200); strings.Contains(got, "token-1") || strings.Contains(got, password) || !strings.Contains(got, "no right") {
		t.Error(got)
	}
	if got := string(w.Kept([]byte(`{"session":"session-token-1"}`), true)); strings.Contains(got, "token-1") {
		t.Error(got)
	}
}
