package postgres_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/store"
)

// What a create stores takes few round trips: two before it is sent, and four for its result.
func TestRoundTripsOfACreate(t *testing.T) {
	t.Parallel()
	l, url := through(t, migrated(t))
	s := open(t, url)
	sc := connected(t, s).Scope()
	before, behind := int32(1000), int32(1000)
	for i := range 10 { // the first ones also prepare their statements
		c := &create{id: fmt.Sprint("o", i), scope: sc}
		start := l.trips.Load()
		must(t, s.Write(t.Context(), func(tx *store.Tx) error { return c.send(t, tx) }))
		sent := l.trips.Load()
		must(t, s.Write(t.Context(), func(tx *store.Tx) error { return c.settle(t, tx) }))
		before, behind = min(before, sent-start), min(behind, l.trips.Load()-sent)
	}
	if before > 2 || behind > 4 {
		t.Errorf("%d round trips before it is sent, %d for its result", before, behind)
	}
	if at := position(t, s, sc); at.Seq != 10 {
		t.Errorf("the stream is at %d", at.Seq)
	}
}

// Items of one call are stored together: one more costs no round trip.
func TestRoundTripsOfManyItems(t *testing.T) {
	t.Parallel()
	l, url := through(t, migrated(t))
	s := open(t, url)
	sc := connected(t, s).Scope()
	trips := func(items int) (least int32) {
		least = math.MaxInt32
		for i := range 4 { // the first ones also prepare their statements, and news of other processes is told meanwhile
			o := batch(t, s, sc, fmt.Sprint("o", items, i), items)
			start := l.trips.Load()
			must(t, s.Write(t.Context(), func(tx *store.Tx) error { return settleBatch(t, tx, o, items) }))
			least = min(least, l.trips.Load()-start)
		}
		return least
	}
	if few, many := trips(2), trips(50); many > few {
		t.Errorf("%d round trips for 2 items, %d for 50", few, many)
	}
}

// Items of a flow are taken and moved together.
func TestRoundTripsOfFlowItems(t *testing.T) {
	t.Parallel()
	l, url := through(t, migrated(t))
	s := open(t, url)
	once := func(name string, n int) (take, move int32) {
		items := make([]store.FlowItem, n)
		for i := range items {
			items[i].Key = fmt.Sprint(i)
		}
		var r *store.FlowRun
		must(t, s.Write(t.Context(), func(tx *store.Tx) error {
			f, err := tx.PutFlow(t.Context(), store.NewFlow{ID: name, ProjectID: "p", Name: name}, noon)
			must(t, err)
			r, err = tx.InsertFlowRun(t.Context(), store.NewFlowRun{ID: name, Flow: f}, noon)
			return err
		}))
		start := l.trips.Load()
		must(t, s.Write(t.Context(), func(tx *store.Tx) (err error) {
			items, err = tx.TakeFlowItems(t.Context(), r, "each", items, noon)
			return err
		}))
		take, start = l.trips.Load()-start, l.trips.Load()
		moves := make([]store.FlowItemMove, n)
		for i := range moves {
			moves[i] = items[i].Move(store.FlowItemRunning)
		}
		must(t, s.Write(t.Context(), func(tx *store.Tx) error { return tx.MoveFlowItems(t.Context(), r, moves, noon) }))
		return take, l.trips.Load() - start
	}
	trips := func(name string, n int) (take, move int32) {
		take, move = math.MaxInt32, math.MaxInt32
		for i := range 4 { // the first ones also prepare their statements, and news of other processes is told meanwhile
			t, m := once(fmt.Sprint(name, i), n)
			take, move = min(take, t), min(move, m)
		}
		return take, move
	}
	fewTake, fewMove := trips("few", 2)
	if take, move := trips("many", 500); take > fewTake || move > fewMove {
		t.Errorf("%d and %d round trips for 500 items, %d and %d for 2", take, move, fewTake, fewMove)
	} else {
		t.Logf("%d round trips to take items, %d to move them", take, move)
	}
}

// create is the two transactions of one create with a key.
type create struct {
	id    string
	scope store.Scope
	op    *store.Operation
	item  store.Item
}

func (c *create) send(t *testing.T, tx *store.Tx) (err error) {
	key := store.IdempotencyKey{Owner: "c", Name: c.id, Operation: c.id}
	must(t, tx.TakeKey(t.Context(), key, noon, store.ErrConflict))
	c.item = store.Item{Op: "create", Status: store.ItemPending, Data: []byte(`{}`), Mark: c.id}
	c.op, err = tx.InsertHeldOperation(t.Context(), c.scope, store.NewOperation{ID: c.id, Entity: "items"}, c.item, "first", noon.Add(time.Minute), noon)
	must(t, err)
	return tx.MoveItem(t.Context(), c.op, &c.item, store.ItemMove{
		From: []store.ItemStatus{store.ItemPending}, To: store.ItemSending, Sent: true, Attempt: &store.Attempt{Kind: store.AttemptSend, StartedAt: noon},
	}, noon)
}

func (c *create) settle(t *testing.T, tx *store.Tx) error {
	w := shown(c.id)
	_, err := tx.ApplyRecord(t.Context(), c.scope, "items", w, noon)
	must(t, err)
	must(t, tx.MoveItem(t.Context(), c.op, &c.item, applied(w), noon))
	must(t, tx.ReleaseOperation(t.Context(), c.op, time.Time{}, "", "", noon))
	return tx.AnswerKey(t.Context(), store.IdempotencyKey{Owner: "c", Name: c.id, Operation: c.id, Status: 201})
}

// shown is a record as a system shows it.
func shown(remoteID string) store.WrittenRecord {
	return store.WrittenRecord{Change: store.Change{ID: uuid.NewSHA1(uuid.NameSpaceURL, []byte(remoteID)), RemoteID: remoteID, Raw: []byte(`{}`), Fields: []byte(`{}`)}}
}

func applied(w store.WrittenRecord) store.ItemMove {
	return store.ItemMove{
		From: []store.ItemStatus{store.ItemSending}, To: store.ItemApplied, Record: w.ID, RemoteID: w.RemoteID,
		Attempt: &store.Attempt{Kind: store.AttemptSend, Number: store.LastAttempt, EndedAt: noon, Outcome: "applied"},
	}
}

// batch makes an operation of items that are being sent.
func batch(t *testing.T, s *store.Store, sc store.Scope, id string, items int) (o *store.Operation) {
	t.Helper()
	must(t, s.Write(t.Context(), func(tx *store.Tx) (err error) {
		o, err = tx.InsertOperation(t.Context(), sc, store.NewOperation{ID: id, Entity: "items", Kind: store.OperationBatch}, noon)
		must(t, err)
		rows := make([]store.Item, items)
		for i := range rows {
			rows[i] = store.Item{N: int64(i), Op: "create"}
		}
		must(t, tx.InsertItems(t.Context(), o, rows, noon))
		must(t, tx.QueueOperation(t.Context(), o, noon))
		o, err = tx.AcquireOperation(t.Context(), o, "first", noon.Add(time.Minute), noon)
		must(t, err)
		for i := range rows {
			must(t, tx.MoveItem(t.Context(), o, &rows[i], store.ItemMove{From: []store.ItemStatus{store.ItemPending}, To: store.ItemSending, Sent: true}, noon))
		}
		return nil
	}))
	return o
}

func settleBatch(t *testing.T, tx *store.Tx, o *store.Operation, items int) error {
	t.Helper()
	ws := make([]store.WrittenRecord, items)
	for i := range ws {
		ws[i] = shown(fmt.Sprint(o.ID, "/", i))
	}
	_, err := tx.ApplyRecords(t.Context(), o.Scope(), "items", ws, noon)
	must(t, err)
	for i := range ws {
		it := store.Item{N: int64(i), Op: "create", Status: store.ItemSending, Attempts: 1}
		must(t, tx.MoveItem(t.Context(), o, &it, applied(ws[i]), noon))
	}
	return nil
}
