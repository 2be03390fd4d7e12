package erp

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// row is one record: where it stands in order, and its JSON once somebody asked for it.
type row struct {
	id      string
	updated int64                  // µs
	date    int64                  // µs, midnight UTC: what orderDateFrom compares; 0: none
	place   int32                  // in the generator
	body    atomic.Pointer[[]byte] //
}

func (r *row) compare(updated int64, id string) int {
	return cmp.Or(cmp.Compare(r.updated, updated), cmp.Compare(r.id, id))
}

// table holds one resource in the order of (updatedAt, id). Rows are made when the table is first used.
type table struct {
	name   string
	fill   func(add func(id string, updated, date int64, place int))
	record func(place int) any // makes a generated record
	write  writer              // nil: read-only
	keyed  bool                // creates take an Idempotency-Key
	bulk   bool                // many can be written at once
	budget *cacheBudget

	indexes []*index

	once    sync.Once
	rows    []*row
	byID    map[string]*row
	highest int   // number of the highest key so far
	width   int   // digits of a key
	changes int64 // count of changes: part of the key of counted
	counted struct {
		sync.Mutex
		query
		changes int64
		total   int
	}
}

// cacheBudget bounds the memory of encoded records.
type cacheBudget struct {
	limit int64
	used  atomic.Int64
}

// query is what a list asks for.
type query struct {
	since, from int64  // µs; 0: everything
	made        int64  // µs, by createdAt; 0: everything
	status      string // "": any
	name, value string // of a filter by an index; name "": none
}

func (t *table) load() {
	t.once.Do(func() {
		t.byID = map[string]*row{}
		t.fill(func(id string, updated, date int64, place int) {
			r := &row{id: id, updated: updated, date: date, place: int32(place)}
			t.rows = append(t.rows, r)
			t.byID[id] = r
			t.note(id)
		})
		slices.SortFunc(t.rows, func(a, b *row) int { return a.compare(b.updated, b.id) })
		for _, x := range t.indexes {
			if x.name != "" {
				t.build(x)
			}
		}
	})
}

// json gives the record as the API shows it. The bytes must not be changed.
func (t *table) json(r *row) []byte {
	if b := r.body.Load(); b != nil {
		return *b
	}
	b, err := json.Marshal(t.record(int(r.place)))
	if err != nil {
		panic("a generated record is not JSON: " + err.Error())
	}
	if t.budget.used.Add(int64(len(b))) <= t.budget.limit {
		r.body.Store(&b)
	}
	return b
}

// put stores a record that a person wrote, at its place in order.
func (t *table) put(id string, updated, date int64, body []byte) {
	t.remove(id)
	r := &row{id: id, updated: updated, date: date, place: -1}
	r.body.Store(&body)
	t.insert(r)
	t.note(id)
}

// insert puts a row at its place in order; there is none of its key.
func (t *table) insert(r *row) {
	t.changes++
	at, _ := slices.BinarySearchFunc(t.rows, r, func(a, b *row) int { return a.compare(b.updated, b.id) })
	t.rows = slices.Insert(t.rows, at, r)
	t.byID[r.id] = r
	for _, x := range t.indexes {
		if x.ids != nil {
			x.add(r)
		}
	}
}

// remove takes a record away without a trace; false when there is none.
func (t *table) remove(id string) bool {
	t.changes++
	old := t.byID[id]
	if old == nil {
		return false
	}
	at, _ := slices.BinarySearchFunc(t.rows, old, func(a, b *row) int { return a.compare(b.updated, b.id) })
	t.rows = slices.Delete(t.rows, at, at+1)
	delete(t.byID, id)
	for _, x := range t.indexes {
		if x.ids != nil {
			x.drop(old)
		}
	}
	return true
}

// candidates gives the rows among which a query's are, in order.
func (t *table) candidates(q query) []*row {
	if q.name == "" {
		return t.rows
	}
	return t.held(t.filter(q.name), q.value)
}

// page gives up to limit rows after a place in order, and whether more follow.
func (t *table) page(q query, after mark, limit int) (rows []*row, more bool) {
	from := t.candidates(q)
	at, found := slices.BinarySearchFunc(from, after, func(r *row, m mark) int { return r.compare(m.updated, m.id) })
	if found {
		at++
	}
	rows = make([]*row, 0, limit)
	for _, r := range from[at:] {
		if !t.holds(q, r) {
			continue
		}
		if len(rows) == limit {
			return rows, true
		}
		rows = append(rows, r)
	}
	return rows, false
}

func (q query) holds(r *row) bool {
	return r.updated >= q.since && r.updated >= q.made && (q.from == 0 || r.date == 0 || r.date >= q.from)
}

func (t *table) holds(q query, r *row) bool {
	return q.holds(r) && (q.status == "" || bytes.Contains(t.json(r), []byte(`"status":"`+q.status+`"`))) && (q.made == 0 || madeAt(t.json(r)) >= q.made)
}

// madeAt is when a record was created, in µs; 0: it does not say.
func madeAt(record []byte) int64 {
	var s stamps
	if json.Unmarshal(record, &s) != nil {
		return 0
	}
	at, _ := time.Parse(time.RFC3339Nano, s.CreatedAt)
	return at.UnixMicro()
}

// total counts the rows that a query holds; the last count is remembered until something changes.
func (t *table) total(q query) int {
	c := &t.counted
	c.Lock()
	defer c.Unlock()
	if c.query == q && c.changes == t.changes && c.total > 0 {
		return c.total
	}
	n := 0
	for _, r := range t.candidates(q) {
		if t.holds(q, r) {
			n++
		}
	}
	c.query, c.changes, c.total = q, t.changes, n
	return n
}

// mark is a place in order, after which a page begins; the zero mark is the beginning.
type mark struct {
	updated int64
	id      string
}
