package engine

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// errTurnOver says that the turn's time is up; everything fetched so far is stored.
var errTurnOver = errors.New("the turn is over")

// unproved says that a run read what it could but cannot prove that this is everything.
type unproved struct {
	code   problem.Reason
	detail string
}

func (u *unproved) Error() string { return u.code + ": " + u.detail }

// hopeless says that a run cannot go on and that trying again will not help by itself.
type hopeless struct {
	code   problem.Reason
	detail string
}

func (h *hopeless) Error() string { return h.code + ": " + h.detail }

// runSlice is one worker's stretch of one run.
type runSlice struct {
	worker *Worker
	conn   *store.Connection
	run    *store.Run
	turn   context.Context // ends when the connection's turn does

	client     driver.Client
	entity     *manifest.Entity
	mapper     *mapping.Mapper
	env        mapping.Env
	connection uuid.UUID
	cp         checkpoint
	live       int64 // records stored when the slice began
	seen       *store.SeenSet
	applied    atomic.Int64 // transactions of this slice that are stored
	own        spans        // seqs that this slice has stored
	resumed    int64        // the stream's seq when this slice took up the phase
	cursor     time.Time    // of the stream when the slice began
	hotAt      time.Time    // likewise
	history    string       // likewise
	held       *store.HeldChange
}

// advance takes the run as far as the turn allows; nil says that it is complete.
func (s *runSlice) advance(ctx context.Context) error {
	if err := s.open(ctx); err != nil {
		return err
	}
	if err := s.plan(ctx); err != nil {
		return err
	}
	if v := s.cp.Unproved; v != nil {
		return &unproved{v.Code, v.Detail}
	}
	if err := s.tooManyBad(); err != nil {
		return err
	}
	for {
		switch s.cp.Phase {
		case remapping:
			if err := s.remap(ctx); err != nil {
				return err
			}
		case reading:
			if err := s.reset(ctx); err != nil {
				return err
			}
			if err := s.read(ctx, s.run.Since, s.run.HistoryFrom); err != nil {
				return err
			}
		case catchUp:
			since, err := s.lastCursor(ctx)
			if err != nil {
				return err
			}
			if err := s.read(ctx, since, time.Time{}); err != nil {
				return err
			}
		case hot:
			if err := s.readHot(ctx); err != nil {
				return err
			}
		case sweep:
			return s.sweepGone(ctx)
		default:
			return fmt.Errorf("run %s has an unknown phase %q", s.run.ID, s.cp.Phase)
		}
	}
}

// open gets everything the slice works with.
func (s *runSlice) open(ctx context.Context) error {
	client, system, err := s.worker.Connections.Open(ctx, s.conn)
	if err != nil {
		return err
	}
	s.client = considerate{client, s}
	s.entity, s.mapper = system.Entity(s.run.Entity), s.worker.Mapper(system.System, s.run.Entity)
	if s.entity == nil || s.mapper == nil {
		return &hopeless{problem.ReasonEntityNotEnabled, fmt.Sprintf("The connector %s no longer maps %s.", system.System, s.run.Entity)}
	}
	zone, err := time.LoadLocation(s.conn.TimeZone)
	if err != nil {
		return &hopeless{problem.ReasonInvalidTimeZone, fmt.Sprintf("The connection's time zone %q is not known.", s.conn.TimeZone)}
	}
	if s.connection, err = uuid.Parse(s.conn.ID); err != nil {
		return fmt.Errorf("connection id %q: %w", s.conn.ID, err)
	}
	s.env = mapping.Env{Connection: s.connection, Zone: zone, Public: s.conn.Public}
	return nil
}

// plan fixes the run's range at its first slice; later slices read the checkpoint.
func (s *runSlice) plan(ctx context.Context) (err error) {
	stream, err := s.stream(ctx)
	if err != nil {
		return err
	}
	s.live, s.cursor, s.hotAt, s.history = stream.Live, stream.CursorAt, stream.HotAt, stream.History
	if s.run.Checkpoint != nil {
		if s.cp, err = readCheckpoint(s.run.Checkpoint); err != nil {
			return err
		}
		s.noteLogin()
		return s.noteMixed(ctx, stream)
	}
	var since, from time.Time
	if s.run.Mode == store.Incremental && s.entity.Cursor != nil && !stream.CursorAt.IsZero() {
		since = stream.CursorAt.Add(-s.entity.Cursor.Lookback)
	} else if s.entity.History != "" {
		if from, err = ParseHistory(stream.History, s.worker.Now()); err != nil {
			return &hopeless{problem.ReasonInvalidHistory, err.Error()}
		}
	}
	s.cp = firstCheckpoint()
	s.noteLogin()
	if stream.Mapping != s.mapper.VersionWith(s.env) {
		s.cp.Phase, s.cp.Mapping = remapping, s.mapper.VersionWith(s.env)
	}
	s.run.Since, s.run.HistoryFrom, s.run.Checkpoint = since, from, s.cp.encode()
	if s.cp.Phase == reading && s.run.Mode != store.Reset {
		return nil // the first page stores it
	}
	if err := s.worker.Store.PlanRun(ctx, s.run, since, from, s.cp.encode()); err != nil {
		return fmt.Errorf("plan run %s: %w", s.run.ID, err)
	}
	return nil
}

func (s *runSlice) stream(ctx context.Context) (*store.Stream, error) {
	st, err := s.worker.Store.StreamAlone(ctx, s.conn.Scope(), s.run.Entity)
	if err != nil {
		return nil, fmt.Errorf("read stream %s: %w", s.run.Entity, err)
	}
	return st, nil
}

// lastCursor gives where an incremental run would begin now; zero when the stream has no cursor.
func (s *runSlice) lastCursor(ctx context.Context) (time.Time, error) {
	stream, err := s.stream(ctx)
	if err != nil || s.entity.Cursor == nil || stream.CursorAt.IsZero() {
		return time.Time{}, err
	}
	return stream.CursorAt.Add(-s.entity.Cursor.Lookback), nil
}

// readsAll says that the run reads everything in its range, so that what it did not see is gone.
func (s *runSlice) readsAll() bool { return s.run.Since.IsZero() }

// reset forgets the stream's feed history before the first page of a reset run.
func (s *runSlice) reset(ctx context.Context) error {
	if s.run.Mode != store.Reset || s.cp.Token != nil || s.cp.Fetched > 0 {
		return nil
	}
	for {
		done, err := s.worker.Store.BeginReset(ctx, s.run, stepRows)
		if err != nil || done {
			return err
		}
	}
}

// nextPhase enters what follows the phase whose last page has just been read.
func (s *runSlice) nextPhase(ctx context.Context) error {
	s.cp.CaughtUp = s.cp.Phase == catchUp
	if s.cp.Phase == reading && s.readsAll() && s.entity.Hot != nil {
		if err := s.worker.Store.SetHot(ctx, s.run, s.run.StartedAt); err != nil {
			return err
		}
	}
	if s.cp.Phase == reading && s.readsAll() && !s.run.HistoryFrom.IsZero() {
		since, err := s.lastCursor(ctx)
		if err != nil {
			return err
		}
		if !since.IsZero() {
			s.cp.enter(catchUp)
			return nil
		}
	}
	if s.cp.Phase == reading && s.hotIsDue() {
		s.cp.HotFrom = s.worker.Now()
		s.cp.enter(hot)
		return nil
	}
	s.cp.enter(sweep)
	return nil
}
