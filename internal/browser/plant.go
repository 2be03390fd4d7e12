package browser

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/audit"
	"github.com/busbar-dev/busbar/internal/member"
	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// Plant is a Stand with people who may log in to its dashboard, and a browser for them.
type Plant struct {
	*Stand
	*Browser
	people map[string]string // the secret of a session, by role
}

// Hand does for a script what no page does: what is sent is JSON, as is what it gives.
type Hand func(sent json.RawMessage) (any, error)

// NewPlant starts one with an owner, an operator and a viewer.
func NewPlant(t *testing.T) *Plant {
	t.Helper()
	p := &Plant{Browser: Open(t), Stand: NewStand(t, map[string]any{}), people: map[string]string{}}
	ctx := audit.By(t.Context(), audit.Actor{Kind: audit.Command, Name: "test", ProjectID: p.Project, At: time.Now()})
	owner, err := p.Members.SetUp(ctx, p.SetupLink(t), profile("Olga Owner"), member.Browser{})
	check(t, err)
	p.people[member.Owner] = owner.Plain
	for role, name := range map[string]string{member.Operator: "Otto Operator", member.Viewer: "Vera Viewer"} {
		link, err := p.Members.Invite(ctx, member.By{Scopes: member.ScopesOf(member.Owner), Member: owner.Member.ID}, p.Project, role+"@example.com", role)
		check(t, err)
		session, err := p.Members.Join(ctx, link.Plain, profile(name), member.Browser{})
		check(t, err)
		p.people[role] = session.Plain
	}
	return p
}

func profile(name string) member.Profile {
	return member.Profile{Name: name, Email: "owner@example.com", Password: "correct horse battery 9"}
}

// SetupLink gives the secret of a link by which the first owner comes in.
func (s *Stand) SetupLink(t *testing.T) string {
	t.Helper()
	ctx := audit.By(t.Context(), audit.Actor{Kind: audit.Command, Name: "test", ProjectID: s.Project, At: time.Now()})
	link, ok, err := s.Members.SetupLink(ctx, s.Project)
	check(t, err)
	if !ok {
		t.Fatal("the project has an owner")
	}
	return link.Plain
}

// Work lets Busbar work by itself until the test ends.
func (s *Stand) Work(t *testing.T) {
	t.Helper()
	check(t, s.Start(context.WithoutCancel(t.Context())))
}

// Connect connects the ERP under a name and reads it whole. It gives the connection's id.
func (s *Stand) Connect(t *testing.T, name string) (id string) {
	t.Helper()
	var made struct{ Connection struct{ ID string } }
	s.Call(t, http.MethodPost, "/v1/connections", "", map[string]any{"system": "sim-erp", "name": name, "credentials": map[string]any{"url": s.ERP.URL(), "api_key": erp.DefaultKey}}, &made)
	check(t, s.Step(t.Context(), made.Connection.ID))
	return made.Connection.ID
}

// Lines are the items of a batch, as Call sends them.
type Lines string

// Call calls the API with the project's key, and takes no refusal. Of a call about records the connection is named.
func (s *Stand) Call(t *testing.T, method, path, connection string, in, out any) {
	t.Helper()
	kind := "application/json"
	body, err := json.Marshal(in)
	check(t, err)
	if lines, ok := in.(Lines); ok {
		kind, body = "application/x-ndjson", []byte(lines)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, bytes.NewReader(body))
	check(t, err)
	r.Header.Set("Authorization", "Bearer "+s.Key)
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Idempotency-Key", rand.Text())
	if connection != "" {
		r.Header.Set("Busbar-Connection", connection)
	}
	answer, err := http.DefaultClient.Do(r)
	check(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	check(t, err)
	if answer.StatusCode >= http.StatusBadRequest {
		t.Fatalf("%s %s: HTTP %d: %s", method, path, answer.StatusCode, text)
	}
	if out != nil {
		check(t, json.Unmarshal(text, out))
	}
}

// Do lets the browser do what a script says, with these arguments, and these hands to call for.
func (p *Plant) Do(t *testing.T, script string, more map[string]any, hands map[string]Hand) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent, err := io.ReadAll(r.Body)
		hand := hands[r.URL.Path[1:]]
		if err != nil || hand == nil {
			http.Error(w, "there is no such hand", http.StatusNotFound)
			return
		}
		given, err := hand(sent)
		if err == nil {
			err = json.NewEncoder(w).Encode(given)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}))
	defer server.Close()
	args := map[string]any{"url": p.URL, "erp": p.ERP.URL(), "key": erp.DefaultKey, "people": p.people, "hands": server.URL}
	for name, value := range more {
		args[name] = value
	}
	p.Run(t, script, args, nil)
}
