package flow_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/flow"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// refused says that an error is a problem with this code that says all of this.
func refused(t *testing.T, err error, code problem.Code, says ...string) {
	t.Helper()
	var p *problem.Error
	if !errors.As(err, &p) || p.Code != code {
		t.Fatalf("it should be refused with %s: %v", code, err)
	}
	text := p.Detail
	for _, one := range p.Items {
		text += "\n" + one.Detail
	}
	for _, want := range says {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q: %s", want, text)
		}
	}
}

// What is done to a run is noted once. Nothing is done to one that has ended, and the answer says what would help.
func TestNotedIsWhatHappened(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	flows, ctx := w.app.Flows, w.acting()
	w.apply(someWait)
	r := w.run("some-wait", `{"rows":[{"n":2},{"n":1},{"n":1}]}`)
	acts := map[string]func() (*store.FlowRun, error){
		"pause":  func() (*store.FlowRun, error) { return flows.PauseRun(ctx, w.project, "some-wait", r.ID) },
		"resume": func() (*store.FlowRun, error) { return flows.ResumeRun(ctx, w.project, "some-wait", r.ID) },
		"cancel": func() (*store.FlowRun, error) { return flows.Cancel(ctx, w.project, "some-wait", r.ID) },
	}
	for _, act := range []string{"resume", "pause", "pause", "resume", "resume", "cancel", "cancel"} {
		if _, err := acts[act](); err != nil {
			t.Fatalf("%s: %v", act, err)
		}
	}
	w.settle()
	for name, do := range acts {
		t.Log(name)
		_, err := do()
		refused(t, err, problem.Conflict, "cancelled")
	}
	for range 2 {
		_, err := flows.Pause(ctx, w.project, "some-wait")
		w.check(err)
	}
	noted := map[string]int{}
	for _, e := range w.call("GET", "/v1/audit-log?limit=200", nil)["data"].([]any) {
		noted[e.(map[string]any)["action"].(string)]++
	}
	for _, action := range []string{"flow.run-paused", "flow.run-resumed", "flow.run-cancelled", "flow.paused"} {
		if noted[action] != 1 {
			t.Errorf("%s is noted %d times", action, noted[action])
		}
	}
	_, _, err := flows.Retry(ctx, w.project, "some-wait", r.ID, flow.Retry{})
	refused(t, err, problem.Conflict, "`continue: true`", "--continue")
	err = flows.Skip(ctx, w.project, "some-wait", r.ID, flow.ItemRef{})
	refused(t, err, problem.Conflict, "it is cancelled")
}

// Settings that do not fit are told with what there is, and a flow without a webhook gets no new address.
func TestSettingsThatDoNotFit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	const doc = "flow: fits\nparameters: {least: {type: number, default: 1}, most: {type: number, default: 2}}\nsteps: [{id: same, transform: {a: 1}}]\n"
	apply := func(a flow.Application) error {
		a.Document, a.Format, a.By = doc, "yaml", "test"
		_, err := w.app.Flows.Apply(w.acting(), w.project, a)
		return err
	}
	refused(t, apply(flow.Application{Parameters: numbers("last")}), problem.ValidationFailed, "no parameter called last; it has least, most")
	refused(t, apply(flow.Application{Connections: map[string]string{"erp": w.id}}), problem.ValidationFailed, "no connection called erp; it has none")
	refused(t, apply(flow.Application{NewHook: true}), problem.ValidationFailed, "manual")
	w.check(apply(flow.Application{Parameters: numbers("least")}))
}

func numbers(name string) map[string]json.RawMessage {
	return map[string]json.RawMessage{name: json.RawMessage("1")}
}

// A test of a flow that follows a stream takes the records that are there as changes, as its condition wants them; without any it says that nothing was tested.
func TestTryChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 7)
	const doc = "flow: seen\nconnections: {erp: {}}\ntrigger: {change: {connection: erp, entity: vendors, types: [created, updated], where: WHERE}}\n" +
		"steps: [{id: each, each: {in: trigger.changes, steps: [{id: same, transform: {type: '${item.type}', name: '${item.record.name}'}}]}}]\n"
	try := func(where string, ask flow.Test) (*flow.Report, error) {
		ask.Document, ask.Format, ask.Connections = strings.ReplaceAll(doc, "WHERE", where), "yaml", map[string]string{"erp": w.id}
		return w.app.Flows.Try(w.acting(), w.project, "seen", ask)
	}
	all := w.call("GET", "/v1/vendors", nil)["data"].([]any)
	id, _ := all[6].(map[string]any)["id"].(string)
	for name, test := range map[string]struct {
		where string
		ask   flow.Test
		items int
	}{
		"a few":            {`record.name != ""`, flow.Test{}, 5},
		"as many as asked": {`record.name != ""`, flow.Test{Most: 6}, 6},
		"one by its id":    {`record.name != ""`, flow.Test{Records: []string{id}}, 1},
		"none":             {`record.name == "none"`, flow.Test{}, 0},
		"an input":         {`record.name != ""`, flow.Test{Input: json.RawMessage(`{"changes":[]}`)}, 0},
		"items":            {`record.name == "none"`, flow.Test{Items: map[string][]json.RawMessage{"each": {json.RawMessage(`{"type":"created","record":{"name":"a"}}`)}}}, 1},
	} {
		report, err := try(test.where, test.ask)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if n := len(report.Threads) - 1; n != test.items || (n == 0) != (report.Nothing != "") {
			t.Errorf("%s: %d items, %q", name, n, report.Nothing)
		}
		for _, th := range report.Threads[1:] {
			if !strings.Contains(string(th.Steps[0].Result), `"type":"created"`) {
				t.Errorf("%s: %s", name, th.Steps[0].Result)
			}
		}
	}
	_, err := try(`record.name == "none"`, flow.Test{Records: []string{id}})
	refused(t, err, problem.ValidationFailed, id)
}
