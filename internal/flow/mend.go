package flow

import (
	"fmt"

	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/flow/machine"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
)

// checkInput says why an input cannot take the place of an item's own.
func (q *retrying) checkInput() error {
	if q.Input == nil {
		return nil
	}
	refused := problem.New(problem.ValidationFailed, "The new input cannot be taken; see errors.")
	switch _, err := lang.Decode(q.Input); {
	case len(q.Items) != 1:
		return problem.New(problem.ValidationFailed, "A new input is for one item; see errors.").At("/input", problem.Invalid, "Name the one item that it is for.")
	case err != nil:
		return refused.At("/input", problem.Invalid, err.Error())
	case len(q.Input) > machine.MaxValue:
		return refused.At("/input", problem.Invalid, fmt.Sprintf("It is %d bytes long, and a value may have %d.", len(q.Input), machine.MaxValue))
	case q.hasSecrets && secret.Masked(q.Input):
		return refused.At("/input", problem.Invalid, "It holds •••, which stands in place of a secret where people see it. Write there what it is.")
	}
	return nil
}

// begins gives the step that an item goes back to; empty: it goes on from the one that failed. What was calculated from an input that is not its own any more is calculated again.
func (q *retrying) begins(it *store.FlowItem) string {
	if q.From == "" && q.Input != nil {
		return q.prog.Steps(it.Step)[0].ID
	}
	return q.From
}

// back lets an item go on from a step that it has come to before.
func (q *retrying) back(it *store.FlowItem, th *state, from string) error {
	repeated, ok := q.prog.Back(&th.Thread, it.Step, from)
	if !ok {
		return problem.Newf(problem.ValidationFailed, "The item cannot go on from %q; see errors.", from).At("/from", problem.Invalid, fmt.Sprintf("Item %d of step %s has not come to it.", it.N, shownStep(it.Step)))
	}
	th.Each = nil // its list may be another one now; what was taken in of it is known
	writes := q.writes(repeated)
	switch {
	case len(writes) == 0 || q.Repeat:
		return nil
	case q.From == "":
		return problem.Newf(problem.Conflict, "With a new input the item begins at %s, and that would do what %s has done a second time. Send `from` with a later step, or `repeat: true` if it is meant.", from, writes[0])
	}
	return problem.Newf(problem.Conflict, "Going on from %s would do what %s has done a second time. Send `repeat: true` if that is meant.", from, writes[0])
}
