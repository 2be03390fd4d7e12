package write

import (
	"fmt"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// inTurn sends items one after the other, each when it is known what became of the one before, and stops at the first error: what comes behind it is cancelled.
func (s *slice) inTurn() (*pause, error) {
	for left := max(s.op.ChunkSize, 1); ; {
		if rest, err := s.begin(); rest != nil || err != nil {
			return rest, err
		}
		if open, err := s.firstIn(store.ItemUnknown, store.ItemReconciling); err != nil || open != nil {
			return s.idle(err)
		}
		bad, err := s.firstIn(store.ItemRejected, store.ItemNeedsHuman)
		if err != nil {
			return nil, err
		}
		its, err := s.Store.Items(s.work, s.op, store.ItemFilter{Statuses: []store.ItemStatus{store.ItemPending}, Limit: min(left, fewRows)})
		if err != nil || len(its) == 0 {
			return s.idle(err)
		}
		left -= len(its)
		if bad != nil && bad.N < its[0].N {
			return nil, s.cancelPending(stoppedAt(bad))
		}
		s.sent = true
		if waits, err := s.oneByOne(pointers(its), bad); err != nil || waits {
			return s.idle(err)
		}
		if left > 0 {
			continue
		}
		if s.op.ChunkDelay > 0 {
			return s.delay(0)
		}
		left = max(s.op.ChunkSize, 1)
	}
}

func stoppedAt(bad *store.Item) string {
	word := "was rejected"
	if bad.Status == store.ItemNeedsHuman {
		word = "needs a person's decision"
	}
	return fmt.Sprintf("The batch stops at the first error, and item %d %s. This was not sent.", bad.N, word)
}

// oneByOne sends items up to the first error; waits says that the next cannot be sent before more is known of this one.
func (s *slice) oneByOne(its []*store.Item, bad *store.Item) (waits bool, err error) {
	for _, it := range its {
		switch {
		case bad != nil && bad.N < it.N, !s.mayGoOn():
			return false, nil
		case it.DueAt.After(s.Now()):
			return true, nil
		}
		if err := s.after(s.sender.do(s.work, it), it); err != nil {
			return false, err
		}
		if it.Status != store.ItemApplied {
			return !it.Status.Final(), nil
		}
	}
	return false, nil
}

// firstIn gives the first item in one of the states; nil: there is none.
func (s *slice) firstIn(statuses ...store.ItemStatus) (*store.Item, error) {
	its, err := s.Store.Items(s.work, s.op, store.ItemFilter{Statuses: statuses, Limit: 1})
	if err != nil || len(its) == 0 {
		return nil, err
	}
	return &its[0], nil
}

// whole does all items of an operation or none: all are judged before any is sent, and one call of the system does them together.
func (s *slice) whole() (*pause, error) {
	s.sender.whole = true
	for {
		if rest, err := s.begin(); rest != nil || err != nil {
			return rest, err
		}
		if err := s.refresh(); err != nil {
			return nil, err
		}
		switch c := s.op.Counts; {
		case c.Pending == 0 || c.Unknown+c.Sending+c.Reconciling+c.NeedsHuman > 0:
			return s.idle(nil)
		case c.Rejected+c.Cancelled > 0:
			return nil, s.cancelPending("All items of this batch are done or none, and another one cannot be done; its error says why.")
		case c.Applied > 0: // the system has begun, so none is out of the question
			s.sender.whole = false
			return s.pass()
		}
		its, err := s.Store.Items(s.work, s.op, store.ItemFilter{Statuses: []store.ItemStatus{store.ItemPending}, Limit: MaxItems})
		if err != nil {
			return nil, err
		}
		if waits, err := s.allAtOnce(pointers(its)); err != nil || waits {
			return s.idle(err)
		}
	}
}

// allAtOnce judges all items and, with no fault among them, sends them; waits says that nothing more can be done now.
func (s *slice) allAtOnce(its []*store.Item) (waits bool, err error) {
	faulty, err := s.rejectFaulty(its)
	if err != nil || faulty {
		return false, err
	}
	if bulk := s.sender.entity.Operations[manifest.Op(its[0].Op)].Bulk; bulk == nil || !bulk.Atomic || len(its) > bulk.Max {
		return false, s.cancelPending("The connector has no call any more that does all of these writes or none.")
	}
	s.sent = true
	if err := s.after(s.sender.doMany(s.work, its, true), its...); err != nil {
		return false, err
	}
	for _, it := range its {
		if it.Status == store.ItemPending {
			return it.DueAt.After(s.Now()), nil
		}
	}
	return false, nil
}

// againAsWhole sends all items again together where each has a key under which the system does it once; done is false where that is not the way to find out.
func (s *slice) againAsWhole() (done bool, err error) {
	c := s.op.Counts
	if c.Unknown+c.Reconciling == 0 || c.Applied > 0 {
		return false, nil
	}
	its, err := s.Store.Items(s.work, s.op, store.ItemFilter{Statuses: []store.ItemStatus{store.ItemUnknown, store.ItemReconciling, store.ItemPending}, Limit: MaxItems})
	if err != nil {
		return false, err
	}
	for i := range its {
		q := &inquiry{sender: s.sender, item: &its[i]}
		switch {
		case its[i].Attempts >= maxSends, q.choose().Class != manifest.W1:
			return false, nil
		case c.Rejected+c.Cancelled+c.NeedsHuman > 0:
			return true, s.leaveRest(its)
		case its[i].DueAt.After(s.Now()):
			return true, nil
		}
	}
	return true, s.after(s.sender.doManyAgain(s.work, pointers(its)), pointers(its)...)
}

// leaveRest leaves items to a person that were sent as a whole and cannot be so again.
func (s *slice) leaveRest(its []store.Item) error {
	for i := range its {
		if its[i].Status == store.ItemPending {
			continue
		}
		q := &inquiry{sender: s.sender, item: &its[i]}
		err := q.leave(s.work, problem.New(problem.WriteOutcomeUnknown, "The items of this batch were sent together, to be done all or none, and it is not known which. "+
			"Others of them cannot be sent again by now, so that none is. Look in the system, then say whether it happened."))
		if err != nil {
			return err
		}
	}
	return nil
}

// rejectFaulty judges all items, and rejects those with a fault.
func (s *slice) rejectFaulty(its []*store.Item) (faulty bool, err error) {
	verdicts := make([][]byte, len(its))
	for i, it := range its {
		if verdicts[i], err = s.sender.judgeOnly(s.work, it); err != nil {
			return false, err
		}
	}
	for i, it := range its {
		if verdicts[i] == nil {
			continue
		}
		m := store.ItemMove{From: []store.ItemStatus{store.ItemPending}, To: store.ItemRejected, Error: verdicts[i]}
		if err := s.Store.MoveItem(s.work, s.op, it, m, s.Now()); err != nil {
			return false, err
		}
		faulty = true
	}
	return faulty, nil
}
