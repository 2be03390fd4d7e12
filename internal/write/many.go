package write

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/store"
)

// judgeOnly gives an item's verdict without sending anything: nil, or the problem for the item.
func (s *sender) judgeOnly(ctx context.Context, it *store.Item) ([]byte, error) {
	v, err := s.judge(budget.WithPriority(ctx, s.priority), s.ask(it))
	if err != nil {
		if driver.KindOf(err) != "" {
			s.report(ctx, err)
			return nil, s.halted(err)
		}
		return nil, err
	}
	return document(v.Problem), nil
}

// doMany does with many pending items of one kind of write what do does with one, by the system's call for many (at most Bulk.Max). An item that this call cannot carry is done by itself; one whose record another of them changes too stays
// pending. With atomic, all have an effect or none, and each must be one that the call can carry.
func (s *sender) doMany(ctx context.Context, its []*store.Item, atomic bool) error {
	ctx = budget.WithPriority(ctx, s.priority)
	var together []*work
	records := map[uuid.UUID]bool{}
	for _, it := range its {
		if it.Record != uuid.Nil && records[it.Record] {
			continue
		}
		records[it.Record] = true
		w, err := s.together(ctx, it, atomic)
		if err != nil {
			return err
		}
		if w != nil {
			together = append(together, w)
		}
	}
	if len(together) == 0 {
		return nil
	}
	return s.sendTogether(ctx, together, atomic)
}

// together judges an item and gives its work when a call for many can carry it; what it cannot carry is done at once.
func (s *sender) together(ctx context.Context, it *store.Item, atomic bool) (*work, error) {
	if it.RemoteID != "" && it.Op == string(manifest.Create) {
		return nil, s.do(ctx, it)
	}
	v, err := s.verdict(ctx, it)
	if err != nil {
		return nil, s.stopped(ctx, it, err)
	}
	if v.Problem != nil || v.Nothing || len(v.Steps) != 1 || v.Steps[0].Move != nil && v.Steps[0].Body == nil {
		return nil, s.send(ctx, it, v)
	}
	return &work{sender: s, item: it, judged: v, before: v.current}, nil
}

func (s *sender) sendTogether(ctx context.Context, ws []*work, atomic bool) error {
	g, results, err := s.callMany(ctx, ws, atomic)
	if g.passed && atOnceAgain(err) {
		for _, w := range ws {
			if err := s.conclude(ctx, w.item, end{to: store.ItemSending, outcome: outcomeNotSent, detail: sentence(err), answer: answerOf(err)}); err != nil {
				return err
			}
		}
		g, results, err = s.callMany(ctx, ws, atomic)
	}
	switch {
	case notReady(g.err) && !atomic, err != nil && driver.FateOf(err) == driver.Refused && !atomic && g.passed:
		return s.oneByOne(ctx, g, ws)
	case err != nil:
		return s.allFailed(ctx, g, ws, err)
	}
	if atomic {
		return s.settleWhole(ctx, g, ws, results)
	}
	return s.settleMany(ctx, g, ws, results)
}

// callMany makes one call for many, and gives the gate that it had to pass.
func (s *sender) callMany(ctx context.Context, ws []*work, atomic bool) (*gate, []driver.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	g, commands := &gate{sender: s}, make([]driver.Command, len(ws))
	for i, w := range ws {
		commands[i] = w.command(w.Steps[0])
		g.lines = append(g.lines, w.line(w.Steps[0]))
	}
	results, err := s.writer.WriteMany(g.marked(ctx, s.entity.Operations[commands[0].Op]), commands, atomic)
	return g, results, err
}

// notReady says that an item's record is another write's, or not the one any more that the item was judged by: nothing went out.
func notReady(err error) bool {
	var changed *recordChanged
	return errors.Is(err, store.ErrBusy) || errors.As(err, &changed)
}

// oneByOne does each item by itself: the call for many was refused as a whole and had no effect, or one of its records is not free.
func (s *sender) oneByOne(ctx context.Context, g *gate, ws []*work) error {
	var errs []error
	for _, w := range ws {
		if g.passed || w.item.Status == store.ItemSending {
			if err := s.conclude(ctx, w.item, end{to: store.ItemPending, outcome: outcomeRejected, untaken: true, detail: "The system refused the call for many as a whole; it is sent by itself."}); err != nil {
				return err
			}
		}
		err := s.do(ctx, w.item)
		if notReady(err) {
			err = nil // it stays pending
		}
		errs = append(errs, err)
	}
	return firstOfErrors(errs)
}

// allFailed settles an error of the whole call with every item.
func (s *sender) allFailed(ctx context.Context, g *gate, ws []*work, err error) error {
	var errs []error
	for _, w := range ws {
		errs = append(errs, w.failed(ctx, g, err))
	}
	return firstOfErrors(errs)
}

func (w *work) settleOne(ctx context.Context, g *gate, r driver.Result) error {
	if r.Err != nil {
		err := w.failed(ctx, g, r.Err)
		var changed *recordChanged
		if errors.As(err, &changed) {
			return w.again(ctx, changed)
		}
		return err
	}
	w.taken = true
	_, err := w.took(ctx, w.Steps[0], r.Written, true)
	return err
}

// again is about an item whose record had changed: it is refused where its caller insisted on a version, else it is done by itself.
func (w *work) again(ctx context.Context, changed *recordChanged) error {
	if w.item.IfMatch != "" {
		return w.reject(ctx, w.item, changed.problem(w.system.Name, true), nil)
	}
	return w.do(ctx, w.item)
}

// firstOfErrors gives the error that says most of why not to go on: one of the store before a halt.
func firstOfErrors(errs []error) error {
	var first error
	for _, err := range errs {
		var h *halt
		if err != nil && (first == nil || errors.As(first, &h)) {
			first = err
		}
	}
	return first
}
