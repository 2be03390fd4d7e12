package engine

import (
	"slices"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

// The version guard: a newer version is never overwritten by an older page. A page is as old as the moment at which it was asked for. What others
// have stored of a record since then (a write read back, a record read by itself) may be newer than the page, however late the page is looked at.
// Only the source's own stamps can tell; where they do not, the stored version stays, and the record is left for the next run: its page is asked for
// after everything that is stored, so whatever it says then is right.

// guard takes changes out of a batch that may be older than what is stored.
func (s *runSlice) guard(b *batch) {
	b.result.Changes = slices.DeleteFunc(b.result.Changes, func(c store.Change) bool {
		if !s.mayBeOlder(&c, b.since, b.peeked) {
			return false
		}
		s.leave(&b.result, &c)
		return true
	})
}

// mayBeOlder says that a change must not replace its head: one that others stored since the page was asked for, or that a page of this phase has
// brought newer. Of pages that were asked for side by side none is the later one.
func (s *runSlice) mayBeOlder(c *store.Change, since int64, peeked bool) bool {
	h := c.Head
	switch {
	case h == nil:
		return false
	case h.Seq > since && !s.own.has(h.Seq):
		return h.Deleted || !newer(c, h)
	case !s.met(h):
		return false
	case peeked:
		return !newer(c, h)
	}
	return !c.RemoteUpdatedAt.IsZero() && stamp(c.RemoteUpdatedAt).Before(h.RemoteUpdatedAt)
}

// newer says that the source's stamps show the change to be newer than what is stored.
func newer(c *store.Change, h *store.Head) bool {
	return !h.RemoteUpdatedAt.IsZero() && stamp(c.RemoteUpdatedAt).After(h.RemoteUpdatedAt)
}

// stamp is a time as it is stored.
func stamp(t time.Time) time.Time { return t.Truncate(time.Microsecond) }

// leave counts a change as unchanged and keeps the cursor from passing its record.
func (s *runSlice) leave(r *store.PageResult, c *store.Change) {
	unchanged(r, c.Head)
	switch at := c.RemoteUpdatedAt; {
	case at.IsZero():
		s.cp.LeftUndated = true
	case s.cp.Left.IsZero() || at.Before(s.cp.Left):
		s.cp.Left = at
	}
}

func unchanged(r *store.PageResult, h *store.Head) {
	r.Unchanged++
	r.SeenSeqs = append(r.SeenSeqs, h.Seq)
}

// nextCursor is where the next incremental run may begin, before its lookback; zero leaves the cursor where it is.
func (s *runSlice) nextCursor() time.Time {
	c, at := s.entity.Cursor, s.cp.HighWater
	if c == nil || at.IsZero() || s.cp.LeftUndated {
		return time.Time{}
	}
	if left := s.cp.Left; !left.IsZero() && left.Before(at) {
		at = left
	}
	return at.Truncate(max(c.Precision, time.Microsecond))
}

// spans are seqs that this slice has stored, in rising order; neighbours are one span.
type spans []store.SeqRange

func (l spans) has(seq int64) bool {
	i, _ := slices.BinarySearchFunc(l, seq, func(r store.SeqRange, seq int64) int {
		if r.Last < seq {
			return -1
		}
		return 1
	})
	return i < len(l) && l[i].First <= seq
}

func (l spans) with(r store.SeqRange) spans {
	switch n := len(l); {
	case r.Last == 0:
	case n > 0 && l[n-1].Last+1 == r.First:
		l[n-1].Last = r.Last
	default:
		l = append(l, r)
	}
	return l
}
