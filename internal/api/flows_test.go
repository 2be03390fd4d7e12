package api_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/connection"
)

// pureFlow needs no connection: each of its input's numbers is to be even.
const pureFlow = `flow: evens
title: Even numbers only
parameters:
  token: {type: secret}
  least: {type: number, default: 0}
steps:
  - id: numbers
    each:
      in: trigger.input.numbers
      steps:
        - id: half
          transform: {n: '${item.n / (item.n % 2 == 0 ? 2 : "odd")}'}
  - id: done
    transform: {ok: '${steps.numbers.ok}'}
`

func quoted(text string) string { return string(must(json.Marshal(text))) }

// apply makes a flow, or a version of one.
func (w *world) apply(name, body string) answer {
	w.t.Helper()
	a := w.call("PUT", "/v1/flows/"+name, w.key, body)
	if a.status != 200 && a.status != 201 {
		w.t.Fatalf("apply %s: %d %s", name, a.status, a.text)
	}
	return a
}

func (w *world) applyPure(name string) { w.apply(name, `{"document":`+quoted(pureFlow)+`}`) }

// started begins a run and gives its id.
func (w *world) started(name, body string) string {
	w.t.Helper()
	return w.want(w.call("POST", "/v1/flows/"+name+"/runs", w.key, body), 202, "").body["id"].(string)
}

func TestAFlowIsAppliedShownAndDeleted(t *testing.T) {
	w := newWorld(t)
	w.want(w.call("GET", "/v1/flows/evens", w.key, ""), 404, "not-found")
	made := w.want(w.call("PUT", "/v1/flows/evens", w.key, `{"document":`+quoted(pureFlow)+`,"parameters":{"token":"very-canary-secret","least":2}}`), 201, "")
	if made.header.Get("Location") != "/v1/flows/evens" || made.header.Get("ETag") != `"1"` || made.body["changed"] != true || made.body["webhook"] != nil {
		t.Errorf("got %v %s", made.header, made.text)
	}
	same := w.want(w.call("PUT", "/v1/flows/evens", w.key, `{"document":`+quoted(pureFlow)+`}`), 200, "")
	if same.body["changed"] != false || same.body["version"] != float64(1) || fmt.Sprint(same.body["parameters"]) != "map[least:2]" || fmt.Sprint(same.body["secrets"]) != "[token]" {
		t.Errorf("got %s", same.text)
	}
	bare := w.want(w.call("PUT", "/v1/flows/evens", w.key, strings.Replace(pureFlow, "Even numbers only", "Others", 1), "Content-Type", "application/yaml", "If-Match", `"1"`), 200, "")
	if bare.body["version"] != float64(2) || bare.body["title"] != "Others" || bare.header.Get("ETag") != `"2"` {
		t.Errorf("got %s", bare.text)
	}
	w.want(w.call("PUT", "/v1/flows/evens", w.key, pureFlow, "Content-Type", "application/yaml", "If-Match", `"1"`), 412, "version-mismatch")
	w.want(w.call("PUT", "/v1/flows/evens", w.key, pureFlow, "Content-Type", "application/yaml", "If-Match", `"one"`), 422, "invalid-parameter")
	w.want(w.call("PUT", "/v1/flows/evens", w.key, pureFlow, "Content-Type", "text/plain"), 415, "unsupported-media-type")
	w.want(w.call("PUT", "/v1/flows/Evens", w.key, pureFlow, "Content-Type", "application/yaml"), 422, "validation-failed")
	shown := w.want(w.call("GET", "/v1/flows/evens", w.key, ""), 200, "")
	if shown.header.Get("ETag") != `"2"` || !strings.Contains(shown.body["document"].(string), "title: Others") || shown.body["format"] != "yaml" || shown.body["trigger"].(map[string]any)["kind"] != "manual" {
		t.Errorf("got %s", shown.text)
	}
	versions := w.want(w.call("GET", "/v1/flows/evens/versions?limit=1", w.key, ""), 200, "")
	older := w.want(w.call("GET", "/v1/flows/evens/versions?limit=1&cursor="+url.QueryEscape(versions.next()), w.key, ""), 200, "")
	if versions.data()[0]["version"] != float64(2) || older.data()[0]["version"] != float64(1) || older.next() != "" || older.data()[0]["made_by"] == "" {
		t.Errorf("got %s and %s", versions.text, older.text)
	}
	first := w.want(w.call("GET", "/v1/flows/evens/versions/1", w.key, ""), 200, "")
	if first.body["document"] != pureFlow {
		t.Errorf("got %s", first.text)
	}
	w.want(w.call("GET", "/v1/flows/evens/versions/3", w.key, ""), 404, "not-found")
	w.want(w.call("DELETE", "/v1/flows/evens", w.key, ""), 204, "")
	w.want(w.call("GET", "/v1/flows/evens", w.key, ""), 404, "not-found")
	if strings.Contains(w.log.String(), "very-canary-secret") {
		t.Error("the log holds a secret parameter")
	}
}

func TestFlowsAreListedByName(t *testing.T) {
	w := newWorld(t)
	c, _ := w.connect("A")
	w.applyPure("b")
	w.applyPure("a")
	w.apply("c", `{"document":`+quoted("flow: c\nconnections:\n  erp: {}\nsteps:\n  - id: one\n    get: {connection: erp, entity: vendors, id: x}\n")+`,"connections":{"erp":"`+c.ID+`"}}`)
	names := func(a answer) (all string) {
		for _, f := range a.data() {
			all += f["name"].(string)
		}
		return all
	}
	first := w.want(w.call("GET", "/v1/flows?limit=2", w.key, ""), 200, "")
	rest := w.want(w.call("GET", "/v1/flows?limit=2&cursor="+url.QueryEscape(first.next()), w.key, ""), 200, "")
	if names(first)+"|"+names(rest) != "ab|c" || rest.next() != "" {
		t.Errorf("got %s and %s", first.text, rest.text)
	}
	if a := w.want(w.call("GET", "/v1/flows?connection_id="+c.ID, w.key, ""), 200, ""); names(a) != "c" {
		t.Errorf("got %s", a.text)
	}
	w.want(w.call("GET", "/v1/flows?connection_id="+nowhere, w.key, ""), 404, "not-found")
	w.want(w.call("GET", "/v1/flows?limit=2&connection_id="+c.ID+"&cursor="+url.QueryEscape(first.next()), w.key, ""), 400, "cursor-mismatch")
}

// What is wrong with a document is told with its place and its mend, by a check and by an application alike.
func TestProblemsOfADocumentAreTold(t *testing.T) {
	w := newWorld(t)
	const wrong = "flow: x\nsteps:\n  - id: a\n    transfrom: {a: 1}\n"
	if a := w.want(w.call("POST", "/v1/flows/check", w.key, pureFlow, "Content-Type", "application/yaml"), 200, ""); a.body["valid"] != true || len(a.body["problems"].([]any)) != 0 {
		t.Errorf("got %s", a.text)
	}
	checked := w.want(w.call("POST", "/v1/flows/check", w.key, `{"document":`+quoted(wrong)+`}`), 200, "")
	problems := checked.body["problems"].([]any)
	if checked.body["valid"] != false || len(problems) == 0 {
		t.Fatalf("got %s", checked.text)
	}
	first := problems[0].(map[string]any)
	if first["line"] != float64(3) || first["column"] == float64(0) || first["path"] == "" || first["mend"] == "" {
		t.Errorf("got %v", first)
	}
	refused := w.want(w.call("PUT", "/v1/flows/x", w.key, `{"document":`+quoted(wrong)+`}`), 422, "validation-failed")
	if fmt.Sprint(refused.body["problems"]) != fmt.Sprint(problems) || !strings.Contains(refused.text, `"pointer":"/document"`) {
		t.Errorf("got %s", refused.text)
	}
	w.want(w.call("PUT", "/v1/flows/x", w.key, `{"document":`+quoted(pureFlow)+`,"parameters":{"other":1}}`), 422, "validation-failed")
	w.want(w.call("PUT", "/v1/flows/x", w.key, `{"document":`+quoted(pureFlow)+`,"connections":{"other":"`+nowhere+`"}}`), 422, "validation-failed")
}

// Values of secret parameters come back nowhere, and those of one begin no run.
func TestSecretParametersNeverComeBack(t *testing.T) {
	w := newWorld(t)
	const secret = "very-canary-secret"
	doc := pureFlow + "  - id: told\n    if: trigger.input.tell == true\n    request: {method: GET, url: 'https://example.com/?t=${params.token}'}\n"
	all := []answer{w.apply("evens", `{"document":`+quoted(doc)+`,"parameters":{"token":"`+secret+`"}}`)}
	run := w.started("evens", `{"input":{"numbers":[{"n":1}]}}`)
	w.work("evens")
	for _, path := range []string{"", "/versions", "/versions/1", "/runs", "/runs/" + run, "/runs/" + run + "/items", "/runs/" + run + "/items/-/0", "/runs/" + run + "/items/numbers/0"} {
		all = append(all, w.want(w.call("GET", "/v1/flows/evens"+path, w.key, ""), 200, ""))
	}
	all = append(all, w.want(w.call("POST", "/v1/flows/evens/test", w.key, `{"input":{"numbers":[],"tell":true}}`), 200, ""))
	if dry := all[len(all)-1].text; !strings.Contains(dry, "https://example.com/?t=") {
		t.Errorf("the test shows no request: %s", dry)
	}
	all = append(all, w.want(w.call("GET", "/v1/audit-log", w.key, ""), 200, ""))
	for _, a := range all {
		if strings.Contains(a.text, secret) {
			t.Errorf("the secret comes back: %s", a.text)
		}
	}
	if a := w.call("POST", "/v1/flows/evens/runs", w.key, `{"parameters":{"token":"`+secret+`"}}`); a.status != 422 || strings.Contains(a.text, secret) {
		t.Errorf("a run is begun with a secret of its own: %d %s", a.status, a.text)
	}
}

func TestWhoMayUseFlows(t *testing.T) {
	w := newWorld(t)
	_, token := w.connect("A")
	w.applyPure("evens")
	key := func(scope string) string {
		return must(w.conns.IssueKey(acting(t.Context()), w.project, connection.NewKey{Label: scope, Scopes: []string{scope}})).Plain
	}
	keys := map[string]string{"a token": token, "read": key("read"), "run": key("run"), "flows": key("flows"), "write": key("write")}
	for _, tt := range []struct{ method, path, body, may string }{
		{"GET", "/v1/flows", "", "read"}, {"GET", "/v1/flows/evens", "", "read"}, {"GET", "/v1/flow-runs", "", "read"}, {"GET", "/v1/flows/evens/runs", "", "read"},
		{"POST", "/v1/flows/evens/runs", `{}`, "run"}, {"POST", "/v1/flows/evens/pause", "", "run"}, {"POST", "/v1/flows/evens/resume", `{}`, "run"},
		{"PUT", "/v1/flows/evens", `{"document":` + quoted(pureFlow) + `}`, "flows"}, {"POST", "/v1/flows/check", `{"document":"x"}`, "flows"}, {"POST", "/v1/flows/evens/test", `{}`, "flows"},
	} {
		for who, secret := range keys {
			a := w.call(tt.method, tt.path, secret, tt.body)
			if allowed := a.status < 300; allowed != (who == tt.may) || !allowed && a.code() != "missing-scope" {
				t.Errorf("%s at %s %s: %d %s", who, tt.method, tt.path, a.status, a.text)
			}
		}
	}
}
