package keys

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/busbar-dev/busbar/internal/audit"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
)

// The phases of a rotation of the master key.
const (
	PhaseNone       = "none"
	PhaseSpreading  = "spreading"
	PhaseRewrapping = "rewrapping"
	PhaseDone       = "done"
)

// Status is how things stand with the keys. It holds no key.
type Status struct {
	Sealing    string   // name of the master key that seals
	Holds      []string // names of those that this process can open
	Wrapped    map[string]int
	Phase      string
	From, To   string
	StartedAt  time.Time
	FinishedAt time.Time
	Waits      []string // sentences that say for what
	Holders    []store.KeyHolder
	Data       DataStatus
}

// Left counts the data keys that are not under the key that seals.
func (s Status) Left() (n int) {
	for name, keys := range s.Wrapped {
		if name != s.Sealing {
			n += keys
		}
	}
	return n
}

// Rotate begins to rotate the master key: to the first further key that was given, or to a new one where the keys are in a file. One that is under way goes on. Errors: *problem.Error conflict.
func (s *Service) Rotate(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	state, err := s.rotation(ctx)
	if err != nil || state.active() {
		return err
	}
	to, err := s.next(ctx, state)
	if err != nil {
		return err
	}
	_, err = changeState(ctx, s.Store, rotationName, func(tx *store.Tx, r *rotation) (bool, error) {
		if r.active() {
			return false, nil
		}
		*r = rotation{From: s.Keeper.Sealing(), To: to, Retired: r.Retired, StartedAt: s.Now().UTC()}
		return true, audit.Note(ctx, tx, audit.Act{Action: "master-key.rotation-started", Target: "master-key", TargetID: to})
	})
	if err != nil {
		return fmt.Errorf("begin to rotate the master key: %w", err)
	}
	s.Step("started")
	return nil
}

// next gives the key to rotate to, and makes one where there is none and may be.
func (s *Service) next(ctx context.Context, r rotation) (string, error) {
	text, err := s.Source.Read(ctx)
	if err != nil {
		return "", err
	}
	if name, err := s.unused(text, r); err != nil || name != "" {
		return name, err
	}
	if !s.Source.InFile() {
		return "", problem.New(problem.Conflict, "There is no key to rotate to. Give every Busbar a new master key as a further line behind the one in use, start each again, then rotate.")
	}
	if text, err = s.Source.Add(s.Rand); err != nil {
		s.Log.Error("a new master key could not be written", "error", err)
		return "", problem.New(problem.Conflict, "The file of the master key cannot be written by Busbar. Add a new key to it as a further line behind the one in use, in every Busbar's file, then rotate.")
	}
	s.Step("added")
	s.text = text
	return s.unused(text, r)
}

// unused gives the first key of a text that does not seal and was not rotated away from.
func (s *Service) unused(text string, r rotation) (string, error) {
	if err := s.Keeper.Learn(text); err != nil {
		return "", err
	}
	names, err := secret.Names(text)
	if err != nil {
		return "", err
	}
	for _, name := range names {
		if name != s.Keeper.Sealing() && !slices.Contains(r.Retired, name) {
			return name, nil
		}
	}
	return "", nil
}

// Status tells how things stand.
func (s *Service) Status(ctx context.Context) (Status, error) {
	state, err := s.rotation(ctx)
	if err != nil {
		return Status{}, err
	}
	st := Status{
		Sealing: s.Keeper.Sealing(), Holds: s.Keeper.Holds(), Wrapped: map[string]int{}, Phase: phase(state), From: state.From, To: state.To,
		StartedAt: state.StartedAt, FinishedAt: state.FinishedAt,
	}
	if state.switched() {
		st.Sealing = state.To
	}
	heads, err := s.Store.KeyHeads(ctx)
	if err != nil {
		return st, err
	}
	for head, n := range heads {
		st.Wrapped[secret.SealedBy([]byte(head))] += n
	}
	if st.Holders, err = s.Store.KeyHolders(ctx, s.Now().Add(-goneAfter)); err != nil {
		return st, err
	}
	st.Waits = waits(state, st)
	st.Data, err = s.dataStatus(ctx)
	return st, err
}

func phase(r rotation) string {
	switch {
	case r.To == "":
		return PhaseNone
	case r.switched():
		return PhaseRewrapping
	case r.active():
		return PhaseSpreading
	}
	return PhaseDone
}

// waits says for what a rotation waits.
func waits(r rotation, st Status) (out []string) {
	for _, h := range st.Holders {
		switch {
		case r.active() && !slices.Contains(h.Holds, r.To):
			out = append(out, fmt.Sprintf("The Busbar on %s cannot open the key %s yet. Add that key to what it is given, as a further line; where that is no file, start it again.", h.Host, r.To))
		case r.switched() && h.Seals != r.To:
			out = append(out, fmt.Sprintf("The Busbar on %s seals with the key %s still. It follows by itself.", h.Host, h.Seals))
		}
	}
	if n := st.Left(); r.switched() && n > 0 {
		out = append(out, fmt.Sprintf("%d data keys are wrapped by the old key still.", n))
	}
	return out
}
