package store

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// The types of changes.
const (
	changeCreated = "created"
	changeUpdated = "updated"
	changeDeleted = "deleted"
)

// FeedEntry is one change of a stream.
type FeedEntry struct {
	Seq       int64
	Type      string // created, updated, deleted
	ID        uuid.UUID
	RemoteID  string
	Version   string
	ChangedAt time.Time
	JSON      string // the record; only when asked for

	createdSeq int64
}

// Feed reads changes in seq order, deletes included. What the reader has not seen yet is created, however often it was changed since.
func (s *Store) Feed(ctx context.Context, sc Scope, entity string, r Range) (entries []FeedEntry, more bool, err error) {
	k, err := s.streamKey(ctx, sc, entity)
	if err != nil {
		return nil, false, err
	}
	cut := newCutter(r)
	entries = make([]FeedEntry, 0, cut.limit)
	scan := bodyScan{StreamKey: k, After: r.After, Limit: cut.limit + 1, Record: r.JSON}
	err = s.scans.changes(ctx, scan, func(b *BodyRow, record string) bool {
		if cut.full() {
			return false
		}
		e := entryFrom(b, r.After)
		e.JSON = record
		cut.took(len(record))
		entries = append(entries, e)
		return true
	})
	if err != nil {
		return nil, false, fmt.Errorf("read changes of %s: %w", entity, err)
	}
	return entries, cut.more, nil
}

func entryFrom(b *BodyRow, after int64) FeedEntry {
	return FeedEntry{Seq: b.Seq, Type: changeType(b, after), ID: b.ID, RemoteID: b.RemoteID, Version: version(b.Epoch, b.Seq), ChangedAt: b.At, createdSeq: b.CreatedSeq}
}

func changeType(b *BodyRow, after int64) string {
	switch {
	case b.Deleted:
		return changeDeleted
	case b.CreatedSeq > after:
		return changeCreated
	}
	return changeUpdated
}

// version is the text that changes with every change of a record.
func version(epoch, seq int64) string {
	return strconv.FormatInt(epoch, 10) + "." + strconv.FormatInt(seq, 10)
}
