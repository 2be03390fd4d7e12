package engine

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

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
		Entity: s.entity, Since: since, HistoryFrom: from, Token: s.cp.Token, Limit: s.entity.PageSize, Hot: s.cp.Phase == hot,
	})
	defer wait()
	defer cancel()
	keeper := pageKeeper{slice: s}
	for {
		b, err := next(ctx, batches, &keeper)
		switch {
		case driver.KindOf(err) == driver.TokenGone:
			return firstOf(keeper.startPhaseAnew(ctx), err)
		case err != nil:
			return firstOf(keeper.flush(ctx), err)
		}
		s.guard(&b)
		last, unproven := s.follow(ctx, b)
		if err := firstOf(keeper.keep(ctx, b, last || unproven != nil), unproven); err != nil || last {
			return err
		}
		if s.turn.Err() != nil {
			return firstOf(keeper.flush(ctx), errTurnOver)
		}
	}
}

// next gives the next batch as it is classified now.
func next(ctx context.Context, batches <-chan batch, keeper *pageKeeper) (b batch, err error) {
	b, more := <-batches
	if !more {
		return b, firstOf(context.Cause(ctx), fmt.Errorf("the pages of run %s ended early", keeper.slice.run.ID))
	}
	if b.err == nil {
		b = keeper.current(ctx, b)
	}
	return b, b.err
}

// follow moves the checkpoint behind the page; last says that the phase is over and proved.
func (s *runSlice) follow(ctx context.Context, b batch) (last bool, err error) {
	repeated := s.repeats(b)
	s.cp.Token, s.cp.Loop = b.page.Next, b.loop
	s.cp.Pages++
	s.cp.Fetched += int64(len(b.page.Records))
	s.cp.Repeated += repeated
	s.cp.Unidentified += b.unidentified
	s.cp.Undated = s.cp.Undated || b.page.Undated
	s.cp.Skipping = s.cp.Skipping || b.page.Unproved
	if b.page.Total >= 0 {
		s.cp.Total = b.page.Total
	}
	if hw := s.believable(b.page.HighWater); s.cp.Phase != hot && hw.After(s.cp.HighWater) {
		s.cp.HighWater = hw
	}
	switch {
	case b.page.Next == nil:
		return s.proved(ctx)
	case s.barren(b, int64(len(b.page.Records))-repeated):
		return false, s.unproven(problem.ReasonPageTokenLoop, fmt.Sprintf("The last %d pages held nothing new, and the system says that more follow.", s.cp.Barren))
	case s.outran(b.page):
		s.stopChase(b.page)
		return true, s.nextPhase(ctx)
	}
	return false, nil
}

// proved ends the phase whose last page has been read, unless the source counts more than it gave.
func (s *runSlice) proved(ctx context.Context) (last bool, err error) {
	if given := s.cp.Fetched - s.cp.Repeated; s.cp.Total > given {
		return false, s.unproven(problem.ReasonRecordsMissing, fmt.Sprintf("The system counts %d records but gave %d different ones. The next full sync reads them again.", s.cp.Total, given))
	}
	return true, s.nextPhase(ctx)
}

// unproven notes in the checkpoint that the run ends short of its proof.
func (s *runSlice) unproven(code problem.Reason, detail string) error {
	s.cp.Unproved = &verdict{code, detail}
	return &unproved{code, detail}
}

// beginPhase notes what is stored and seen before the phase's first page, so that a record that comes twice is told from one more record. After a
// pause the phase knows again what it has seen itself.
func (s *runSlice) beginPhase(ctx context.Context) (err error) {
	if s.resumed, err = s.position(ctx); err != nil {
		return err
	}
	if s.cp.Token != nil || s.cp.Fetched > 0 {
		s.seen, _, err = s.worker.Store.Seen(ctx, s.run, s.cp.Notes)
		return err
	}
	s.cp.Base = s.resumed
	s.seen, s.cp.Notes, err = s.worker.Store.Seen(ctx, s.run, math.MaxInt)
	return err
}

// met says that this phase has stored the record or seen it unchanged. What was stored before the slice began is taken for the phase's own.
func (s *runSlice) met(h *store.Head) bool { return s.wrote(h.Seq) || s.seen.Has(h.Seq) }

func (s *runSlice) wrote(seq int64) bool {
	return seq > s.cp.Base && (seq <= s.resumed || s.own.has(seq))
}

// repeats counts the records of a batch that the phase had met before.
func (s *runSlice) repeats(b batch) (n int64) {
	n = b.twins
	for _, seq := range b.result.SeenSeqs {
		if s.wrote(seq) || !s.seen.Add(seq) {
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
