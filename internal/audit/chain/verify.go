package chain

import (
	"encoding/hex"
	"fmt"
)

// AuditLink is an entry's place in the chain. Of another project's entry only the hash is known.
type AuditLink struct {
	N      int64  `json:"n"`
	Hash   string `json:"hash" doc:"In hexadecimal digits."`
	Before string `json:"before" doc:"The hash that this one covers: that of the entry before; empty for the first."`
	Intact bool   `json:"intact" doc:"The server found the entry to have this hash."`
	Entry  *Entry `json:"entry" doc:"Null for an entry of another project."`
}

// Walk checks links in their order.
type Walk struct {
	n    int64
	hash string
	kept map[int64]string // hashes that must stand at these numbers
}

// NewWalk begins before the first entry. Each checkpoint's hash must be met.
func NewWalk(kept ...Checkpoint) *Walk {
	w := &Walk{kept: map[int64]string{}}
	for _, c := range kept {
		w.kept[c.N] = c.Hash
	}
	return w
}

// Step takes the next link. The error says what is wrong, and where.
func (w *Walk) Step(l AuditLink) error {
	switch {
	case l.N != w.n+1:
		return fmt.Errorf("entry %d is followed by %d: entries between them are missing, or their order was changed", w.n, l.N)
	case l.Before != w.hash:
		return fmt.Errorf("entry %d does not follow entry %d as that is now: one of them was changed", l.N, w.n)
	case !l.Intact:
		return fmt.Errorf("entry %d is not as it was written", l.N)
	}
	if err := l.recompute(); err != nil {
		return err
	}
	if kept, there := w.kept[l.N]; there && kept != l.Hash {
		return fmt.Errorf("entry %d is not the one that the checkpoint was made of: the log was written anew", l.N)
	}
	w.n, w.hash = l.N, l.Hash
	return nil
}

func (l AuditLink) recompute() error {
	if l.Entry == nil {
		return nil
	}
	before, err := hex.DecodeString(l.Before)
	if err != nil {
		return fmt.Errorf("entry %d: %q is no hash", l.N, l.Before)
	}
	sum, err := l.Entry.Sum(before)
	if err != nil {
		return err
	}
	if l.Entry.N != l.N || hex.EncodeToString(sum) != l.Hash {
		return fmt.Errorf("entry %d is not as it was written: its hash is another", l.N)
	}
	return nil
}

// End says whether the chain may end here: last is the number that was given out last.
func (w *Walk) End(last int64) error {
	for n := range w.kept {
		if n > w.n {
			return fmt.Errorf("the log ends with entry %d, and the checkpoint was made at entry %d: its end was cut off", w.n, n)
		}
	}
	if w.n != last {
		return fmt.Errorf("the log ends with entry %d, and entry %d was written: its end was cut off", w.n, last)
	}
	return nil
}

// N is how many links were good.
func (w *Walk) N() int64 { return w.n }
