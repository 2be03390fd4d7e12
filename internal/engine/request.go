package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// Request makes runs (or gives the ones already under way) for the named entities; all that are not paused when none are
// named. Errors are *problem.Error: entity-not-enabled, connection-paused, connection-disconnected, connection-needs-reauthorization.
func (s *Service) Request(ctx context.Context, c *store.Connection, entities []string, mode store.Mode, trigger store.Trigger) (runs []store.Run, err error) {
	if len(entities) == 0 {
		if entities, err = s.unpaused(ctx, c); err != nil {
			return nil, err
		}
	}
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		if runs, err = s.RequestTx(ctx, tx, c, entities, mode, trigger); err != nil || trigger != store.TriggerManual {
			return err
		}
		return note(ctx, tx, c, started(mode), "connection", c.ID, entities...)
	})
	return runs, err
}

// started is what the audit log calls a request.
func started(mode store.Mode) string {
	if mode == store.Reset {
		return "reset"
	}
	return "started"
}

// RequestTx does the same within the caller's transaction; the entities are named.
func (s *Service) RequestTx(ctx context.Context, tx *store.Tx, c *store.Connection, entities []string, mode store.Mode, trigger store.Trigger) ([]store.Run, error) {
	now, err := tx.LockConnection(ctx, c.ID) // before the streams: locks are taken in that order; and nobody ends the connection meanwhile
	if err != nil {
		return nil, fmt.Errorf("lock connection %s: %w", c.ID, err)
	}
	if err := mayRequest(now); err != nil {
		return nil, err
	}
	if len(entities) > 1 {
		if err := tx.LockStreams(ctx, now.Scope()); err != nil {
			return nil, err
		}
	}
	runs := make([]store.Run, 0, len(entities))
	for i, entity := range entities {
		id, err := uuid.NewV7FromReader(s.Rand)
		if err != nil {
			return nil, fmt.Errorf("make a run id: %w", err)
		}
		run, _, err := tx.RequestRun(ctx, c.Scope(), entity, mode, trigger, id.String(), s.Now())
		if errors.Is(err, store.ErrNotFound) {
			return nil, notEnabled(c, entity).At(fmt.Sprintf("/entities/%d", i), problem.NotSupported, "This connection does not sync it.")
		}
		if err != nil {
			return nil, fmt.Errorf("request a %s sync of %s: %w", mode, entity, err)
		}
		runs = append(runs, *run)
	}
	if err := s.holdRequested(ctx, tx, now, runs); err != nil {
		return nil, fmt.Errorf("let the runs wait for the end of a blackout: %w", err)
	}
	if now.State == store.ConnectionUnreachable && trigger.Lane() == store.LaneAsked {
		if err := tx.HurryProbe(ctx, now.Scope(), s.Now().Add(probeSoon)); err != nil {
			return nil, fmt.Errorf("look soon whether the system is back: %w", err)
		}
	}
	return runs, s.Waker.Wake(ctx, tx, trigger.Lane(), c.ID)
}

// probeSoon is when a system that did not answer is looked at after somebody asked for a sync, however often they ask.
const probeSoon = 5 * time.Second

// unpaused lists the connection's streams that are not paused, in the order in which they are synced.
func (s *Service) unpaused(ctx context.Context, c *store.Connection) ([]string, error) {
	streams, err := s.Store.Streams(ctx, c.Scope())
	if err != nil {
		return nil, fmt.Errorf("list the streams of connection %s: %w", c.ID, err)
	}
	var names []string
	for _, st := range streams {
		if !st.Paused {
			names = append(names, st.Entity)
		}
	}
	return names, nil
}

// mayRequest says why a connection in this state takes no sync, or nil.
func mayRequest(c *store.Connection) error {
	switch c.State {
	case store.ConnectionPaused:
		return problem.New(problem.ConnectionPaused, "The connection is paused. Resume it, then sync.")
	case store.ConnectionDisconnected:
		return problem.New(problem.ConnectionDisconnected, "The connection was disconnected and syncs no more. Connect the system anew.")
	case store.ConnectionNeedsReauth:
		return problem.New(problem.ConnectionNeedsReauthorization, "The system refuses the stored login. Reauthorize the connection with valid credentials, then sync.")
	case store.ConnectionPending:
		return problem.New(problem.ConnectionPending, "Nobody has logged in yet. Finish connecting, then sync.")
	default:
		return nil
	}
}

// longestName is how much of an entity's name is told back, in bytes.
const longestName = 80

func notEnabled(c *store.Connection, entity string) *problem.Error {
	if len(entity) > longestName {
		entity = strings.ToValidUTF8(entity[:longestName], "") + "…"
	}
	return problem.New(problem.EntityNotEnabled, fmt.Sprintf("%s is not among the entities that this %s connection syncs. GET /v1/syncs lists them.", entity, c.System))
}

// Cancel cancels a run: a queued one at once, a running one before its next page. An ended run is given as it is. *problem.Error not-found.
func (s *Service) Cancel(ctx context.Context, c *store.Connection, runID string) (run *store.Run, err error) {
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		if run, err = tx.CancelRun(ctx, c.Scope(), runID, s.Now()); err != nil {
			return err
		}
		return note(ctx, tx, c, "cancelled", "run", runID)
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, noSuchRun()
	}
	return run, err
}

// Settings changes a stream's schedule, history or pause; nil leaves a member.
type Settings struct {
	Schedule, History *string
	Paused            *bool
}

// names are those of the members that are given.
func (set Settings) names() (names []string) {
	for name, given := range map[string]bool{"schedule": set.Schedule != nil, "history": set.History != nil, "paused": set.Paused != nil} {
		if given {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Settings stores what is given. *problem.Error: validation-failed with pointers, entity-not-enabled.
func (s *Service) Settings(ctx context.Context, c *store.Connection, entity string, set Settings) (*store.Stream, error) {
	change := store.StreamSettings{Schedule: set.Schedule, History: set.History, Paused: set.Paused}
	if err := s.checkSettings(c, entity, set, &change); err != nil {
		return nil, err
	}
	err := s.Store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.UpdateStream(ctx, c.Scope(), entity, change); err != nil {
			return err
		}
		return note(ctx, tx, c, "changed", "entity", entity, set.names()...)
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, notEnabled(c, entity)
	}
	if err != nil {
		return nil, fmt.Errorf("change the settings of %s: %w", entity, err)
	}
	return s.Store.Stream(ctx, c.Scope(), entity)
}

func (s *Service) checkSettings(c *store.Connection, entity string, set Settings, change *store.StreamSettings) error {
	bad := problem.New(problem.ValidationFailed, "Some settings are not valid; see errors.")
	if set.Schedule != nil {
		schedule, err := ParseSchedule(*set.Schedule)
		if err != nil {
			bad = bad.At("/schedule", problem.Invalid, err.Error())
		} else {
			next := schedule.Next(s.Now(), Spread(c.ID, entity))
			change.NextRunAt = &next
		}
	}
	if set.History != nil {
		if _, err := ParseHistory(*set.History, time.Time{}); err != nil {
			bad = bad.At("/history", problem.Invalid, err.Error())
		}
	}
	if len(bad.Items) > 0 {
		return bad
	}
	return nil
}
