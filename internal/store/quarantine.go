package store

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// QuarantineState is what became of a record that could not be mapped.
type QuarantineState string

// The states of a quarantined record.
const (
	QuarantineOpen       QuarantineState = "open"
	QuarantineStored     QuarantineState = "stored"     // a later try mapped it
	QuarantineSuperseded QuarantineState = "superseded" // a newer one is stored, or in quarantine itself
)

// QuarantineStates lists them.
func QuarantineStates() []QuarantineState {
	return []QuarantineState{QuarantineOpen, QuarantineStored, QuarantineSuperseded}
}

// Quarantined is a record in a run's quarantine.
type Quarantined struct {
	BadRecord // ID and Twin are not given
	N         int64
	State     QuarantineState
}

// QuarantineRange asks for a page of a run's quarantine.
type QuarantineRange struct {
	After int64           // N
	State QuarantineState // "": any
	Limit int
	Bytes int // stop after about that many bytes of raw records, at least one record; 0: no budget
}

// Quarantine lists a run's quarantine in the order in which it came. more says that the range goes on.
func (s *Store) Quarantine(ctx context.Context, sc Scope, runID string, q QuarantineRange) (page []Quarantined, more bool, err error) {
	upTo, more, err := s.quarantineEnd(ctx, sc, runID, q)
	if err != nil {
		return nil, false, fmt.Errorf("read the quarantine of run %s: %w", runID, err)
	}
	rows, err := s.read.Quarantine(ctx, queries.QuarantineParams{Connection: sc.no, Run: runID, After: q.After, UpTo: upTo, State: string(q.State)})
	if err != nil {
		return nil, false, fmt.Errorf("read the quarantine of run %s: %w", runID, err)
	}
	return each(rows, func(r queries.QuarantineRow) Quarantined {
		return Quarantined{BadRecord{RemoteID: r.RemoteID, Pointer: r.Pointer, Reason: r.Reason, Raw: r.Raw}, r.N, QuarantineState(r.State)}
	}), more, nil
}

// quarantineEnd finds where a page ends, by the sizes of its records.
func (s *Store) quarantineEnd(ctx context.Context, sc Scope, runID string, q QuarantineRange) (upTo int64, more bool, err error) {
	cut := newCutter(Range{Limit: q.Limit, Bytes: q.Bytes})
	rows, err := s.read.QuarantineSizes(ctx, queries.QuarantineSizesParams{
		Connection: sc.no, Run: runID, After: q.After, State: string(q.State), MaxRows: int32(cut.limit) + 1,
	})
	if err != nil {
		return 0, false, err
	}
	for _, r := range rows {
		if cut.full() {
			break
		}
		cut.took(int(r.Size))
		upTo = r.N
	}
	return upTo, cut.more, nil
}

// quarantine stores records that could not be mapped. What is in quarantine of the same record already is older, unless the record was stored
// before it and is only mapped anew.
func (t *Tx) quarantine(ctx context.Context, r *Run, p PageResult) error {
	for _, b := range p.Bad {
		if err := t.quarantineOne(ctx, r, b, p.Remapped); err != nil {
			return fmt.Errorf("quarantine record %q: %w", b.RemoteID, err)
		}
	}
	return nil
}

func (t *Tx) quarantineOne(ctx context.Context, r *Run, b BadRecord, remapped bool) error {
	id := quarantineID(b)
	row := queries.InsertQuarantineParams{
		Connection: r.scope.no, Run: r.ID, RemoteID: Storable(b.RemoteID), Pointer: Storable(b.Pointer), Reason: Storable(b.Reason), Raw: append([]byte{}, b.Raw...), Stream: r.stream, ID: id[:],
		State: string(QuarantineOpen),
	}
	if b.Twin {
		row.Twin = 1
	}
	if remapped {
		n, err := t.q.CountOpenQuarantine(ctx, r.scope.no, r.stream, id[:])
		if err != nil {
			return err
		}
		if n > 0 {
			row.State = string(QuarantineSuperseded)
		}
	} else if err := t.q.SupersedeQuarantined(ctx, r.scope.no, r.stream, id[:]); err != nil {
		return err
	}
	return t.q.InsertQuarantine(ctx, row)
}

// quarantineID tells records in quarantine apart: where the id is not known, by their raw form.
func quarantineID(b BadRecord) uuid.UUID {
	if b.ID != uuid.Nil {
		return b.ID
	}
	return uuid.NewSHA1(uuid.Nil, b.Raw)
}

// followRecords lets what is kept about records follow what a page did to them.
func (t *Tx) followRecords(ctx context.Context, r *Run, p PageResult, w pageRows) error {
	if p.Remapped {
		return t.moveHeld(ctx, r.key(), w)
	}
	return t.supersede(ctx, r, p, w)
}

// supersede takes records out of quarantine that the page brought in order: stored, or as they are stored already.
func (t *Tx) supersede(ctx context.Context, r *Run, p PageResult, w pageRows) error {
	open, err := t.q.OpenQuarantineIDs(ctx, r.scope.no, r.stream)
	if err != nil || len(open) == 0 {
		return err
	}
	met := metSeqs(p, w)
	var over []uuid.UUID
	ids := each(open, func(o queries.OpenQuarantineIDsRow) uuid.UUID { return uuid.UUID(o.ID) })
	err = t.s.engine.Bulk.Heads(ctx, t.tx, r.key(), ids, func(h HeadRow) {
		if met[h.Seq] {
			over = append(over, h.ID)
		}
	})
	for i := 0; i < len(over) && err == nil; i++ {
		err = t.q.SupersedeQuarantined(ctx, r.scope.no, r.stream, over[i][:])
	}
	return err
}

// metSeqs are the seqs of heads that the page stored or met in order.
func metSeqs(p PageResult, w pageRows) map[int64]bool {
	met := make(map[int64]bool, len(p.SeenSeqs)+len(w.heads))
	for _, seq := range p.SeenSeqs {
		met[seq] = true
	}
	for _, h := range p.Unsure {
		delete(met, h.Seq)
	}
	for _, h := range w.heads {
		met[h.Seq] = true
	}
	return met
}

// oldQuarantine bounds how much one run's end lets go of; what is left goes with the next.
const oldQuarantine = 1000

// dropOldQuarantine lets go of what older runs of the stream left in quarantine: a complete full run has read it again. A run over a period has not
// read what lies outside, so what is open stays.
func (t *Tx) dropOldQuarantine(ctx context.Context, r *Run) error {
	p := queries.DropQuarantineParams{Connection: r.scope.no, Stream: r.stream, Run: r.ID, MaxRows: oldQuarantine}
	if r.HistoryFrom.IsZero() {
		p.Everything = 1
	}
	_, err := t.q.DropQuarantine(ctx, p)
	return err
}
