package store

import (
	"context"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// Attempts gives the ledger of an item, in order.
func (s *Store) Attempts(ctx context.Context, o *Operation, n int64) ([]Attempt, error) {
	rows, err := s.read.Attempts(ctx, o.scope.no, o.ID, n)
	if err != nil {
		return nil, fmt.Errorf("read the attempts at item %d of operation %s: %w", n, o.ID, err)
	}
	return each(rows, func(r queries.OperationAttempt) Attempt {
		return Attempt{
			Number: int(r.Attempt), Kind: AttemptKind(r.Kind), StartedAt: r.StartedAt.Time, EndedAt: r.EndedAt.Time,
			Outcome: r.Outcome, Sent: r.Sent, Answer: r.Answer, Detail: r.Detail,
		}
	}), nil
}

// noteAttempt writes a line of the item's ledger, if there is one to write. The end of the latest line is a line of its own where that one has its end already.
func (t *Tx) noteAttempt(ctx context.Context, i queries.OperationItem, a *Attempt, now time.Time) error {
	if a == nil {
		return nil
	}
	line := queries.PutAttemptParams{
		Connection: i.Connection, Operation: i.Operation, N: i.N, Attempt: int64(a.Number), Kind: string(a.Kind), StartedAt: queries.At(orElse(a.StartedAt, orElse(a.EndedAt, now))),
		EndedAt: queries.At(a.EndedAt), Outcome: Storable(a.Outcome), Sent: Storable(a.Sent), Answer: Storable(a.Answer), Detail: Storable(a.Detail),
	}
	switch {
	case a.Number > 0:
		return t.q.PutAttempt(ctx, line)
	case a.Number == LastAttempt:
		return t.q.EndAttempt(ctx, queries.EndAttemptParams{
			Connection: line.Connection, Operation: line.Operation, N: line.N, Kind: line.Kind, StartedAt: line.StartedAt,
			EndedAt: line.EndedAt, Outcome: line.Outcome, Sent: line.Sent, Answer: line.Answer, Detail: line.Detail,
		})
	}
	return t.q.AppendAttempt(ctx, queries.AppendAttemptParams{
		Connection: line.Connection, Operation: line.Operation, N: line.N, Kind: line.Kind, StartedAt: line.StartedAt,
		EndedAt: line.EndedAt, Outcome: line.Outcome, Sent: line.Sent, Answer: line.Answer, Detail: line.Detail,
	})
}
