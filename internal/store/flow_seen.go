package store

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// FlowPass is a trigger's way from one end of its stream to the next, page by page.
type FlowPass struct {
	Scope Scope
	Flow  string
	N     int64 // one of its kind, and later ones have higher ones
	Since int64 // where it began: what was created later, the trigger has not seen before
}

func (p FlowPass) key() FlowPassKey {
	return FlowPassKey{Connection: p.Scope.no, Flow: p.Flow, Pass: p.N}
}

// MarkCreated gives the entries of a page the type that they have for the whole pass: one that was created in it and has not been seen as that is created, though it has moved on from a page that
// was read to this one. seen are the entries of pages of the pass that are not kept yet.
func (s *Store) MarkCreated(ctx context.Context, p FlowPass, seen, page []FeedEntry) error {
	before := make(map[FlowSeenRow]bool, len(seen))
	for _, e := range seen {
		before[e.seen()] = true
	}
	var doubtful []FlowSeenRow
	for _, e := range page {
		if e.Type == changeUpdated && e.createdSeq > p.Since && !before[e.seen()] {
			doubtful = append(doubtful, e.seen())
		}
	}
	if len(doubtful) == 0 {
		return nil
	}
	kept := map[uuid.UUID]bool{}
	if err := s.engine.Bulk.FlowSeen(ctx, p.key(), doubtful, func(id uuid.UUID) { kept[id] = true }); err != nil {
		return fmt.Errorf("look what flow %s has seen: %w", p.Flow, err)
	}
	for i := range page {
		if e := &page[i]; e.Type == changeUpdated && e.createdSeq > p.Since && !before[e.seen()] && !kept[e.ID] {
			e.Type = changeCreated
		}
	}
	return nil
}

func (e *FeedEntry) seen() FlowSeenRow { return FlowSeenRow{ID: e.ID, CreatedSeq: e.createdSeq} }

// KeepCreated keeps which of the entries a pass that goes on has seen as created.
func (t *Tx) KeepCreated(ctx context.Context, p FlowPass, entries []FeedEntry) error {
	var rows []FlowSeenRow
	for _, e := range entries {
		if e.Type == changeCreated {
			rows = append(rows, e.seen())
		}
	}
	if err := t.s.engine.Bulk.InsertFlowSeen(ctx, t.tx, p.key(), rows); err != nil {
		return fmt.Errorf("keep what flow %s has seen: %w", p.Flow, err)
	}
	return nil
}

// DropCreated forgets some of what earlier passes have kept.
func (t *Tx) DropCreated(ctx context.Context, p FlowPass, limit int) error {
	if err := t.q.DropFlowSeen(ctx, queries.DropFlowSeenParams{Connection: p.Scope.no, Flow: p.Flow, Pass: p.N, MaxRows: atMost(limit)}); err != nil {
		return fmt.Errorf("forget what flow %s has seen: %w", p.Flow, err)
	}
	return nil
}
