package oidc_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/member/oidc"
	real "github.com/busbar-dev/busbar/internal/realsys/oidc"
)

const back = "http://127.0.0.1:8080/login/oidc/callback"

func ann() real.Person {
	return real.Person{Subject: "subject-ann", Login: "ann", Password: "CANARY-ann", Email: "ann@example.com", Verified: true, Name: "Ann"}
}

func bob() real.Person {
	return real.Person{Subject: "subject-bob", Login: "bob", Password: "CANARY-bob", Email: "bob@example.com", Name: "Bob"}
}

// attempts keeps logins as long as a test.
type attempts struct {
	mu   sync.Mutex
	kept map[string]oidc.Attempt
}

func (m *attempts) Keep(_ context.Context, a oidc.Attempt) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept[a.State] = a
	return nil
}

func (m *attempts) Take(_ context.Context, state, browser string) (oidc.Attempt, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, found := m.kept[state]
	delete(m.kept, state)
	if !found || a.Browser != browser {
		return a, oidc.ErrNoAttempt
	}
	return a, nil
}

// world is one real server, and a Busbar that lets people log in by it.
type world struct {
	*oidc.Provider
	t      *testing.T
	server *real.Server
	ahead  atomic.Int64
	spoil  func(map[string]any) // changes an answer with tokens
	forms  []url.Values         // of the calls for tokens
}

func newWorld(t *testing.T, s real.Settings) *world {
	t.Helper()
	s.Clients, s.People = append(s.Clients, real.Web("busbar", "CANARY-secret", back)), []real.Person{ann(), bob()}
	w := &world{t: t, server: real.Start(t, s)}
	w.Provider = w.provider(w.server.Issuer)
	return w
}

func (w *world) provider(issuer string) *oidc.Provider {
	return oidc.New(oidc.Config{
		Issuer: issuer, ClientID: "busbar", Secret: "CANARY-secret", RedirectURI: back, HTTP: &http.Client{Transport: w}, Attempts: &attempts{kept: map[string]oidc.Attempt{}},
		Now: func() time.Time { return time.Now().Add(time.Duration(w.ahead.Load())) }, Rand: rand.Reader,
	})
}

// RoundTrip implements http.RoundTripper: what Busbar calls.
func (w *world) RoundTrip(req *http.Request) (*http.Response, error) {
	asks := req.URL.Path == "/token"
	if asks {
		body, _ := io.ReadAll(req.Body)
		form, _ := url.ParseQuery(string(body))
		w.forms = append(w.forms, form)
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil || !asks || w.spoil == nil {
		return resp, err
	}
	defer resp.Body.Close()
	said := map[string]any{}
	if err := json.NewDecoder(resp.Body).Decode(&said); err != nil {
		return nil, err
	}
	w.spoil(said)
	text, err := json.Marshal(said)
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	resp.Header.Del("Content-Length")
	return resp, err
}

// begin gives the address that the button leads to.
func (w *world) begin(browser string) string {
	w.t.Helper()
	address, err := w.Begin(w.t.Context(), browser, false, "")
	if err != nil {
		w.t.Fatal(err)
	}
	return address
}

// visit logs a person in at an address, in a browser of its own, and gives what comes back.
func (w *world) visit(address string, p real.Person) oidc.Answer {
	w.t.Helper()
	return answer(w.server.NewBrowser().LogIn(w.server, address, p))
}

func answer(at *url.URL) oidc.Answer {
	q := at.Query()
	return oidc.Answer{State: q.Get("state"), Code: q.Get("code"), Issuer: q.Get("iss"), Error: q.Get("error")}
}

// changed is an address with another parameter; without it when the value is empty.
func changed(t *testing.T, address, name, value string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set(name, value)
	if value == "" {
		q.Del(name)
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// refuses checks that an answer does not log anybody in, for that reason.
func (w *world) refuses(browser string, a oidc.Answer, want oidc.Reason) {
	w.t.Helper()
	who, err := w.Finish(w.t.Context(), browser, a)
	var e *oidc.Error
	if !errors.As(err, &e) || e.Reason != want || who != nil {
		w.t.Errorf("%+v logs %+v in, %v; want %s", a, who, err, want)
	}
	if err != nil && bytes.Contains([]byte(err.Error()), []byte("CANARY")) {
		w.t.Errorf("a secret is in %q", err)
	}
}
