package flow_test

import (
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// A body that is nested too deep fails its item, also behind a request whose answer comes beside others.
func TestDeepBodyFailsItsItem(t *testing.T) {
	t.Parallel()
	const deep = `{id: deep, request: {method: POST, url: "http://127.0.0.1:1/", body: {a: {b: {c: {d: {e: "${trigger.input}"}}}}}}}`
	for name, steps := range map[string]string{
		"first": "[" + deep + "]", "behind": `[{id: one, request: {method: GET, url: "http://127.0.0.1:1/"}, on_error: continue}, ` + deep + "]",
		"number": `[{id: deep, request: {method: GET, url: "${1.0 / 0.0}"}}]`,
	} {
		w := newWorld(t, 1)
		w.apply("flow: deep\nsteps: " + steps + "\n")
		r := w.run("deep", strings.Repeat("[", 97)+strings.Repeat("]", 97))
		w.ended(r, store.FlowRunFailed, store.FlowCounts{In: 1, Failed: 1})
		if p := problem.FromDocument(w.items(r)[0].Error); p.Code != problem.ExpressionFailed {
			t.Errorf("%s: %s %s", name, p.Code, p.Detail)
		}
	}
}
