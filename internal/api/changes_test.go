package api_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/api"
	"github.com/busbar-dev/busbar/internal/store"
)

func TestChangeFeed(t *testing.T) {
	w := newWorld(t)
	c, token := w.connect("A")
	const feed = "/v1/changes?entity=purchase-orders"
	start := w.want(w.call("GET", feed, token, ""), 200, "")
	if len(start.data()) != 0 || start.next() == "" || start.body["has_more"] != false {
		t.Fatalf("got %s", start.text)
	}
	w.put(c, "PO-1", "PO-2", "PO-3")
	a := w.want(w.call("GET", feed+"&limit=2&cursor="+start.next(), token, ""), 200, "")
	if got := changes(a); got != "created PO-1, created PO-2" || a.body["has_more"] != true {
		t.Errorf("got %s: %s", got, a.text)
	}
	first := a.data()[0]
	want := map[string]any{"seq": 1.0, "type": "created", "entity": orders, "id": recordID(c, "PO-1").String(), "remote_id": "PO-1",
		"version": first["version"], "changed_at": "2026-11-23T08:00:00Z"}
	if fmt.Sprint(first) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", first, want)
	}
	w.tick(time.Minute)
	w.put(c, "PO-2")
	w.bury(c, "PO-3")
	b := w.want(w.call("GET", feed+"&include=record&cursor="+a.next(), token, ""), 200, "")
	if got := changes(b); got != "updated PO-2, deleted PO-3" || b.body["has_more"] != false {
		t.Errorf("got %s: %s", got, b.text)
	}
	if rec := b.data()[0]["record"].(map[string]any); rec["number"] != "PO-2" || rec["version"] != b.data()[0]["version"] {
		t.Errorf("got %v", rec)
	}
	again := w.want(w.call("GET", feed+"&cursor="+b.next(), token, ""), 200, "")
	if len(again.data()) != 0 || again.next() == "" {
		t.Errorf("got %s", again.text)
	}
}

func changes(a answer) string {
	var out []string
	for _, c := range a.data() {
		out = append(out, fmt.Sprintf("%s %s", c["type"], c["remote_id"]))
	}
	return strings.Join(out, ", ")
}

// whenAsked runs something as soon as a request waits.
type whenAsked struct{ do func() }

func (a whenAsked) Wait(context.Context, store.Scope, string, int64) { a.do() }

func TestLongPollAnswersWhatCameMeanwhile(t *testing.T) {
	var w *world
	var c *store.Connection
	w = newWorld(t, func(d *api.Deps) { d.Changes = whenAsked{func() { w.put(c, "PO-1") }} })
	var token string
	c, token = w.connect("A")
	a := w.want(w.call("GET", "/v1/changes?entity=purchase-orders&wait=30", token, ""), 200, "")
	if changes(a) != "created PO-1" {
		t.Errorf("got %s", a.text)
	}
}

// TestLongPollOfALostToken waits while the right to an answer is lost.
func TestLongPollOfALostToken(t *testing.T) {
	for name, lose := range map[string]func(w *world, c *store.Connection, tokenID string){
		"revoked":      func(w *world, c *store.Connection, tokenID string) { w.revoke(c, tokenID) },
		"expired":      func(w *world, _ *store.Connection, _ string) { w.tick(time.Hour) },
		"disconnected": func(w *world, c *store.Connection, _ string) { w.ok(w.conns.Disconnect(acting(w.t.Context()), c)) },
	} {
		t.Run(name, func(t *testing.T) {
			var meanwhile func()
			w := newWorld(t, func(d *api.Deps) { d.Changes = whenAsked{func() { meanwhile() }} })
			c, _ := w.connect("A")
			soon := w.clock().Add(time.Minute)
			token := must(w.conns.IssueToken(acting(t.Context()), c, "x", nil, &soon))
			meanwhile = func() { w.put(c, "PO-1"); lose(w, c, token.ID) }
			w.want(w.call("GET", "/v1/changes?entity=purchase-orders&wait=30", token.Plain, ""), 401, "invalid-token")
		})
	}
}

// forever waits until it is told to stop.
type forever struct {
	begun chan struct{}
	ended chan error
}

func newForever() forever { return forever{make(chan struct{}), make(chan error, 1)} }

func (f forever) Wait(ctx context.Context, _ store.Scope, _ string, _ int64) {
	close(f.begun)
	<-ctx.Done()
	f.ended <- ctx.Err()
}

func TestLongPollEndsWithItsToken(t *testing.T) {
	f := newForever()
	w := newWorld(t, func(d *api.Deps) { d.Changes = f })
	c, _ := w.connect("A")
	token := must(w.conns.IssueToken(acting(t.Context()), c, "x", nil, nil))
	got := make(chan answer)
	go func() { got <- w.call("GET", "/v1/changes?entity=purchase-orders&wait=60", token.Plain, "") }()
	<-f.begun
	w.revoke(c, token.ID)
	w.want(<-got, 401, "invalid-token")
	if err := <-f.ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the wait ended by %v, not with the token", err)
	}
}

// A server that stops lets those who wait go with what there is: nothing, and a cursor to go on from.
func TestLongPollEndsWhenTheServerStops(t *testing.T) {
	f := newForever()
	stopping, stop := context.WithCancel(t.Context())
	w := newWorld(t, func(d *api.Deps) { d.Changes, d.Stopping = f, stopping })
	_, token := w.connect("A")
	go func() { <-f.begun; stop() }()
	a := w.want(w.call("GET", "/v1/changes?entity=purchase-orders&wait=60", token, ""), 200, "")
	if err := <-f.ended; !errors.Is(err, context.Canceled) || changes(a) != "" || !strings.Contains(a.text, `"next_cursor":"`) {
		t.Errorf("the wait ended by %v with %s", err, a.text)
	}
}

func (w *world) revoke(c *store.Connection, tokenID string) {
	w.t.Helper()
	w.ok(w.store.Write(w.t.Context(), func(tx *store.Tx) error { return tx.RevokeToken(w.t.Context(), c.Scope(), tokenID, w.clock()) }))
}

// TestClientGoesAway closes a long poll: nobody is answered, and nothing went wrong.
func TestClientGoesAway(t *testing.T) {
	f := newForever()
	ended := make(chan struct{}, 1)
	w := newWorld(t, func(d *api.Deps) { d.Changes, d.Log = f, slog.New(told{d.Log.Handler(), ended}) })
	_, token := w.connect("A")
	ctx, leave := context.WithCancel(t.Context())
	go func() { <-f.begun; leave() }()
	req := w.request("GET", "/v1/changes?entity=purchase-orders&wait=60", token, "").WithContext(ctx)
	if resp, err := http.DefaultClient.Do(req); err == nil {
		t.Fatalf("got %s", resp.Status)
	}
	<-ended
	if log := w.log.String(); strings.Contains(log, `"level":"ERROR"`) || strings.Contains(log, "internal") || !strings.Contains(log, "client went away") {
		t.Errorf("the log says %s", log)
	}
}

// told tells of every request that is logged.
type told struct {
	slog.Handler
	ended chan struct{}
}

func (h told) Handle(ctx context.Context, r slog.Record) error {
	err := h.Handler.Handle(ctx, r)
	if r.Message == "request" {
		h.ended <- struct{}{}
	}
	return err
}

// TestLongPollWakes waits on the store itself, with a commit that comes later.
func TestLongPollWakes(t *testing.T) {
	w := newWorld(t)
	c, token := w.connect("A")
	got := make(chan answer)
	go func() { got <- w.call("GET", "/v1/changes?entity=purchase-orders&wait=60", token, "") }()
	w.put(c, "PO-1")
	if a := w.want(<-got, 200, ""); changes(a) != "created PO-1" {
		t.Errorf("got %s", a.text)
	}
}
