package rest

import (
	"strconv"

	"github.com/busbar-dev/busbar/internal/driver"
)

// leastCap is the smallest number of records to which a system is believed to cap its pages.
const leastCap = 10

// isShort tells whether a page that is shorter than asked for is the last. One that is as long as the longest so far may have been capped, and so
// may a first page that nothing can be compared with.
func (p pagingOptions) isShort(at place, t *taken) bool {
	given := t.given()
	return p.End == endShort && t.asked > 0 && given < t.asked && (given < at.Span || given < leastCap)
}

// isFull tells whether more may follow a page, as far as its length tells.
func (p pagingOptions) isFull(at place, t *taken) bool {
	given := t.given()
	return p.Size != "" && t.asked > 0 && given >= t.asked || at.Span > 0 && given >= at.Span
}

// afterCount counts what came, never what was asked for: systems cap their pages silently. A count that a full page reaches is not believed
// before the next page has shown that nothing follows.
func (o *readOptions) afterCount(at place, t *taken) (*place, error) {
	next := &place{Offset: at.Offset + int64(len(t.records)), Page: at.Page + 1, Last: at.Last, Span: max(at.Span, t.given()), Doubt: at.Doubt || at.Proof}
	n := len(t.records)
	if n > 0 {
		next.First, next.Last = o.identity(t.records[0]), o.identity(t.records[n-1])
	}
	switch {
	case at.Proof && (n == 0 || next.First == at.First):
		t.records = nil // the last page given again stands for none
		return nil, nil
	case n > 0 && next.First == at.First:
		return nil, o.Paging.samePage()
	}
	done, err := o.Paging.isEnd(at, next, t)
	if err != nil || done && !o.needsProof(at, next, t) {
		return nil, err
	}
	next.Proof = done
	return next, nil
}

func (o *readOptions) needsProof(at place, next *place, t *taken) bool {
	counted := t.total >= 0 || text(find(t.around, o.Paging.Pages)) != ""
	return counted && !next.Doubt && len(t.records) > 0 && o.Paging.isFull(at, t)
}

// outOfRange tells whether a system refused the page that was only asked for to prove that nothing follows.
func outOfRange(at place, err error) bool {
	kind := driver.KindOf(err)
	return at.Proof && (kind == driver.Invalid || kind == driver.Fault)
}

func (p pagingOptions) samePage() error {
	return torn("The system gives the same page again; it may not know the parameter " + p.Param + ".")
}

// mayHaveSkipped tells whether records may have moved past the reader unseen: page numbers, and cursors that count, cannot be checked as offsets are.
func (p pagingOptions) mayHaveSkipped(at place) bool {
	return p.Style == "page" && at.Page > p.First && !at.Proof || p.Drifts && at.Cursor != ""
}

func (p pagingOptions) isEnd(at place, next *place, t *taken) (bool, error) {
	if t.total >= 0 && !next.Doubt {
		if len(t.records) == 0 && next.Offset < t.total {
			return false, torn("The system counts " + strconv.FormatInt(t.total, 10) + " records but gives only " + strconv.FormatInt(next.Offset, 10) + ".")
		}
		return next.Offset >= t.total, nil
	}
	if raw := text(find(t.around, p.Pages)); raw != "" && !next.Doubt {
		pages, err := strconv.Atoi(raw)
		if err != nil {
			return false, torn("The number of pages is not a number.")
		}
		return at.Page-p.First+1 >= pages, nil
	}
	if more := text(find(t.around, p.More)); more != "" {
		return more == "false", nil
	}
	return len(t.records) == 0 || p.isShort(at, t), nil
}
