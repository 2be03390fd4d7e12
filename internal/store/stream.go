package store

import (
	"context"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// Stream is one entity of one connection: the unit that is synced.
type Stream struct {
	Entity                 string
	Epoch                  int64     // in every cursor; raised by reset
	Seq                    int64     // last given out
	Mapping                string    // what its records were mapped with; "" before the first run
	HotAt                  time.Time // when its hot records were last read again
	CursorAt               time.Time // where the source was left: the source's clock; zero: never completed
	Schedule               string    // "5m", "1h", cron, or ManualSchedule
	History                string    // "P90D", or AllHistory
	Paused                 bool
	NextRunAt              time.Time
	LastSuccessAt          time.Time
	LastFullAt             time.Time
	Live, Deleted          int64 // records
	Failures               int   // in a row
	ErrorCode, ErrorDetail string
	LastRun, ActiveRun     *Run           // LastRun: the last that ended; ActiveRun: running, or else queued
	Quarantined            int64          // records in quarantine now
	Held                   *HeldDeletions // that still bear on sweeps; nil: none
}

// StreamSettings changes what is not nil.
type StreamSettings struct {
	Schedule, History *string
	Paused            *bool
	NextRunAt         *time.Time // zero time: none
}

// InsertStreams makes the streams of a new connection; their order here is the order in which their runs are worked.
// Entities that exist already are left alone, so it also serves a connector that gained an entity.
func (t *Tx) InsertStreams(ctx context.Context, sc Scope, streams []Stream) error {
	t.changed(ThingSyncs, sc)
	c, err := t.q.LockConnectionNumber(ctx, sc.no)
	if err != nil {
		return orNotFound(err)
	}
	for _, st := range streams {
		row := streamRow(sc, st, ConnectionState(c.State).dormant())
		if err := t.q.InsertStream(ctx, row); err != nil {
			return fmt.Errorf("store stream %s: %w", st.Entity, err)
		}
	}
	return nil
}

// Streams lists with LastRun and ActiveRun, in the order of InsertStreams.
func (s *Store) Streams(ctx context.Context, sc Scope) ([]Stream, error) {
	return streamsOf(ctx, s.read, sc)
}

// Streams lists them as the transaction sees them.
func (t *Tx) Streams(ctx context.Context, sc Scope) ([]Stream, error) { return streamsOf(ctx, t.q, sc) }

func streamsOf(ctx context.Context, q *queries.Queries, sc Scope) ([]Stream, error) {
	rows, err := q.Streams(ctx, sc.no)
	if err != nil {
		return nil, err
	}
	active, err := q.ActiveRuns(ctx, sc.no)
	if err != nil {
		return nil, err
	}
	last, err := q.LastRuns(ctx, sc.no)
	if err != nil {
		return nil, err
	}
	out := each(rows, streamFrom)
	attach(out, sc, active, last)
	return out, attachFindings(ctx, q, sc, rows, out)
}

// attachFindings adds what runs have left for people to look at. out is aligned with rows.
func attachFindings(ctx context.Context, q *queries.Queries, sc Scope, rows []queries.Stream, out []Stream) error {
	held, err := heldOf(ctx, q, sc)
	if err != nil {
		return err
	}
	counts, err := q.CountQuarantine(ctx, sc.no)
	if err != nil {
		return err
	}
	for i := range rows {
		for _, h := range held {
			if h.Entity == rows[i].Entity && h.open() {
				out[i].Held = &h
			}
		}
		for _, n := range counts {
			if n.Stream == rows[i].Stream {
				out[i].Quarantined = n.OpenCount
			}
		}
	}
	return nil
}

// attach hangs runs on their streams. Queued runs come first and give way to running ones.
func attach(streams []Stream, sc Scope, active []queries.ActiveRunsRow, last []queries.LastRunsRow) {
	byEntity := make(map[string]*Stream, len(streams))
	for i := range streams {
		byEntity[streams[i].Entity] = &streams[i]
	}
	for _, row := range active {
		if st := byEntity[row.Entity]; st != nil && (st.ActiveRun == nil || row.Run.State == string(RunRunning)) {
			st.ActiveRun = runFrom(sc, row.Entity, row.Run)
		}
	}
	for _, row := range last {
		if st := byEntity[row.Entity]; st != nil {
			st.LastRun = runFrom(sc, row.Entity, row.Run)
		}
	}
}

// Stream gives one stream with LastRun and ActiveRun. ErrNotFound.
func (s *Store) Stream(ctx context.Context, sc Scope, entity string) (*Stream, error) {
	streams, err := s.Streams(ctx, sc)
	if err != nil {
		return nil, err
	}
	for i := range streams {
		if streams[i].Entity == entity {
			return &streams[i], nil
		}
	}
	return nil, fmt.Errorf("stream %s: %w", entity, ErrNotFound)
}

// StreamAlone gives one stream without its runs. ErrNotFound.
func (s *Store) StreamAlone(ctx context.Context, sc Scope, entity string) (*Stream, error) {
	row, err := s.read.Stream(ctx, sc.no, entity)
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", entity, orNotFound(err))
	}
	st := streamFrom(row)
	return &st, nil
}

// UpdateStream changes settings. ErrNotFound.
func (t *Tx) UpdateStream(ctx context.Context, sc Scope, entity string, set StreamSettings) error {
	t.changed(ThingSyncs, sc)
	row, err := t.q.LockStream(ctx, sc.no, entity)
	if err != nil {
		return orNotFound(err)
	}
	p := queries.SetStreamParams{
		Connection: sc.no, Stream: row.Stream, Schedule: row.Schedule, History: row.History, Paused: row.Paused, NextRunAt: row.NextRunAt,
	}
	if set.Schedule != nil {
		p.Schedule = *set.Schedule
	}
	if set.History != nil {
		p.History = *set.History
	}
	if set.Paused != nil {
		p.Paused = queries.Flag(*set.Paused)
	}
	if set.NextRunAt != nil {
		p.NextRunAt = queries.At(*set.NextRunAt)
	}
	n, err := t.q.SetStream(ctx, p)
	return hit(n, err, ErrNotFound)
}

// LockStreams takes the locks of all streams of a connection, for who needs several of them: one by one, two who need them would wait for each other.
func (t *Tx) LockStreams(ctx context.Context, sc Scope) error {
	if err := t.q.LockStreams(ctx, sc.no); err != nil {
		return fmt.Errorf("lock the streams of connection %s: %w", sc.id, err)
	}
	return nil
}

// Due is a stream whose schedule has come.
type Due struct {
	Scope            Scope
	Entity, Schedule string
	NextRunAt        time.Time
	Blackouts        []string // the connection's, in its TimeZone
	TimeZone         string
	FullTriedAt      time.Time // when a full run last ended, however; zero: never
}

// DueStreams lists streams with NextRunAt <= now on connections that sync (not unreachable, paused, disconnected, needs_reauthorization, pending), oldest
// first; one indexed query. None while another process's transaction does the same: nobody waits for it.
func (t *Tx) DueStreams(ctx context.Context, now time.Time, limit int) ([]Due, error) {
	if shared := t.s.engine.Shared; shared != nil {
		if mine, err := shared.Turn(ctx, t.tx); err != nil || !mine {
			return nil, err
		}
	}
	rows, err := t.q.DueStreams(ctx, queries.At(now), atMost(limit))
	return each(rows, func(r queries.DueStreamsRow) Due {
		return Due{Scope: Scope{no: r.Connection, id: r.ID}, Entity: r.Entity, Schedule: r.Schedule, NextRunAt: r.NextRunAt.Time, FullTriedAt: r.FullTriedAt.Time,
			Blackouts: namesFrom(r.Blackouts), TimeZone: r.TimeZone}
	}), err
}

// ClaimDue sets when a due stream is due next; false: somebody else has claimed it, or it does not sync any more.
func (t *Tx) ClaimDue(ctx context.Context, d Due, next time.Time) (bool, error) {
	n, err := t.q.ClaimDueStream(ctx, queries.ClaimDueStreamParams{
		NextRunAt: queries.At(next), Connection: d.Scope.no, Entity: d.Entity, DueAt: queries.At(d.NextRunAt),
	})
	return n > 0, err
}

// ShiftSchedules takes the time by which the clock went back to now off everything that is to come: what was planned by the wrong clock would wait as
// much too long. Of processes that all see the clock go back the first does it.
func (s *Store) ShiftSchedules(ctx context.Context, now time.Time, back time.Duration) error {
	return s.Write(ctx, func(tx *Tx) error {
		shifted, err := tx.q.LockMeta(ctx, shiftedAt)
		if err != nil {
			return fmt.Errorf("shift the schedules: %w", err)
		}
		if at, err := time.Parse(time.RFC3339Nano, shifted); err == nil && !now.Before(at) && now.Sub(at) < shiftedFor {
			return nil
		}
		if err := tx.q.SetMeta(ctx, shiftedAt, now.UTC().Format(time.RFC3339Nano)); err != nil {
			return fmt.Errorf("shift the schedules: %w", err)
		}
		if err := tx.q.ShiftSchedules(ctx, back.Microseconds()); err != nil {
			return fmt.Errorf("shift the schedules: %w", err)
		}
		if err := tx.q.ShiftRetries(ctx, back.Microseconds()); err != nil {
			return fmt.Errorf("shift the retries of runs: %w", err)
		}
		return tx.shiftOperations(ctx, back)
	})
}

func (t *Tx) shiftOperations(ctx context.Context, back time.Duration) error {
	if err := t.q.ShiftOperations(ctx, back.Microseconds()); err != nil {
		return fmt.Errorf("shift what operations wait for: %w", err)
	}
	if err := t.q.ShiftItems(ctx, back.Microseconds()); err != nil {
		return fmt.Errorf("shift what items wait for: %w", err)
	}
	return t.shiftFlows(ctx, back)
}

func (t *Tx) shiftFlows(ctx context.Context, back time.Duration) error {
	for _, shift := range []func(context.Context, int64) error{t.q.ShiftFlows, t.q.ShiftFlowRuns, t.q.ShiftFlowItems} {
		if err := shift(ctx, back.Microseconds()); err != nil {
			return fmt.Errorf("shift what flows wait for: %w", err)
		}
	}
	return nil
}

// shiftedAt is the deployment's value that tells when schedules were shifted last; all processes see the same change of the clock within shiftedFor.
const (
	shiftedAt  = "schedules_shifted_at"
	shiftedFor = 2 * time.Minute
)

// firstEpoch is the epoch of a new stream.
const firstEpoch = 1

func streamRow(sc Scope, st Stream, dormant bool) queries.InsertStreamParams {
	return queries.InsertStreamParams{
		Connection: sc.no, Entity: st.Entity, Epoch: max(st.Epoch, firstEpoch), CursorAt: queries.At(st.CursorAt),
		Schedule: st.Schedule, History: st.History, Paused: queries.Flag(st.Paused), Dormant: queries.Flag(dormant), NextRunAt: queries.At(st.NextRunAt),
	}
}

func streamFrom(r queries.Stream) Stream {
	return Stream{
		Entity: r.Entity, Epoch: r.Epoch, Seq: r.Seq, Mapping: r.Mapping, CursorAt: r.CursorAt.Time, Schedule: r.Schedule, History: r.History,
		Paused: bool(r.Paused), NextRunAt: r.NextRunAt.Time, LastSuccessAt: r.LastSuccessAt.Time, LastFullAt: r.LastFullAt.Time,
		HotAt: r.HotAt.Time, Live: r.LiveCount, Deleted: r.DeletedCount, Failures: int(r.Failures), ErrorCode: r.ErrorCode, ErrorDetail: r.ErrorDetail,
	}
}
