package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/api"
	"github.com/busbar-dev/busbar/internal/flow/hook"
)

const hookFlow = `flow: called
trigger:
  webhook: {signature: standard-webhooks}
steps:
  - id: got
    transform: {body: '${trigger.input}'}
`

// hooked makes a flow with a webhook, and gives its address and what signs its calls.
func (w *world) hooked(document string) (path, secret string) {
	w.t.Helper()
	made, _ := w.apply("called", `{"document":`+quoted(document)+`}`).body["webhook"].(map[string]any)
	if made == nil {
		w.t.Fatal("no address was made")
	}
	return made["path"].(string), made["secret"].(string)
}

// signed are the headers of a call.
func (w *world) signed(secret, id, body string) []string {
	h := must(hook.Sign(secret, id, w.clock(), []byte(body)))
	headers := []string{"Content-Type", "application/json"}
	for name := range h {
		headers = append(headers, name, h.Get(name))
	}
	return headers
}

func (w *world) runs() int {
	return len(w.want(w.call("GET", "/v1/flow-runs", w.key, ""), 200, "").data())
}

func TestACallOfAnAddressBeginsOneRun(t *testing.T) {
	w := newWorld(t)
	path, secret := w.hooked(hookFlow)
	body := `{"order":"PO-7","n":9007199254740993}`
	a := w.want(w.call("POST", path, "", body, w.signed(secret, "msg_1", body)...), 202, "")
	run, _ := a.body["run"].(string)
	if again := w.want(w.call("POST", path, "", body, w.signed(secret, "msg_1", body)...), 202, ""); again.body["run"] != run || w.runs() != 1 {
		t.Errorf("the same call again gave %s, and there are %d runs", again.text, w.runs())
	}
	w.want(w.call("POST", path, "", `{}`, w.signed(secret, "msg_1", `{}`)...), 422, "idempotency-key-reused")
	w.work("called")
	if r := w.runOf("called", run); r.body["state"] != "completed" || r.body["trigger"] != "webhook" || !strings.Contains(r.text, `"n":9007199254740993`) {
		t.Errorf("got %s", r.text)
	}
	other := w.want(w.call("POST", path, "", body, w.signed(secret, "msg_2", body)...), 202, "")
	if other.body["run"] == run || w.runs() != 2 {
		t.Errorf("another call gave %s", other.text)
	}
}

func TestCallsThatAreRefused(t *testing.T) {
	w := newWorld(t)
	path, secret := w.hooked(hookFlow)
	good := w.signed(secret, "msg_1", `{}`)
	w.want(w.call("POST", path, "", `{}`), 401, "invalid-signature")
	w.want(w.call("POST", path, "", `{"a":1}`, good...), 401, "invalid-signature")
	w.want(w.call("POST", path, "", `{}`, w.signed(must(hook.NewSecret(strings.NewReader(strings.Repeat("x", 64)))), "msg_1", `{}`)...), 401, "invalid-signature")
	w.want(w.call("POST", path[:len(path)-1]+"_", "", `{}`, good...), 404, "not-found")
	w.want(w.call("POST", path, "", `{`, w.signed(secret, "msg_1", `{`)...), 400, "malformed-request")
	large := `"` + strings.Repeat("x", hook.MaxBody) + `"`
	w.want(w.call("POST", path, "", large, w.signed(secret, "msg_1", large)...), 413, "payload-too-large")
	w.want(w.call("GET", path, "", ""), 405, "method-not-allowed")
	w.want(w.call("POST", "/v1/flows/called/pause", w.key, ""), 200, "")
	w.want(w.call("POST", path, "", `{}`, good...), 409, "conflict")
	w.want(w.call("POST", "/v1/flows/called/resume", w.key, `{}`), 200, "")
	w.want(w.call("POST", path, "", `{}`, good...), 202, "")
	w.tick(hook.Tolerance + time.Second)
	w.want(w.call("POST", path, "", `{}`, good...), 401, "invalid-signature")
	if w.runs() != 1 {
		t.Errorf("there are %d runs", w.runs())
	}
	if log := w.log.String(); strings.Contains(log, path) || strings.Contains(log, secret) {
		t.Error("the log holds the address or its secret")
	}
}

// An address is shown once, stays when the document changes, and is dead when there is a new one or the flow takes no calls.
func TestTheAddressOfAFlow(t *testing.T) {
	w := newWorld(t)
	path, secret := w.hooked(hookFlow)
	call := func() answer { return w.call("POST", path, "", `{}`, w.signed(secret, "msg", `{}`)...) }
	for _, a := range []answer{w.apply("called", `{"document":`+quoted(hookFlow+"title: Other\n")+`}`), w.want(w.call("GET", "/v1/flows/called", w.key, ""), 200, "")} {
		if strings.Contains(a.text, path) || strings.Contains(a.text, secret) {
			t.Errorf("it is shown again: %s", a.text)
		}
	}
	w.want(call(), 202, "")
	renewed := w.apply("called", `{"document":`+quoted(hookFlow)+`,"new_webhook":true}`).body["webhook"].(map[string]any)
	w.want(call(), 404, "not-found")
	path, secret = renewed["path"].(string), renewed["secret"].(string)
	w.want(call(), 202, "")
	w.apply("called", `{"document":`+quoted("flow: called\nsteps:\n  - id: a\n    transform: {a: 1}\n")+`}`)
	w.want(call(), 404, "not-found")
	path, secret = w.hooked(strings.Replace(hookFlow, "standard-webhooks", "none", 1))
	if secret != "" {
		t.Errorf("an address that takes unsigned calls has the secret %s", secret)
	}
	w.want(w.call("POST", path, "", `{}`), 202, "")
	first := w.want(w.call("POST", path, "", `{}`, "Idempotency-Key", "k"), 202, "")
	if again := w.want(w.call("POST", path, "", `{}`, "Idempotency-Key", "k"), 202, ""); again.body["run"] != first.body["run"] {
		t.Errorf("the same call again gave %s", again.text)
	}
	path, secret = w.hooked(hookFlow)
	w.want(w.call("POST", path, "", `{}`), 401, "invalid-signature")
	w.want(call(), 202, "")
}

// Whoever tries addresses out is held up; who has one goes on.
func TestGuessedAddressesAreBounded(t *testing.T) {
	w := newWorld(t, func(d *api.Deps) { d.Limits = api.Limits{FailureBurst: 3, FailuresPerSecond: 0.001} })
	path, secret := w.hooked(hookFlow)
	w.want(w.call("POST", path, "", `{}`, w.signed(secret, "1", `{}`)...), 202, "")
	for range 3 {
		w.want(w.call("POST", "/hooks/bb_hok_guess", "", `{}`), 404, "not-found")
	}
	w.want(w.call("POST", "/hooks/bb_hok_guess", "", `{}`), http.StatusTooManyRequests, "rate-limited")
	w.want(w.call("GET", "/v1/flows", "", ""), http.StatusTooManyRequests, "rate-limited")
	w.want(w.call("POST", path, "", `{}`, w.signed(secret, "2", `{}`)...), 202, "")
}
