package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// LiveHead is as much of a head as a sweep compares.
type LiveHead struct {
	ID      uuid.UUID
	Seq     int64
	RangeAt time.Time
}

// bury marks records deleted, each at a new seq, and leaves out those that have moved since they were found. Fields and raw stay as they were.
func (t *Tx) bury(ctx context.Context, r *Run, found []LiveHead, why deletion, now time.Time) (deleted int, err error) {
	t.changed(ThingRecords, r.scope)
	k := r.key()
	first, commit, err := t.takeSeqs(ctx, k, len(found), now)
	if err != nil {
		return 0, err
	}
	e := makeEnvelope(r, commit, 0)
	for i, h := range found {
		ok, err := t.buryOne(ctx, k, h, first+int64(i), e, &why)
		if err != nil {
			return 0, fmt.Errorf("record %s: %w", h.ID, err)
		}
		if ok {
			deleted++
		}
	}
	return deleted, t.countRecords(ctx, k, int64(-deleted), int64(deleted))
}

func (t *Tx) buryOne(ctx context.Context, k StreamKey, found LiveHead, seq int64, e *envelope, why *deletion) (bool, error) {
	head, err := t.q.Head(ctx, k.Connection, k.Stream, found.ID[:])
	if err != nil || head.Seq != found.Seq || bool(head.Deleted) {
		return false, noRows(err, nil)
	}
	body, err := t.q.Body(ctx, k.Connection, k.Stream, head.Seq)
	if err != nil {
		return false, err
	}
	fields, err := fieldsOf([]byte(body.Record))
	if err != nil {
		return false, err
	}
	e.buf = nil // each tombstone is stored before the next is written
	next := HeadRow{ID: found.ID, Seq: seq, CreatedAt: head.CreatedAt.Time}
	record, err := e.record(next, body.RemoteID, why, fields)
	if err != nil {
		return false, err
	}
	return true, t.replaceBody(ctx, body, seq, e.commit, record)
}

// replaceBody puts a tombstone in the place of a live body.
func (t *Tx) replaceBody(ctx context.Context, old queries.Body, seq int64, c Commit, record []byte) error {
	k := StreamKey{Connection: old.Connection, Stream: old.Stream}
	if err := t.q.DeleteBody(ctx, k.Connection, k.Stream, old.Seq); err != nil {
		return err
	}
	tombstone := BodyRow{
		Seq: seq, CreatedSeq: old.CreatedSeq, ID: uuid.UUID(old.ID), RemoteID: old.RemoteID, Deleted: true, Record: record, Raw: []byte(old.Raw),
	}
	if err := t.s.engine.Bulk.InsertBodies(ctx, t.tx, k, c, []BodyRow{tombstone}); err != nil {
		return err
	}
	return t.q.MoveHead(ctx, queries.MoveHeadParams{Connection: k.Connection, Stream: k.Stream, ID: old.ID, Seq: seq, Deleted: true})
}
