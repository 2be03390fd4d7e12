package engine

import (
	"context"
	"fmt"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/problem"
)

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
	look := lookahead{slice: s}
	defer look.drop()
	loop := s.cp.Loop
	for {
		p := s.fetchNext(ctx, &look, r)
		if p.err == nil && p.page.Next != nil && loop.seen(p.page.Next) {
			p.err = &unproved{problem.ReasonPageTokenLoop, "The system gave a page token a second time, so its pages never end."}
		}
		p.loop = loop
		if p.err == nil {
			look.follow(ctx, p.page)
		}
		select {
		case out <- p:
		case <-ctx.Done():
			return
		}
		if p.err != nil || p.page.Next == nil {
			return
		}
		r.Token = p.page.Next
	}
}

// fetchNext fetches the page of a token, out of what was read ahead where there is such.
func (s *runSlice) fetchNext(ctx context.Context, look *lookahead, r driver.Request) (p fetchedPage) {
	r.Peeked, p.since = look.take(ctx)
	if p.peeked = r.Peeked != nil; !p.peeked {
		p.since, p.err = s.position(ctx)
	}
	if p.err == nil {
		p.page, p.err = s.fetchOne(ctx, r)
	}
	return p
}

// position gives the stream's seq now.
func (s *runSlice) position(ctx context.Context) (int64, error) {
	at, err := s.worker.Store.Position(ctx, s.conn.Scope(), s.run.Entity)
	if err != nil {
		return 0, fmt.Errorf("read where %s stands: %w", s.run.Entity, err)
	}
	return at.Seq, nil
}

// fetchOne bounds one page, retries included, so that a system which accepts and then says nothing is noticed.
func (s *runSlice) fetchOne(ctx context.Context, r driver.Request) (*driver.Page, error) {
	bounded, cancel := context.WithTimeout(ctx, s.worker.FetchWithin)
	defer cancel()
	page, err := s.client.Fetch(bounded, r)
	if err != nil && bounded.Err() != nil && ctx.Err() == nil {
		err = &driver.Error{Kind: driver.Unreachable, Err: err,
			Detail: fmt.Sprintf("The system did not finish a page within %s. Is it overloaded, or is the page too large?", s.worker.FetchWithin)}
	}
	return page, err
}
