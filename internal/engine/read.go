package engine

import (
	"context"
	"fmt"
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
	page *driver.Page
	loop loopGuard // after this page
	err  error
}

// batch is a classified page. applied is the number of transactions of this slice that its classification knew of.
type batch struct {
	fetchedPage
	result       store.PageResult
	ids          []uuid.UUID // of all identified records
	unidentified int64
	applied      int64
}

// read follows the pages of one phase to their proved end, storing as it goes: one page is fetched, one classified and one stored at a
// time. It ends in the next phase.
func (s *runSlice) read(ctx context.Context, since, from time.Time) error {
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
	s.cp.Unidentified += b.unidentified
	if b.page.Total >= 0 {
		s.cp.Total = b.page.Total
	}
	if b.page.HighWater.After(s.cp.HighWater) {
		s.cp.HighWater = b.page.HighWater
	}
	if b.page.Next != nil {
		return false, nil
	}
	if s.cp.Total > s.cp.Fetched {
		return false, &unproved{problem.ReasonRecordsMissing, fmt.Sprintf("The system counts %d records but gave %d. The next full sync reads them again.", s.cp.Total, s.cp.Fetched)}
	}
	return true, s.nextPhase(ctx)
}

// pipeline fetches and classifies ahead of the store. wait returns when its goroutines have ended, which needs ctx cancelled or the
// channel drained.
func (s *runSlice) pipeline(ctx context.Context, r driver.Request) (<-chan batch, func()) {
	pages, batches := make(chan fetchedPage, 1), make(chan batch, 1)
	ended := make(chan struct{})
	go s.fetch(ctx, r, pages)
	go func() {
		defer close(ended)
		defer close(batches)
		for p := range pages {
			b := s.classifyPage(ctx, p)
			select {
			case batches <- b:
			case <-ctx.Done():
			}
		}
	}()
	return batches, func() { <-ended }
}

// fetch follows page tokens until the end, an error or a loop.
func (s *runSlice) fetch(ctx context.Context, r driver.Request, out chan<- fetchedPage) {
	defer close(out)
	loop := s.cp.Loop
	for {
		page, err := s.client.Fetch(ctx, r)
		if err == nil && page.Next != nil && loop.seen(page.Next) {
			err = &unproved{problem.ReasonPageTokenLoop, "The system gave a page token a second time, so its pages never end."}
		}
		select {
		case out <- fetchedPage{page, loop, err}:
		case <-ctx.Done():
			return
		}
		if err != nil || page.Next == nil {
			return
		}
		r.Token = page.Next
	}
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
