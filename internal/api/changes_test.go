package api_test

import (
	"context"
	"fmt"
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
