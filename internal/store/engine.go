package store

import (
	"context"
	"database/sql"
	"errors"
	"net/netip"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Engine is an open database and what a dialect brings to it. A commit of the writer gives an error only where nothing is stored, or where it says that nobody can tell.
type Engine struct {
	Writer, Reader *sql.DB
	Bulk           Bulk
	// KeepsStatements says that the driver itself prepares what it is given, once a connection.
	KeepsStatements bool
	Explain         func(error) error // names the engine's errors by this package's facts
	Release         func() error      // after the pools are closed
	// Scrub leaves nothing of what was deleted in the files; false: not now. nil where the database's own tasks do so.
	Scrub func(ctx context.Context) (done bool, err error)

	// Shared is what a database that many processes use at once brings besides; nil where one process has it to itself.
	Shared *Shared
}

// Shared is what a dialect brings that serves many processes at once.
type Shared struct {
	Listener *pgxpool.Pool // for the job engine's notifications
	// Retry says that a transaction failed in a way that leaves nothing behind and may go well when all of it is done again.
	Retry func(error) bool
	// Away says that the database did not answer, or could not do now what it may do later; something may be stored.
	Away func(error) bool
	// Alone runs fn while no other process runs one: for what may happen once only, such as making the tables or the first key.
	Alone func(ctx context.Context, fn func(ctx context.Context) error) error
	// Turn says whether it is the transaction's turn to look at the schedule; false: another process's transaction does.
	Turn func(ctx context.Context, tx *sql.Tx) (bool, error)
	// Now is the database's clock.
	Now func(ctx context.Context) (time.Time, error)
	// Server names the line of history that commits go to; another one may lack commits of the one before.
	Server func(ctx context.Context) (string, error)
	// Moved says that the transaction is on another line of history than the one that is stored as the deployment's (none is: false).
	Moved func(ctx context.Context, tx *sql.Tx) (bool, error)
	// Budget gives the budget of a connection and the database's clock at one look; sql.ErrNoRows: it has none yet.
	Budget func(ctx context.Context, connectionID string) (connection int64, state string, now time.Time, err error)
	// SwapBudget stores a budget's state if it is as it was, and does not wait until that is on the disk; n is how many were changed.
	SwapBudget func(ctx context.Context, state string, connection int64, was string) (n int64, err error)
	// Wire takes to the other processes what has changed.
	Wire Wire
	// Serves says that a server of the database was looked for at this address.
	Serves func(netip.AddrPort) bool
}

// Bulk is the set-based part of a dialect: statements over many rows of one stream.
type Bulk interface {
	// Heads calls each with every head that exists, in any order. tx may be nil.
	Heads(ctx context.Context, tx *sql.Tx, k StreamKey, ids []uuid.UUID, each func(HeadRow)) error
	// Raws calls each with the raw body at every seq that exists, in any order. raw is valid during the call only.
	Raws(ctx context.Context, k StreamKey, seqs []int64, each func(seq int64, raw []byte)) error
	InsertBodies(ctx context.Context, tx *sql.Tx, k StreamKey, c Commit, rows []BodyRow) error
	DeleteBodies(ctx context.Context, tx *sql.Tx, k StreamKey, seqs []int64) error
	PutHeads(ctx context.Context, tx *sql.Tx, k StreamKey, rows []HeadRow) error
	// RemoteIDs calls each with every live record that exists, in any order.
	RemoteIDs(ctx context.Context, k StreamKey, ids []uuid.UUID, each func(id uuid.UUID, remoteID string)) error
	// InsertItems inserts pending items: number, reference, op, record, remote id, data, version demanded and mark.
	InsertItems(ctx context.Context, tx *sql.Tx, k OperationKey, at time.Time, items []Item) error
	// FlowKeys calls each with every key that an item of the step has, in any order.
	FlowKeys(ctx context.Context, tx *sql.Tx, k FlowStepKey, keys []string, each func(key string)) error
	// InsertFlowItems inserts pending items of a step: number, key, thread, input and when they are due.
	InsertFlowItems(ctx context.Context, tx *sql.Tx, k FlowStepKey, at time.Time, items []FlowItem) error
	// MoveFlowItems stores the steps of items of a run, whatever step of the flow they are of, that are as the steps say. n is how many were.
	MoveFlowItems(ctx context.Context, tx *sql.Tx, k FlowStepKey, at time.Time, moves []FlowItemMove) (n int64, err error)
	// FlowSeen calls each with the id of every record that the pass has seen as created there, in any order.
	FlowSeen(ctx context.Context, k FlowPassKey, rows []FlowSeenRow, each func(id uuid.UUID)) error
	InsertFlowSeen(ctx context.Context, tx *sql.Tx, k FlowPassKey, rows []FlowSeenRow) error
	InsertLookups(ctx context.Context, tx *sql.Tx, k StreamKey, field string, rows []LookupRow) error
	// DeleteLookups deletes what is known of the field of these records.
	DeleteLookups(ctx context.Context, tx *sql.Tx, k StreamKey, field string, ids []uuid.UUID) error
}

// OperationKey is what every item of an operation begins with.
type OperationKey struct {
	Connection int64
	Operation  string
}

// FlowPassKey is what every row of flow_seen begins with.
type FlowPassKey struct {
	Connection int64
	Flow       string
	Pass       int64
}

// FlowSeenRow is a row of flow_seen.
type FlowSeenRow struct {
	ID         uuid.UUID
	CreatedSeq int64
}

// StreamKey is what every row of a stream begins with.
type StreamKey struct {
	Connection, Stream int64
}

// Commit is what all bodies stored at once have in common.
type Commit struct {
	Epoch int64
	At    time.Time
}

// HeadRow is a row of heads.
type HeadRow struct {
	ID                       uuid.UUID
	RawHash                  [16]byte
	Seq, CreatedSeq          int64
	CreatedAt                time.Time
	Deleted                  bool
	RemoteUpdatedAt, RangeAt time.Time
}

// LookupRow is a row of lookups.
type LookupRow struct {
	Value string
	ID    uuid.UUID
}

// BodyRow is a row of bodies.
type BodyRow struct {
	Commit
	Seq, CreatedSeq int64
	ID              uuid.UUID
	RemoteID        string
	Deleted         bool
	Record, Raw     []byte
}

func (e Engine) wire() Wire {
	if e.Shared == nil {
		return nil
	}
	return e.Shared.Wire
}

func (e Engine) explain(err error) error {
	if err == nil || e.Explain == nil {
		return err
	}
	return e.Explain(err)
}

func (e Engine) close() error {
	err := errors.Join(e.Reader.Close(), e.Writer.Close())
	if e.Release != nil {
		err = errors.Join(err, e.Release())
	}
	return err
}
