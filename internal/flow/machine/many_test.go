package machine_test

import (
	"encoding/json"
	"testing"

	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/flow/machine"
	"github.com/busbar-dev/busbar/internal/problem"
)

const several = `flow: f
connections: {erp: {}}
steps:
  - id: items
    find: {connection: erp, entity: items, by: {code: '${trigger.codes}', unit: pcs}, none: empty}
  - id: sites
    get: {connection: erp, entity: sites, id: '${trigger.sites}'}
  - id: sum
    transform: {items: '${steps.items}', sites: '${steps.sites}'}
`

// lookUp works the flow to its end, storing the thread at every effect as a worker does; each look-up gives {"id": what it looked for}.
func lookUp(t *testing.T, trigger map[string]any) (asked []string, out json.RawMessage, end machine.Effect) {
	t.Helper()
	f, err := lang.Parse("f.yaml", []byte(several))
	if err != nil {
		t.Fatal(err)
	}
	p, thread := machine.New(f), machine.Begin()
	frame := machine.Frame{Trigger: trigger}
	for e := p.Advance(frame, &thread); ; {
		if e.Kind == machine.End {
			return asked, thread.Results["sum"], e
		}
		stored, err := json.Marshal(thread)
		if err != nil {
			t.Fatal(err)
		}
		thread = machine.Thread{}
		if err := json.Unmarshal(stored, &thread); err != nil {
			t.Fatal(err)
		}
		key := e.ID
		if e.Kind == machine.Find {
			key = e.By[0].Value + e.By[1].Value
		}
		r := machine.Result{Value: json.RawMessage(`{"id":"` + key + `"}`)}
		if key == "none" {
			r = machine.Result{Failure: problem.New(problem.NotFound, "There is no such record.")}
		}
		asked = append(asked, key)
		e = p.Resume(frame, &thread, r)
	}
}

// A get or find of a list looks for each element, one by one, and gives a list of the same length and order.
func TestLookUpOfAList(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		codes, sites any
		asked, out   string
	}{
		{"lists", []any{"a", "b"}, []any{"1", "2", "1"}, `["apcs","bpcs","1","2","1"]`, `{"items":[{"id":"apcs"},{"id":"bpcs"}],"sites":[{"id":"1"},{"id":"2"},{"id":"1"}]}`},
		{"nulls", []any{nil, "b", nil}, []any{nil}, `["bpcs"]`, `{"items":[null,{"id":"bpcs"},null],"sites":[null]}`},
		{"empty ones", []any{}, []any{}, `null`, `{"items":[],"sites":[]}`},
		{"single values", "a", "1", `["apcs","1"]`, `{"items":{"id":"apcs"},"sites":{"id":"1"}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			asked, out, end := lookUp(t, map[string]any{"codes": c.codes, "sites": c.sites})
			text, _ := json.Marshal(asked)
			if string(text) != c.asked || string(out) != c.out || end.Status != machine.OK {
				t.Errorf("asked %s, gave %s, ended %+v", text, out, end)
			}
		})
	}
	if _, _, end := lookUp(t, map[string]any{"codes": []any{"a"}, "sites": []any{"1", "none", "2"}}); end.Status != machine.Failed || end.Failure.Code != problem.NotFound {
		t.Errorf("one that is not there: %+v", end)
	}
}
