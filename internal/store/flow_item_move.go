package store

import (
	"context"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// FlowItemMove is one step of an item. It is stored as a whole: what is empty is forgotten, but Input nil stays. A final one waits for nothing.
type FlowItemMove struct {
	Step       string
	N          int64
	From, To   FlowItemStatus
	Attempts   int64
	Thread     []byte
	Input      []byte
	Output     []byte
	Error      []byte
	DueAt      time.Time
	Waits      string
	Operation  string
	OperationN int64
	Connection string
}

// Move makes the step of an item that changes nothing but its status.
func (it *FlowItem) Move(to FlowItemStatus) FlowItemMove {
	return FlowItemMove{
		Step: it.Step, N: it.N, From: it.Status, To: to, Attempts: it.Attempts, Thread: it.Thread, Output: it.Output, Error: it.Error, DueAt: it.DueAt, Waits: it.Waits,
		Operation: it.Operation, OperationN: it.OperationN, Connection: it.Connection,
	}
}

// of gives the count of a status.
func (c *FlowCounts) of(s FlowItemStatus) *int64 {
	switch s {
	case FlowItemPending:
		return &c.Pending
	case FlowItemRunning:
		return &c.Running
	case FlowItemOK:
		return &c.OK
	case FlowItemFailed:
		return &c.Failed
	case FlowItemSkipped:
		return &c.Skipped
	case FlowItemCancelled:
		return &c.Cancelled
	}
	panic("no item of a flow is " + string(s))
}

// MoveFlowItems takes a step of many items of a run; r.Counts follow. ErrConflict, which ends the transaction: an item is not as its step says, or is named twice. The caller has the flow's lock.
func (t *Tx) MoveFlowItems(ctx context.Context, r *FlowRun, moves []FlowItemMove, now time.Time) error {
	if len(moves) == 0 {
		return nil
	}
	var by FlowCounts
	rows := make([]FlowItemMove, len(moves))
	for i, m := range moves {
		rows[i] = m.storable()
		if m.Step != "" || r.MainCounts {
			*by.of(m.From)--
			*by.of(m.To)++
		}
	}
	if err := t.countFlowItems(ctx, r, by); err != nil {
		return fmt.Errorf("move %d items of run %s: %w", len(moves), r.ID, err)
	}
	n, err := t.s.engine.Bulk.MoveFlowItems(ctx, t.tx, FlowStepKey{Flow: r.FlowID, Run: r.ID}, now, rows)
	if err == nil && n != int64(len(rows)) {
		err = fmt.Errorf("%d of them are not as they were: %w", int64(len(rows))-n, ErrConflict)
	}
	if err != nil {
		return fmt.Errorf("move %d items of run %s: %w", len(moves), r.ID, err)
	}
	return nil
}

func (m FlowItemMove) storable() FlowItemMove {
	if m.To.Final() {
		m.DueAt, m.Waits = time.Time{}, ""
	}
	m.Step, m.Operation, m.Connection = Storable(m.Step), Storable(m.Operation), Storable(m.Connection)
	m.Thread, m.Output, m.Error = storableBytes(m.Thread), storableBytes(m.Output), storableBytes(m.Error)
	if m.Input != nil {
		m.Input = storableBytes(m.Input)
	}
	m.DueAt = micros(m.DueAt)
	return m
}

// countFlowItems changes the counts of a run, whose lock it takes. ErrConflict: there are not as many, or the run is gone.
func (t *Tx) countFlowItems(ctx context.Context, r *FlowRun, by FlowCounts) error {
	t.changedIn(ThingFlowRuns, r.ProjectID)
	row, err := t.q.LockFlowRun(ctx, r.FlowID, r.ID)
	if err != nil {
		return noRows(err, ErrConflict)
	}
	c := flowCountsFrom(row)
	if c = c.plus(by); !c.balanced() {
		return fmt.Errorf("its items would be %+v: %w", c, ErrConflict)
	}
	row, err = t.q.CountFlowItems(ctx, queries.CountFlowItemsParams{
		Taken: by.In, Pending: by.Pending, Running: by.Running, Ok: by.OK, Failed: by.Failed, Skipped: by.Skipped, Cancelled: by.Cancelled, Flow: r.FlowID, ID: r.ID,
	})
	if err != nil {
		return noRows(err, ErrConflict)
	}
	r.Counts, r.behind = flowCountsFrom(row), row.Change != r.change
	return nil
}

func (c FlowCounts) plus(by FlowCounts) FlowCounts {
	return FlowCounts{
		In: c.In + by.In, Pending: c.Pending + by.Pending, Running: c.Running + by.Running, OK: c.OK + by.OK, Failed: c.Failed + by.Failed, Skipped: c.Skipped + by.Skipped,
		Cancelled: c.Cancelled + by.Cancelled,
	}
}

// balanced says that everything taken in has one status.
func (c FlowCounts) balanced() bool {
	return min(c.Pending, c.Running, c.OK, c.Failed, c.Skipped, c.Cancelled) >= 0 && c.In == c.Pending+c.Running+c.OK+c.Failed+c.Skipped+c.Cancelled
}

// TakeFlowItems takes items into a step, pending, by Key, Input, Thread and DueAt; those whose key is there already are left out, and of two with one key the first is taken. The rest are
// numbered on without holes, and given as they are stored. The caller has the flow's lock. ErrConflict: the run is gone or has ended.
func (t *Tx) TakeFlowItems(ctx context.Context, r *FlowRun, step string, items []FlowItem, now time.Time) ([]FlowItem, error) {
	taken, err := t.takeFlowItems(ctx, r, FlowStepKey{Flow: r.FlowID, Run: r.ID, Step: Storable(step)}, items, now)
	if err != nil {
		return nil, fmt.Errorf("take %d items into step %s of run %s: %w", len(items), step, r.ID, err)
	}
	return taken, nil
}

func (t *Tx) takeFlowItems(ctx context.Context, r *FlowRun, k FlowStepKey, items []FlowItem, now time.Time) ([]FlowItem, error) {
	if k.Step == "" || r.MainCounts {
		return nil, fmt.Errorf("the run has no items but its main thread: %w", ErrConflict)
	}
	row, err := t.q.LockFlowRun(ctx, k.Flow, k.Run)
	if err != nil {
		return nil, noRows(err, ErrConflict)
	}
	if state := FlowRunState(row.State); state.Ended() {
		return nil, fmt.Errorf("the run is %s: %w", state, ErrConflict)
	}
	known := make(map[string]bool, len(items))
	keys := each(items, func(it FlowItem) string { return FlowKey(it.Key) })
	if err := t.s.engine.Bulk.FlowKeys(ctx, t.tx, k, keys, func(key string) { known[key] = true }); err != nil {
		return nil, err
	}
	next, err := t.q.NextFlowItemN(ctx, k.Flow, k.Run, k.Step)
	if err != nil {
		return nil, err
	}
	var taken []FlowItem
	for i, it := range items {
		if known[keys[i]] {
			continue
		}
		known[keys[i]] = true
		taken = append(taken, FlowItem{
			Step: k.Step, N: next + int64(len(taken)), Key: keys[i], Status: FlowItemPending, Thread: storableBytes(it.Thread), Input: storableBytes(it.Input), DueAt: micros(it.DueAt),
			UpdatedAt: micros(now),
		})
	}
	if len(taken) == 0 {
		return nil, nil
	}
	if err := t.countFlowItems(ctx, r, FlowCounts{In: int64(len(taken)), Pending: int64(len(taken))}); err != nil {
		return nil, err
	}
	return taken, t.s.engine.Bulk.InsertFlowItems(ctx, t.tx, k, now, taken)
}

// longestKey is how many bytes of a key are kept as they are.
const longestKey = 400

// FlowKey is an item's key as it is stored: a long one is its beginning and its hash.
func FlowKey(key string) string { return shortened(key, longestKey) }

// CancelFlowItems cancels the items of a step (nil: of all, the main thread too) that are pending, and with begun those that wait for a time, with this error; r.Counts follow. n is how
// many there were. The caller has the flow's lock. ErrConflict: the run is gone.
func (t *Tx) CancelFlowItems(ctx context.Context, r *FlowRun, step *string, begun bool, problem []byte, now time.Time) (n int64, err error) {
	p := queries.CancelFlowItemsParams{Error: string(storableBytes(problem)), UpdatedAt: queries.At(now), Flow: r.FlowID, Run: r.ID, Whole: 1}
	if step != nil {
		p.Whole, p.Step = 0, Storable(*step)
	}
	if _, err := t.q.LockFlowRun(ctx, r.FlowID, r.ID); err != nil {
		return 0, fmt.Errorf("cancel items of run %s: %w", r.ID, noRows(err, ErrConflict))
	}
	var by FlowCounts
	from := []FlowItemStatus{FlowItemPending}
	if begun {
		from = append(from, FlowItemRunning)
	}
	for _, p.Status = range each(from, func(s FlowItemStatus) string { return string(s) }) {
		for p.Main = range int64(2) {
			k, err := t.q.CancelFlowItems(ctx, p)
			if err != nil {
				return 0, fmt.Errorf("cancel items of run %s: %w", r.ID, err)
			}
			if n += k; p.Main == 0 || r.MainCounts {
				*by.of(FlowItemStatus(p.Status)) -= k
				by.Cancelled += k
			}
		}
	}
	if err := t.countFlowItems(ctx, r, by); err != nil {
		return 0, fmt.Errorf("cancel items of run %s: %w", r.ID, err)
	}
	return n, nil
}
