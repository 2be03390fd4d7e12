package write

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/check"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// sender drives items of one operation under its lease. Safe for concurrent use on different items.
type sender struct {
	*target
	op       *store.Operation
	allowed  func() error                                                                     // right before a byte goes out: the lease is still ours
	make     func(ctx context.Context, tx *store.Tx) error                                    // makes the operation when its first byte goes out; nil: it is there
	made     func()                                                                           // runs when it is made; nil: nothing
	final    func(ctx context.Context, tx *store.Tx, it *store.Item, rec *store.Record) error // runs in the transaction that makes an item final; nil: nothing
	waited   bool                                                                             // a caller waits: what cannot be sent now is refused instead of kept
	whole    bool                                                                             // all items of the operation or none: what had no effect stays pending until it is sent with the others
	priority budget.Priority
	troubled atomic.Bool // the last call of the system went wrong
}

// newSender gives the sender of an operation that this process holds. allowed says, right before a byte goes out, that it still does.
func (s *Service) newSender(t *target, o *store.Operation, allowed func() error) *sender {
	priority := budget.Flow
	if o != nil && o.Kind == store.OperationSingle {
		priority = budget.InteractiveWrite
	}
	return &sender{target: t, op: o, allowed: allowed, priority: priority}
}

// operation gives the operation for one transaction: what the store brings up to date in it is not shared.
func (s *sender) operation() *store.Operation { o := *s.op; return &o }

// callWithin bounds one call that has an effect.
const callWithin = 90 * time.Second

// halt says that the system or the connection cannot take writes now. The item it was met with is pending or unknown.
type halt struct {
	code   problem.Reason
	detail string
	until  time.Time
	cause  error
}

func (h *halt) Error() string { return string(h.code) + ": " + h.detail }

// Unwrap gives the cause.
func (h *halt) Unwrap() error { return h.cause }

// do brings one item as far as it can be brought now: judged, sent and settled, or looked for. it.Status and it.DueAt say how far it is. Errors: *halt, store.ErrBusy where another write to the record is not over, or of
// the store.
func (s *sender) do(ctx context.Context, it *store.Item) error {
	ctx = budget.WithPriority(ctx, s.priority)
	switch {
	case it.Status == store.ItemUnknown || it.Status == store.ItemReconciling:
		return s.findOut(ctx, it)
	case it.Status != store.ItemPending:
		return nil
	case it.Op == string(manifest.Create) && it.RemoteID != "":
		return s.goOn(ctx, it)
	}
	return s.begin(ctx, it)
}

func (s *sender) ask(it *store.Item) ask {
	return ask{op: manifest.Op(it.Op), id: it.Record, data: it.Data, ifMatch: it.IfMatch, strict: s.op == nil || s.op.Strict, mark: it.Mark}
}

// begin judges an item and sends it.
func (s *sender) begin(ctx context.Context, it *store.Item) error {
	v, err := s.verdict(ctx, it)
	if err != nil {
		return s.stopped(ctx, it, err)
	}
	return s.send(ctx, it, v)
}

// maxConflicts is how often a write is made anew because the record changed between reading and writing.
const maxConflicts = 3

// send takes the steps of a write that was judged; when the record turns out to have changed meanwhile, it is judged anew.
func (s *sender) send(ctx context.Context, it *store.Item, v judged) error {
	for n := 1; ; n++ {
		err := s.attempt(ctx, it, v)
		var changed *recordChanged
		switch {
		case !errors.As(err, &changed):
			return err
		case it.Op == string(manifest.Create) && it.RemoteID != "": // it is made; what else was asked for is done by what the record shows now
			return s.goOn(ctx, it)
		case n == maxConflicts || it.IfMatch != "":
			return s.reject(ctx, it, changed.problem(s.system.Name, it.IfMatch != ""), nil)
		}
		if v, err = s.verdict(ctx, it); err != nil {
			return s.stopped(ctx, it, err)
		}
	}
}

// attempt takes the steps of a write once.
func (s *sender) attempt(ctx context.Context, it *store.Item, v judged) error {
	switch {
	case v.Problem != nil:
		return s.reject(ctx, it, v.Problem, nil)
	case v.Nothing:
		return s.applyUnchanged(ctx, it, v)
	}
	w := &work{sender: s, item: it, judged: v, before: v.current}
	for i, step := range v.Steps {
		if done, err := w.step(ctx, step, i == len(v.Steps)-1); done || err != nil {
			return err
		}
	}
	return nil
}

// work is one write on its way through its steps.
type work struct {
	*sender
	judged
	item    *store.Item
	before  *check.Current // the record before the first step; nil: it is created
	last    []byte         // the record as the last step left it
	taken   bool           // a step had its effect
	doubted bool           // it was sent before, and it is not known what became of that
	ends    *[]ended       // takes in what it comes to instead of storing it; nil: it is stored
}

// step takes one step: one call that has an effect, and what is to be read behind it. done says that the item is as far as it can be brought.
func (w *work) step(ctx context.Context, step check.Step, last bool) (done bool, err error) {
	g := w.gate(step)
	written, err := w.call(ctx, g, w.command(step))
	if g.passed && atOnceAgain(err) {
		if err := w.conclude(ctx, w.item, end{to: store.ItemSending, outcome: outcomeNotSent, detail: sentence(err), answer: answerOf(err)}); err != nil {
			return true, err
		}
		g = w.gate(step)
		written, err = w.call(ctx, g, w.command(step))
	}
	if err != nil {
		return true, w.failed(ctx, g, err)
	}
	w.taken = true
	return w.took(ctx, step, written, last)
}

func (w *work) gate(step check.Step) *gate {
	return &gate{sender: w.sender, lines: []line{w.line(step)}}
}

// line is the work's item at the gate. Only its first step is made for the record as it was judged; and one that is sent again under its key, whatever became of it before, is made for no version.
func (w *work) line(step check.Step) line {
	l := line{item: w.item, sent: sentOf(w.item, step), lock: w.item.Op != string(manifest.Create) || w.item.RemoteID != "", want: w.kept()}
	if w.before != nil && w.last == nil && !w.taken && !w.doubted {
		l.made = w.before.Version
	}
	return l
}

// atOnceAgain says that the system did not look at a write, and that what was in its way is gone.
func atOnceAgain(err error) bool {
	var e *driver.Error
	return errors.As(err, &e) && e.Unsent && e.Again
}

func (s *sender) call(ctx context.Context, g *gate, c driver.Command) (driver.Written, error) {
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	return s.writer.Write(g.marked(ctx, s.entity.Operations[c.Op]), c)
}

func (w *work) command(step check.Step) driver.Command {
	c := driver.Command{Entity: w.entity, Op: manifest.Op(w.item.Op), Move: step.Move, RemoteID: w.item.RemoteID, Body: step.Body, Mark: w.item.Mark}
	if c.Op == manifest.Create && c.RemoteID != "" || c.Op == manifest.Delete && step.Move != nil {
		c.Op = manifest.Update // a record that is there changes its status
	}
	if w.current != nil {
		c.RemoteID, c.Current = w.current.RemoteID, w.current.Raw
	}
	if w.last != nil {
		c.Current = w.last
	}
	c.Insist = c.Current != nil && w.entity.Operations[c.Op].Insists
	return c
}

// sentOf is what the ledger says went out.
func sentOf(it *store.Item, step check.Step) []byte {
	switch {
	case step.Move != nil && len(step.Body) == 0:
		return fmt.Appendf(nil, `{"status":%q}`, step.Move.To)
	case it.Op == string(manifest.Delete):
		return []byte(`delete`)
	}
	return step.Body
}

// stopped is about a call that was to be made before anything is sent: the item stays as it is, or is refused where a caller waits.
func (s *sender) stopped(ctx context.Context, it *store.Item, err error) error {
	var e *driver.Error
	if !errors.As(err, &e) {
		return err
	}
	s.report(ctx, err)
	if s.waited && it.Attempts == 0 {
		return s.reject(ctx, it, s.refusal(err), nil)
	}
	if verdict := e.Kind.Verdict(); verdict.Effect.Whole() || verdict.Retry {
		return s.halted(err)
	}
	return s.reject(ctx, it, s.refusal(err), nil)
}

// halted makes the halt of an error that concerns more than one item.
func (s *sender) halted(err error) *halt {
	var e *driver.Error
	h := &halt{code: problem.ReasonSystemError, cause: err}
	if errors.As(err, &e) {
		h.code, h.detail = e.Kind.Verdict().Reason, s.system.Name+": "+e.Detail
		if e.RetryAfter > 0 {
			h.until = s.Now().Add(e.RetryAfter)
		}
	}
	return h
}

// report tells the connection how a call went.
func (s *sender) report(ctx context.Context, err error) {
	if errors.Is(err, context.Canceled) { // we went away, not the system
		return
	}
	s.troubled.Store(err != nil)
	if _, failed := s.Connections.Report(ctx, s.conn, err); failed != nil {
		s.Log.Error("a connection's health could not be noted", "connection", s.conn.ID, "error", failed)
	}
}

// answered tells the connection that the system answers again, where it did not before.
func (s *sender) answered(ctx context.Context, err error) {
	if err == nil && s.troubled.Load() {
		s.report(ctx, nil)
	}
}

// search looks for records in the system.
func (s *sender) search(ctx context.Context, d driver.Search) ([][]byte, error) {
	found, err := s.writer.Search(ctx, d)
	s.answered(ctx, err)
	return found, err
}

// readOne reads a record in the system; nil: it has none.
func (s *sender) readOne(ctx context.Context, remoteID string) ([]byte, error) {
	raw, err := s.writer.ReadOne(ctx, s.entity, remoteID)
	s.answered(ctx, err)
	return raw, err
}
