package flow_test

import (
	"errors"
	"testing"

	"github.com/busbar-dev/busbar/internal/flow/lang"
)

// A document is checked against what the system of its connection has and takes, and against the project's other flows.
func TestDocumentsAreCheckedInTheirSurroundings(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	_, err := w.tryApply(`flow: wrong
connections: {erp: {}}
steps:
  - {id: a, get: {connection: erp, entity: work-orders, id: x}}
  - {id: b, write: {connection: erp, entity: items, op: create, data: {nmae: A}}}
  - {id: c, call: {flow: nowhere}}
`, "erp")
	var problems lang.Problems
	if !errors.As(err, &problems) {
		t.Fatalf("the document is applied: %v", err)
	}
	const want = `flow.yaml:4:44: steps.0.get.entity: SimERP has no work-orders; take another connection, or another entity
flow.yaml:5:78: steps.1.write.data.nmae: items have no nmae; did you mean name?
flow.yaml:6:26: steps.2.call.flow: there is no flow nowhere; apply it first`
	if problems.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", problems, want)
	}
	w.apply("flow: first\nsteps: [{id: a, transform: {x: 1}}]\n")
	w.apply("flow: second\nsteps: [{id: a, call: {flow: first}}]\n")
	if _, err := w.tryApply("flow: first\nsteps: [{id: a, call: {flow: second}}]\n"); !errors.As(err, &problems) {
		t.Errorf("two flows call each other without end: %v", err)
	}
}
