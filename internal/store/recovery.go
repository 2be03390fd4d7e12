package store

import (
	"context"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// ProbesDue lists connections whose system did not answer and is to be looked at again, those first that waited longest.
func (s *Store) ProbesDue(ctx context.Context, now time.Time, limit int) ([]*Connection, error) {
	rows, err := s.read.ProbesDue(ctx, queries.At(now), atMost(limit))
	if err != nil {
		return nil, fmt.Errorf("list what is to be probed: %w", err)
	}
	out := make([]*Connection, len(rows))
	for i, row := range rows {
		if out[i], err = connectionOf(row, nil); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// ClaimProbe takes the look that is due at c.ProbeAt and plans the next one; of many callers one gets true.
func (s *Store) ClaimProbe(ctx context.Context, c *Connection, next time.Time) (mine bool, err error) {
	err = s.Write(ctx, func(tx *Tx) error {
		tx.changed(ThingConnections, c.scope)
		n, err := tx.q.ClaimProbe(ctx, queries.At(next), c.scope.no, queries.At(c.ProbeAt))
		mine = n == 1
		return err
	})
	if err != nil {
		return false, fmt.Errorf("take the probe of connection %s: %w", c.ID, err)
	}
	return mine, nil
}

// PlanProbe says when to look next whether the system of an unreachable connection is back.
func (t *Tx) PlanProbe(ctx context.Context, sc Scope, at time.Time) error {
	t.changed(ThingConnections, sc)
	return t.q.PlanProbe(ctx, queries.At(at), sc.no)
}

// HurryProbe brings a planned look forward; one that is due earlier stays.
func (t *Tx) HurryProbe(ctx context.Context, sc Scope, at time.Time) error {
	t.changed(ThingConnections, sc)
	return t.q.HurryProbe(ctx, queries.At(at), sc.no)
}
