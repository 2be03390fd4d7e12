package erp

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// state is what generated data depend on; it is written once, when a directory is first used.
type state struct {
	Seed   uint64    `json:"seed"`
	Base   time.Time `json:"base"`
	Counts Counts    `json:"counts"`
	Lines  int       `json:"lines"`
	Lean   bool      `json:"lean"`
}

// takeState reads state.json into the options, or writes it.
func (s *Server) takeState() error {
	if err := os.MkdirAll(s.opts.Dir, 0o700); err != nil {
		return fmt.Errorf("make SimERP's directory: %w", err)
	}
	path := filepath.Join(s.opts.Dir, "state.json")
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		o := s.opts
		return writeState(path, state{o.Seed, o.Base, o.Counts, o.Lines, o.Lean})
	}
	var st state
	if err == nil {
		err = json.Unmarshal(text, &st)
	}
	if err != nil {
		return fmt.Errorf("read SimERP's state: %w; delete %s to begin anew", err, s.opts.Dir)
	}
	s.opts.Seed, s.opts.Base, s.opts.Counts, s.opts.Lines, s.opts.Lean = st.Seed, st.Base, st.Counts, st.Lines, st.Lean
	return nil
}

// writeState writes beside and renames, so that a crash leaves no half state.
func writeState(path string, st state) error {
	text, err := json.MarshalIndent(st, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "state-*")
	if err != nil {
		return fmt.Errorf("write SimERP's state: %w", err)
	}
	_, err = f.Write(append(text, '\n'))
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write SimERP's state: %w", err)
	}
	return nil
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

// journal is an append-only file: a line is a JSON list of the entries that took effect together.
type journal struct {
	file    *os.File
	written atomic.Int64 // lines
	syncing sync.Mutex
	synced  int64 // lines that are on the disk
	closed  atomic.Bool
}

// append writes a line; the caller's answer waits for sync.
func (j *journal) append(entries []entry) error {
	if j == nil {
		return nil
	}
	line, err := json.Marshal(entries)
	if err != nil {
		return err
	}
	if _, err := j.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("write SimERP's journal: %w", err)
	}
	j.written.Add(1)
	return nil
}

// sync returns when all that was appended before is on the disk; those who wait share one sync.
func (j *journal) sync() error {
	if j == nil {
		return nil
	}
	mine := j.written.Load()
	j.syncing.Lock()
	defer j.syncing.Unlock()
	if j.synced >= mine {
		return nil
	}
	upto := j.written.Load()
	if err := j.file.Sync(); err != nil {
		return fmt.Errorf("write SimERP's journal: %w", err)
	}
	j.synced = upto
	return nil
}

func (j *journal) close() error {
	if j == nil || j.closed.Swap(true) {
		return nil
	}
	return j.file.Close()
}

// openJournal replays the journal and goes on writing after its last whole line.
func (s *Server) openJournal() error {
	f, err := os.OpenFile(filepath.Join(s.opts.Dir, "journal.jsonl"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open SimERP's journal: %w", err)
	}
	end, err := s.replay(bufio.NewReader(f))
	if err == nil {
		err = f.Truncate(end)
	}
	if err == nil {
		_, err = f.Seek(end, io.SeekStart)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("replay SimERP's journal: %w; delete %s to begin anew", err, s.opts.Dir), f.Close())
	}
	s.journal = &journal{file: f}
	return nil
}

// replay applies every whole line and gives where they end; what a crash left after that was never answered.
func (s *Server) replay(r *bufio.Reader) (end int64, err error) {
	for {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return end, nil
		}
		if err != nil {
			return end, err
		}
		entries, err := s.entries(line)
		if err != nil {
			return end, fmt.Errorf("the line at byte %d is damaged", end)
		}
		for _, e := range entries {
			before := s.byName[e.Resource].row(e.ID)
			s.apply(e)
			s.account(e, before)
		}
		end += int64(len(line))
	}
}

// entries reads a line of the journal; a line of an older SimERP is a single entry.
func (s *Server) entries(line []byte) (all []entry, err error) {
	if line[0] != '[' {
		line = slices.Concat([]byte("["), bytes.TrimSpace(line), []byte("]"))
	}
	if err = json.Unmarshal(line, &all); err != nil {
		return nil, err
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
