package write

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// pass goes through the pending items once, in their order, chunk by chunk, and before each chunk looks for what became of those that are unknown.
type pass struct {
	*slice
	from    int64              // N of the next item to look at
	blocked map[uuid.UUID]bool // records of which an item further ahead still waits
}

// pass takes what is pending as far as it can be brought now.
func (s *slice) pass() (*pause, error) {
	p := &pass{slice: s, blocked: map[uuid.UUID]bool{}}
	for {
		if rest, err := s.begin(); rest != nil || err != nil {
			return rest, err
		}
		chunk, err := p.next()
		if err != nil || len(chunk) == 0 {
			return s.idle(err)
		}
		s.sent = true
		if err := p.send(chunk); err != nil {
			return nil, err
		}
		if s.op.ChunkDelay > 0 {
			return s.delay(p.from)
		}
	}
}

// begin is what comes before each chunk. A pause: no chunk is to follow now.
func (s *slice) begin() (*pause, error) {
	if err := s.refresh(); err != nil {
		return nil, err
	}
	if s.rest != nil {
		return s.rest, nil
	}
	if err := s.findOut(); err != nil {
		return nil, err
	}
	if !s.mayGoOn() {
		return s.cutShort(), nil
	}
	return nil, nil
}

// cutShort is how an operation rests that goes on when its turn comes again. The delay between chunks holds then too.
func (s *slice) cutShort() *pause {
	p := &pause{until: s.Now()}
	if s.sent {
		p.until = p.until.Add(s.op.ChunkDelay)
	}
	return p
}

// delay is the rest behind a chunk, unless it was the last.
func (s *slice) delay(from int64) (*pause, error) {
	left, err := s.Store.Items(s.work, s.op, store.ItemFilter{From: from, Statuses: []store.ItemStatus{store.ItemPending}, Limit: 1, Bare: true})
	if err != nil || len(left) == 0 {
		return s.idle(err)
	}
	return s.cutShort(), nil
}

// findOut looks for what became of items whose outcome is not known, as far as they are due.
func (s *slice) findOut() error {
	if s.sender.whole {
		if done, err := s.againAsWhole(); done || err != nil {
			return err
		}
	}
	for from := int64(0); s.mayGoOn(); {
		its, err := s.Store.Items(s.work, s.op, store.ItemFilter{
			From: from, Statuses: []store.ItemStatus{store.ItemUnknown, store.ItemReconciling}, Due: s.Now(), Limit: lookRows,
		})
		if err != nil || len(its) == 0 {
			return err
		}
		if err := s.each(s.singly(pointers(its))); err != nil {
			return err
		}
		from = its[len(its)-1].N + 1
	}
	return nil
}

const lookRows = 100

// chunkBytes bounds what a chunk holds in memory, together with one look at the items: one of large items is smaller than it was to be.
const (
	chunkBytes = 8 << 20
	fewRows    = 16
)

// next gives the next chunk of items that are due; of several for one record only those that come first.
func (p *pass) next() (chunk []*store.Item, err error) {
	size, held := max(p.op.ChunkSize, 1), 0
	for len(chunk) < size && held < chunkBytes {
		its, err := p.Store.Items(p.work, p.op, store.ItemFilter{From: p.from, Statuses: []store.ItemStatus{store.ItemPending}, Limit: min(size-len(chunk), fewRows)})
		if err != nil || len(its) == 0 {
			return chunk, err
		}
		p.from = its[len(its)-1].N + 1
		for i := range its {
			it := &its[i]
			switch {
			case p.blocked[it.Record]:
			case it.DueAt.After(p.Now()):
				p.block(it)
			default:
				chunk, held = append(chunk, it), held+len(it.Data)
			}
		}
	}
	return chunk, nil
}

// block keeps later items for the same record behind this one.
func (p *pass) block(it *store.Item) {
	if it.Record != uuid.Nil {
		p.blocked[it.Record] = true
	}
}

// send sends a chunk, items for one record one after the other.
func (p *pass) send(chunk []*store.Item) error {
	for len(chunk) > 0 && p.mayGoOn() {
		round, left := firstOfEach(chunk)
		if err := p.each(p.together(round)); err != nil {
			return err
		}
		for _, it := range round {
			if !it.Status.Final() {
				p.block(it)
			}
		}
		chunk = slices.DeleteFunc(left, func(it *store.Item) bool { return p.blocked[it.Record] })
	}
	return nil
}

// firstOfEach parts items in those that come first for their record and the others.
func firstOfEach(its []*store.Item) (first, left []*store.Item) {
	taken := map[uuid.UUID]bool{}
	for _, it := range its {
		if it.Record != uuid.Nil && taken[it.Record] {
			left = append(left, it)
			continue
		}
		taken[it.Record] = true
		first = append(first, it)
	}
	return first, left
}

// idle is how an operation rests when all was done that can be done now: until the next of its items is due, of several for one record the first.
func (s *slice) idle(err error) (*pause, error) {
	if err != nil {
		return nil, err
	}
	open := []store.ItemStatus{store.ItemPending, store.ItemUnknown, store.ItemReconciling}
	var due time.Time
	ahead := map[uuid.UUID]bool{}
	for from := int64(0); ; {
		its, err := s.Store.Items(s.work, s.op, store.ItemFilter{From: from, Statuses: open, Limit: lookRows, Bare: true})
		if err != nil || len(its) == 0 {
			return s.notAtOnce(due), err
		}
		for _, it := range its {
			if it.Record != uuid.Nil && ahead[it.Record] {
				continue
			}
			ahead[it.Record] = true
			if !it.DueAt.After(s.Now()) {
				return s.notAtOnce(s.Now()), nil
			}
			if due.IsZero() || it.DueAt.Before(due) {
				due = it.DueAt
			}
		}
		from = its[len(its)-1].N + 1
	}
}

// notAtOnce keeps an operation of which nothing moved from being taken again and again.
func (s *slice) notAtOnce(due time.Time) *pause {
	if soonest := s.Now().Add(restAfterNothing); !s.moved.Load() && due.Before(soonest) {
		due = soonest
	}
	return &pause{until: due}
}

// postpone lets an item wait whose record another write has not left yet; the longer the operation lasts, the longer.
func (s *slice) postpone(it *store.Item, reason string) error {
	wait := min(max(s.Now().Sub(s.op.StartedAt)/10, busyAgain), mostApart)
	why := document(problem.New(problem.OperationInProgress, reason))
	own := *s.op // others of its items move at the same time
	return s.Store.MoveItem(s.work, &own, it, store.ItemMove{From: []store.ItemStatus{store.ItemPending}, To: store.ItemPending, Error: why, DueAt: s.Now().Add(wait)}, s.Now())
}

func pointers(its []store.Item) []*store.Item {
	all := make([]*store.Item, len(its))
	for i := range its {
		all[i] = &its[i]
	}
	return all
}
