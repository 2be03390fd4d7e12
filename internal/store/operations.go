package store

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
)

// ErrBusy says that another write to the same record is under way or its outcome is not known.
var ErrBusy = errors.New("another write to this record is not over")

// errTodo marks what is not written yet.
var errTodo = errors.New("not written yet")

// NewOperation is an operation to be inserted. Its items follow with InsertItems.
type NewOperation struct {
	ID, Entity    string
	Kind          OperationKind
	Mode, OnError string
	ChunkSize     int
	ChunkDelay    time.Duration
	Strict        bool
	Caller        string
	Request       string
}

// InsertOperation begins an operation in state receiving. ErrNotFound: the connection has no such stream. ErrConflict: it is disconnected.
func (t *Tx) InsertOperation(ctx context.Context, sc Scope, n NewOperation, now time.Time) (*Operation, error) {
	return nil, errTodo
}

// InsertItems adds items, numbered as they are, to an operation that is being received; they are pending.
func (t *Tx) InsertItems(ctx context.Context, o *Operation, items []Item, now time.Time) error {
	return errTodo
}

// QueueOperation ends receiving: total, counts and DueAt are set, state is queued. ErrNotFound: it is gone.
func (t *Tx) QueueOperation(ctx context.Context, o *Operation, now time.Time) error { return errTodo }

// DropReceiving deletes, in steps of limit rows, operations that have been receiving since before then: whoever sent them went away.
func (s *Store) DropReceiving(ctx context.Context, before time.Time, limit int) (more bool, err error) {
	return false, errTodo
}

// Operation gives an operation that is not being received. ErrNotFound.
func (s *Store) Operation(ctx context.Context, sc Scope, id string) (*Operation, error) {
	return nil, errTodo
}

// OperationFilter narrows a list; zero fields do not filter. Order: newest first by id (UUIDv7).
type OperationFilter struct {
	Before string // id: only older ones
	Entity string
	State  OperationState
	Kind   OperationKind
	Failed bool // only those with rejected, unknown, reconciling or needs_human items
	Limit  int
}

// Operations lists operations.
func (s *Store) Operations(ctx context.Context, sc Scope, f OperationFilter) ([]Operation, error) {
	return nil, errTodo
}

// ItemFilter narrows an operation's items; zero fields do not filter. Order: by N.
type ItemFilter struct {
	From     int64 // N: this one and later ones
	Statuses []ItemStatus
	Due      time.Time // only those whose DueAt is not after it; zero: all
	Limit    int
}

// Items lists items of an operation.
func (s *Store) Items(ctx context.Context, o *Operation, f ItemFilter) ([]Item, error) {
	return nil, errTodo
}

// Item gives one item. ErrNotFound.
func (s *Store) Item(ctx context.Context, o *Operation, n int64) (*Item, error) { return nil, errTodo }

// Attempts gives the ledger of an item, in order.
func (s *Store) Attempts(ctx context.Context, o *Operation, n int64) ([]Attempt, error) {
	return nil, errTodo
}

// RunnableOperations lists operations of a connection that are due and whose lease is free or over: single ones first, then those that were worked on longest ago.
func (s *Store) RunnableOperations(ctx context.Context, sc Scope, now time.Time, limit int) ([]Operation, error) {
	return nil, errTodo
}

// RunnableOperations in the caller's transaction.
func (t *Tx) RunnableOperations(ctx context.Context, sc Scope, now time.Time, limit int) ([]Operation, error) {
	return nil, errTodo
}

// OperationBacklog lists connections with runnable operations, those that waited longest first. Connections that cannot be written to now are left out.
func (s *Store) OperationBacklog(ctx context.Context, now time.Time, limit int) ([]Scope, error) {
	return nil, errTodo
}

// AcquireOperation takes the lease, raising its fence: queued becomes running. In the same transaction every item in sending, which the holder before
// left there, becomes unknown, and one in reconciling too. ErrConflict: somebody else has it, it is not due, or it has ended.
func (s *Store) AcquireOperation(ctx context.Context, o *Operation, owner string, until, now time.Time) (*Operation, error) {
	return nil, errTodo
}

// AcquireOperation in the caller's transaction: whoever makes an operation may hold it from the start.
func (t *Tx) AcquireOperation(ctx context.Context, o *Operation, owner string, until, now time.Time) (*Operation, error) {
	return nil, errTodo
}

// RenewOperation extends the lease. ErrFenced; ErrCancelled: cancel was requested, the lease is extended all the same.
func (s *Store) RenewOperation(ctx context.Context, o *Operation, until time.Time) error {
	return errTodo
}

// ReleaseOperation frees the lease. With no open items it completes (cancelled, where that was requested and an item was cancelled), FinishedAt is set and DueAt
// cleared; else DueAt is the given time and the reason says why it waits ("" twice: nothing in particular). ErrFenced.
func (s *Store) ReleaseOperation(ctx context.Context, o *Operation, due time.Time, reasonCode, reasonDetail string, now time.Time) error {
	return errTodo
}

// MoveItem takes one step of an item, under the lease's fence: counts follow, a lock is taken or given back, the ledger gets its line. it and o.Counts are
// brought up to date. ErrFenced, ErrConflict, ErrBusy.
func (t *Tx) MoveItem(ctx context.Context, o *Operation, it *Item, m ItemMove, now time.Time) error {
	return errTodo
}

// MoveItem in a transaction of its own.
func (s *Store) MoveItem(ctx context.Context, o *Operation, it *Item, m ItemMove, now time.Time) error {
	return errTodo
}

// DecideItem moves an item that needs a human or is unknown as a person says, without the lease: to applied, or to pending to be sent again. The operation is due at
// once when there is something to do. ErrConflict: the item is in no such state, or somebody works on it just now.
func (t *Tx) DecideItem(ctx context.Context, o *Operation, it *Item, m ItemMove, now time.Time) error {
	return errTodo
}

// CancelOperation notes that a cancel was asked for. Nobody having the lease, its pending items are cancelled by whoever takes it next.
func (t *Tx) CancelOperation(ctx context.Context, sc Scope, id string, now time.Time) (*Operation, error) {
	return nil, errTodo
}

// CancelItems cancels up to limit pending items, in order, under the lease's fence; the error is kept with each. n is how many there were.
func (s *Store) CancelItems(ctx context.Context, o *Operation, problem []byte, limit int, now time.Time) (n int, err error) {
	return 0, errTodo
}

// RetryItems makes rejected and cancelled items pending again, up to limit in a step, and the operation due: those that are known to have had no effect. n is how many there were. ErrConflict: somebody works on the operation.
func (t *Tx) RetryItems(ctx context.Context, o *Operation, limit int, now time.Time) (n int, err error) {
	return 0, errTodo
}

// DoubtRunningOperations makes the pending items of operations that were running unknown: the database fell back behind what it had answered, and nobody can tell which of them went out.
func (t *Tx) DoubtRunningOperations(ctx context.Context, now time.Time) error { return errTodo }

// PurgeOperations deletes, in steps of limit rows, operations that ended before then and hold nothing that waits for a person.
func (s *Store) PurgeOperations(ctx context.Context, before time.Time, limit int) (more bool, err error) {
	return false, errTodo
}

// WrittenRecord is a record as the system shows it after a write, or when it was read by itself.
type WrittenRecord struct {
	Change        // Head is looked up anew
	Gone   string // with a value: the record is gone, and this is the evidence (explicit, not_found)
}

// ApplyRecord stores one record outside a run: a new version with a new seq, nothing when its bytes are what is stored, a deletion when it is gone. It gives the record as stored,
// nil when there is none. ErrNotFound: the connection has no such stream.
func (t *Tx) ApplyRecord(ctx context.Context, sc Scope, entity string, w WrittenRecord, now time.Time) (*Record, error) {
	return nil, errTodo
}

// RecordWithRaw gives a record with its raw body and remote id, deleted ones too. ErrNotFound.
func (s *Store) RecordForWrite(ctx context.Context, sc Scope, entity string, id uuid.UUID) (*RecordForWrite, error) {
	return nil, errTodo
}

// RecordForWrite is a stored record with what a write needs of it.
type RecordForWrite struct {
	Record
	RemoteID string
	Version  string
}

// RemoteIDs gives the remote ids of live records by id; missing ones are left out.
func (s *Store) RemoteIDs(ctx context.Context, sc Scope, entity string, ids []uuid.UUID) (map[uuid.UUID]string, error) {
	return nil, errTodo
}

// KeyOwner is whose idempotency keys are told apart: a connection's or a project's.
type KeyOwner string

// IdempotencyKey is what a request with a key led to.
type IdempotencyKey struct {
	Owner     KeyOwner
	Name      string
	Hash      []byte // of method, path, query and body
	Operation string // of a write
	Status    int    // of the answer; 0: not there yet
	Headers   []byte // JSON object
	Answer    []byte
	CreatedAt time.Time
}

// ClaimKey stores a key that nobody has used; else it gives what is there, and claimed is false.
func (t *Tx) ClaimKey(ctx context.Context, k IdempotencyKey, now time.Time) (found *IdempotencyKey, claimed bool, err error) {
	return nil, false, errTodo
}

// Key gives a key's row. ErrNotFound.
func (s *Store) Key(ctx context.Context, owner KeyOwner, name string) (*IdempotencyKey, error) {
	return nil, errTodo
}

// AnswerKey stores the answer that a key led to.
func (t *Tx) AnswerKey(ctx context.Context, k IdempotencyKey) error { return errTodo }

// FreeKey forgets a key whose request had no effect.
func (t *Tx) FreeKey(ctx context.Context, owner KeyOwner, name string) error { return errTodo }

// FreeKeyOf forgets the key, if any, that led to an operation which had no effect.
func (t *Tx) FreeKeyOf(ctx context.Context, o *Operation) error { return errTodo }

// PurgeKeys deletes up to limit keys made before then.
func (s *Store) PurgeKeys(ctx context.Context, before time.Time, limit int) (more bool, err error) {
	return false, errTodo
}
