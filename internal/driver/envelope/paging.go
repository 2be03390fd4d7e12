package envelope

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/busbar-dev/busbar/internal/driver"
)

// place is a page token: where the next page begins.
type place struct {
	Cursor string    `json:"cursor,omitempty"` // cursor
	Seen   string    `json:"seen,omitempty"`   // cursor: one that came before, with which those after it are compared
	Steps  int       `json:"steps,omitempty"`  // cursor: pages since Seen
	Page   int       `json:"page,omitempty"`   // page
	Offset int64     `json:"offset,omitempty"` // records so far
	First  uint64    `json:"first,omitempty"`  // identity of the last page's first record
	Last   uint64    `json:"last,omitempty"`   // offset: identity of the last record so far
	Newest time.Time `json:"newest,omitzero"`  // order modified: newest change so far
}

// start reads a token; none is the first page.
func (p Paging) start(token json.RawMessage) (place, error) {
	at := place{Page: p.First}
	if token == nil {
		return at, nil
	}
	if err := json.Unmarshal(token, &at); err != nil {
		return at, &driver.Error{Kind: driver.TokenGone, Detail: "The stored place in the list cannot be read.", Err: err}
	}
	return at, nil
}

// taken is an answer taken apart.
type taken struct {
	records [][]byte
	total   int64
	doc     []byte
	unsure  bool // there is no list, which may have another name now
}

// take finds the records in an answer.
func (c *client) take(o *Reading, doc []byte) (*taken, error) {
	sparse := c.language.Sparse()
	if refusal := o.Result.judge(doc, sparse); refusal != nil {
		return nil, c.explain(refusal, &Answer{})
	}
	raw := find(doc, o.Records)
	list, ok := elements(raw, sparse)
	if !ok || !sparse && string(raw) == "null" || sparse && find(doc, o.Records[:1]) == nil {
		return nil, torn("The answer has no list at " + o.Records.String() + ".")
	}
	t := &taken{total: -1, doc: doc, records: make([][]byte, 0, len(list))}
	for _, record := range list {
		if len(o.Node) > 0 {
			record = find(record, o.Node)
		}
		if len(record) == 0 || record[0] != '{' {
			return nil, torn("An element of the list is no record.")
		}
		t.records = append(t.records, record)
	}
	if raw := text(find(doc, o.Total)); raw != "" {
		n, err := strconv.ParseInt(raw, 10, 64)
		if err != nil || n < 0 {
			return nil, torn("The count of records is not a number.")
		}
		t.total = n
	}
	t.unsure = raw == nil && t.total < 0 && misses(doc, o.Records)
	return t, nil
}

// at reads what stands at a place, unchecked.
func (c *client) at(ctx context.Context, l *listing, at place) (*taken, error) {
	v := Values{}
	for name, value := range l.values {
		v[name] = value
	}
	size := l.limit
	if l.Paging.Max > 0 && (size <= 0 || size > l.Paging.Max) {
		size = l.Paging.Max
	}
	if size > 0 {
		v["size"] = int64(max(size, leastSize))
	}
	switch l.Paging.Style {
	case "cursor":
		if at.Cursor != "" {
			v["cursor"] = at.Cursor
		}
	case "offset":
		v["offset"] = at.Offset
	case "page":
		v["page"] = int64(at.Page)
	}
	doc, err := c.ask(ctx, l.call, v)
	if err != nil {
		return nil, err
	}
	return c.take(l.Reading, doc)
}

// leastSize is the fewest records that are asked for: a page that begins with a record of the page before must hold another.
const leastSize = 2

// overlapping reads a page. An offset is checked: its page begins one record early, with the last record of the page before, which is taken off again.
func (c *client) overlapping(ctx context.Context, l *listing, at place) (*taken, error) {
	if l.Paging.Style != "offset" || at.Last == 0 {
		return c.at(ctx, l, at)
	}
	early := at
	early.Offset--
	t, err := c.at(ctx, l, early)
	if err != nil {
		return nil, err
	}
	switch {
	case len(t.records) == 0:
		return nil, moved()
	case l.identity(t.records[0]) == at.Last:
	case l.identity(t.records[0]) == at.First:
		return nil, samePage()
	default:
		return nil, moved()
	}
	if t.records = t.records[1:]; len(t.records) > 0 {
		return t, nil
	}
	end, err := c.at(ctx, l, at)
	if err == nil && len(end.records) > 0 {
		return nil, moved()
	}
	return end, err
}

// moved makes the reader begin again: a record that was read has gone, or one has come before it, so an offset no longer leads to the record that is next.
func moved() error {
	return &driver.Error{Kind: driver.TokenGone, Detail: "The list moved while it was read; it is read again."}
}

func samePage() error {
	return torn("The system gives the same page again, so its pages never end.")
}

// next gives the place after a page, nil at the proved end.
func (l *listing) next(at place, t *taken) (*place, error) {
	n := len(t.records)
	next := &place{Offset: at.Offset + int64(n), Page: at.Page + 1, First: at.First, Last: at.Last}
	if n > 0 {
		next.First, next.Last = l.identity(t.records[0]), l.identity(t.records[n-1])
		if l.Paging.Style != "none" && next.First == at.First {
			return nil, samePage()
		}
	}
	more := l.more(t.doc)
	if len(l.Paging.More) > 0 && more != "true" && more != "false" {
		return nil, torn("The answer does not say at " + l.Paging.More.String() + " whether another page follows.")
	}
	if raw := find(t.doc, l.Records); raw == nil && next.Offset < t.total {
		return nil, torn("The system says that there are more records, and gives none.")
	}
	switch l.Paging.Style {
	case "cursor":
		return l.afterCursor(at, next, more, t)
	case "offset", "page":
		switch {
		case n == 0 && (more == "true" || next.Offset < t.total):
			return nil, torn("The system says that there are more records, and gives none.")
		case n == 0 || more == "false":
			return nil, nil
		}
		return next, nil
	}
	return nil, nil
}

// more reads whether another page follows; XML also writes 1 and 0.
func (l *listing) more(doc []byte) string {
	said := text(find(doc, l.Paging.More))
	if plain := map[string]string{"1": "true", "0": "false"}[said]; l.sparse && plain != "" {
		return plain
	}
	return said
}

// afterCursor goes on where the answer says. A cursor that comes twice leads round for ever: each is compared with the one before and with one that is kept for
// twice as many pages each time.
func (l *listing) afterCursor(at place, next *place, more string, t *taken) (*place, error) {
	raw := find(t.doc, l.Paging.Next)
	cursor := text(raw)
	switch {
	case more == "false":
		return nil, nil
	case more == "true" && cursor == "":
		return nil, torn("The system says that more pages follow, but not where.")
	case more == "" && raw == nil && (!l.sparse || find(t.doc, l.Paging.Next[:1]) == nil):
		return nil, torn("The answer has nothing at " + l.Paging.Next.String() + ", so nothing tells whether another page follows.")
	case cursor == "":
		return nil, nil
	case cursor == at.Cursor || cursor == at.Seen:
		return nil, torn("The system leads back to a page that was read before, so its pages never end.")
	}
	next.Cursor, next.Seen, next.Steps = cursor, at.Seen, at.Steps+1
	if at.Seen == "" || isPower(next.Steps) {
		next.Seen = cursor
	}
	return next, nil
}

func isPower(n int) bool { return n&(n-1) == 0 }

// identity is a hash of a record's id, of the whole record where it has none. It is never 0.
func (o *Reading) identity(record []byte) uint64 {
	if id := remoteID(record, o.IDs); id != "" {
		return max(xxh3.HashString(id), 1)
	}
	return max(xxh3.Hash(record), 1)
}
