package write

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/lease"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// single is one write of a caller, who waits for it or not. Its operation is made when its first byte goes out: until then it is known that it had no effect, and nothing needs to be kept.
type single struct {
	*Service
	request Request
	target  *target
	id      uuid.UUID
	item    *store.Item
	outcome Outcome // of the last transaction that made the item final
	turn    turnstile
	made    chan struct{} // closed when the operation is stored, right before its first byte
	done    chan error
}

// turnstile decides between a wait that ends and a first byte that goes out: the first to come through wins.
type turnstile struct {
	mu           sync.Mutex
	sent, closed bool
}

// pass says that the write may be sent.
func (t *turnstile) pass() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sent = !t.closed
	return t.sent
}

// shut says that it was not sent yet, and will not be.
func (t *turnstile) shut() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = !t.sent
	return t.closed
}

// errWaitOver says that the wait was over before it was the write's turn.
var errWaitOver = errors.New("the wait was over before it was the write's turn")

func (w *single) write(ctx context.Context) (*Outcome, error) {
	v, err := w.target.judgeFirst(ctx, w.request, w.item)
	if err == nil && v.Problem != nil {
		err = v.Problem
	}
	if err != nil || v.Nothing {
		defer w.target.close()
		return w.unneeded(v), err
	}
	if w.request.Wait <= 0 {
		defer w.target.close()
		return w.queue(ctx)
	}
	w.made, w.done = make(chan struct{}), make(chan error, 1)
	w.inline.Go(func() {
		defer w.target.close()
		w.done <- w.run(context.WithoutCancel(ctx), v)
	})
	return w.wait(ctx)
}

// unneeded is the outcome of a write that asks for what is there already; nil for any other.
func (w *single) unneeded(v judged) *Outcome {
	if !v.Nothing || v.Problem != nil {
		return nil
	}
	it := &store.Item{Op: string(w.request.Op), Status: store.ItemApplied, Record: w.item.Record, RemoteID: v.current.RemoteID, Version: v.current.Version}
	if len(v.Warnings) > 0 {
		it.Warnings = members(v.Warnings)
	}
	return &Outcome{Record: &store.Record{JSON: string(v.current.JSON)}, Item: it}
}

// wait waits for the end as long as the caller may. A write that was not sent by then is not sent any more.
func (w *single) wait(ctx context.Context) (*Outcome, error) {
	timer := time.NewTimer(w.request.Wait)
	defer timer.Stop()
	var stopping <-chan struct{}
	if w.request.Stopping != nil {
		stopping = w.request.Stopping.Done()
	}
	select {
	case err := <-w.done:
		return w.ended(err)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-timer.C:
	case <-stopping:
	}
	if w.turn.shut() {
		return nil, errorOf(errWaitOver)
	}
	select { // the transaction that makes the operation is under way: what it says is known when it has committed, or has not
	case err := <-w.done:
		return w.ended(err)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-w.made:
		return w.sofar(context.WithoutCancel(ctx))
	}
}

func (w *single) ended(err error) (*Outcome, error) {
	if err != nil {
		return nil, errorOf(err)
	}
	return &w.outcome, nil
}

// errorOf makes the problem of an error that ended a write before its first byte went out.
func errorOf(err error) error {
	var busy *store.BusyError
	switch {
	case errors.Is(err, errWaitOver):
		return problem.New(problem.Overloaded, "Other calls to this system came first, and the wait is over. Nothing was sent. Try again, or let it be done in the background with Prefer: respond-async.").After(waitOverAgain)
	case errors.As(err, &busy):
		return problem.Newf(problem.OperationInProgress, "Another write to this record is not over, that of GET /v1/operations/%s. Nothing was sent. Try again when it is over.", busy.Operation).
			With("operation", "/v1/operations/"+busy.Operation).After(busyAgain)
	}
	return err
}

const (
	waitOverAgain = 5 * time.Second
	busyAgain     = 2 * time.Second
)

// errOtherLogin says that the credentials were renewed before the first byte of a write: the old ones may lead elsewhere.
var errOtherLogin = errors.New("the connection has another login")

func (w *single) sameLogin(ctx context.Context) error {
	now, err := w.Store.ConnectionForWork(ctx, w.request.Connection.ID)
	if err != nil {
		return fmt.Errorf("read connection %s: %w", w.request.Connection.ID, err)
	}
	if !bytes.Equal(now.Credentials, w.request.Connection.Credentials) {
		return errOtherLogin
	}
	return nil
}

// sofar is what is known of a write that is not over.
func (w *single) sofar(ctx context.Context) (*Outcome, error) {
	o, err := w.Store.Operation(ctx, w.request.Connection.Scope(), w.id.String())
	if err != nil {
		return nil, fmt.Errorf("read operation %s: %w", w.id, err)
	}
	return w.outcomeOf(ctx, o)
}

// run sends the write in this process, and goes on with it as long as its caller waits.
func (w *single) run(ctx context.Context, v judged) error {
	until := w.Now().Add(w.request.Wait)
	l := lease.New(ctx)
	snd := w.newSender(w.target, nil, nil)
	snd.allowed = func() error {
		if err := l.Allowed(); err != nil || snd.op != nil {
			return err
		}
		return w.sameLogin(ctx)
	}
	snd.priority, snd.waited, snd.make, snd.final = budget.InteractiveWrite, true, w.makeHeld(snd), w.keepAnswer(snd)
	ctx, cancel := context.WithCancel(l.Context())
	defer cancel()
	stop := time.AfterFunc(w.request.Wait, func() {
		if w.turn.shut() {
			cancel()
		}
	})
	defer stop.Stop()
	snd.made = func() {
		close(w.made)
		l.Keep(func(ctx context.Context) error {
			return w.Store.RenewOperation(ctx, snd.operation(), w.Now().Add(lease.For))
		}, lostLease)
	}
	err := snd.send(budget.WithPriority(ctx, snd.priority), w.item, v)
	if snd.op == nil {
		_ = l.End()
		return w.neverSent(err)
	}
	for err == nil && !w.item.Status.Final() && w.rest(l.Context(), until) {
		err = snd.do(l.Context(), w.item)
	}
	if l.End() != nil {
		return w.refresh(ctx)
	}
	return w.release(context.WithoutCancel(ctx), snd, err)
}

func lostLease(err error) bool { return errors.Is(err, store.ErrFenced) }

// rest waits until the item is due; false: that is later than the caller waits.
func (w *single) rest(ctx context.Context, until time.Time) bool {
	if w.item.DueAt.After(until) || !w.Now().Before(until) {
		return false
	}
	timer := time.NewTimer(w.item.DueAt.Sub(w.Now()))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// neverSent is the end of a write of which no byte went out and nothing is stored.
func (w *single) neverSent(err error) error {
	switch {
	case errors.Is(err, context.Canceled):
		return errWaitOver
	case err == nil && w.item.Status == store.ItemRejected:
		return problem.FromDocument(w.item.Error)
	case err == nil:
		return fmt.Errorf("operation %s was not made and its item is %s", w.id, w.item.Status)
	}
	return err
}

// refresh reads what became of a write that somebody else goes on with.
func (w *single) refresh(ctx context.Context) error {
	out, err := w.sofar(context.WithoutCancel(ctx))
	if err == nil {
		w.outcome = *out
	}
	return err
}

// release ends the write's time in this process; what is left is done in the background.
func (w *single) release(ctx context.Context, snd *sender, err error) error {
	if w.item.Status.Final() { // keepAnswer has ended the operation
		return nil
	}
	due, code, detail := w.item.DueAt, "", ""
	var h *halt
	if errors.As(err, &h) {
		due, code, detail, err = h.until, h.code, h.detail, nil
	}
	if due.IsZero() {
		due = w.Now()
	}
	if failed := w.Store.ReleaseOperation(ctx, snd.operation(), due, code, detail, w.Now()); failed != nil && !errors.Is(failed, store.ErrFenced) {
		return errors.Join(err, fmt.Errorf("release operation %s: %w", w.id, failed))
	}
	if err != nil {
		w.Log.Error("a write goes on in the background", "operation", w.id, "error", err)
	}
	if failed := w.Store.Write(ctx, func(tx *store.Tx) error {
		return w.Waker.Wake(ctx, tx, store.LaneWrites, w.request.Connection.ID)
	}); failed != nil {
		w.Log.Error("a write waits for the next look at the backlog", "operation", w.id, "error", failed)
	}
	return w.refresh(ctx)
}

// Drain waits for writes that go on in this process to end.
func (s *Service) Drain(ctx context.Context) error {
	done := make(chan struct{})
	go func() { s.inline.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("writes are still under way: %w", context.Cause(ctx))
	}
}
