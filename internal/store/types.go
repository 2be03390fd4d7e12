// Package store owns Busbar's data: every table, every SQL statement, and the rules that hold between rows (commit order
// is seq order, one transaction per page, one running run per stream). It is one design with two dialects: store/sqlite and
// store/postgres supply only what differs. It knows no HTTP, no systems and no job engine.
//
// All instants are time.Time in UTC with microsecond precision. Nothing here reads a clock: times are arguments.
package store

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"
)

// Sentinel facts.
var (
	ErrNotFound  = errors.New("not found")
	ErrFenced    = errors.New("the lease was lost")       // another worker has taken the run over
	ErrCancelled = errors.New("the run was cancelled")    //
	ErrConflict  = errors.New("changed in the meanwhile") //
	ErrFull      = errors.New("the disk is full")         //
	ErrInUse     = errors.New("the data directory is in use by another process")
)

// Scope names the one connection that a call may touch. Its fields are unexported: it comes only from a stored
// connection (Connection.Scope), so a handler cannot make one from a path.
type Scope struct {
	no int64
	id string
}

// ConnectionID is the id of the connection of this scope.
func (s Scope) ConnectionID() string { return s.id }

// ConnectionState is a state of api: pending, syncing, active, degraded, unreachable, needs_reauthorization, paused, disconnected.
type ConnectionState string

// The states of a connection.
const (
	ConnectionPending      ConnectionState = "pending"
	ConnectionSyncing      ConnectionState = "syncing"
	ConnectionActive       ConnectionState = "active"
	ConnectionDegraded     ConnectionState = "degraded"
	ConnectionUnreachable  ConnectionState = "unreachable"
	ConnectionNeedsReauth  ConnectionState = "needs_reauthorization"
	ConnectionPaused       ConnectionState = "paused"
	ConnectionDisconnected ConnectionState = "disconnected"
)

// Project is one integrating vendor's application.
type Project struct {
	ID        string
	Name      string
	CreatedAt time.Time
}

// Key is a project key, without its plaintext.
type Key struct {
	ID, ProjectID, Label             string
	Hash                             []byte // keyed hash
	Last4                            string
	CreatedAt                        time.Time
	ExpiresAt, RevokedAt, LastUsedAt time.Time // zero: none
}

// Connection is one customer's instance of a system.
type Connection struct {
	scope                Scope
	ID                   string
	ProjectID            string
	System               string
	Name                 string
	State                ConnectionState
	StateCode            string // stable word for the reason, "" when active
	StateDetail          string // sentence for a person
	StateSince           time.Time
	AuthMethod           string
	Credentials          []byte            // sealed by package secret
	DataKey              []byte            // this connection's key, wrapped by the master key
	Public               map[string]string // credential fields that are not secret (url, database): for display and deep links
	Metadata             json.RawMessage   // the vendor's own object, {} when none
	Tags                 []string
	TimeZone             string
	SystemVersion        string // as probed
	CreatedAt, UpdatedAt time.Time
	LastSuccessAt        time.Time // any sync
	DisconnectedAt       time.Time
	DeletingAt           time.Time // delete-data was asked for
}

// Scope allows calls on this connection.
func (c *Connection) Scope() Scope { return c.scope }

// Token is a connection token, without its plaintext.
type Token struct {
	ID, Label                        string
	Hash                             []byte
	Last4                            string
	Scopes                           []string // read, sync, write
	CreatedAt                        time.Time
	ExpiresAt, RevokedAt, LastUsedAt time.Time // zero: none
}

// Mode is how a run reads.
type Mode string

// The modes, weakest first: a stronger one covers a weaker one.
const (
	Incremental Mode = "incremental"
	Full        Mode = "full"
	Reset       Mode = "reset"
)

// RunState is a state of a sync run.
type RunState string

// The states of a run.
const (
	RunQueued     RunState = "queued"
	RunRunning    RunState = "running"
	RunComplete   RunState = "complete"
	RunIncomplete RunState = "incomplete"
	RunFailed     RunState = "failed"
	RunCancelled  RunState = "cancelled"
)

// Stream is one entity of one connection: the unit that is synced.
type Stream struct {
	Entity                 string
	Epoch                  int64     // in every cursor; raised by reset
	Seq                    int64     // last given out
	CursorAt               time.Time // where the source was left: the source's clock; zero: never completed
	Schedule               string    // "5m", "1h", cron, or "" for manual only
	History                string    // "P90D", "all"
	Paused                 bool
	NextRunAt              time.Time
	LastSuccessAt          time.Time
	LastFullAt             time.Time
	Live, Deleted          int64 // records
	Failures               int   // in a row
	ErrorCode, ErrorDetail string
	LastRun, ActiveRun     *Run // ActiveRun: queued or running
}

// Counts are the tallies of a run.
type Counts struct {
	Pages       int64 `json:"pages"`
	Fetched     int64 `json:"fetched"`
	Unchanged   int64 `json:"unchanged"`
	Created     int64 `json:"created"`
	Updated     int64 `json:"updated"`
	Deleted     int64 `json:"deleted"`
	Quarantined int64 `json:"quarantined"`
}

// Run is one sync of one stream.
type Run struct {
	ID, Entity                         string
	Mode                               Mode
	Trigger                            string // schedule, manual, connect, webhook
	State                              RunState
	Counts                             Counts
	Expected                           int64 // what the source says it has for this run; -1 unknown
	RequestedAt, StartedAt, FinishedAt time.Time
	RetryAt                            time.Time // queued: not before
	Attempt                            int
	Since                              time.Time       // lower bound on the source's clock; zero: everything
	HistoryFrom                        time.Time       // lower bound of the history field; zero: everything
	StartSeq                           int64           // the stream's seq when the run began
	Checkpoint                         json.RawMessage // the engine's: where to go on; nil at the start
	CancelRequested                    bool
	ReasonCode, ReasonDetail           string // incomplete, failed

	scope      Scope
	stream     int64
	leaseEpoch int64
}

// Head is what is known of a record without its body.
type Head struct {
	ID              uuid.UUID
	RawHash         [16]byte
	Seq             int64
	Deleted         bool
	RemoteUpdatedAt time.Time
}

// Change is one record as a page brought it and the engine mapped it, to be stored.
type Change struct {
	ID       uuid.UUID
	RemoteID string
	RawHash  [16]byte
	Raw      []byte
	// Fields is the JSON object of mapped members (entity fields and display_id, display_name, remote_*, custom_fields,
	// url), with its braces; the store adds the envelope (id, version, seq, times ...) in front of them.
	Fields          []byte
	RemoteUpdatedAt time.Time
	RangeAt         time.Time // value of the history field; zero: none
	Head            *Head     // as it was classified against; nil: new
}

// Rehash says that a record's raw bytes differ but its content does not: only the hash is stored.
type Rehash struct {
	ID      uuid.UUID
	RawHash [16]byte
	Raw     []byte
}

// BadRecord is one record that could not be mapped.
type BadRecord struct {
	RemoteID string // may be empty
	Pointer  string // of the member at fault
	Reason   string
	Raw      []byte
}

// PageResult is everything that one transaction stores for one or more fetched pages.
type PageResult struct {
	Changes                   []Change
	Rehashed                  []Rehash
	SeenSeqs                  []int64 // seqs of the heads found unchanged (or rehashed): full sweeps only
	Bad                       []BadRecord
	Pages, Fetched, Unchanged int64
	Expected                  int64 // -1 unknown
	Checkpoint                json.RawMessage
}

// Finish ends a run.
type Finish struct {
	State                    RunState
	ReasonCode, ReasonDetail string
	CursorAt                 time.Time // complete: the new cursor; zero leaves it
	Full                     bool      // complete and full: LastFullAt
	NextRunAt                time.Time // zero: none
	RetryAt                  time.Time // failed with a retry: the run goes back to queued until then
}

// Record is one stored record.
type Record struct {
	Seq     int64
	Deleted bool
	JSON    []byte // the unified record, complete, as served
	Raw     []byte // only when asked for
}

// FeedEntry is one change of a stream.
type FeedEntry struct {
	Seq       int64
	Type      string // created, updated, deleted
	ID        uuid.UUID
	RemoteID  string
	Version   string
	ChangedAt time.Time
	JSON      []byte // the record; only when asked for
}

// Range asks for a page of a stream in seq order.
type Range struct {
	After   int64 // seq
	Limit   int
	Bytes   int  // stop after that many bytes of JSON, at least one record; 0: no budget
	Deleted bool // include deleted records
	Raw     bool
	JSON    bool // feed only: include records
}
