package store

import (
	"context"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// Place is where in a project something is: a connection, and an entity of it.
type Place struct {
	ConnectionID, ConnectionName string
	Entity                       string // empty: all of it
}

// CountedConnections counts the connections of a project by state. Those whose data are being deleted are not counted.
func (s *Store) CountedConnections(ctx context.Context, projectID string) (map[ConnectionState]int64, error) {
	rows, err := s.read.ConnectionsByState(ctx, projectID)
	if err != nil {
		return nil, fmt.Errorf("count the connections of project %s: %w", projectID, err)
	}
	by := map[ConnectionState]int64{}
	for _, r := range rows {
		by[ConnectionState(r.State)] = r.Connections
	}
	return by, nil
}

// StateOf is the state of a connection.
type StateOf struct {
	Place
	Code, Detail string
	Since        time.Time
}

// ConnectionsIn lists connections of a project that are in a state, those first that have been there longest.
func (s *Store) ConnectionsIn(ctx context.Context, projectID string, state ConnectionState, limit int) ([]StateOf, error) {
	rows, err := s.read.ConnectionsInState(ctx, projectID, string(state), atMost(limit))
	if err != nil {
		return nil, fmt.Errorf("list the connections of project %s that are %s: %w", projectID, state, err)
	}
	return each(rows, func(r queries.ConnectionsInStateRow) StateOf {
		return StateOf{Place{r.ID, r.Name, ""}, r.StateCode, r.StateDetail, r.StateSinceAt.Time}
	}), nil
}

// StreamOf is a stream of some connection of a project, without its runs.
type StreamOf struct {
	Place
	State  ConnectionState
	Stream Stream // Quarantined is counted up to MostQuarantined
	Run    string // the last that ended
}

// MostQuarantined is how far the records in quarantine of one stream are counted for a look at a whole project.
const MostQuarantined = 1000

// StreamsOfProject lists the streams of a project's connections, up to limit.
func (s *Store) StreamsOfProject(ctx context.Context, projectID string, limit int) ([]StreamOf, error) {
	rows, err := s.read.ProjectStreams(ctx, MostQuarantined, projectID, atMost(limit))
	if err != nil {
		return nil, fmt.Errorf("list the streams of project %s: %w", projectID, err)
	}
	return each(rows, func(r queries.ProjectStreamsRow) StreamOf {
		return StreamOf{Place: Place{r.ID, r.Name, r.Entity}, State: ConnectionState(r.State), Run: r.LastRun, Stream: Stream{
			Entity: r.Entity, Schedule: r.Schedule, Paused: bool(r.Paused), NextRunAt: r.NextRunAt.Time, LastSuccessAt: r.LastSuccessAt.Time,
			Failures: int(r.Failures), ErrorCode: r.ErrorCode, ErrorDetail: r.ErrorDetail, Live: r.LiveCount, Quarantined: r.Quarantined,
		}}
	}), nil
}

// Waiting is something of a project that waits for a person.
type Waiting struct {
	Place
	ID    string // of the run or operation
	Count int64  // records or items
	Since time.Time
}

// HeldOfProject lists deletions that wait for a decision, those first that wait longest.
func (s *Store) HeldOfProject(ctx context.Context, projectID string, limit int) ([]Waiting, error) {
	rows, err := s.read.ProjectHeld(ctx, projectID, atMost(limit))
	if err != nil {
		return nil, fmt.Errorf("list the held deletions of project %s: %w", projectID, err)
	}
	return each(rows, func(r queries.ProjectHeldRow) Waiting {
		return Waiting{Place{r.ID, r.Name, r.Entity}, r.Run, r.MissingCount, r.HeldAt.Time}
	}), nil
}

// UndecidedOfProject lists operations with items that need a human, newest first.
func (s *Store) UndecidedOfProject(ctx context.Context, projectID string, limit int) ([]Waiting, error) {
	rows, err := s.read.ProjectUndecided(ctx, projectID, atMost(limit))
	if err != nil {
		return nil, fmt.Errorf("list what project %s has to decide: %w", projectID, err)
	}
	return each(rows, func(r queries.ProjectUndecidedRow) Waiting {
		return Waiting{Place{r.ID, r.Name, r.Entity}, r.Operation, r.NeedsHumanCount, r.FinishedAt.Time}
	}), nil
}

// FailedFlowRun is a run of a flow with failed items.
type FailedFlowRun struct {
	Flow, Title, Run string
	Failed           int64
	CreatedAt        time.Time
	Code, Detail     string
}

// FailedFlowRuns lists runs of a project's flows that began since then and have failed items, newest first.
func (s *Store) FailedFlowRuns(ctx context.Context, projectID string, since time.Time, limit int) ([]FailedFlowRun, error) {
	rows, err := s.read.ProjectFailedFlowRuns(ctx, projectID, queries.At(since), atMost(limit))
	if err != nil {
		return nil, fmt.Errorf("list what failed in the flows of project %s: %w", projectID, err)
	}
	return each(rows, func(r queries.ProjectFailedFlowRunsRow) FailedFlowRun {
		return FailedFlowRun{r.Name, r.Title, r.ID, r.FailedCount, r.CreatedAt.Time, r.ReasonCode, r.ReasonDetail}
	}), nil
}

// RunOf is a run of some connection of a project.
type RunOf struct {
	Place
	Run Run
}

// FailedRuns lists the latest runs of a project that ended since then and failed or were incomplete, newest first.
func (s *Store) FailedRuns(ctx context.Context, projectID string, since time.Time, limit int) ([]RunOf, error) {
	rows, err := s.read.ProjectFailedRuns(ctx, projectID, queries.At(since), atMost(limit))
	if err != nil {
		return nil, fmt.Errorf("list the failed runs of project %s: %w", projectID, err)
	}
	return each(rows, func(r queries.ProjectFailedRunsRow) RunOf {
		return RunOf{Place{r.ConnectionID, r.Name, r.Entity}, *runFrom(Scope{r.Run.Connection, r.ConnectionID}, r.Entity, r.Run)}
	}), nil
}

// OperationOf is an operation of some connection of a project.
type OperationOf struct {
	Place
	Operation Operation
}

// OperationsOfProject lists the operations of all connections of a project.
func (s *Store) OperationsOfProject(ctx context.Context, projectID string, f OperationFilter) ([]OperationOf, error) {
	p := queries.ProjectOperationsParams{
		ProjectID: projectID, Before: Storable(before(f.Before)), Entity: Storable(f.Entity), State: Storable(string(f.State)), Kind: Storable(string(f.Kind)), MaxRows: atMost(f.Limit),
	}
	list := s.read.ProjectOperations
	if f.Failed {
		list = s.failedOperations
	}
	rows, err := list(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("list the operations of project %s: %w", projectID, err)
	}
	return each(rows, func(r queries.ProjectOperationsRow) OperationOf {
		return OperationOf{Place{r.ConnectionID, r.Name, r.Entity}, *operationFrom(Scope{r.Operation.Connection, r.ConnectionID}, r.Entity, r.Operation)}
	}), nil
}

// failedOperations is ProjectOperations of those with failures.
func (s *Store) failedOperations(ctx context.Context, p queries.ProjectOperationsParams) ([]queries.ProjectOperationsRow, error) {
	rows, err := s.read.ProjectFailedOperations(ctx, queries.ProjectFailedOperationsParams(p))
	return each(rows, func(r queries.ProjectFailedOperationsRow) queries.ProjectOperationsRow {
		return queries.ProjectOperationsRow(r)
	}), err
}
