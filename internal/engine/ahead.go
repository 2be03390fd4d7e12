package engine

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/busbar-dev/busbar/internal/driver"
)

// aheadBytes bounds what is held of pages that were read ahead, by their size so far.
const aheadBytes = 32 << 20

// lookahead reads pages before the pages in front of them are known, where the client says which. What it reads is taken in order, or
// thrown away when the pages turn out to begin elsewhere.
type lookahead struct {
	slice *runSlice
	queue []*peek      // the places to come, Next's own first
	held  atomic.Int64 // bytes that wait in the queue
	large int64        // the largest page so far
}

// peek is a page being read ahead.
type peek struct {
	key    string
	since  int64 // the stream's seq before it was asked for
	cancel context.CancelFunc
	done   chan struct{} // closed when got is set; got is nil when the reading failed
	got    driver.Peeked
}

// take waits for what is read ahead for the next page and gives it; nil when there is none, or when it failed: then the page is asked for anew.
func (l *lookahead) take(ctx context.Context) (driver.Peeked, int64) {
	if len(l.queue) == 0 {
		return nil, 0
	}
	p := l.queue[0]
	l.queue = l.queue[1:]
	select {
	case <-p.done:
	case <-ctx.Done():
	}
	p.end()
	if p.got == nil {
		return nil, 0
	}
	l.held.Add(-int64(p.got.Size()))
	return p.got, p.since
}

// follow takes the places that come after a page: what is read ahead elsewhere is thrown away, and reading begins where there is room.
func (l *lookahead) follow(ctx context.Context, page *driver.Page) {
	l.large = max(l.large, sizeOf(page))
	for i := range l.queue {
		if i >= len(page.Ahead) || l.queue[i].key != page.Ahead[i].Key {
			l.cut(i)
			break
		}
	}
	room := int(max(1, aheadBytes/max(l.large, 1)))
	for i := len(l.queue); i < min(len(page.Ahead), room); i++ {
		if !l.start(ctx, page.Ahead[i]) {
			return
		}
	}
}

func (l *lookahead) start(ctx context.Context, at driver.Place) bool {
	since, err := l.slice.position(ctx)
	if err != nil || l.slice.blackout() != nil {
		return false // the page is asked for in its turn, which tells what is wrong
	}
	ctx, cancel := context.WithTimeout(ctx, l.slice.worker.FetchWithin)
	p := &peek{key: at.Key, since: since, cancel: cancel, done: make(chan struct{})}
	l.queue = append(l.queue, p)
	go func() {
		defer close(p.done)
		got, err := at.Peek(ctx)
		if err != nil {
			return
		}
		if size := int64(got.Size()); l.held.Add(size) > aheadBytes {
			l.held.Add(-size)
			return
		}
		p.got = got
	}()
	return true
}

// cut throws away what was read ahead from a place in the queue on.
func (l *lookahead) cut(from int) {
	for _, p := range l.queue[from:] {
		p.cancel()
	}
	for _, p := range l.queue[from:] {
		p.end()
		if p.got != nil {
			l.held.Add(-int64(p.got.Size()))
		}
	}
	l.queue = slices.Delete(l.queue, from, len(l.queue))
}

// drop throws all of it away.
func (l *lookahead) drop() { l.cut(0) }

// end waits until the reading has ended and frees what it holds.
func (p *peek) end() {
	p.cancel()
	<-p.done
}

func sizeOf(page *driver.Page) (n int64) {
	for _, r := range page.Records {
		n += int64(len(r))
	}
	return n
}
