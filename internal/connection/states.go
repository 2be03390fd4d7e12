package connection

import (
	"fmt"
	"slices"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// event is what may move a connection.
type event string

const (
	created      event = "the login was checked and stored"
	worked       event = "a call to the system went well"
	settled      event = "a run ended, or an entity was paused or resumed"
	faulted      event = "the system answered, but failed or refused a part"
	unanswered   event = "no usable answer came"
	doubted      event = "the system, just back, refused the login for the first time"
	refused      event = "the system refused the login, and again when asked once more"
	renewed      event = "new credentials were checked and stored"
	paused       event = "somebody paused it"
	resumed      event = "somebody resumed it"
	disconnected event = "somebody disconnected it"
	reconnected  event = "it was connected again, before its data were deleted"
)

// No stored states: resting stands for syncing, degraded or active, as the streams say; interrupted for what a pause interrupted, which is
// unreachable, needs_reauthorization or resting.
const (
	resting     store.ConnectionState = "resting"
	interrupted store.ConnectionState = "interrupted"
)

// transition is one row of the table.
type transition struct {
	on   event
	from []store.ConnectionState
	to   store.ConnectionState
}

// transitions is the whole state machine: what is not here changes nothing.
func transitions() []transition {
	const (
		pending, syncing, active, degraded = store.ConnectionPending, store.ConnectionSyncing, store.ConnectionActive, store.ConnectionDegraded
		unreachable, reauth, pausedState   = store.ConnectionUnreachable, store.ConnectionNeedsReauth, store.ConnectionPaused
	)
	type states = []store.ConnectionState
	return []transition{
		{created, states{pending}, syncing},
		{worked, states{unreachable}, resting},
		{settled, states{syncing, active, degraded}, resting},
		{faulted, states{active}, degraded},
		{faulted, states{unreachable}, resting},
		{unanswered, states{syncing, active, degraded, unreachable}, unreachable},
		{doubted, states{unreachable}, unreachable},
		{refused, states{syncing, active, degraded, unreachable}, reauth},
		{renewed, states{syncing, active, degraded, unreachable, reauth}, resting},
		{paused, states{syncing, active, degraded, unreachable, reauth}, pausedState},
		{resumed, states{pausedState}, interrupted},
		{disconnected, states{pending, syncing, active, degraded, unreachable, reauth, pausedState}, store.ConnectionDisconnected},
		{reconnected, states{store.ConnectionDisconnected}, resting},
	}
}

// next gives the state after an event; ok is false when the event changes nothing in that state.
func next(from store.ConnectionState, on event) (to store.ConnectionState, ok bool) {
	for _, t := range transitions() {
		if t.on == on && slices.Contains(t.from, from) {
			return t.to, true
		}
	}
	return from, false
}

// reason is why a connection is in its state, with a sentence for a person; both empty when all is well.
type reason struct {
	code   problem.Reason
	detail string
}

// rest tells the state of a connection that nothing hinders, from its streams.
func rest(streams []store.Stream) (store.ConnectionState, reason) {
	var failing []string
	var held *store.HeldDeletions
	first := false
	for _, st := range streams {
		if st.Paused {
			continue
		}
		first = first || firstRunLeft(st)
		if held == nil && st.Held != nil && st.Held.Decision == store.DecisionPending {
			held = st.Held
		}
		if OwnFailure(st) {
			failing = append(failing, st.Entity)
		}
	}
	switch {
	case first:
		return store.ConnectionSyncing, reason{problem.ReasonFirstSync, "The first sync is under way; records appear as they come."}
	case held != nil:
		return store.ConnectionDegraded, reason{problem.ReasonDeletionsHeld, fmt.Sprintf("%d records of %s are gone from the system's answer; nothing was deleted. %s",
			held.Missing, held.Entity, problem.DecideOnDeletions(held.Run))}
	case len(failing) > 0:
		return store.ConnectionDegraded, reason{problem.ReasonEntitiesFailing, fmt.Sprintf("The last sync failed for %s. GET /v1/syncs says why.", strings.Join(failing, ", "))}
	default:
		return store.ConnectionActive, reason{}
	}
}

// firstRunLeft says that the first run waits, works, or was ended by what concerns the whole connection: then it is asked for again.
func firstRunLeft(st store.Stream) bool {
	return st.ActiveRun != nil && st.LastRun == nil || st.LastSuccessAt.IsZero() && wholeFailure(st)
}

// OwnFailure says that the stream's last run failed for a reason of its own: what concerns the whole connection has states of its own.
func OwnFailure(st store.Stream) bool {
	return st.Failures > 0 && !driver.EffectOf(st.ErrorCode).Whole()
}

func wholeFailure(st store.Stream) bool {
	return st.Failures > 0 && driver.EffectOf(st.ErrorCode).Whole()
}
