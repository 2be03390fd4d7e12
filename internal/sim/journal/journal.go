// Package journal owns how a simulated system outlives a restart: what its data were generated from, and what people changed since then. It knows no system.
package journal

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// Journal is an append-only file of JSON lines, one for what takes effect together. A nil one keeps nothing.
type Journal struct {
	name    string // of the system
	file    *os.File
	written atomic.Int64 // lines
	syncing sync.Mutex
	synced  int64 // lines that are on the disk
	closed  atomic.Bool
}

// Open replays journal.jsonl in dir, line by line, and goes on writing after its last whole line: what a crash left behind that was never answered.
func Open(name, dir string, replay func(line []byte) error) (*Journal, error) {
	f, err := os.OpenFile(filepath.Join(dir, "journal.jsonl"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open %s's journal: %w", name, err)
	}
	end, err := read(bufio.NewReader(f), replay)
	if err == nil {
		err = f.Truncate(end)
	}
	if err == nil {
		_, err = f.Seek(end, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("replay %s's journal: %w; delete %s to begin anew", name, err, dir), f.Close())
	}
	return &Journal{name: name, file: f}, nil
}

// read gives every whole line away and tells where they end.
func read(r *bufio.Reader, replay func(line []byte) error) (end int64, err error) {
	for {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return end, nil
		}
		if err == nil {
			err = replay(line)
		}
		if err != nil {
			return end, fmt.Errorf("the line at byte %d is damaged: %w", end, err)
		}
		end += int64(len(line))
	}
}

// Append writes a line; the caller's answer waits for Sync.
func (j *Journal) Append(what any) error {
	if j == nil {
		return nil
	}
	line, err := json.Marshal(what)
	if err != nil {
		return err
	}
	if _, err := j.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("write %s's journal: %w", j.name, err)
	}
	j.written.Add(1)
	return nil
}

// Sync returns when all that was appended before is on the disk; those who wait share one sync.
func (j *Journal) Sync() error {
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
		return fmt.Errorf("write %s's journal: %w", j.name, err)
	}
	j.synced = upto
	return nil
}

// Close closes the file; safe to call twice.
func (j *Journal) Close() error {
	if j == nil || j.closed.Swap(true) {
		return nil
	}
	return j.file.Close()
}
