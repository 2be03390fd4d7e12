package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/write"
)

// ItemView is one write of an operation as it is served.
type ItemView struct {
	Index     int64          `json:"index" doc:"From 0, in the order given."`
	ClientRef string         `json:"client_ref" doc:"Your own name for the item; empty when none was given."`
	Op        string         `json:"op" enum:"create,update,delete"`
	Status    string         `json:"status" enum:"pending,sending,applied,rejected,unknown,reconciling,needs_human,cancelled"`
	ID        *string        `json:"id" doc:"Our id of the record; null while it is not known."`
	RemoteID  *string        `json:"remote_id" doc:"The system's own key of the record."`
	Version   *string        `json:"version" doc:"Of the record, once applied."`
	Error     keptProblem    `json:"error" doc:"Why it was rejected or waits; a problem without instance and request_id. Pointers lead into the item's data."`
	Warnings  []problem.Item `json:"warnings" doc:"What the system, or the check, left out of what was asked."`
	Attempts  int            `json:"attempts" doc:"Calls of the system that may have had an effect."`
	SentAt    *time.Time     `json:"sent_at" doc:"The last of them."`
	DueAt     *time.Time     `json:"due_at" doc:"Not before."`
	UpdatedAt *time.Time     `json:"updated_at"`
}

// keptProblem is a problem document as it is stored.
type keptProblem json.RawMessage

// Schema describes it in the document.
func (keptProblem) Schema(r huma.Registry) *huma.Schema {
	return &huma.Schema{AnyOf: []*huma.Schema{r.Schema(typeOf[problem.Body](), true, "KeptProblem"), {Type: "null"}}}
}

// MarshalJSON writes it, null when there is none.
func (k keptProblem) MarshalJSON() ([]byte, error) {
	if len(k) == 0 {
		return []byte("null"), nil
	}
	return k, nil
}

func viewItem(it store.Item) ItemView {
	v := ItemView{
		Index: it.N, ClientRef: it.ClientRef, Op: it.Op, Status: string(it.Status), RemoteID: text(it.RemoteID), Version: text(it.Version), Error: keptProblem(it.Error),
		Warnings: []problem.Item{}, Attempts: it.Attempts, SentAt: moment(it.SentAt), DueAt: moment(it.DueAt), UpdatedAt: moment(it.UpdatedAt),
	}
	if it.Record != uuid.Nil {
		v.ID = text(it.Record.String())
	}
	if len(it.Warnings) > 0 {
		_ = json.Unmarshal(it.Warnings, &v.Warnings) // our own text
	}
	return v
}

// itemDetail is an item with what was asked and all that was done about it.
type itemDetail struct {
	ItemView
	Data    object        `json:"data" doc:"The fields as they were given; {} of a deletion."`
	IfMatch string        `json:"if_match"`
	Mark    string        `json:"mark" doc:"What tells its effect in the system from any other, where the system keeps such a mark."`
	Ledger  []attemptView `json:"ledger" doc:"What was done about it, in order."`
}

// attemptView is a line of an item's ledger.
type attemptView struct {
	Number    int        `json:"number"`
	Kind      string     `json:"kind" enum:"send,look,decision" doc:"send: a call that may have had an effect. look: for what became of it. decision: a person's."`
	StartedAt *time.Time `json:"started_at"`
	EndedAt   *time.Time `json:"ended_at" doc:"null: it has not ended, or its end was never learnt."`
	Outcome   string     `json:"outcome"`
	Sent      string     `json:"sent" doc:"What went out, without secrets and cut short."`
	Answer    string     `json:"answer" doc:"What came back, without secrets and cut short."`
	Detail    string     `json:"detail"`
}

func viewAttempt(a store.Attempt) attemptView {
	return attemptView{a.Number, string(a.Kind), moment(a.StartedAt), moment(a.EndedAt), a.Outcome, a.Sent, a.Answer, a.Detail}
}

// statusFailed stands for the statuses of items that somebody should look at.
const statusFailed = "failed"

// StatusInput narrows the items of an operation.
type StatusInput struct {
	Status []string `query:"status" enum:"failed,pending,sending,applied,rejected,unknown,reconciling,needs_human,cancelled" doc:"Only items of these; several separated by commas. failed: rejected, needs_human and unknown." example:"failed"`
}

// statuses gives the statuses that are asked for, each once; none for all.
func (in StatusInput) statuses() []store.ItemStatus {
	var out []store.ItemStatus
	for _, word := range in.Status {
		if word == statusFailed {
			out = append(out, store.ItemRejected, store.ItemNeedsHuman, store.ItemUnknown)
		} else {
			out = append(out, store.ItemStatus(word))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

type itemsInput struct {
	ID string `path:"id" doc:"The operation."`
	StatusInput
	PageInput
}

// ItemPath names an item.
type ItemPath struct {
	ID string `path:"id" doc:"The operation."`
	N  int64  `path:"n" minimum:"0" doc:"The item's index."`
}

type resolveInput struct {
	ItemPath
	Body decision
}

type decision struct {
	Outcome  string `json:"outcome" enum:"happened,not_happened" doc:"happened: the write had its effect. not_happened: it had none, and is sent again."`
	RemoteID string `json:"remote_id,omitempty" maxLength:"1000" doc:"happened, of a create: the system's own key of the record that came of it." example:"PO-4711"`
}

func (s *server) registerItems() {
	register(s, access{dataPlane, eitherScope}, huma.Operation{
		OperationID: "list-operation-items", Method: http.MethodGet, Path: "/v1/operations/{id}/items", Tags: []string{tagOperations},
		Summary: "List the items of an operation: what became of each", Description: "In the order in which they were given. GET …/items.csv gives them as a table.",
	}, s.listItems)
	register(s, access{dataPlane, eitherScope}, s.csvOperation(), s.itemsCSV)
	register(s, access{dataPlane, eitherScope}, huma.Operation{
		OperationID: "get-operation-item", Method: http.MethodGet, Path: "/v1/operations/{id}/items/{n}", Tags: []string{tagOperations},
		Summary: "Get an item with its ledger: each attempt, what was sent and what came back",
	}, s.getItem)
	register(s, access{dataPlane, connection.ScopeWrite}, huma.Operation{
		OperationID: "resolve-operation-item", Method: http.MethodPost, Path: "/v1/operations/{id}/items/{n}/resolve", Tags: []string{tagOperations},
		Summary:     "Decide about an item whose outcome nobody could find out",
		RequestBody: example(map[string]any{"outcome": "happened", "remote_id": "PO-4711"}),
		Description: "Look in the system first. happened: the item is applied, and its record is read. not_happened: it is sent again. For items that need a human, or whose outcome is unknown.",
	}, s.resolveItem)
}

func (s *server) listItems(ctx context.Context, in *itemsInput) (*page[ItemView], error) {
	o, err := s.operation(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	statuses := in.statuses()
	at := place{kind: idCursor, owner: callerOf(ctx).connection.ID, subject: "items/" + o.ID, filters: fmt.Sprintf("status=%v", statuses)}
	var from position
	if in.Cursor != "" {
		if from, err = s.open(at, in.Cursor); err != nil {
			return nil, err
		}
	}
	items, err := s.Store.Items(ctx, o, store.ItemFilter{From: from.seq, Statuses: statuses, Limit: in.Limit + 1, Bare: true})
	if err != nil {
		return nil, fmt.Errorf("read the items of an operation: %w", err)
	}
	return pageOf(s, at, in.Limit, items, viewItem, func(shown []store.Item) position { return position{seq: shown[len(shown)-1].N + 1} }), nil
}

// item finds an item of an operation of the caller's connection.
func (s *server) item(ctx context.Context, id string, n int64) (*store.Operation, *store.Item, error) {
	o, err := s.operation(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	it, err := s.Store.Item(ctx, o, n)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil, problem.Newf(problem.NotFound, "The operation has no item %d; it has %d, from 0 on.", n, o.Total)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read an item: %w", err)
	}
	return o, it, nil
}

func (s *server) getItem(ctx context.Context, in *ItemPath) (*one[itemDetail], error) {
	o, it, err := s.item(ctx, in.ID, in.N)
	if err != nil {
		return nil, err
	}
	return s.detail(ctx, o, it)
}

func (s *server) detail(ctx context.Context, o *store.Operation, it *store.Item) (*one[itemDetail], error) {
	ledger, err := s.Store.Attempts(ctx, o, it.N)
	if err != nil {
		return nil, fmt.Errorf("read the ledger of an item: %w", err)
	}
	d := itemDetail{ItemView: viewItem(*it), Data: object(it.Data), IfMatch: it.IfMatch, Mark: it.Mark, Ledger: make([]attemptView, len(ledger))}
	for i, a := range ledger {
		d.Ledger[i] = viewAttempt(a)
	}
	return &one[itemDetail]{d}, nil
}

func (s *server) resolveItem(ctx context.Context, in *resolveInput) (*one[itemDetail], error) {
	o, _, err := s.item(ctx, in.ID, in.N)
	if err != nil {
		return nil, err
	}
	who := callerOf(ctx)
	it, err := s.Writes.Resolve(ctx, who.connection, o.ID, in.N, write.Decision{Happened: in.Body.Outcome == "happened", RemoteID: in.Body.RemoteID, By: who.id()})
	if err != nil {
		return nil, err
	}
	return s.detail(ctx, o, it)
}
