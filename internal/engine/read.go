package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// coalescePages is how many pages without any change may share one transaction: there is nothing in them to lose.
const coalescePages = 8

// fetchedPage is one page on its way from the source to the store.
type fetchedPage struct {
	page   *driver.Page
	loop   loopGuard // after this page
	since  int64     // the stream's seq before the page was asked for
	peeked bool      // it was asked for before the page in front of it was known
	err    error
}

// batch is a classified page. applied is the number of transactions of this slice that its classification knew of.
type batch struct {
	fetchedPage
	result       store.PageResult
	ids          []uuid.UUID // of all identified records
	unidentified int64
	twins        int64 // records that came twice on the page
	applied      int64
}

// read follows the pages of one phase to their proved end, storing as it goes: one page is fetched, one classified and one stored at a
// time. It ends in the next phase.
func (s *runSlice) read(ctx context.Context, since, from time.Time) error {
	if err := s.beginPhase(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	batches, wait := s.pipeline(ctx, driver.Request{
		Entity: s.entity, Since: since, HistoryFrom: from, Token: s.cp.Token, Limit: s.entity.PageSize,
	})
	defer wait()
	defer cancel()
	keeper := pageKeeper{slice: s}
	for b := range batches {
		if driver.KindOf(b.err) == driver.TokenGone {
			return firstOf(keeper.startPhaseAnew(ctx), b.err)
		}
		if b.err != nil {
			return firstOf(keeper.flush(ctx), b.err)
		}
		if b = keeper.current(ctx, b); b.err != nil {
			return firstOf(keeper.flush(ctx), b.err)
		}
		s.dropOlder(&b)
		last, unproven := s.follow(ctx, b)
		if err := firstOf(keeper.keep(ctx, b, last || unproven != nil), unproven); err != nil || last {
			return err
		}
		if s.turn.Err() != nil {
			return firstOf(keeper.flush(ctx), errTurnOver)
		}
	}
	return firstOf(context.Cause(ctx), fmt.Errorf("the pages of run %s ended early", s.run.ID))
}

// follow moves the checkpoint behind the page; last says that the phase is over and proved.
func (s *runSlice) follow(ctx context.Context, b batch) (last bool, err error) {
	s.cp.Token, s.cp.Loop = b.page.Next, b.loop
	s.cp.Fetched += int64(len(b.page.Records))
	s.cp.Repeated += s.repeats(b)
	s.cp.Unidentified += b.unidentified
	s.cp.Undated = s.cp.Undated || b.page.Undated
	s.cp.Skipping = s.cp.Skipping || b.page.Unproved
	if b.page.Total >= 0 {
		s.cp.Total = b.page.Total
	}
	if hw := s.believable(b.page.HighWater); hw.After(s.cp.HighWater) {
		s.cp.HighWater = hw
	}
	if b.page.Next != nil {
		return false, nil
	}
	if given := s.cp.Fetched - s.cp.Repeated; s.cp.Total > given {
		short := &unproved{problem.ReasonRecordsMissing, fmt.Sprintf("The system counts %d records but gave %d different ones. The next full sync reads them again.", s.cp.Total, given)}
		s.cp.Unproved = &verdict{short.code, short.detail}
		return false, short
	}
	return true, s.nextPhase(ctx)
}

// beginPhase notes what is stored before the phase's first page, so that a record that comes twice is told from one more record. A phase that
// catches up begins anew after a pause: what it has seen is not kept apart from what the first phase saw.
func (s *runSlice) beginPhase(ctx context.Context) (err error) {
	if s.cp.Phase == catchUp {
		s.cp.enter(catchUp)
	}
	if s.cp.Token != nil || s.cp.Fetched > 0 {
		s.seen, err = s.worker.Store.Seen(ctx, s.run)
		return err
	}
	s.seen = store.NewSeenSet()
	s.cp.Base, err = s.position(ctx)
	return err
}

// dropOlder takes changes out of a batch that are older copies of what this phase has met or stored already.
func (s *runSlice) dropOlder(b *batch) {
	b.result.Changes = slices.DeleteFunc(b.result.Changes, func(c store.Change) bool {
		h := c.Head
		older := h != nil && !c.RemoteUpdatedAt.IsZero() && c.RemoteUpdatedAt.Before(h.RemoteUpdatedAt) && s.met(h)
		if older {
			s.unchanged(b, h)
		}
		return older
	})
}

// met says that this phase has stored the record or seen it unchanged.
func (s *runSlice) met(h *store.Head) bool { return h.Seq > s.cp.Base || s.seen.Has(h.Seq) }

// repeats counts the records of a batch that the phase had met before.
func (s *runSlice) repeats(b batch) (n int64) {
	n = b.twins
	for _, seq := range b.result.SeenSeqs {
		if seq > s.cp.Base || !s.seen.Add(seq) {
			n++
		}
	}
	for i := range b.result.Changes {
		if h := b.result.Changes[i].Head; h != nil && s.met(h) {
			n++
		}
	}
	return n
}

// aDay is how far ahead of ours a source's clock is believed to be.
const aDay = 24 * time.Hour

// believable takes a stamp of the future for what it is, a mistake: as a cursor it would hide every change until then. A day before now stands
// in for it, so the next run reads a day's changes again.
func (s *runSlice) believable(highWater time.Time) time.Time {
	now := s.worker.Now()
	if highWater.Before(now.Add(aDay)) {
		return highWater
	}
	s.worker.Log.Warn("the system has a modification time in the future; it is not used as a cursor", "connection", s.conn.ID, "entity", s.run.Entity, "time", highWater)
	return now.Add(-aDay)
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
