package api_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/store"
)

func TestAKeyHasOneEffect(t *testing.T) {
	p := newPlant(t)
	const parallel = 50
	answers := make([]answer, parallel)
	var together sync.WaitGroup
	for i := range parallel {
		together.Go(func() { answers[i] = p.call("POST", "/v1/vendors", p.token, vendor(1), "Idempotency-Key", "k-1") })
	}
	together.Wait()
	var first answer
	for _, a := range answers {
		switch {
		case a.status == 409 && a.code() == "operation-in-progress" && a.header.Get("Retry-After") != "":
		case a.status == 201 && (first.status == 0 || a.text == first.text):
			first = a
		default:
			t.Errorf("got %d %v %s", a.status, a.header, a.text)
		}
	}
	if n := p.effects("vendors", "create"); n != 1 || first.status != 201 {
		t.Fatalf("%d effects, %+v", n, first)
	}
	again := p.want(p.call("POST", "/v1/vendors", p.token, vendor(1), "Idempotency-Key", "k-1"), 201, "")
	if again.text != first.text || again.header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("the replay is %v %s", again.header, again.text)
	}
	for _, name := range []string{"Location", "ETag", "Busbar-Operation", "Content-Type"} {
		if again.header.Get(name) != first.header.Get(name) {
			t.Errorf("%s is %q, was %q", name, again.header.Get(name), first.header.Get(name))
		}
	}
	p.want(p.call("POST", "/v1/vendors", p.token, vendor(2), "Idempotency-Key", "k-1"), 422, "idempotency-key-reused")
	p.want(p.call("POST", "/v1/syncs", p.token, `{}`, "Idempotency-Key", "k-1"), 422, "idempotency-key-reused")
	p.want(p.call("POST", "/v1/vendors?strict=false", p.token, vendor(1), "Idempotency-Key", "k-1"), 422, "idempotency-key-reused")
	p.want(p.call("PATCH", first.header.Get("Location"), p.token, `{"name":"Changed"}`), 200, "")
	if again = p.call("POST", "/v1/vendors", p.token, vendor(1), "Idempotency-Key", "k-1"); again.text != first.text {
		t.Errorf("a change of the record changes the replay: %s", again.text)
	}
}

func TestAKeyBelongsToItsConnection(t *testing.T) {
	p := newPlant(t)
	_, other := p.join("Other")
	token := p.token
	p.token = other
	p.wait("the other's sync", p.synced)
	a := p.want(p.call("POST", "/v1/vendors", token, vendor(1), "Idempotency-Key", "same"), 201, "")
	b := p.want(p.call("POST", "/v1/vendors", other, vendor(2), "Idempotency-Key", "same"), 201, "")
	if b.header.Get("Idempotency-Replayed") != "" || a.text == b.text {
		t.Errorf("got %s", b.text)
	}
	p.want(p.call("GET", "/v1/operations/"+a.header.Get("Busbar-Operation"), other, ""), 404, "not-found")
	for _, o := range p.want(p.call("GET", "/v1/operations", other, ""), 200, "").data() {
		if o["id"] == a.header.Get("Busbar-Operation") {
			t.Error("another connection's operation is listed")
		}
	}
}

func TestAKeyOfARefusedWriteIsFree(t *testing.T) {
	p := newPlant(t)
	p.want(p.call("POST", "/v1/vendors", p.token, `{}`, "Idempotency-Key", "k"), 422, "validation-failed")
	p.want(p.call("POST", "/v1/vendors", p.token, vendor(1), "Idempotency-Key", "k"), 201, "")
}

// A refusal of the system is a definite result: it is kept, and given again as it was.
func TestAKeyKeepsTheSystemsNo(t *testing.T) {
	p := newPlant(t)
	twin := jsonOf(map[string]any{"name": "Twin", "code": p.record("vendors", anyRecord)["code"]})
	first := p.want(p.call("POST", "/v1/vendors", p.token, twin, "Idempotency-Key", "k"), 409, "conflict")
	req := p.request("POST", "/v1/vendors", p.token, twin, "Idempotency-Key", "k", "Request-Id", first.header.Get("Request-Id"))
	if again := p.do(req); again.text != first.text || again.header.Get("Idempotency-Replayed") != "true" || again.header.Get("Content-Type") != first.header.Get("Content-Type") {
		t.Errorf("got %s", again.text)
	}
}

func TestKeysOnOtherRoutes(t *testing.T) {
	w := newWorld(t)
	c, token := w.connect("A")
	path := "/v1/connections/" + c.ID + "/tokens"
	first := w.want(w.call("POST", path, w.key, `{"label":"one"}`, "Idempotency-Key", "k"), 201, "")
	again := w.want(w.call("POST", path, w.key, `{"label":"one"}`, "Idempotency-Key", "k"), 201, "")
	if again.text != first.text || again.header.Get("Idempotency-Replayed") != "true" || first.header.Get("Idempotency-Replayed") != "" {
		t.Errorf("got %s, then %v %s", first.text, again.header, again.text)
	}
	w.want(w.call("GET", "/v1/connection", again.body["token"].(string), ""), 200, "")
	if list := w.want(w.call("GET", path, w.key, ""), 200, ""); len(list.data()) != 2 {
		t.Errorf("tokens: %s", list.text)
	}
	kept, err := w.store.Key(t.Context(), store.KeyOwner(w.project), "k")
	w.ok(err)
	if strings.Contains(string(kept.Answer), "bb_con_") || len(kept.Answer) < len(first.text) {
		t.Errorf("the kept answer is not sealed: %q", kept.Answer)
	}
	w.want(w.call("POST", path, w.key, `{"label":"two"}`, "Idempotency-Key", "k"), 422, "idempotency-key-reused")
	w.want(w.call("POST", path, w.key, `{"label":""}`, "Idempotency-Key", "free"), 422, "validation-failed")
	w.want(w.call("POST", path, w.key, `{"label":"three"}`, "Idempotency-Key", "free"), 201, "")
	w.want(w.call("POST", "/v1/syncs", token, `{}`, "Idempotency-Key", "k"), 202, "") // the connection's keys are not the project's
	w.want(w.call("PATCH", "/v1/connections/"+c.ID, w.key, `{"name":"B"}`, "Idempotency-Key", "p"), 200, "")
	w.want(w.call("PATCH", "/v1/connections/"+c.ID, w.key, `{"name":"C"}`), 200, "")
	if a := w.want(w.call("PATCH", "/v1/connections/"+c.ID, w.key, `{"name":"B"}`, "Idempotency-Key", "p"), 200, ""); a.body["name"] != "B" {
		t.Errorf("got %s", a.text)
	}
	if a := w.call("GET", "/v1/connections/"+c.ID, w.key, ""); a.body["name"] != "C" {
		t.Errorf("the replay had an effect: %s", a.text)
	}
}

// A kept answer may hold a secret that does more than a key of the same project may.
func TestAKeptAnswerIsForKeysThatMayAsMuch(t *testing.T) {
	w := newWorld(t)
	c, _ := w.connect("A")
	key := func(scopes ...string) string {
		return must(w.conns.IssueKey(acting(t.Context()), w.project, connection.NewKey{Label: "k", Scopes: scopes})).Plain
	}
	for name, tt := range map[string]struct {
		path, body string
		less, as   []string
	}{
		"token":      {"/v1/connections/" + c.ID + "/tokens", `{"label":"one","scopes":["read","write"]}`, []string{"read", "connect"}, connection.Scopes()},
		"invitation": {"/v1/invitations", `{"email":"eve@example.com","role":"owner"}`, []string{"read", "sync", "write", "run", "flows", "connect", "admin"}, connection.Scopes()},
	} {
		first := w.want(w.call("POST", tt.path, key(tt.as...), tt.body, "Idempotency-Key", name), 201, "")
		w.want(w.call("POST", tt.path, key(tt.less...), tt.body, "Idempotency-Key", name), 422, "idempotency-key-reused")
		if again := w.want(w.call("POST", tt.path, key(tt.as...), tt.body, "Idempotency-Key", name), 201, ""); again.text != first.text {
			t.Errorf("a key that took the place of the first gets %s", again.text)
		}
	}
}

// A process that is killed leaves a key without an answer.
func TestAKeyWithoutAnAnswer(t *testing.T) {
	w := newWorld(t)
	_, token := w.connect("A")
	w.want(w.call("POST", "/v1/syncs", token, `{}`, "Idempotency-Key", "k"), 202, "")
	c := w.connectionOf(token)
	kept, err := w.store.Key(t.Context(), store.KeyOwner(c), "k")
	w.ok(err)
	kept.Status, kept.Answer = 0, nil
	w.ok(w.store.Write(t.Context(), func(tx *store.Tx) error { return tx.AnswerKey(t.Context(), *kept) }))
	a := w.want(w.call("POST", "/v1/syncs", token, `{}`, "Idempotency-Key", "k"), 409, "operation-in-progress")
	if a.header.Get("Retry-After") == "" {
		t.Error("it does not say when to try again")
	}
	w.tick(time.Minute)
	a = w.want(w.call("POST", "/v1/syncs", token, `{}`, "Idempotency-Key", "k"), 409, "conflict")
	if !strings.Contains(a.text, "Look whether it did") {
		t.Errorf("got %s", a.text)
	}
}

func (w *world) connectionOf(token string) string {
	w.t.Helper()
	id, _ := w.want(w.call("GET", "/v1/connection", token, ""), 200, "").body["id"].(string)
	return id
}

func TestKeysThatAreNone(t *testing.T) {
	w := newWorld(t)
	_, token := w.connect("A")
	for _, key := range []string{"", "a b", "ü", strings.Repeat("k", 256)} {
		w.want(w.call("POST", "/v1/syncs", token, `{}`, "Idempotency-Key", key), 422, "invalid-parameter")
	}
	w.want(w.call("POST", "/v1/syncs", token, `{}`, "Idempotency-Key", strings.Repeat("k", 255)), 202, "")
	req := w.request("POST", "/v1/syncs", token, `{}`)
	req.Header["Idempotency-Key"] = []string{"a", "b"}
	w.want(w.do(req), 422, "invalid-parameter")
	w.want(w.call("GET", "/v1/syncs", token, "", "Idempotency-Key", ""), 200, "")
}

func TestParallelRequestsWithOneKeyElsewhere(t *testing.T) {
	w := newWorld(t)
	c, _ := w.connect("A")
	path := "/v1/connections/" + c.ID + "/tokens"
	var together sync.WaitGroup
	texts := make([]string, 30)
	for i := range texts {
		together.Go(func() {
			a := w.call("POST", path, w.key, `{"label":"one"}`, "Idempotency-Key", "k")
			if texts[i] = a.text; a.code() == "operation-in-progress" {
				texts[i] = ""
			} else if a.status != 201 {
				texts[i] = fmt.Sprint(a.status, a.text)
			}
		})
	}
	together.Wait()
	given := map[string]bool{}
	for _, text := range texts {
		given[text] = true
	}
	delete(given, "")
	if list := w.call("GET", path, w.key, ""); len(list.data()) != 2 || len(given) != 1 {
		t.Errorf("%d answers, %s", len(given), list.text)
	}
}
