package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// Retried is what another try at a quarantined record came to: a change, or why it still cannot be mapped.
type Retried struct {
	N               int64
	Change          *Change // nil: not mapped; Head is not looked at
	Pointer, Reason string
}

// RetryCounts are what a retry did. Their sum is the number of open records that it found.
type RetryCounts struct {
	Created, Updated, Superseded, Open int64
}

// RetryQuarantine stores records of a run's quarantine that can be mapped by now, in one transaction under the stream's lock, unless a newer one is
// stored. Only what is still open is touched, so it may be repeated and done twice at once. Whoever works on the stream's run loses the lease: the
// run goes on from its last stored page and classifies anew.
func (s *Store) RetryQuarantine(ctx context.Context, r *Run, tried []Retried, now time.Time) (n RetryCounts, err error) {
	if len(tried) == 0 {
		return n, nil
	}
	err = s.Write(ctx, func(tx *Tx) error {
		n, err = tx.retryQuarantine(ctx, r, tried, now)
		return err
	})
	if err != nil {
		return RetryCounts{}, fmt.Errorf("try the quarantine of run %s again: %w", r.ID, err)
	}
	return n, nil
}

func (t *Tx) retryQuarantine(ctx context.Context, r *Run, tried []Retried, now time.Time) (n RetryCounts, err error) {
	if _, err := t.q.LockStream(ctx, r.scope.no, r.Entity); err != nil {
		return n, orNotFound(err)
	}
	open, err := t.stillOpen(ctx, r, tried)
	if err != nil {
		return n, err
	}
	fit, over, bad, err := t.sortRetried(ctx, r, tried, open)
	if err != nil {
		return n, err
	}
	w, err := t.storeRetried(ctx, r, fit, now)
	if err != nil {
		return n, err
	}
	n = RetryCounts{Created: w.created, Updated: w.updated, Superseded: int64(len(over)), Open: int64(len(bad))}
	if err := t.noteRetried(ctx, r, fit, over, bad); err != nil || len(fit) == 0 {
		return n, err
	}
	return n, t.q.FreeRunOfStream(ctx, r.scope.no, r.stream)
}

// stillOpen gives the taken_seq of what is open, by its number.
func (t *Tx) stillOpen(ctx context.Context, r *Run, tried []Retried) (map[int64]int64, error) {
	rows, err := t.q.QuarantineState(ctx, queries.QuarantineStateParams{Connection: r.scope.no, Run: r.ID, FromN: tried[0].N, ToN: tried[len(tried)-1].N})
	open := map[int64]int64{}
	for _, row := range rows {
		if row.State == string(QuarantineOpen) {
			open[row.N] = row.TakenSeq
		}
	}
	return open, err
}

// sortRetried tells what fits, what a newer record stands over, and what is still bad.
func (t *Tx) sortRetried(ctx context.Context, r *Run, tried []Retried, open map[int64]int64) (fit, over, bad []Retried, err error) {
	var changes []Change
	for _, e := range tried {
		if _, ok := open[e.N]; ok && e.Change != nil {
			changes = append(changes, *e.Change)
		}
	}
	heads, err := t.headsOf(ctx, r.key(), changes)
	if err != nil {
		return nil, nil, nil, err
	}
	taken := map[uuid.UUID]int{} // by id, where in fit
	for _, e := range tried {
		seq, isOpen := open[e.N]
		switch {
		case !isOpen:
		case e.Change == nil:
			bad = append(bad, e)
		case stale(e.Change, heads[e.Change.ID], seq):
			over = append(over, e)
		default:
			if i, twice := taken[e.Change.ID]; twice {
				over = append(over, fit[i])
				fit[i] = e
				continue
			}
			taken[e.Change.ID] = len(fit)
			fit = append(fit, e)
		}
	}
	return fit, over, bad, nil
}

// stale says that the record was stored anew, or found gone, since its change was put in quarantine; where the source's own times tell, they decide.
func stale(c *Change, head HeadRow, takenSeq int64) bool {
	if head.Seq == 0 {
		return false
	}
	if !head.Deleted && !c.RemoteUpdatedAt.IsZero() && !head.RemoteUpdatedAt.IsZero() && !c.RemoteUpdatedAt.Equal(head.RemoteUpdatedAt) {
		return c.RemoteUpdatedAt.Before(head.RemoteUpdatedAt)
	}
	return head.Seq > takenSeq
}

func (t *Tx) storeRetried(ctx context.Context, r *Run, fit []Retried, now time.Time) (pageRows, error) {
	if len(fit) == 0 {
		return pageRows{}, nil
	}
	changes := each(fit, func(e Retried) Change { return *e.Change })
	heads, err := t.headsOf(ctx, r.key(), changes)
	if err != nil {
		return pageRows{}, err
	}
	first, commit, err := t.takeSeqs(ctx, r.key(), len(changes), now)
	if err != nil {
		return pageRows{}, err
	}
	w, e := newPageRows(commit, len(changes)), newEnvelope(r, commit, changes)
	for i := range changes {
		head, exists := heads[changes[i].ID]
		if err := w.add(&changes[i], head, exists, first+int64(i), e); err != nil {
			return pageRows{}, err
		}
	}
	return w, t.storeRecords(ctx, r, w)
}

func (t *Tx) noteRetried(ctx context.Context, r *Run, fit, over, bad []Retried) error {
	t.changedRuns(r.scope)
	settle := func(list []Retried, state QuarantineState) error {
		for _, e := range list {
			p := queries.SettleQuarantinedParams{State: string(state), Connection: r.scope.no, Run: r.ID, N: e.N}
			if err := t.q.SettleQuarantined(ctx, p); err != nil {
				return err
			}
		}
		return nil
	}
	if err := settle(fit, QuarantineStored); err != nil {
		return err
	}
	if err := settle(over, QuarantineSuperseded); err != nil {
		return err
	}
	for _, e := range bad {
		p := queries.ExplainQuarantinedParams{Pointer: Storable(e.Pointer), Reason: Storable(e.Reason), Connection: r.scope.no, Run: r.ID, N: e.N}
		if err := t.q.ExplainQuarantined(ctx, p); err != nil {
			return err
		}
	}
	return nil
}
