package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/write"
)

// eitherScope is for what those who read and those who write may see.
const eitherScope = connection.ScopeRead + " " + connection.ScopeWrite

// operationView is a write, or a batch of writes, as it is served.
type operationView struct {
	ID              string           `json:"id"`
	Entity          string           `json:"entity" example:"purchase-orders"`
	Kind            string           `json:"kind" enum:"single,batch"`
	State           string           `json:"state" enum:"queued,running,completed,cancelled" doc:"completed: nothing happens by itself any more; see counts for what became of the items."`
	Mode            string           `json:"mode" enum:"best_effort,all_or_none"`
	OnError         string           `json:"on_error" enum:"continue,stop"`
	ChunkSize       int              `json:"chunk_size"`
	ChunkDelay      string           `json:"chunk_delay" example:"PT2S"`
	Strict          bool             `json:"strict"`
	Total           int64            `json:"total" doc:"Items; always the sum of the counts."`
	Counts          store.ItemCounts `json:"counts" doc:"Items by status."`
	Progress        float64          `json:"progress" doc:"Share of the items that are settled, from 0 to 1."`
	PerSecond       *float64         `json:"items_per_second" doc:"Settled a second since it began; null while it does not run."`
	ExpectedAt      *time.Time       `json:"expected_at" doc:"When it ends at this speed; null when that cannot be told."`
	CreatedAt       *time.Time       `json:"created_at"`
	StartedAt       *time.Time       `json:"started_at"`
	FinishedAt      *time.Time       `json:"finished_at"`
	DueAt           *time.Time       `json:"due_at" doc:"When it goes on; null when nothing is left to do."`
	CancelRequested bool             `json:"cancel_requested"`
	Caller          string           `json:"caller" doc:"Id of the token or key that asked for it; flow-run and the run's id where a flow did."`
	RequestID       string           `json:"request_id" doc:"Id of the request that asked for it."`
	Reason          *reason          `json:"reason" doc:"Why it waits, or was cancelled."`
	Item            *ItemView        `json:"item,omitempty" doc:"Of a single write: its item."`
	ConnectionID    string           `json:"connection_id"`
}

func (s *server) viewOperation(o *store.Operation) operationView {
	v := viewOperation(o)
	settled := o.Total - o.Counts.Open()
	if took := s.Now().Sub(o.StartedAt); o.State == store.OperationRunning && !o.StartedAt.IsZero() && took > 0 && settled > 0 && v.Reason == nil {
		rate := float64(settled) / took.Seconds()
		end := s.Now().Add(time.Duration(float64(o.Counts.Open()) / rate * float64(time.Second))).Round(time.Second)
		v.PerSecond, v.ExpectedAt = &rate, moment(end)
	}
	return v
}

func viewOperation(o *store.Operation) operationView {
	v := operationView{
		ID: o.ID, Entity: o.Entity, Kind: string(o.Kind), State: string(o.State), Mode: o.Mode, OnError: o.OnError, ChunkSize: o.ChunkSize,
		ChunkDelay: delayOf(o.ChunkDelay), Strict: o.Strict, Total: o.Total, Counts: o.Counts, CreatedAt: moment(o.CreatedAt), StartedAt: moment(o.StartedAt),
		FinishedAt: moment(o.FinishedAt), DueAt: moment(o.DueAt), CancelRequested: o.CancelRequested, Caller: o.Caller, RequestID: o.Request,
		Reason: reasonOf(o.ReasonCode, o.ReasonDetail), ConnectionID: o.Scope().ConnectionID(),
	}
	if o.Total > 0 {
		v.Progress = float64(o.Total-o.Counts.Open()) / float64(o.Total)
	}
	return v
}

// operationOf is the body of an answer to a single write that has not ended.
func operationOf(o *write.Outcome) []byte {
	v := viewOperation(o.Operation)
	item := viewItem(*o.Item)
	v.Item = &item
	return mustMarshal(v)
}

type operationsInput struct {
	Entity string `query:"entity" doc:"Only operations on this entity." example:"purchase-orders"`
	State  string `query:"state" enum:"queued,running,completed,cancelled" doc:"Only operations in this state."`
	Kind   string `query:"kind" enum:"single,batch" doc:"Only single writes, or only batches."`
	Failed bool   `query:"failed" doc:"true: only operations with items that were rejected, need a decision, or of unknown outcome."`
	PageInput
}

type operationInput struct {
	ID string `path:"id" doc:"The operation."`
}

// operationAnswer is an operation that goes on in the background.
type operationAnswer struct {
	Location string `header:"Location" doc:"Where the operation is."`
	Body     operationView
}

func (s *server) registerOperations() {
	register(s, access{widePlane, eitherScope}, huma.Operation{
		OperationID: "list-operations", Method: http.MethodGet, Path: "/v1/operations", Tags: []string{tagOperations},
		Summary:     "List operations, newest first",
		Description: "Of one connection; of all that the project has where a project key, or a member, names none.",
	}, s.listOperations)
	register(s, access{dataPlane, eitherScope}, huma.Operation{
		OperationID: "get-operation", Method: http.MethodGet, Path: "/v1/operations/{id}", Tags: []string{tagOperations},
		Summary:     "Get an operation: counts, progress, and why it waits",
		Description: "total is always the sum of the counts. Where items need a decision, or their outcome is not known, the operation still completes: look at counts.",
	}, s.getOperationRoute)
	register(s, access{dataPlane, connection.ScopeWrite}, huma.Operation{
		OperationID: "retry-operation", Method: http.MethodPost, Path: "/v1/operations/{id}/retry", Tags: []string{tagOperations}, DefaultStatus: http.StatusAccepted,
		Summary:     "Send again what failed",
		Description: "Items that were rejected or cancelled, which are known to have had no effect, become pending again, in place. Items that could not be read as a write (see their error) stay rejected: send them mended, in a new batch. Items of unknown outcome are never sent again by this. What a run of a flow wrote is sent again by a retry of the run, and not by this.",
	}, s.retryOperation)
	register(s, access{dataPlane, connection.ScopeWrite}, huma.Operation{
		OperationID: "cancel-operation", Method: http.MethodPost, Path: "/v1/operations/{id}/cancel", Tags: []string{tagOperations},
		Summary:     "Cancel what was not sent yet",
		Description: "What is under way ends, and what had its effect stays. An operation that has ended is left as it is.",
	}, s.cancelOperation)
	s.registerItems()
}

func (s *server) listOperations(ctx context.Context, in *operationsInput) (*page[operationView], error) {
	who := callerOf(ctx)
	if in.Entity != "" && s.Model.Entity(in.Entity) == nil {
		return nil, s.unknownEntity(in.Entity)
	}
	at := place{kind: idCursor, owner: who.reach(), subject: "operations",
		filters: fmt.Sprintf("entity=%s&state=%s&kind=%s&failed=%t", in.Entity, in.State, in.Kind, in.Failed)}
	before, err := s.before(at, in.Cursor)
	if err != nil {
		return nil, err
	}
	all, err := s.operationsOf(ctx, who, store.OperationFilter{
		Before: before, Entity: in.Entity, State: store.OperationState(in.State), Kind: store.OperationKind(in.Kind), Failed: in.Failed, Limit: in.Limit + 1,
	})
	if err != nil {
		return nil, fmt.Errorf("read operations: %w", err)
	}
	view := func(o store.Operation) operationView { return s.viewOperation(&o) }
	return pageOf(s, at, in.Limit, all, view, endsAt(func(o store.Operation) string { return o.ID })), nil
}

// reach is the id of what the caller works on: a connection, or the whole project.
func (c caller) reach() string {
	if c.connection != nil {
		return c.connection.ID
	}
	return c.projectID()
}

// operationsOf lists operations of the connection that the caller works on, or of all that the project has.
func (s *server) operationsOf(ctx context.Context, who caller, f store.OperationFilter) ([]store.Operation, error) {
	if who.connection != nil {
		return s.Store.Operations(ctx, who.connection.Scope(), f)
	}
	all, err := s.Store.OperationsOfProject(ctx, who.projectID(), f)
	list := make([]store.Operation, len(all))
	for i, o := range all {
		list[i] = o.Operation
	}
	return list, err
}

// operation finds an operation of the caller's connection.
func (s *server) operation(ctx context.Context, id string) (*store.Operation, error) {
	o, err := s.Store.Operation(ctx, callerOf(ctx).connection.Scope(), id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, problem.Newf(problem.NotFound, "This connection has no operation %s.", quote(id))
	}
	if err != nil {
		return nil, fmt.Errorf("read operation: %w", err)
	}
	return o, nil
}

func (s *server) getOperationRoute(ctx context.Context, in *operationInput) (*one[operationView], error) {
	o, err := s.operation(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return s.oneOperation(ctx, o)
}

// oneOperation shows an operation, a single one with its item.
func (s *server) oneOperation(ctx context.Context, o *store.Operation) (*one[operationView], error) {
	v := s.viewOperation(o)
	if o.Kind == store.OperationSingle {
		it, err := s.Store.Item(ctx, o, 0)
		if err != nil {
			return nil, fmt.Errorf("read the item of an operation: %w", err)
		}
		item := viewItem(*it)
		v.Item = &item
	}
	return &one[operationView]{v}, nil
}

func (s *server) cancelOperation(ctx context.Context, in *operationInput) (*one[operationView], error) {
	if _, err := s.operation(ctx, in.ID); err != nil {
		return nil, err
	}
	o, err := s.Writes.Cancel(ctx, callerOf(ctx).connection, in.ID)
	if err != nil {
		return nil, err
	}
	return s.oneOperation(ctx, o)
}

func (s *server) retryOperation(ctx context.Context, in *operationInput) (*operationAnswer, error) {
	if _, err := s.operation(ctx, in.ID); err != nil {
		return nil, err
	}
	o, err := s.Writes.Retry(ctx, callerOf(ctx).connection, in.ID)
	if err != nil {
		return nil, err
	}
	v, err := s.oneOperation(ctx, o)
	if err != nil {
		return nil, err
	}
	return &operationAnswer{Location: operationPath(o.ID), Body: v.Body}, nil
}
