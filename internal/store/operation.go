package store

import (
	"time"

	"github.com/google/uuid"
)

// OperationState is a state of an operation.
type OperationState string

// The states of an operation. One that is still being received is seen by nobody.
const (
	OperationReceiving OperationState = "receiving"
	OperationQueued    OperationState = "queued"
	OperationRunning   OperationState = "running"
	OperationCompleted OperationState = "completed"
	OperationCancelled OperationState = "cancelled"
)

// ItemStatus is what is known of one item.
type ItemStatus string

// The states of an item. Sending is stored before the first byte goes out.
const (
	ItemPending     ItemStatus = "pending"
	ItemSending     ItemStatus = "sending"
	ItemApplied     ItemStatus = "applied"
	ItemRejected    ItemStatus = "rejected"
	ItemUnknown     ItemStatus = "unknown"
	ItemReconciling ItemStatus = "reconciling"
	ItemNeedsHuman  ItemStatus = "needs_human"
	ItemCancelled   ItemStatus = "cancelled"
)

// Final says that nothing happens to the item by itself any more.
func (s ItemStatus) Final() bool {
	return s == ItemApplied || s == ItemRejected || s == ItemNeedsHuman || s == ItemCancelled
}

// Doubtful says that the item may have had an effect that is not known yet: its record takes no other write.
func (s ItemStatus) Doubtful() bool {
	return s == ItemSending || s == ItemUnknown || s == ItemReconciling || s == ItemNeedsHuman
}

// OperationKind tells one write from many.
type OperationKind string

// The kinds of operation.
const (
	OperationSingle OperationKind = "single"
	OperationBatch  OperationKind = "batch"
)

// What a batch may be told.
const (
	BestEffort = "best_effort"
	AllOrNone  = "all_or_none"
	OnErrorGo  = "continue"
	OnErrorEnd = "stop"
)

// Operation is one write, or one batch of writes, of one entity.
type Operation struct {
	scope      Scope
	stream     int64
	leaseEpoch int64

	ID              string
	Entity          string
	Kind            OperationKind
	State           OperationState
	Mode, OnError   string
	ChunkSize       int
	ChunkDelay      time.Duration
	Strict          bool
	Total           int64
	Counts          ItemCounts
	CreatedAt       time.Time
	StartedAt       time.Time
	FinishedAt      time.Time
	DueAt           time.Time // when somebody should look next; zero: nothing is left to do
	CancelRequested bool
	Caller          string // id of the token or key
	Request         string // id of the request
	ReasonCode      string // why it waits, or was cancelled
	ReasonDetail    string
	LeaseUntil      time.Time
}

func (o *Operation) key() OperationKey { return OperationKey{o.scope.no, o.ID} }

// Scope allows calls on its connection.
func (o *Operation) Scope() Scope { return o.scope }

// ItemCounts counts an operation's items by status. Their sum is the operation's total.
type ItemCounts struct {
	Pending     int64 `json:"pending"`
	Sending     int64 `json:"sending"`
	Applied     int64 `json:"applied"`
	Rejected    int64 `json:"rejected"`
	Unknown     int64 `json:"unknown"`
	Reconciling int64 `json:"reconciling"`
	NeedsHuman  int64 `json:"needs_human"`
	Cancelled   int64 `json:"cancelled"`
}

// Sum is how many items there are.
func (c ItemCounts) Sum() int64 {
	return c.Pending + c.Sending + c.Applied + c.Rejected + c.Unknown + c.Reconciling + c.NeedsHuman + c.Cancelled
}

// Open is how many items are not final.
func (c ItemCounts) Open() int64 { return c.Pending + c.Sending + c.Unknown + c.Reconciling }

// Item is one write of an operation.
type Item struct {
	N         int64 // from 0, in the order given
	ClientRef string
	Op        string    // create, update, delete
	Record    uuid.UUID // our id; zero while it is not known
	RemoteID  string
	Status    ItemStatus
	Data      []byte // as given: a JSON object of wire names; empty for a deletion
	IfMatch   string
	Mark      string // what tells this item's effect in the system from any other
	Version   string // of the record, once applied
	Wanted    []byte // of one that was sent: what the record shows when it had its effect, and Data alone would not tell
	Job       []byte // the system's own job that does what was sent, as a JSON object of whoever sends; empty: none
	Error     []byte // a problem document without instance and request_id; empty: none
	Warnings  []byte // a JSON list of problem.Item; empty: none
	Attempts  int    // calls that may have had an effect
	Looks     int    // searches since the last attempt
	SentAt    time.Time
	DueAt     time.Time // not before; zero: at once
	UpdatedAt time.Time
}

// AttemptKind is what somebody did about an item.
type AttemptKind string

// The kinds of attempt.
const (
	AttemptSend     AttemptKind = "send"
	AttemptLook     AttemptKind = "look"     // for what became of a send
	AttemptDecision AttemptKind = "decision" // by a person
)

// LastAttempt as Number of a move's attempt stands for the latest line: its end is noted there, what was noted at its beginning stays.
const LastAttempt = -1

// Attempt is a line of an item's ledger.
type Attempt struct {
	Number       int // from 1
	Kind         AttemptKind
	StartedAt    time.Time
	EndedAt      time.Time // zero: not ended, or its end was never learnt
	Outcome      string
	Sent, Answer string // redacted and cut
	Detail       string
}

// ItemMove is one step of an item. Zero fields leave what is stored, but DueAt and those that the new status rules out.
type ItemMove struct {
	From     []ItemStatus // the item is in one of these; else ErrConflict
	To       ItemStatus
	Record   uuid.UUID
	RemoteID string
	Version  string
	Error    []byte // kept only when To is rejected, unknown, reconciling, needs_human, cancelled or (why it waits) pending
	Warnings []byte
	Wanted   []byte // what is sent asks for; what an item has already stays
	Untaken  bool   // nothing of it had an effect: Wanted is forgotten
	Job      []byte // the system does it by this job; a later step of the write, or sending it again, forgets it
	JobOver  bool   // the job tells nothing more: it is forgotten, and Looks begins anew
	Sent     bool   // counts an attempt, sets SentAt, clears Looks
	Look     bool   // counts a look
	DueAt    time.Time

	// Attempt is added to the ledger; with Number given it replaces the line of that number. nil: none.
	Attempt *Attempt
	// Lock takes the record for this write until the item is not Doubtful any more; ErrBusy where another write has it.
	Lock bool
}
