package erp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/journal"
)

// state is what generated data depend on; it is written once, when a directory is first used.
type state struct {
	Seed   uint64    `json:"seed"`
	Base   time.Time `json:"base"`
	Counts Counts    `json:"counts"`
	Lines  int       `json:"lines"`
	Lean   bool      `json:"lean"`
}

// takeState reads the state that the directory holds into the options, or writes theirs.
func (s *Server) takeState() error {
	o := &s.opts
	st := state{o.Seed, o.Base, o.Counts, o.Lines, o.Lean}
	err := journal.TakeState("SimERP", o.Dir, &st)
	o.Seed, o.Base, o.Counts, o.Lines, o.Lean = st.Seed, st.Base, st.Counts, st.Lines, st.Lean
	return err
}

// entry is one change, as the journal keeps it: the whole record after it, or none when it was deleted.
type entry struct {
	Resource string          `json:"resource"`
	ID       string          `json:"id"`
	At       int64           `json:"at"`             // updatedAt, µs
	Date     int64           `json:"date"`           // what orderDateFrom compares, µs
	Key      string          `json:"key,omitempty"`  // create: resource and Idempotency-Key
	Sent     string          `json:"sent,omitempty"` // with Key: digest of the body
	Record   json.RawMessage `json:"record,omitempty"`
}

// openJournal replays the journal; a line is a JSON list of the entries that took effect together.
func (s *Server) openJournal() (err error) {
	s.journal, err = journal.Open("SimERP", s.opts.Dir, s.replay)
	return err
}

func (s *Server) replay(line []byte) error {
	entries, err := s.entries(line)
	if err != nil {
		return err
	}
	for _, e := range entries {
		before := s.byName[e.Resource].row(e.ID)
		s.apply(e)
		s.account(e, before)
	}
	return nil
}

// entries reads a line of the journal; a line of an older SimERP is a single entry.
func (s *Server) entries(line []byte) (all []entry, err error) {
	if line[0] != '[' {
		line = slices.Concat([]byte("["), bytes.TrimSpace(line), []byte("]"))
	}
	if err = json.Unmarshal(line, &all); err != nil {
		return nil, errors.New("it is not JSON")
	}
	for _, e := range all {
		if s.byName[e.Resource] == nil {
			return nil, fmt.Errorf("there is no resource %q", e.Resource)
		}
	}
	return all, nil
}

// row gives the record of that key, or nil.
func (t *table) row(id string) *row {
	t.load()
	return t.byID[id]
}

// apply makes a change visible.
func (s *Server) apply(e entry) {
	t := s.byName[e.Resource]
	t.load()
	s.last = max(s.last, e.At)
	t.note(e.ID)
	if e.Record == nil {
		t.remove(e.ID)
		return
	}
	t.put(e.ID, e.At, e.Date, e.Record)
}
