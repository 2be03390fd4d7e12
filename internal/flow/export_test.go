package flow

import (
	"slices"

	"github.com/busbar-dev/busbar/internal/store"
)

// Explained says that a run's reason is one that goes with its state.
func Explained(r *store.FlowRun) bool {
	return slices.ContainsFunc(runStates(), func(s runState) bool {
		return s.state == r.State && (r.ReasonCode == "" || slices.Contains(s.reasons, r.ReasonCode))
	})
}
