package write

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// Resolve stores a person's decision on an item that needs one, or whose outcome is not known yet. What happened is read from the system and stored, if it answers.
func (s *Service) Resolve(ctx context.Context, c *store.Connection, id string, n int64, d Decision) (*store.Item, error) {
	o, err := s.operation(ctx, c, id)
	if err != nil {
		return nil, err
	}
	it, err := s.Store.Item(ctx, o, n)
	if errors.Is(err, store.ErrNotFound) {
		return nil, problem.Newf(problem.NotFound, "Operation %s has no item %d.", id, n)
	}
	if err != nil {
		return nil, fmt.Errorf("read item %d of operation %s: %w", n, id, err)
	}
	if !it.Status.Doubtful() {
		return nil, problem.Newf(problem.Conflict, "Item %d is %s: there is nothing to decide about it.", n, it.Status)
	}
	v := &decision{Service: s, Decision: d, conn: c, op: o, item: it}
	if err := v.findRecord(ctx); err != nil {
		return nil, err
	}
	if err := v.store(ctx); err != nil {
		return nil, err
	}
	return s.Store.Item(ctx, o, n)
}

// decision is what a person says about an item.
type decision struct {
	*Service
	Decision
	conn   *store.Connection
	op     *store.Operation
	item   *store.Item
	record *store.WrittenRecord // as the system shows it; nil: it was not asked, or did not answer
	detail string
}

// findRecord reads the record of what happened.
func (v *decision) findRecord(ctx context.Context) error {
	if !v.Happened {
		v.detail = "It had no effect; it is sent again."
		return nil
	}
	known, err := v.known(ctx)
	if err != nil {
		return err
	}
	if known != "" && v.RemoteID != "" && v.RemoteID != known {
		return problem.New(problem.ValidationFailed, "This write was for another record; see errors.").
			At("/remote_id", problem.Invalid, fmt.Sprintf("It was for the record %q: leave remote_id out.", known))
	}
	v.RemoteID = firstOf(v.RemoteID, known)
	if v.RemoteID == "" {
		return problem.New(problem.ValidationFailed, "Say which record came of it; see errors.").At("/remote_id", problem.Required, "The id that the system gave to the record.")
	}
	v.detail = "It happened: " + v.RemoteID + "."
	return v.ask(ctx)
}

// known gives the system's id of the record that the write was for; "" where nobody knows it.
func (v *decision) known(ctx context.Context) (string, error) {
	if v.item.RemoteID != "" || v.item.Op == string(manifest.Create) {
		return v.item.RemoteID, nil
	}
	r, err := v.Store.RecordForWrite(ctx, v.conn.Scope(), v.op.Entity, v.item.Record)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read %s %s: %w", v.op.Entity, v.item.Record, err)
	}
	return r.RemoteID, nil
}

// ask reads the record from the system. One that cannot be asked now is no reason to refuse: the next sync brings the record.
func (v *decision) ask(ctx context.Context) error {
	t, err := v.open(ctx, v.conn, v.op.Entity)
	var refused *problem.Error
	if errors.As(err, &refused) {
		return nil
	}
	if err != nil {
		return err
	}
	defer t.close()
	raw, err := t.writer.ReadOne(budget.WithPriority(ctx, budget.InteractiveRead), t.entity, v.RemoteID)
	if driver.KindOf(err) != "" {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s %s: %w", v.op.Entity, v.RemoteID, err)
	}
	return v.compare(t, raw)
}

// compare holds what a person says against what the system shows.
func (v *decision) compare(t *target, raw []byte) error {
	deletion := v.item.Op == string(manifest.Delete) && t.entity.Operations[manifest.Delete].How != "cancel"
	switch {
	case raw == nil && !deletion:
		return problem.Newf(problem.ValidationFailed, "%s has no record %q; see errors.", t.system.Name, v.RemoteID).
			At("/remote_id", problem.UnknownReference, "The system knows no record of this id.")
	case raw != nil && deletion:
		return problem.Newf(problem.ValidationFailed, "%s still has the record %q, so its deletion did not happen; see errors.", t.system.Name, v.RemoteID).
			At("/outcome", problem.Invalid, "The record is still there: say not_happened, and it is deleted again.")
	}
	rec, err := t.written(v.RemoteID, raw)
	if err != nil {
		return nil //nolint:nilerr // it is there and cannot be mapped: the next sync puts it into quarantine
	}
	if deletion {
		rec.Gone = goneExplicit
	}
	v.record = &rec
	return nil
}

// store stores the decision with its record; what is to be sent again goes on in the background.
func (v *decision) store(ctx context.Context) error {
	err := v.Store.Write(ctx, func(tx *store.Tx) error {
		m, err := v.move(ctx, tx)
		if err != nil {
			return err
		}
		it := *v.item // a transaction may be done again
		if err := tx.DecideItem(ctx, v.op, &it, m, v.Now()); err != nil {
			return err
		}
		if err := v.Waker.Wake(ctx, tx, store.LaneWrites, v.conn.ID); err != nil {
			return err
		}
		return note(ctx, tx, v.conn, "item_resolved", v.op.ID)
	})
	if errors.Is(err, store.ErrConflict) {
		return problem.Newf(problem.OperationInProgress, "Item %d is being worked on just now, or somebody else has decided. Read it again.", v.item.N).
			With("operation", "/v1/operations/"+v.op.ID).After(busyAgain)
	}
	if err != nil {
		return fmt.Errorf("store the decision on item %d of operation %s: %w", v.item.N, v.op.ID, err)
	}
	if v.Happened {
		v.tell(ctx, v.op, v.op.Counts.Open()+1)
	}
	return nil
}

func (v *decision) move(ctx context.Context, tx *store.Tx) (store.ItemMove, error) {
	now := v.Now()
	m := store.ItemMove{
		From: []store.ItemStatus{store.ItemNeedsHuman, store.ItemUnknown, store.ItemReconciling}, To: store.ItemPending,
		Attempt: &store.Attempt{Kind: store.AttemptDecision, StartedAt: now, EndedAt: now, Outcome: outcomeDecided, Detail: v.detail + " Decided by " + v.By + "."},
	}
	if !v.Happened {
		return m, nil
	}
	connection, err := uuid.Parse(v.conn.ID)
	if err != nil {
		return m, fmt.Errorf("connection id %q: %w", v.conn.ID, err)
	}
	m.To, m.RemoteID, m.Record = store.ItemApplied, v.RemoteID, mapping.RecordID(connection, v.op.Entity, v.RemoteID)
	if v.record == nil {
		return m, nil
	}
	rec, err := tx.ApplyRecord(ctx, v.conn.Scope(), v.op.Entity, *v.record, now)
	if err == nil && rec != nil {
		m.Version = versionOf(rec)
	}
	return m, err
}
