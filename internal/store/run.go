package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// Mode is how a run reads.
type Mode string

// The modes, weakest first: a stronger one covers a weaker one.
const (
	Incremental Mode = "incremental"
	Full        Mode = "full"
	Reset       Mode = "reset"
)

// covers says that a run of mode m does what one of mode other would do.
func (m Mode) covers(other Mode) bool { return m.rank() >= other.rank() }

func (m Mode) rank() int {
	switch m {
	case Incremental:
		return 1
	case Full:
		return 2
	case Reset:
		return 3
	}
	return 0
}

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

// Counts are the tallies of a run. Fetched = Unchanged + Created + Updated + Quarantined, once the run has ended, but for stored records that a changed
// mapping mapped anew: they count as updated or quarantined and were not fetched.
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
	Trigger                            Trigger
	State                              RunState
	Counts                             Counts
	Expected                           int64 // what the source says it has for this run; -1 unknown
	RequestedAt, StartedAt, FinishedAt time.Time
	RetryAt                            time.Time       // queued: not before
	Attempt                            int             // how often it left the queue
	Since                              time.Time       // lower bound on the source's clock; zero: everything
	HistoryFrom                        time.Time       // lower bound of the history field; zero: everything
	StartSeq                           int64           // the stream's seq when the run began
	Checkpoint                         json.RawMessage // the engine's: where to go on; nil at the start
	CancelRequested                    bool
	ReasonCode, ReasonDetail           string // incomplete, failed

	Took SeqRange // what the latest ApplyPage stored

	scope      Scope
	stream     int64
	leaseEpoch int64
}

// SeqRange are the seqs that one transaction took: from First to Last, none when Last is 0.
type SeqRange struct{ First, Last int64 }

// key is the stream of a run.
func (r *Run) key() StreamKey { return StreamKey{Connection: r.scope.no, Stream: r.stream} }

// fence is what must still hold of the run's row for its holder to write.
func (r *Run) fence() queries.FenceRunParams {
	return queries.FenceRunParams{Connection: r.scope.no, ID: r.ID, LeaseEpoch: r.leaseEpoch, Pages: r.Counts.Pages}
}

// RunFilter narrows a list of runs; zero fields do not filter. Newest first by id (UUIDv7).
type RunFilter struct {
	Before, Entity string
	State          RunState
	Limit          int
}

// Run gives a run of a connection. ErrNotFound.
func (s *Store) Run(ctx context.Context, sc Scope, id string) (*Run, error) {
	return getRun(ctx, s.read, sc, id)
}

// Run gives a run as the transaction sees it. ErrNotFound.
func (t *Tx) Run(ctx context.Context, sc Scope, id string) (*Run, error) {
	return getRun(ctx, t.q, sc, id)
}

// Runs lists a connection's runs.
func (s *Store) Runs(ctx context.Context, sc Scope, f RunFilter) ([]Run, error) {
	rows, err := s.read.Runs(ctx, queries.RunsParams{
		Connection: sc.no, Before: before(f.Before), Entity: f.Entity, State: string(f.State), MaxRows: atMost(f.Limit),
	})
	return each(rows, func(r queries.RunsRow) Run { return *runFrom(sc, r.Entity, r.Run) }), err
}

// CancelRun cancels a queued run at once and marks a running one; an ended run is left as it is. Gives the run as it is then. ErrNotFound.
func (t *Tx) CancelRun(ctx context.Context, sc Scope, id string, now time.Time) (*Run, error) {
	t.changedRuns(sc)
	n, err := t.q.CancelRun(ctx, queries.At(now), sc.no, id)
	if err != nil {
		return nil, fmt.Errorf("cancel run %s: %w", id, err)
	}
	t.tallyRuns(sc.no, RunCancelled, n, now)
	if n > 0 {
		err = t.q.DeleteSeen(ctx, sc.no, id)
	} else {
		err = t.q.AskCancelRun(ctx, sc.no, id)
	}
	if err != nil {
		return nil, fmt.Errorf("cancel run %s: %w", id, err)
	}
	return getRun(ctx, t.q, sc, id)
}

func getRun(ctx context.Context, q *queries.Queries, sc Scope, id string) (*Run, error) {
	row, err := q.Run(ctx, sc.no, id)
	if err != nil {
		return nil, orNotFound(err)
	}
	return runFrom(sc, row.Entity, row.Run), nil
}

func runFrom(sc Scope, entity string, r queries.Run) *Run {
	out := &Run{
		ID: r.ID, Entity: entity, Mode: Mode(r.Mode), Trigger: Trigger(r.Cause), State: RunState(r.State), Counts: countsFrom(r), Expected: r.Expected,
		RequestedAt: r.RequestedAt.Time, StartedAt: r.StartedAt.Time, FinishedAt: r.FinishedAt.Time, RetryAt: r.RetryAt.Time,
		Attempt: int(r.Attempt), Since: r.SinceAt.Time, HistoryFrom: r.HistoryFromAt.Time, StartSeq: r.StartSeq,
		CancelRequested: bool(r.CancelRequested), ReasonCode: r.ReasonCode, ReasonDetail: r.ReasonDetail,
		scope: sc, stream: r.Stream, leaseEpoch: r.LeaseEpoch,
	}
	if r.Checkpoint != "" {
		out.Checkpoint = json.RawMessage(r.Checkpoint)
	}
	return out
}

func countsFrom(r queries.Run) Counts {
	return Counts{
		Pages: r.PagesCount, Fetched: r.FetchedCount, Unchanged: r.UnchangedCount, Created: r.CreatedCount, Updated: r.UpdatedCount,
		Deleted: r.DeletedCount, Quarantined: r.QuarantinedCount,
	}
}
