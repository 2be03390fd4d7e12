package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/zeebo/xxh3"

	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/store"
)

// remapped is how many records are mapped anew in one transaction.
const remapped = 200

// remap maps every stored record anew from its raw form, without asking the source: the mapping is not the one that made them. Records
// that come out the same are left alone. The checkpoint's token is the last seq that was looked at.
func (s *runSlice) remap(ctx context.Context) error {
	for {
		done, err := s.remapStep(ctx)
		if err != nil {
			return err
		}
		if done {
			break
		}
		if s.turn.Err() != nil {
			return errTurnOver
		}
	}
	s.cp.enter(reading)
	with := s.cp.Mapping
	if with != s.mapper.VersionWith(s.env) {
		with = mixed
	}
	if err := s.worker.Store.FinishRemap(ctx, s.run, with, s.cp.encode()); err != nil {
		return fmt.Errorf("note the mapping of %s: %w", s.run.Entity, err)
	}
	return nil
}

// mixed stands for records that were not all mapped with one mapping: the next run maps them anew.
const mixed = ""

// noteMixed notes that a run which others began goes on with another mapping than theirs, as beside replicas of another release.
func (s *runSlice) noteMixed(ctx context.Context, stream *store.Stream) error {
	if s.cp.Phase == remapping || stream.Mapping == mixed || stream.Mapping == s.mapper.VersionWith(s.env) {
		return nil
	}
	if err := s.worker.Store.SetMapping(ctx, s.run, mixed); err != nil {
		return fmt.Errorf("note the mapping of %s: %w", s.run.Entity, err)
	}
	return nil
}

// remapStep takes the next records that were there when the run began; what it stores itself gets higher seqs.
func (s *runSlice) remapStep(ctx context.Context) (done bool, err error) {
	var after int64
	if s.cp.Token != nil {
		if err := json.Unmarshal(s.cp.Token, &after); err != nil {
			return false, fmt.Errorf("read the run's checkpoint: %w", err)
		}
	}
	recs, more, err := s.worker.Store.Page(ctx, s.conn.Scope(), s.run.Entity, store.Range{After: after, Limit: remapped, Raw: true})
	if err != nil {
		return false, fmt.Errorf("read stored records of %s: %w", s.run.Entity, err)
	}
	for len(recs) > 0 && recs[len(recs)-1].Seq > s.run.StartSeq {
		recs, more = recs[:len(recs)-1], false
	}
	if len(recs) == 0 {
		return true, nil
	}
	result, err := s.remapRecords(ctx, recs)
	if err != nil {
		return false, err
	}
	s.cp.Token = fmt.Append(nil, recs[len(recs)-1].Seq)
	result.Checkpoint, result.Expected, result.Remapped = s.cp.encode(), -1, true
	if err := s.worker.Store.ApplyPage(ctx, s.run, result, s.worker.Now()); err != nil {
		return false, err
	}
	return !more, s.tooManyBad()
}

func (s *runSlice) remapRecords(ctx context.Context, recs []store.Record) (p store.PageResult, err error) {
	remoteIDs, ids := make([]string, len(recs)), make([]uuid.UUID, len(recs))
	for i, r := range recs {
		if remoteIDs[i], err = s.mapper.RemoteID([]byte(r.Raw)); err != nil {
			p.Bad = append(p.Bad, badRecord(s.run.Entity, uuid.Nil, "", []byte(r.Raw), err))
			continue
		}
		ids[i] = mapping.RecordID(s.connection, s.run.Entity, remoteIDs[i])
	}
	heads, err := s.worker.Store.Heads(ctx, s.conn.Scope(), s.run.Entity, ids)
	if err != nil {
		return p, fmt.Errorf("look up the heads of %s: %w", s.run.Entity, err)
	}
	for i, r := range recs {
		if heads[i] != nil && heads[i].Seq == r.Seq { // else the mapping gives it another id: the next full sync tells
			s.remapRecord(&p, r, remoteIDs[i], heads[i])
		}
	}
	return p, nil
}

func (s *runSlice) remapRecord(p *store.PageResult, r store.Record, remoteID string, head *store.Head) {
	raw := []byte(r.Raw)
	m, err := s.mapper.Map(raw, s.env)
	if err != nil {
		p.Bad = append(p.Bad, badRecord(s.run.Entity, head.ID, remoteID, raw, err))
		return
	}
	if head.Unsure() {
		m.RangeAt = head.RangeAt // the stored form does not tell
	}
	if r.HasFields(m.Fields) && m.RangeAt.Equal(head.RangeAt) && m.RemoteUpdatedAt.Equal(head.RemoteUpdatedAt) {
		return
	}
	p.Changes = append(p.Changes, store.Change{
		ID: head.ID, RemoteID: remoteID, RawHash: xxh3.Hash128(raw).Bytes(), Raw: raw, Fields: m.Fields,
		RemoteUpdatedAt: m.RemoteUpdatedAt, RangeAt: m.RangeAt, Head: head,
	})
}

// badRecord tells of a record that cannot be mapped what is wrong with it, and to the connector's author where it is mapped.
func badRecord(entity string, id uuid.UUID, remoteID string, raw []byte, err error) store.BadRecord {
	var bad *mapping.BadValue
	if errors.As(err, &bad) {
		reason := bad.Reason
		if place := bad.Place(entity); place != "" {
			reason += " (mapped by " + place + ")"
		}
		return store.BadRecord{ID: id, RemoteID: remoteID, Pointer: bad.Pointer, Reason: reason, Raw: raw}
	}
	return store.BadRecord{ID: id, RemoteID: remoteID, Reason: err.Error(), Raw: raw}
}
