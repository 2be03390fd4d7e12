// Package write owns writes to systems: single ones, dry runs and batches, each with a ledger that never guesses. It knows drivers and connections by their
// interfaces; it knows no HTTP of our own API and no job engine.
//
// What a write may be is package check's; the states of operations and items, and their fences, are package store's. What this package adds is when an item
// moves: sending is stored before the first byte goes out; only a complete, valid answer is definite; everything else is unknown, and is found out by the ladder that
// the manifest declares, or left to a person.
package write

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// Connections is what writes need of package connection.
type Connections interface {
	// Open gives a client for the connection's system.
	Open(ctx context.Context, c *store.Connection) (driver.Client, *manifest.System, error)
	// Report tells how calling the system went (nil: well) and gives the state the connection has now.
	Report(ctx context.Context, c *store.Connection, err error) (store.ConnectionState, error)
}

// Waker asks for a turn of each connection in the lane, at the end of the transaction that gives it something to do.
type Waker interface {
	Wake(ctx context.Context, tx *store.Tx, lane store.Lane, connectionIDs ...string) error
}

// Config is what a Service needs.
type Config struct {
	Store       *store.Store
	Connections Connections
	Mapper      func(system, entity string) *mapping.Mapper // nil where the system does not map the entity
	Systems     *manifest.Registry
	Waker       Waker
	Now         func() time.Time
	Rand        io.Reader // for ids
	Log         *slog.Logger
	Owner       string // this process, unique

	// Ended is told of a batch that has ended or some of whose items have become final, after that is stored; a process that is killed does not come to it. nil: nobody is told.
	Ended func(ctx context.Context, o *store.Operation)
}

// Request is one write, or the dry run of one.
type Request struct {
	Connection *store.Connection
	Entity     string
	Op         manifest.Op
	ID         string          // update, delete: our id of the record
	Data       json.RawMessage // create, update
	IfMatch    string
	Strict     bool
	Key        string // Idempotency-Key; empty: none
	Hash       []byte // of what the key stands for: method, path, query and body
	Caller     string // id of the token or key
	RequestID  string
	Wait       time.Duration   // how long the answer may take; 0: it is not waited for
	Stopping   context.Context // the wait is over when it ends, as when the process stops; nil: never

	// Render gives the answer to a definite outcome (applied, rejected). It is called within the transaction that stores the outcome, and what it gives is stored with the key by
	// AnswerKey: headers is a JSON object. It is quick and reads nothing. nil: none is stored.
	Render func(*Outcome) (status int, headers, body []byte)
}

// Outcome is what is known of a write when its wait is over.
type Outcome struct {
	Operation *store.Operation
	Item      *store.Item   // applied, rejected, or how far it is
	Record    *store.Record // applied: the record as it was stored by the write; nil where it could not be read
	Replayed  bool          // another request with the same key led to it

	// Answer is, of a replay, the key's row: where it has a Status, that answer is given again as it was. It may be nil.
	Answer *store.IdempotencyKey
}

// BatchRequest is a batch without its items.
type BatchRequest struct {
	Connection *store.Connection
	Entity     string
	Mode       string // best_effort, all_or_none
	OnError    string // continue, stop
	ChunkSize  int
	ChunkDelay time.Duration
	Strict     bool
	Key        string
	Hash       func() []byte // of what the key stands for; asked when the last item has come
	Caller     string
	RequestID  string

	// Late brings Mode, OnError, ChunkSize and ChunkDelay up to date: a JSON body may name them behind its items. It is called when the last item has come, before the operation is queued
	// (Operation's fields of these names are stored by QueueOperation). An error is given back as it is, and nothing is kept. nil: they are what they are.
	Late func(*BatchRequest) error

	// Also stores what belongs to the operation, within the transaction that queues it, which may be done again. An error is given back as it is, and nothing is kept. A replay does not come
	// to it. nil: nothing does.
	Also func(ctx context.Context, tx *store.Tx, o *store.Operation) error
}

// BatchItem is one item as it was sent.
type BatchItem struct {
	Op        manifest.Op
	ClientRef string
	ID        string
	IfMatch   string
	Data      json.RawMessage

	// Fault says why this is no item that could be checked: it is stored as rejected, with this error, and never pending. nil: it is one.
	Fault *problem.Error
}

// MaxItems is how many items a batch may have.
const MaxItems = 100_000

// Decision is what a person says about an item whose outcome nobody could find out.
type Decision struct {
	Happened bool   // it had its effect
	RemoteID string // of the record that came of it; a create that happened needs it
	By       string // id of the key or token
}

// Service takes writes. Safe for concurrent use.
type Service struct {
	Config
	lists  wordLists
	inline sync.WaitGroup // writes that go on in this process
}

// NewService gives a Service.
func NewService(c Config) *Service { return &Service{Config: c} }
