package store

import (
	"context"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// SetHot notes that the run has read again the records of its stream that change often, from a time on. ErrFenced.
func (s *Store) SetHot(ctx context.Context, r *Run, from time.Time) error {
	err := s.Write(ctx, func(tx *Tx) error {
		n, err := tx.q.SetHot(ctx, queries.SetHotParams{HotAt: queries.At(from), Connection: r.scope.no, Stream: r.stream, Run: r.ID, LeaseEpoch: r.leaseEpoch})
		return hit(n, err, ErrFenced)
	})
	if err != nil {
		return fmt.Errorf("note when hot records of %s were read: %w", r.Entity, err)
	}
	return nil
}
