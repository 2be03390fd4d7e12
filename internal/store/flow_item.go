package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// FlowItemStatus is what is known of an item of a flow's run.
type FlowItemStatus string

// The states of an item. What waits for something is running.
const (
	FlowItemPending   FlowItemStatus = "pending"
	FlowItemRunning   FlowItemStatus = "running"
	FlowItemOK        FlowItemStatus = "ok"
	FlowItemFailed    FlowItemStatus = "failed"
	FlowItemSkipped   FlowItemStatus = "skipped"
	FlowItemCancelled FlowItemStatus = "cancelled"
)

// Final says that nothing happens to the item by itself any more.
func (s FlowItemStatus) Final() bool { return s != FlowItemPending && s != FlowItemRunning }

// What an item waits for.
const (
	FlowWaitsOperation = "operation"
	FlowWaitsRequest   = "request"
	FlowWaitsNotify    = "notify"
	FlowWaitsCall      = "call"
	FlowWaitsEach      = "each"
	FlowWaitsTime      = "time"
	FlowWaitsClaim     = "claim"  // another item makes the record of its key
	FlowWaitsRecord    = "record" // what it has made is not in the store yet
)

// FlowStepKey is what every item of a step begins with. The main thread is item 0 of step "".
type FlowStepKey struct{ Flow, Run, Step string }

// FlowItem is one thread of a run: the main thread, or what an each has taken in.
type FlowItem struct {
	Step       string
	N          int64  // from 0, without holes
	Key        string // one of its kind in the step
	Status     FlowItemStatus
	Attempts   int64
	Thread     []byte    // the interpreter's, as JSON; nil: not begun
	Input      []byte    // JSON
	Output     []byte    // JSON
	Error      []byte    // a problem document; nil: none
	DueAt      time.Time // zero: it does not go on by itself
	Waits      string    // what for; "": nothing
	Operation  string    // by which it writes or wrote last, with the item's number and the connection's id
	OperationN int64
	Connection string
	UpdatedAt  time.Time
}

// FlowItemFilter narrows a run's items; zero fields do not filter. Order: by step and number.
type FlowItemFilter struct {
	Step     *string // "" is the main thread
	Statuses []FlowItemStatus
	FromStep string // this item and later ones; without Step
	FromN    int64
	Limit    int
	Bare     bool // without Thread, Input and Output, which may be large
}

// FlowItems lists items of a run.
func (s *Store) FlowItems(ctx context.Context, flow, run string, f FlowItemFilter) ([]FlowItem, error) {
	return flowItems(ctx, s.read, flow, run, f)
}

// FlowItems lists items as the transaction sees them.
func (t *Tx) FlowItems(ctx context.Context, flow, run string, f FlowItemFilter) ([]FlowItem, error) {
	return flowItems(ctx, t.q, flow, run, f)
}

func flowItems(ctx context.Context, q *queries.Queries, flow, run string, f FlowItemFilter) (out []FlowItem, err error) {
	p := queries.FlowItemsParams{Flow: flow, Run: run, FromStep: Storable(f.FromStep), FromN: f.FromN, Whole: 1, MaxRows: atMost(f.Limit)}
	if f.Step != nil {
		p.Whole, p.Step, p.FromStep = 0, Storable(*f.Step), Storable(*f.Step)
	}
	if f.Bare {
		p.Bare = 1
	}
	if len(f.Statuses) == 1 {
		out, err = flowItemsByStatus(ctx, q, p, f.Statuses[0])
	} else {
		p.Statuses = between(f.Statuses)
		var rows []queries.FlowItemsRow
		rows, err = q.FlowItems(ctx, p)
		out = each(rows, func(r queries.FlowItemsRow) FlowItem { return flowItemFrom(queries.FlowItem(r)) })
	}
	if err != nil {
		return nil, fmt.Errorf("list items of run %s: %w", run, err)
	}
	return out, nil
}

// flowItemsByStatus takes no longer for items of a large run that are far behind.
func flowItemsByStatus(ctx context.Context, q *queries.Queries, p queries.FlowItemsParams, status FlowItemStatus) ([]FlowItem, error) {
	rows, err := q.FlowItemsByStatus(ctx, queries.FlowItemsByStatusParams{
		Bare: p.Bare, Flow: p.Flow, Run: p.Run, Status: Storable(string(status)), FromStep: p.FromStep, FromN: p.FromN, Whole: p.Whole, Step: p.Step, MaxRows: p.MaxRows,
	})
	return each(rows, func(r queries.FlowItemsByStatusRow) FlowItem { return flowItemFrom(queries.FlowItem(r)) }), err
}

// between puts commas around all of them.
func between(statuses []FlowItemStatus) string {
	if len(statuses) == 0 {
		return ""
	}
	return "," + strings.Join(each(statuses, func(s FlowItemStatus) string { return Storable(string(s)) }), ",") + ","
}

// RunnableFlowItems lists a run's items that can go on, by step and number.
func (s *Store) RunnableFlowItems(ctx context.Context, flow, run string, now time.Time, limit int) ([]FlowItem, error) {
	rows, err := s.read.RunnableFlowItems(ctx, queries.RunnableFlowItemsParams{Flow: flow, Run: run, Now: queries.At(now), MaxRows: atMost(limit)})
	if err != nil {
		return nil, fmt.Errorf("list what can go on of run %s: %w", run, err)
	}
	return each(rows, flowItemFrom), nil
}

// NextFlowItem gives when the first of a run's items can go on; zero: none does by itself. It is the run's DueAt, when both are looked at and stored in one transaction.
func (t *Tx) NextFlowItem(ctx context.Context, flow, run string) (time.Time, error) {
	times, err := t.q.NextFlowItem(ctx, flow, run)
	if err != nil {
		return time.Time{}, fmt.Errorf("look when run %s goes on: %w", run, err)
	}
	if len(times) == 0 {
		return time.Time{}, nil
	}
	return times[0].Time, nil
}

// FlowItem gives one item. ErrNotFound.
func (s *Store) FlowItem(ctx context.Context, flow, run, step string, n int64) (*FlowItem, error) {
	return getFlowItem(ctx, s.read, flow, run, step, n)
}

// FlowItem gives one item as the transaction sees it. ErrNotFound.
func (t *Tx) FlowItem(ctx context.Context, flow, run, step string, n int64) (*FlowItem, error) {
	return getFlowItem(ctx, t.q, flow, run, step, n)
}

func getFlowItem(ctx context.Context, q *queries.Queries, flow, run, step string, n int64) (*FlowItem, error) {
	row, err := q.FlowItem(ctx, queries.FlowItemParams{Flow: flow, Run: run, Step: Storable(step), N: n})
	if err != nil {
		return nil, fmt.Errorf("item %d of step %q of run %s: %w", n, step, run, orNotFound(err))
	}
	it := flowItemFrom(row)
	return &it, nil
}

// FlowItemOfKey gives the item of a step that has a key. ErrNotFound.
func (t *Tx) FlowItemOfKey(ctx context.Context, k FlowStepKey, key string) (*FlowItem, error) {
	row, err := t.q.FlowItemOfKey(ctx, queries.FlowItemOfKeyParams{Flow: k.Flow, Run: k.Run, Step: Storable(k.Step), ItemKey: FlowKey(key)})
	if err != nil {
		return nil, fmt.Errorf("item %q of step %q of run %s: %w", key, k.Step, k.Run, orNotFound(err))
	}
	it := flowItemFrom(row)
	return &it, nil
}

// FlowStepCounts counts the items of each step of a run, the main thread's as step "".
func (s *Store) FlowStepCounts(ctx context.Context, flow, run string) (map[string]FlowCounts, error) {
	return flowStepCounts(ctx, s.read, flow, run)
}

// FlowStepCounts counts them as the transaction sees them.
func (t *Tx) FlowStepCounts(ctx context.Context, flow, run string) (map[string]FlowCounts, error) {
	return flowStepCounts(ctx, t.q, flow, run)
}

func flowStepCounts(ctx context.Context, q *queries.Queries, flow, run string) (map[string]FlowCounts, error) {
	rows, err := q.FlowItemCounts(ctx, flow, run)
	if err != nil {
		return nil, fmt.Errorf("count the items of run %s: %w", run, err)
	}
	out := map[string]FlowCounts{}
	for _, r := range rows {
		c := out[r.Step]
		c.In += r.Items
		*c.of(FlowItemStatus(r.Status)) += r.Items
		out[r.Step] = c
	}
	return out, nil
}

func flowItemFrom(r queries.FlowItem) FlowItem {
	return FlowItem{
		Step: r.Step, N: r.N, Key: r.ItemKey, Status: FlowItemStatus(r.Status), Attempts: r.Attempts, Thread: bytesOf(r.Thread), Input: bytesOf(r.Input), Output: bytesOf(r.Output),
		Error: bytesOf(r.Error), DueAt: r.DueAt.Time, Waits: r.Waits, Operation: r.Operation, OperationN: r.OperationN, Connection: r.Connection, UpdatedAt: r.UpdatedAt.Time,
	}
}
