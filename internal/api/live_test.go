package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/api"
	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/member"
)

// follower reads an open answer of GET /v1/live.
type follower struct {
	w    *world
	resp *http.Response
	from *bufio.Reader
}

// follow opens it and reads how it begins: from then on nothing is missed.
func (w *world) follow(secret string, headers ...string) *follower {
	w.t.Helper()
	return w.following(w.request("GET", "/v1/live", secret, "", headers...))
}

func (w *world) following(req *http.Request) *follower {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	resp, err := http.DefaultClient.Do(req.WithContext(ctx))
	w.ok(err)
	f := &follower{w, resp, bufio.NewReader(resp.Body)}
	w.t.Cleanup(func() { cancel(); _ = resp.Body.Close() })
	if kind := resp.Header.Get("Content-Type"); resp.StatusCode != 200 || kind != "text/event-stream; charset=utf-8" {
		w.t.Fatalf("got %d as %q", resp.StatusCode, kind)
	}
	if first := f.piece(); first != "retry: 2000\n: it begins" {
		w.t.Fatalf("it begins with %q", first)
	}
	return f
}

// piece reads up to an empty line; "" at the end.
func (f *follower) piece() string {
	f.w.t.Helper()
	var lines []string
	for {
		line, err := f.from.ReadString('\n')
		if err != nil {
			return ""
		}
		if line = strings.TrimSuffix(line, "\n"); line == "" {
			return strings.Join(lines, "\n")
		}
		lines = append(lines, line)
	}
}

// event reads the next event, as thing and connection.
func (f *follower) event() string {
	f.w.t.Helper()
	for {
		text := f.piece()
		if text == "" {
			f.w.t.Fatal("it ended")
		}
		data, ok := strings.CutPrefix(text, "event: changed\ndata: ")
		if !ok {
			continue
		}
		var v struct{ Thing, Connection string }
		f.w.ok(json.Unmarshal([]byte(data), &v))
		return strings.TrimSpace(v.Thing + " " + v.Connection)
	}
}

// until reads events until one that is wanted, and fails at one that is not to come.
func (f *follower) until(wanted string, never ...string) {
	f.w.t.Helper()
	for {
		got := f.event()
		for _, n := range never {
			if strings.Contains(got, n) {
				f.w.t.Errorf("it tells %q", got)
			}
		}
		if got == wanted {
			return
		}
	}
}

// ends reads to the end.
func (f *follower) ends() {
	f.w.t.Helper()
	for f.piece() != "" { //nolint:revive // what it still says does not matter
	}
}

// What is stored is told to those who follow its project, and to nobody else.
func TestLive(t *testing.T) {
	w := newWorld(t)
	c, _ := w.connect("A")
	other, otherKey, err := w.conns.NewProject(acting(t.Context()), "other")
	w.ok(err)
	f, foreign := w.follow(w.key), w.follow(otherKey.Plain)
	w.done(c, orders)
	f.until("sync-runs " + c.ID)
	w.put(c, "PO-1")
	f.until("records " + c.ID)
	w.want(w.call("POST", "/v1/connections/"+c.ID+"/pause", w.key, ""), 200, "")
	f.until("connections " + c.ID)
	made, err := w.conns.Create(acting(t.Context()), other.ID, connection.New{System: "plant", Name: "B", Credentials: goodLogin()})
	w.ok(err)
	foreign.until("connections "+made.Connection.ID, c.ID)
}

// Those who may not see members, keys and the audit log do not hear of them.
func TestLiveTellsWhatTheCallerMaySee(t *testing.T) {
	w := newWorld(t)
	reader := must(w.conns.IssueKey(acting(t.Context()), w.project, connection.NewKey{Label: "reads", Scopes: []string{"read"}})).Plain
	all, some := w.follow(w.key), w.follow(reader)
	c, _ := w.connect("A") // the log has it
	must(w.conns.IssueKey(acting(t.Context()), w.project, connection.NewKey{Label: "x", Scopes: []string{"read"}}))
	all.until("audit")
	all.until("keys")
	w.want(w.call("POST", "/v1/connections/"+c.ID+"/pause", w.key, ""), 200, "")
	w.want(w.call("POST", "/v1/connections/"+c.ID+"/resume", w.key, ""), 200, "")
	some.until("tokens "+c.ID, "audit", "keys")
}

// It ends at once when its caller is let in no more: what takes the right away is news.
func TestLiveEndsWithItsCaller(t *testing.T) {
	w := newWorld(t)
	s := w.member("ada@example.com", member.Viewer)
	key := must(w.conns.IssueKey(acting(t.Context()), w.project, connection.NewKey{Label: "x", Scopes: []string{"read"}}))
	cookie := []string{"Cookie", "__Host-busbar=" + s.Plain}
	page, program := w.follow("", cookie...), w.follow(key.Plain)
	w.ok(w.members.End(acting(t.Context()), s.Member, s.ID))
	page.ends()
	w.want(w.call("DELETE", "/v1/keys/"+key.ID, w.key, ""), 200, "")
	program.ends()
}

// To follow is no use of a session, and what a page reads by itself with nobody at it is none either: the session ends when it has been idle for as long as any.
func TestLiveKeepsNoSessionAlive(t *testing.T) {
	w := newWorld(t, func(d *api.Deps) { d.Limits.LiveBeat = 10 * time.Millisecond })
	s := w.member("ada@example.com", member.Viewer)
	cookie := []string{"Cookie", "__Host-busbar=" + s.Plain}
	w.tick(member.Idle - time.Minute)
	f := w.follow("", cookie...)
	if got := f.piece(); got != ": it goes on" {
		t.Errorf("got %q", got)
	}
	w.want(w.call("GET", "/v1/connections", "", "", append(cookie, "Busbar-Unattended", "1")...), 200, "")
	w.tick(2 * time.Minute)
	f.ends()
	w.want(w.call("GET", "/v1/connections", "", "", cookie...), 401, "invalid-token")
}

// A server that stops ends it.
func TestLiveEndsWithTheServer(t *testing.T) {
	stopping, stop := context.WithCancel(t.Context())
	w := newWorld(t, func(d *api.Deps) { d.Stopping = stopping })
	f := w.follow(w.key)
	stop()
	f.ends()
}

// Pages of a caller, and all of a project, are bounded; one that closes makes room.
func TestLiveIsBounded(t *testing.T) {
	w := newWorld(t, func(d *api.Deps) { d.Limits.LivesAtOnce, d.Limits.LivesOfProject = 2, 3 })
	key := func() string {
		return must(w.conns.IssueKey(acting(t.Context()), w.project, connection.NewKey{Label: "x", Scopes: []string{"read"}})).Plain
	}
	one, two, three := key(), key(), key()
	first := w.follow(one)
	w.follow(one)
	a := w.want(w.call("GET", "/v1/live", one, ""), 429, "rate-limited")
	if a.header.Get("Retry-After") == "" || !strings.Contains(a.text, "2 and 3 are the most") {
		t.Errorf("got %s", a.text)
	}
	w.follow(two)
	w.want(w.call("GET", "/v1/live", three, ""), 429, "rate-limited")
	_ = first.resp.Body.Close()
	for w.call("GET", "/v1/live", three, "").status != 200 { // until the server has noticed
	}
}
