package api_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/flow"
	"github.com/busbar-dev/busbar/internal/store"
)

// work carries a flow's runs out until nothing can go on.
func (w *world) work(name string) {
	w.t.Helper()
	f := must(w.flows.Flow(w.t.Context(), w.project, name))
	worker := flow.NewWorker(w.flows, flow.WorkerConfig{Turn: time.Minute, LastStep: time.Minute})
	for more := true; more; {
		var err error
		more, err = worker.Work(w.t.Context(), f.ID, func(*store.Tx) error { return nil })
		w.ok(err)
	}
}

// failedRun gives a flow's name with the id of a run of it of which an item failed.
func (w *world) failedRun(name string) string {
	w.applyPure(name)
	run := w.started(name, `{"input":{"numbers":[{"n":1},{"n":2}]}}`)
	w.work(name)
	return name + " " + run
}

// actsOnFlows are the acts of TestOneEntryForEachAct that are about flows.
func (w *world) actsOnFlows() map[string]func() (path, body string) {
	on := func(name string, body string) func() (string, string) {
		return func() (string, string) { w.applyPure(name); return name, body }
	}
	run := func(name string) func() (string, string) {
		return func() (string, string) { w.applyPure(name); return name + " " + w.started(name, "{}"), "" }
	}
	return map[string]func() (path, body string){
		"put-flow":    on("put", `{"document":`+quoted(strings.Replace(pureFlow, "Even", "Other", 1))+`,"parameters":{"token":"right-canary-secret"}}`),
		"delete-flow": on("deleted", ""),
		"pause-flow":  on("paused", ""),
		"resume-flow": func() (string, string) {
			name, body := on("resumed", "{}")()
			w.want(w.call("POST", "/v1/flows/"+name+"/pause", w.key, ""), 200, "")
			return name, body
		},
		"start-flow":      on("started", "{}"),
		"cancel-flow-run": run("cancelled-run"),
		"pause-flow-run":  run("paused-run"),
		"resume-flow-run": func() (string, string) {
			name, _ := run("resumed-run")()
			parts := strings.Fields(name)
			w.want(w.call("POST", "/v1/flows/"+parts[0]+"/runs/"+parts[1]+"/pause", w.key, ""), 200, "")
			return name, ""
		},
		"retry-flow-run": func() (string, string) { return w.failedRun("retried-run"), "{}" },
	}
}

func (w *world) runOf(name, run string) answer {
	w.t.Helper()
	return w.want(w.call("GET", "/v1/flows/"+name+"/runs/"+run, w.key, ""), 200, "")
}

func counts(a answer) string {
	c := a.body["counts"].(map[string]any)
	return fmt.Sprintf("in %v ok %v failed %v pending %v cancelled %v", c["in"], c["ok"], c["failed"], c["pending"], c["cancelled"])
}

func TestARunIsBegunLookedIntoAndRetried(t *testing.T) {
	w := newWorld(t)
	w.applyPure("evens")
	begun := w.want(w.call("POST", "/v1/flows/evens/runs", w.key, `{"input":{"numbers":[{"n":2},{"n":3},{"n":9007199254740993}]}}`, "Idempotency-Key", "k1"), 202, "")
	run := begun.body["id"].(string)
	if begun.header.Get("Location") != "/v1/flows/evens/runs/"+run || begun.body["state"] != "queued" || begun.body["trigger"] != "manual" || begun.body["caller"] == "" {
		t.Errorf("got %v %s", begun.header, begun.text)
	}
	again := w.want(w.call("POST", "/v1/flows/evens/runs", w.key, `{"input":{"numbers":[{"n":2},{"n":3},{"n":9007199254740993}]}}`, "Idempotency-Key", "k1"), 202, "")
	if again.body["id"] != run {
		t.Errorf("the same request began another run: %s", again.text)
	}
	w.work("evens")
	a := w.runOf("evens", run)
	if a.body["state"] != "completed" || counts(a) != "in 3 ok 1 failed 2 pending 0 cancelled 0" || a.body["progress"] != float64(1) || fmt.Sprint(a.body["output"]) != "map[ok:1]" {
		t.Errorf("got %s", a.text)
	}
	if !strings.Contains(a.text, "9007199254740993") {
		t.Errorf("a number of the input changed: %s", a.text)
	}
	steps := a.body["steps"].([]any)
	if len(steps) != 2 || steps[0].(map[string]any)["step"] != "-" || steps[1].(map[string]any)["step"] != "numbers" {
		t.Errorf("got %v", steps)
	}
	base := "/v1/flows/evens/runs/" + run
	failed := w.want(w.call("GET", base+"/items?status=failed&limit=1", w.key, ""), 200, "")
	next := w.want(w.call("GET", base+"/items?status=failed&limit=1&cursor="+url.QueryEscape(failed.next()), w.key, ""), 200, "")
	if failed.data()[0]["n"] != float64(1) || next.data()[0]["n"] != float64(2) || next.next() != "" || failed.data()[0]["step"] != "numbers" {
		t.Errorf("got %s and %s", failed.text, next.text)
	}
	if main := w.want(w.call("GET", base+"/items?step=-", w.key, ""), 200, ""); len(main.data()) != 1 || main.data()[0]["step"] != "-" {
		t.Errorf("got %s", main.text)
	}
	item := w.want(w.call("GET", base+"/items/numbers/1", w.key, ""), 200, "")
	if fmt.Sprint(item.body["input"]) != "map[n:3]" || item.body["next"] != "half" || item.body["error"].(map[string]any)["code"] == nil || len(item.body["steps"].([]any)) != 0 {
		t.Errorf("got %s", item.text)
	}
	good := w.want(w.call("GET", base+"/items/numbers/0", w.key, ""), 200, "")
	if seen := good.body["steps"].([]any); len(seen) != 1 || seen[0].(map[string]any)["id"] != "half" || good.body["next"] != "" || good.body["error"] != nil {
		t.Errorf("got %s", good.text)
	}
	w.want(w.call("GET", base+"/items/numbers/9", w.key, ""), 404, "not-found")
	w.want(w.call("GET", base+"/items/nothing/0", w.key, ""), 404, "not-found")
	w.want(w.call("POST", base+"/retry", w.key, `{"items":[{"step":"numbers","n":0}]}`), 409, "conflict")
	w.want(w.call("POST", base+"/retry", w.key, `{"input":{"n":4}}`), 422, "validation-failed")
	w.want(w.call("POST", base+"/retry", w.key, `{"from":"nothing"}`), 422, "validation-failed")
	retried := w.want(w.call("POST", base+"/retry", w.key, `{"items":[{"step":"numbers","n":1}],"input":{"n":4}}`), 202, "")
	if retried.body["retried"] != float64(1) || retried.body["run"].(map[string]any)["retries"] != float64(1) {
		t.Errorf("got %s", retried.text)
	}
	w.work("evens")
	if a := w.runOf("evens", run); counts(a) != "in 3 ok 2 failed 1 pending 0 cancelled 0" {
		t.Errorf("got %s", a.text)
	}
	if item := w.want(w.call("GET", base+"/items/numbers/1", w.key, ""), 200, ""); fmt.Sprint(item.body["input"]) != "map[n:4]" || item.body["status"] != "ok" {
		t.Errorf("got %s", item.text)
	}
}

func TestRunsAreListedAndCancelled(t *testing.T) {
	w := newWorld(t)
	w.applyPure("a")
	w.applyPure("b")
	first := w.started("a", "{}")
	w.tick(time.Second)
	second := w.started("b", "{}")
	base := "/v1/flows/a/runs/" + first
	if a := w.want(w.call("POST", base+"/pause", w.key, ""), 200, ""); a.body["paused"] != true || a.body["state"] != "queued" {
		t.Errorf("got %s", a.text)
	}
	if a := w.want(w.call("POST", base+"/resume", w.key, ""), 200, ""); a.body["paused"] != false {
		t.Errorf("got %s", a.text)
	}
	w.want(w.call("DELETE", "/v1/flows/a", w.key, ""), 409, "conflict")
	if a := w.want(w.call("GET", "/v1/flows/a", w.key, ""), 200, ""); fmt.Sprint(a.body["open_runs"]) != "map[queued:1 running:0 waiting:0]" {
		t.Errorf("got %v", a.body["open_runs"])
	}
	w.want(w.call("POST", base+"/cancel", w.key, ""), 200, "")
	w.work("a")
	if a := w.runOf("a", first); a.body["state"] != "cancelled" || a.body["cancel_requested"] != true {
		t.Errorf("got %s", a.text)
	}
	ids := func(query string) (all []string) {
		for _, r := range w.want(w.call("GET", "/v1/flow-runs"+query, w.key, ""), 200, "").data() {
			all = append(all, r["flow"].(string)+" "+r["id"].(string))
		}
		return all
	}
	for query, want := range map[string][]string{
		"": {"b " + second, "a " + first}, "?flow=a": {"a " + first}, "?state=queued": {"b " + second}, "?flow=b&state=cancelled": nil,
	} {
		if got := ids(query); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: got %v, want %v", query, got, want)
		}
	}
	page := w.want(w.call("GET", "/v1/flow-runs?limit=1", w.key, ""), 200, "")
	rest := w.want(w.call("GET", "/v1/flow-runs?limit=1&cursor="+url.QueryEscape(page.next()), w.key, ""), 200, "")
	if rest.data()[0]["id"] != first || rest.next() != "" {
		t.Errorf("got %s", rest.text)
	}
	w.want(w.call("GET", "/v1/flow-runs?flow=none", w.key, ""), 404, "not-found")
	w.want(w.call("GET", "/v1/flows/b/runs/"+first, w.key, ""), 404, "not-found")
	w.want(w.call("DELETE", "/v1/flows/a", w.key, ""), 204, "")
	if got := ids(""); len(got) != 1 {
		t.Errorf("runs of a deleted flow are shown: %v", got)
	}
}

func TestAFlowIsTestedWithoutEffect(t *testing.T) {
	w := newWorld(t)
	w.applyPure("evens")
	a := w.want(w.call("POST", "/v1/flows/evens/test", w.key, `{"items":{"numbers":[{"n":2},{"n":3}]}}`), 200, "")
	var report struct {
		Threads []struct {
			Step, Status string
			N            int
			Steps        []struct {
				ID     string
				Result json.RawMessage
			}
		}
	}
	w.ok(json.Unmarshal([]byte(a.text), &report))
	if len(report.Threads) != 3 || report.Threads[0].Step != "-" || report.Threads[1].Status != "ok" || report.Threads[2].Status != "failed" {
		t.Fatalf("got %s", a.text)
	}
	if s := report.Threads[1].Steps; len(s) != 1 || s[0].ID != "half" || string(s[0].Result) != `{"n":1}` {
		t.Errorf("got %s", a.text)
	}
	if runs := w.want(w.call("GET", "/v1/flow-runs", w.key, ""), 200, "").data(); len(runs) != 0 {
		t.Errorf("a test began %v", runs)
	}
	other := w.want(w.call("POST", "/v1/flows/not-there/test", w.key, `{"document":`+quoted("flow: x\nsteps:\n  - id: a\n    transform: {b: '${trigger.input.c}'}\n")+`,"input":{"c":7}}`), 200, "")
	if !strings.Contains(other.text, `"result":{"b":7}`) {
		t.Errorf("got %s", other.text)
	}
	w.want(w.call("POST", "/v1/flows/not-there/test", w.key, `{}`), 404, "not-found")
	w.want(w.call("POST", "/v1/flows/x/test", w.key, `{"document":"flow: x"}`), 422, "validation-failed")
}
