package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// CONTRACT: the signatures below are what the other packages build on. The owner of this package moves them into files by
// idea (projects, connections, tokens, streams, runs, pages, records, feed) and fills them in.

// Store is the open database. Safe for concurrent use.
type Store struct{}

// Tx is one write transaction.
type Tx struct{}

// SQL gives the transaction to package jobs, which inserts its rows into the same transaction. Nobody else may use it.
func (t *Tx) SQL() *sql.Tx { panic("contract") }

// Close ends all use of the database. Safe to call twice.
func (s *Store) Close() error { panic("contract") }

// DB gives the writing pool to package jobs. Nobody else may use it.
func (s *Store) DB() *sql.DB { panic("contract") }

// Write runs fn in one transaction, which commits when fn returns nil. fn must not keep tx.
func (s *Store) Write(ctx context.Context, fn func(tx *Tx) error) error { panic("contract") }

// Meta gives a deployment-wide value ("" when unset); SetMeta stores one.
func (s *Store) Meta(ctx context.Context, key string) (string, error) { panic("contract") }
func (s *Store) SetMeta(ctx context.Context, key, value string) error { panic("contract") }

// ---- projects and keys

// EnsureProject gives the first project, making it when there is none.
func (s *Store) EnsureProject(ctx context.Context, name string, now time.Time) (p Project, created bool, err error) {
	panic("contract")
}
func (s *Store) InsertKey(ctx context.Context, k Key) error                { panic("contract") }
func (s *Store) KeyByHash(ctx context.Context, hash []byte) (*Key, error)  { panic("contract") } // ErrNotFound; revoked and expired keys are given too
func (s *Store) Keys(ctx context.Context, projectID string) ([]Key, error) { panic("contract") }
func (s *Store) RevokeKey(ctx context.Context, projectID, id string, now time.Time) error {
	panic("contract")
}

// ---- connections and tokens

// ConnectionFilter narrows a list of connections; zero fields do not filter. Order: newest first by id (UUIDv7).
type ConnectionFilter struct {
	Before string // id: only older ones
	System string
	State  ConnectionState
	Tag    string
	Limit  int
}

// InsertConnection stores a new connection and gives it its scope.
func (t *Tx) InsertConnection(ctx context.Context, c *Connection) error { panic("contract") }
func (s *Store) Connection(ctx context.Context, projectID, id string) (*Connection, error) {
	panic("contract")
}
func (s *Store) ConnectionByScope(ctx context.Context, sc Scope) (*Connection, error) {
	panic("contract")
}
func (s *Store) Connections(ctx context.Context, projectID string, f ConnectionFilter) ([]*Connection, error) {
	panic("contract")
}

// SetConnectionProfile stores name, metadata, tags and time zone.
func (t *Tx) SetConnectionProfile(ctx context.Context, c *Connection, now time.Time) error {
	panic("contract")
}

// SetConnectionCredentials stores auth method, sealed credentials, data key, public fields and system version.
func (t *Tx) SetConnectionCredentials(ctx context.Context, c *Connection, now time.Time) error {
	panic("contract")
}

// SetConnectionState changes the state; StateSince moves only when state or code differ. A disconnected connection never changes again (ErrConflict).
func (t *Tx) SetConnectionState(ctx context.Context, sc Scope, state ConnectionState, code, detail string, now time.Time) error {
	panic("contract")
}

// Disconnect kills the tokens, stops the schedules, cancels queued runs and marks running ones for cancelling; data stay.
func (t *Tx) Disconnect(ctx context.Context, sc Scope, now time.Time) error { panic("contract") }

// AskDeleteData marks a disconnected connection for deletion of its data (ErrConflict unless disconnected).
func (t *Tx) AskDeleteData(ctx context.Context, sc Scope, now time.Time) error { panic("contract") }

// DeleteDataStep deletes up to limit rows of a connection marked so, and at the end the connection itself with its data key. done says that nothing is left.
func (s *Store) DeleteDataStep(ctx context.Context, sc Scope, limit int) (done bool, err error) {
	panic("contract")
}

// ConnectionsToDelete lists connections marked for deletion.
func (s *Store) ConnectionsToDelete(ctx context.Context, limit int) ([]Scope, error) {
	panic("contract")
}

func (t *Tx) InsertToken(ctx context.Context, sc Scope, tok Token) error { panic("contract") }

// TokenByHash gives the token, revoked or expired ones too, and its connection. ErrNotFound.
func (s *Store) TokenByHash(ctx context.Context, hash []byte) (*Token, *Connection, error) {
	panic("contract")
}
func (s *Store) Tokens(ctx context.Context, sc Scope) ([]Token, error) { panic("contract") }
func (t *Tx) RevokeToken(ctx context.Context, sc Scope, id string, now time.Time) error {
	panic("contract")
} // ErrNotFound; twice is fine
// TouchTokens stores when tokens (by hash) were last used; keys likewise.
func (s *Store) TouchTokens(ctx context.Context, lastUsed map[string]time.Time) error {
	panic("contract")
} // map key: string(hash)

// ---- streams and schedule

// StreamSettings changes what is not nil.
type StreamSettings struct {
	Schedule, History *string
	Paused            *bool
	NextRunAt         *time.Time // zero time: none
}

// InsertStreams makes the streams of a new connection; their order here is the order in which their runs are worked.
// Entities that exist already are left alone, so it also serves a connector that gained an entity.
func (t *Tx) InsertStreams(ctx context.Context, sc Scope, streams []Stream) error { panic("contract") }

// Streams lists with LastRun and ActiveRun.
func (s *Store) Streams(ctx context.Context, sc Scope) ([]Stream, error) { panic("contract") }
func (s *Store) Stream(ctx context.Context, sc Scope, entity string) (*Stream, error) {
	panic("contract")
} // ErrNotFound
func (t *Tx) UpdateStream(ctx context.Context, sc Scope, entity string, set StreamSettings) error {
	panic("contract")
}

// Due is a stream whose schedule has come.
type Due struct {
	Scope            Scope
	Entity, Schedule string
	NextRunAt        time.Time
}

// DueStreams lists streams with NextRunAt <= now on connections that sync (not paused, disconnected, needs_reauthorization, pending), oldest first; one indexed query.
func (t *Tx) DueStreams(ctx context.Context, now time.Time, limit int) ([]Due, error) {
	panic("contract")
}

// ---- runs

// RequestRun makes a queued run, or gives the queued or running one that covers it already (same or stronger mode); created tells which.
// A stronger request than the running one queues behind it; a stronger request than the queued one upgrades the queued run. ErrNotFound: no such stream.
func (t *Tx) RequestRun(ctx context.Context, sc Scope, entity string, mode Mode, trigger, id string, now time.Time) (r *Run, created bool, err error) {
	panic("contract")
}

// RunFilter narrows a list of runs; zero fields do not filter. Newest first by id (UUIDv7).
type RunFilter struct {
	Before, Entity string
	State          RunState
	Limit          int
}

func (s *Store) Run(ctx context.Context, sc Scope, id string) (*Run, error)     { panic("contract") }
func (s *Store) Runs(ctx context.Context, sc Scope, f RunFilter) ([]Run, error) { panic("contract") }

// CancelRun cancels a queued run at once and marks a running one; an ended run is left as it is. Gives the run as it is then.
func (t *Tx) CancelRun(ctx context.Context, sc Scope, id string, now time.Time) (*Run, error) {
	panic("contract")
}

// RunnableRuns lists, in the order of InsertStreams, queued runs whose RetryAt has come and running ones whose lease is free or over; never a second one of a stream with a running, leased run.
func (s *Store) RunnableRuns(ctx context.Context, sc Scope, now time.Time) ([]Run, error) {
	panic("contract")
}

// RunnableRuns in the caller's transaction.
func (t *Tx) RunnableRuns(ctx context.Context, sc Scope, now time.Time) ([]Run, error) {
	panic("contract")
}

// ConnectionsWithRunnableRuns lists scopes for which RunnableRuns is not empty and whose connection syncs.
func (s *Store) ConnectionsWithRunnableRuns(ctx context.Context, now time.Time, limit int) ([]Scope, error) {
	panic("contract")
}

// AcquireRun takes the lease (queued → running, or a running one whose lease is free or over), raising its fence. On the first acquisition it sets StartedAt and StartSeq. ErrConflict: somebody else has it, or it ended.
func (s *Store) AcquireRun(ctx context.Context, r *Run, owner string, until, now time.Time) (*Run, error) {
	panic("contract")
}

// RenewRun extends the lease. ErrFenced, ErrCancelled (cancel was requested; the lease is extended all the same).
func (s *Store) RenewRun(ctx context.Context, r *Run, until time.Time) error { panic("contract") }

// ReleaseRun frees the lease at the end of a slice; the run stays running and is runnable by anyone. ErrFenced.
func (s *Store) ReleaseRun(ctx context.Context, r *Run) error { panic("contract") }

// ClearLeases frees all leases: embedded mode, at start.
func (s *Store) ClearLeases(ctx context.Context) error { panic("contract") }

// PlanRun stores Since, HistoryFrom and a first checkpoint of a run that has none. ErrFenced.
func (s *Store) PlanRun(ctx context.Context, r *Run, since, historyFrom time.Time, checkpoint json.RawMessage) error {
	panic("contract")
}

// BeginReset raises the stream's epoch and forgets tombstones in small steps; call again until done. Idempotent within a run. ErrFenced.
func (s *Store) BeginReset(ctx context.Context, r *Run, limit int) (done bool, err error) {
	panic("contract")
}

// FinishRun ends the run (or, with RetryAt, queues it again) and updates the stream (cursor, last success, failures, error, next run) in one transaction. ErrFenced.
func (t *Tx) FinishRun(ctx context.Context, r *Run, f Finish, now time.Time) error { panic("contract") }

// BadRecords lists a run's quarantine after position n (0: from the start).
func (s *Store) BadRecords(ctx context.Context, sc Scope, runID string, after int64, limit int) ([]BadRecord, error) {
	panic("contract")
}

// ---- pages: the hot path

// Heads gives the heads of those ids that exist, aligned with ids (nil where new).
func (s *Store) Heads(ctx context.Context, sc Scope, entity string, ids []uuid.UUID) ([]*Head, error) {
	panic("contract")
}

// RawBySeq gives the raw bodies at those seqs, aligned.
func (s *Store) RawBySeq(ctx context.Context, sc Scope, entity string, seqs []int64) ([][]byte, error) {
	panic("contract")
}

// ApplyPage stores one page in one transaction under the stream's lock and the run's fence: records with new seqs, bodies, hashes, seen set, quarantine,
// counts and checkpoint. A change whose head has moved since it was classified is dropped (the stored one is newer). r.Counts and r.Checkpoint are updated. ErrFenced, ErrCancelled, ErrFull.
func (s *Store) ApplyPage(ctx context.Context, r *Run, p PageResult, now time.Time) error {
	panic("contract")
}

// Sweep compares what a complete full run saw with what is stored.
type Sweep struct{}

// OpenSweep loads the seen set of a run. Candidates are live heads with seq <= r.StartSeq that were not seen and whose RangeAt is zero or >= r.HistoryFrom.
func (s *Store) OpenSweep(ctx context.Context, r *Run) (*Sweep, error) { panic("contract") }

// Count gives how many candidates there are and how many live records lie in the range.
func (w *Sweep) Count(ctx context.Context) (missing, inRange int64, err error) { panic("contract") }

// Delete marks up to limit candidates deleted with evidence absent_from_complete_sweep, in one transaction; done when none are left. Safe to repeat after a crash. ErrFenced.
func (w *Sweep) Delete(ctx context.Context, limit int, now time.Time) (deleted int, done bool, err error) {
	panic("contract")
}

// ---- reading

// Position is where a stream stands, for cursors.
type Position struct {
	Epoch, Seq int64
}

func (s *Store) Position(ctx context.Context, sc Scope, entity string) (Position, error) {
	panic("contract")
} // ErrNotFound: no such stream
// Page reads records in seq order. more says that the range goes on.
func (s *Store) Page(ctx context.Context, sc Scope, entity string, r Range) (recs []Record, more bool, err error) {
	panic("contract")
}

// Feed reads changes in seq order, deletes included.
func (s *Store) Feed(ctx context.Context, sc Scope, entity string, r Range) (entries []FeedEntry, more bool, err error) {
	panic("contract")
}

// Get reads one record, deleted ones too. ErrNotFound.
func (s *Store) Get(ctx context.Context, sc Scope, entity string, id uuid.UUID, raw bool) (*Record, error) {
	panic("contract")
}

// SeqBefore gives the highest seq whose change was stored at or before t (0 when none): found by bisection, flat in cost.
func (s *Store) SeqBefore(ctx context.Context, sc Scope, entity string, t time.Time) (int64, error) {
	panic("contract")
}

// ConnectionForWork gives a connection by its id alone: for background work, never for a request.
func (s *Store) ConnectionForWork(ctx context.Context, id string) (*Connection, error) {
	panic("contract")
}

// RequeueInterruptedJobs makes available again what the job engine's table shows as running: embedded mode, at start.
func (s *Store) RequeueInterruptedJobs(ctx context.Context) error { panic("contract") }
