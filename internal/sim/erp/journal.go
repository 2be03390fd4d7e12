package erp

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
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
	At       int64           `json:"at"`   // updatedAt, µs
	Date     int64           `json:"date"` // what orderDateFrom compares, µs
	Record   json.RawMessage `json:"record,omitempty"`
}

// journal is an append-only file of entries, one JSON object a line.
type journal struct{ file *os.File }

// append returns when the entry is on the disk.
func (j *journal) append(e entry) error {
	if j == nil {
		return nil
	}
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if _, err := j.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("write SimERP's journal: %w", err)
	}
	return j.file.Sync()
}

func (j *journal) close() error {
	if j == nil || j.file == nil {
		return nil
	}
	err := j.file.Close()
	j.file = nil
	return err
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
	s.journal = &journal{f}
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
		var e entry
		if err := json.Unmarshal(line, &e); err != nil || s.byName[e.Resource] == nil {
			return end, fmt.Errorf("the line at byte %d is damaged", end)
		}
		s.apply(e)
		end += int64(len(line))
	}
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
