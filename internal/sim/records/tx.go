package records

import (
	"encoding/json"
	"strconv"
	"time"
)

// Tx is a change under way; what it does takes effect together or not at all.
type Tx struct {
	store   *Store
	at      time.Time
	entries []entry
	over    map[[2]string]Record // what it did so far; nil: removed
	lines   int
	next    map[string]int
}

// Do runs a change. An error undoes all of it. What it did is on the disk when Do returns.
func (s *Store) Do(change func(*Tx) error) error {
	if err := s.locked(change); err != nil {
		return err
	}
	return s.journal.Sync()
}

func (s *Store) locked(change func(*Tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := max(s.last, s.opts.Now().UnixMilli())
	x := &Tx{store: s, at: time.UnixMilli(at).UTC(), over: map[[2]string]Record{}, lines: s.lines, next: map[string]int{}}
	if err := change(x); err != nil || len(x.entries) == 0 {
		return err
	}
	if err := s.journal.Append(x.entries); err != nil {
		return err
	}
	for _, e := range x.entries {
		s.apply(e)
	}
	s.last, s.lines = at, x.lines
	return nil
}

// Now is the stamp of what the change does.
func (x *Tx) Now() string { return stamp(x.at) }

// Get gives a record as the change sees it, or nil. It must not be changed.
func (x *Tx) Get(table, id string) Record {
	if r, ok := x.over[[2]string{table, id}]; ok {
		return r
	}
	if row := x.store.byName[table].byID[id]; row != nil {
		return row.Record
	}
	return nil
}

// Each calls f with every record of a table, as the change found it, until it gives false.
func (x *Tx) Each(table string, f func(Record) bool) {
	for _, row := range x.store.byName[table].rows {
		if r := x.Get(table, row.ID); r != nil && !f(r) {
			return
		}
	}
}

// Identify gives a record that has no id the table's next one.
func (x *Tx) Identify(table string, r Record) {
	if r["id"] != nil {
		return
	}
	n := max(x.store.byName[table].highest, x.next[table]) + 1
	x.next[table] = n
	r["id"], r[x.store.opts.Created] = json.Number(strconv.Itoa(n)), x.Now()
}

// Put stores a record; one without an id is new.
func (x *Tx) Put(table string, r Record) (id string) {
	x.Identify(table, r)
	r[x.store.opts.Updated] = x.Now()
	if name := x.store.opts.Version; name != "" {
		n, _ := strconv.Atoi(idOf(r[name]))
		r[name] = json.Number(strconv.Itoa(n + 1))
	}
	id = idOf(r["id"])
	x.over[[2]string{table, id}] = r
	x.entries = append(x.entries, entry{Table: table, ID: id, Record: r})
	return id
}

// Remove takes a record away without a trace.
func (x *Tx) Remove(table, id string) {
	x.over[[2]string{table, id}] = nil
	x.entries = append(x.entries, entry{Table: table, ID: id})
}

// Used tells in which table a record is referred to, "" where it is not.
func (x *Tx) Used(table, id string) (by string) {
	for _, t := range x.store.tables {
		for _, row := range t.rows {
			r := x.Get(t.Name, row.ID)
			if r == nil || t.Name == table && row.ID == id {
				continue
			}
			refs(t.Members, r, func(of, to string) {
				if of == table && to == id {
					by = t.Name
				}
			})
			if by != "" {
				return by
			}
		}
	}
	return ""
}

// Claim remembers with what was put last that it came of a create with an idempotency key.
func (x *Tx) Claim(table, key, sent string) {
	last := &x.entries[len(x.entries)-1]
	last.Key, last.Sent = table+" "+key, sent
}

// Claimed gives what became of an earlier create with the key.
func (x *Tx) Claimed(table, key string) (Known, bool) {
	known, ok := x.store.keys[table+" "+key]
	return known, ok
}

func (x *Tx) nextLine() json.Number {
	x.lines++
	return json.Number(strconv.Itoa(x.lines))
}

// Clone copies a record deeply; of nil it makes an empty one.
func Clone(r Record) Record {
	out := make(Record, len(r)+4)
	for name, v := range r {
		out[name] = cloned(v)
	}
	return out
}

func cloned(v any) any {
	switch v := v.(type) {
	case Record:
		return Clone(v)
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = cloned(e)
		}
		return list
	}
	return v
}

// Serial is a number that no other record of these tables has been given.
func (x *Tx) Serial() int {
	n := x.lines
	for _, t := range x.store.tables {
		n += t.highest
	}
	return n
}
