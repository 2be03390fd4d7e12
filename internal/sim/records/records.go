// Package records owns what simulated systems share whose data are JSON records: what people send is checked against the members of a table, changes take effect
// together or not at all, tables are kept in the order of change, and what changed survives a restart. It knows no system and no protocol but HTTP's host.
package records

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/journal"
)

// Record is one record, decoded: text, json.Number, bool, nil, Record, or []any of these.
type Record = map[string]any

// Table says what a table holds.
type Table struct {
	Name    string
	Members []Member // besides id and the stamps

	rows    []*Row
	byID    map[string]*Row
	highest int
}

// Row is a record at its place in a table. It is never changed.
type Row struct {
	ID      string
	Number  int
	Created int64 // ms
	Updated int64 // ms
	Record  Record
	JSON    []byte // as the system shows it
}

// Order compares rows by change.
func (r *Row) order(o *Row) int {
	return cmp.Or(cmp.Compare(r.Updated, o.Updated), cmp.Compare(r.Number, o.Number))
}

// Options say how a system keeps its records.
type Options struct {
	Name                      string // of the system
	Created, Updated, Version string // members that the system stamps; Version "": none
	Now                       func() time.Time
	ReadTime                  func(string) (time.Time, bool)
	ShowTime                  func(time.Time) string
}

// Store holds the tables of one system.
type Store struct {
	opts    Options
	mu      sync.RWMutex
	tables  []*Table
	byName  map[string]*Table
	journal *journal.Journal
	last    int64 // newest stamp given out, ms
	lines   int   // highest id of a list's element
	keys    map[string]Known
}

// Known is what became of a create with an idempotency key.
type Known struct {
	ID   string `json:"id"`
	Sent string `json:"sent"` // digest of what was sent
}

// New makes a store of empty tables.
func New(o Options, tables ...Table) *Store {
	s := &Store{opts: o, byName: map[string]*Table{}, keys: map[string]Known{}}
	for _, t := range tables {
		t.byID = map[string]*Row{}
		t.Members = append([]Member{Count("id").Own()}, t.Members...)
		t.Members = append(t.Members, Time(o.Created).Own(), Time(o.Updated).Own())
		if o.Version != "" {
			t.Members = append(t.Members, Count(o.Version).Own())
		}
		s.tables = append(s.tables, &t)
		s.byName[t.Name] = &t
	}
	return s
}

// Table gives the table of that name, or nil.
func (s *Store) Table(name string) *Table { return s.byName[name] }

// Generate lays a record into a table, as the system held it from its beginning; its id is the next number.
func (s *Store) Generate(table string, created, updated time.Time, r Record) int {
	t := s.byName[table]
	t.highest++
	r["id"] = json.Number(strconv.Itoa(t.highest))
	r[s.opts.Created], r[s.opts.Updated] = stamp(created), stamp(updated)
	if s.opts.Version != "" {
		r[s.opts.Version] = json.Number("1")
	}
	t.insert(s.row(t, r))
	return t.highest
}

// Sort brings generated records into order; it is called once, behind the last of them.
func (s *Store) Sort() {
	for _, t := range s.tables {
		slices.SortFunc(t.rows, (*Row).order)
	}
}

// entry is one change, as the journal keeps it.
type entry struct {
	Table  string `json:"table"`
	ID     string `json:"id"`
	Record Record `json:"record,omitempty"` // nil: removed
	Key    string `json:"key,omitempty"`    // table and idempotency key
	Sent   string `json:"sent,omitempty"`
}

// Keep replays what the directory's journal holds, and keeps there what changes from now on.
func (s *Store) Keep(dir string) (err error) {
	s.journal, err = journal.Open(s.opts.Name, dir, func(line []byte) error {
		var entries []entry
		if err := decode(line, &entries); err != nil {
			return errors.New("it is not JSON")
		}
		for _, e := range entries {
			if s.byName[e.Table] == nil {
				return fmt.Errorf("there is no table %q", e.Table)
			}
			s.apply(e)
		}
		return nil
	})
	return err
}

// Close ends the journal; safe to call twice.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.journal.Close()
}

// apply makes a change visible.
func (s *Store) apply(e entry) {
	t := s.byName[e.Table]
	t.drop(e.ID)
	if e.Key != "" {
		s.keys[e.Key] = Known{e.ID, e.Sent}
	}
	if e.Record == nil {
		return
	}
	r := s.row(t, e.Record)
	at, _ := slices.BinarySearchFunc(t.rows, r, (*Row).order)
	t.rows = slices.Insert(t.rows, at, r)
	t.byID[r.ID] = r
	t.highest = max(t.highest, r.Number)
	s.last = max(s.last, r.Updated)
}

func (t *Table) insert(r *Row) {
	t.rows = append(t.rows, r)
	t.byID[r.ID] = r
}

func (t *Table) drop(id string) {
	old := t.byID[id]
	if old == nil {
		return
	}
	at, _ := slices.BinarySearchFunc(t.rows, old, (*Row).order)
	t.rows = slices.Delete(t.rows, at, at+1)
	delete(t.byID, id)
}

func (s *Store) row(t *Table, r Record) *Row {
	id := idOf(r["id"])
	number, _ := strconv.Atoi(id)
	s.noteLines(t.Members, r)
	return &Row{ID: id, Number: number, Created: milli(r[s.opts.Created]), Updated: milli(r[s.opts.Updated]), Record: r, JSON: s.object(nil, t.Members, r)}
}

// noteLines remembers the highest id of a list's element, so that none is given out twice.
func (s *Store) noteLines(members []Member, r Record) {
	for _, m := range members {
		if list, ok := r[m.Name].([]any); ok && m.Kind == KindList {
			for _, e := range list {
				n, _ := strconv.Atoi(idOf(e.(Record)["id"]))
				s.lines = max(s.lines, n)
			}
		}
	}
}

// Read gives the row of that id, or nil.
func (s *Store) Read(table, id string) *Row {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.byName[table].byID[id]
}

// Rows gives the rows that fit, in the order of change.
func (s *Store) Rows(table string, fits func(*Row) bool) []*Row {
	s.mu.RLock()
	defer s.mu.RUnlock()
	rows := make([]*Row, 0, len(s.byName[table].rows))
	for _, r := range s.byName[table].rows {
		if fits(r) {
			rows = append(rows, r)
		}
	}
	return rows
}

func idOf(v any) string {
	switch v := v.(type) {
	case json.Number:
		return v.String()
	case string:
		return v
	}
	return ""
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

func milli(v any) int64 {
	text, _ := v.(string)
	t, _ := time.Parse(time.RFC3339Nano, text)
	return t.UnixMilli()
}

// Renew shows a generated record anew that was changed while others were made.
func (s *Store) Renew(table, id string) {
	t := s.byName[table]
	t.byID[id].JSON = s.object(nil, t.Members, t.byID[id].Record)
}
