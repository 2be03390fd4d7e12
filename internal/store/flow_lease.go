package store

import (
	"context"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// FlowBacklog lists the ids of flows with a run that can go on, or whose holder is gone, those that waited longest first.
func (s *Store) FlowBacklog(ctx context.Context, now time.Time, limit int) ([]string, error) {
	ids, err := s.read.FlowsReady(ctx, queries.At(now), atMost(limit))
	if err != nil {
		return nil, fmt.Errorf("list flows with something to do: %w", err)
	}
	return ids, nil
}

// AcquireFlow takes the lease, raising its fence, and the wake-up: whoever wakes the flow from then on is heard at its release. ErrConflict: somebody else has it, or it is gone.
func (s *Store) AcquireFlow(ctx context.Context, id, owner string, until, now time.Time) (f *Flow, err error) {
	err = s.Write(ctx, func(tx *Tx) error {
		row, err := tx.q.AcquireFlow(ctx, queries.AcquireFlowParams{LeaseOwner: owner, LeaseUntilAt: queries.At(until), ID: Storable(id), Now: now.UnixMicro()})
		f = flowFrom(row)
		return noRows(err, ErrConflict)
	})
	if err != nil {
		return nil, fmt.Errorf("take flow %s: %w", id, err)
	}
	return f, nil
}

// RenewFlow extends the lease. ErrFenced.
func (s *Store) RenewFlow(ctx context.Context, f *Flow, until time.Time) error {
	err := s.Write(ctx, func(tx *Tx) error {
		n, err := tx.q.RenewFlow(ctx, queries.At(until), f.ID, f.leaseEpoch)
		return hit(n, err, ErrFenced)
	})
	if err != nil {
		return fmt.Errorf("keep flow %s: %w", f.Name, err)
	}
	f.LeaseUntil = micros(until)
	return nil
}

// ReleaseFlow frees the lease, and gives the flow as it is then: it is woken at the given time (zero: not by itself), or when somebody has asked for since it was taken. ErrFenced.
func (t *Tx) ReleaseFlow(ctx context.Context, f *Flow, wakeAt time.Time) (out *Flow, err error) {
	var row queries.Flow
	if wakeAt.IsZero() {
		row, err = t.q.LeaveFlow(ctx, f.ID, f.leaseEpoch)
	} else {
		row, err = t.q.ReleaseFlow(ctx, wakeAt.UnixMicro(), f.ID, f.leaseEpoch)
	}
	if err != nil {
		return nil, fmt.Errorf("free flow %s: %w", f.Name, noRows(err, ErrFenced))
	}
	return flowFrom(row), nil
}

// HoldFlow takes the lock of a flow whose lease is held, and brings f up to date: the first statement about flows in every transaction of whoever works on it. ErrFenced.
func (t *Tx) HoldFlow(ctx context.Context, f *Flow) error {
	row, err := t.q.HoldFlow(ctx, f.ID, f.leaseEpoch)
	if err != nil {
		return fmt.Errorf("hold flow %s: %w", f.Name, noRows(err, ErrFenced))
	}
	*f = *flowFrom(row)
	return nil
}

// WakeFlow says that a run of the flow can go on at a time; an earlier one that is known stays. Takes the flow's lock. ErrNotFound.
func (t *Tx) WakeFlow(ctx context.Context, id string, at time.Time) error {
	n, err := t.q.WakeFlow(ctx, at.UnixMicro(), id)
	if err := hit(n, err, ErrNotFound); err != nil {
		return fmt.Errorf("wake flow %s: %w", id, err)
	}
	return nil
}
