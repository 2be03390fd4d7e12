package flow

import (
	"fmt"
	"strings"

	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// runState says what a state of a run means.
type runState struct {
	state   store.FlowRunState
	means   string
	reasons []problem.Reason // that it may have
}

// runStates are the states of a run, and the reasons that go with each.
func runStates() []runState {
	return []runState{
		{store.FlowRunQueued, "nothing of it has begun: no worker has come to it yet, or as many others of the flow are under way as `at_once` allows", []problem.Reason{problem.ReasonPaused, problem.ReasonOthersRun}},
		{store.FlowRunRunning, "something can go on, or a system, a request or a called flow is at work for it", nil},
		{store.FlowRunWaiting, "nothing can go on now", []problem.Reason{
			problem.ReasonWaitsForTime, problem.ReasonWaitsForPerson, problem.ReasonWaitsForRecord, problem.ReasonPaused, problem.ReasonConnectionPaused, problem.ReasonConnectionDisconnected, problem.ReasonConnectionNotReady,
			problem.ReasonConnectionGone, problem.ReasonInternal,
		}},
		{store.FlowRunCompleted, "all that it took in was worked through; some items may have failed, which its counts say", nil},
		{store.FlowRunFailed, "a step on top failed, or too many items did; what had not begun is cancelled", []problem.Reason{problem.ReasonStepFailed, problem.ReasonFlowStopped}},
		{store.FlowRunCancelled, "somebody or `more: replace` ended it, or data that it worked with were erased; what was sent before is known", []problem.Reason{problem.ReasonCancelled, problem.ReasonConnectionDisconnected}},
	}
}

// StatesPage gives docs/states/flow-run.md.
func StatesPage() string {
	var b strings.Builder
	b.WriteString("# States of a run of a flow\n\nWritten from `internal/flow/states.go`, which owns what they mean.\n\n")
	b.WriteString("```\nqueued ──▶ running ◀──▶ waiting ──▶ completed, failed, cancelled\n              ▲                              │\n              └── retried by somebody ───────┘\n```\n\n")
	b.WriteString("| a run is | when | with the reason |\n|---|---|---|\n")
	for _, s := range runStates() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", s.state, s.means, quoted(s.reasons))
	}
	b.WriteString("\nThe state follows from the run's items, its steps on top, its connections and its pause. What waits goes on by itself, but for `paused` and `waits-for-person`. A run that has ended goes on only when somebody retries it.\n\n")
	b.WriteString("An item is `pending` until its first step begins, `running` while one is under way or waits, and then `ok`, `failed`, `skipped` or `cancelled`. At every moment ")
	b.WriteString("`in = pending + running + ok + failed + skipped + cancelled`: the store refuses a step of an item by which that would not be so.\n")
	return b.String()
}

func quoted[T ~string](all []T) string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = "`" + string(s) + "`"
	}
	return strings.Join(out, ", ")
}
