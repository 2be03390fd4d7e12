package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/busbar-dev/busbar/internal/store/queries"
)

// Activity is how many runs and writes ended, and how. A write is an item of an operation; it counts when and where its operation has ended, and no more
// once that goes on.
type Activity struct {
	RunsComplete, RunsIncomplete, RunsFailed, RunsCancelled          int64
	WritesApplied, WritesRejected, WritesNeedsHuman, WritesCancelled int64
}

// ActivityOf is the activity of a stretch of time.
type ActivityOf struct {
	BeginsAt time.Time
	Activity
}

// What activity is counted by: whole hours and whole days of UTC.
const (
	Hourly = time.Hour
	Daily  = 24 * time.Hour
)

// How long counts of hours and of days are kept.
const (
	KeptHours = 3 * Daily
	KeptDays  = 45 * Daily
)

// Activity sums up what ended in a project since then, by hours or by days; stretches in which nothing did are left out.
func (s *Store) Activity(ctx context.Context, projectID string, span time.Duration, since time.Time) ([]ActivityOf, error) {
	rows, err := s.read.ProjectActivity(ctx, projectID, int64(span/time.Second), queries.At(since.Truncate(span)))
	if err != nil {
		return nil, fmt.Errorf("sum up what happened in project %s: %w", projectID, err)
	}
	return each(rows, func(r queries.ProjectActivityRow) ActivityOf {
		return ActivityOf{BeginsAt: r.BeginsAt.Time, Activity: Activity{
			RunsComplete: r.RunsComplete, RunsIncomplete: r.RunsIncomplete, RunsFailed: r.RunsFailed, RunsCancelled: r.RunsCancelled,
			WritesApplied: r.WritesApplied, WritesRejected: r.WritesRejected, WritesNeedsHuman: r.WritesNeedsHuman, WritesCancelled: r.WritesCancelled,
		}}
	}), nil
}

// PurgeActivity deletes, in steps of limit rows, counts that are too old to be shown.
func (s *Store) PurgeActivity(ctx context.Context, now time.Time, limit int) (more bool, err error) {
	err = s.Write(ctx, func(tx *Tx) error {
		more = false
		for span, kept := range map[time.Duration]time.Duration{Hourly: KeptHours, Daily: KeptDays} {
			n, err := tx.q.PurgeActivity(ctx, int64(span/time.Second), queries.At(now.Add(-kept)), atMost(limit))
			if err != nil {
				return fmt.Errorf("purge counts of what happened: %w", err)
			}
			more = more || n >= int64(limit)
		}
		return nil
	})
	return more && err == nil, err
}

// tallyKey is the hour of a connection in which something ended.
type tallyKey struct {
	connection, hour int64 // hours since 1970
}

// tallies are what a transaction counts. They are stored last, in one order, so that whoever waits for their rows holds nothing that somebody else with a tally waits for.
type tallies map[tallyKey]*Activity

// tally gives what is counted of a connection where something ended at that time.
func (t *Tx) tally(connection int64, ended time.Time) *Activity {
	if t.tallies == nil {
		t.tallies = tallies{}
	}
	k := tallyKey{connection, ended.Unix() / int64(Hourly/time.Second)}
	if t.tallies[k] == nil {
		t.tallies[k] = &Activity{}
	}
	return t.tallies[k]
}

// tallyRuns counts runs that have ended so.
func (t *Tx) tallyRuns(connection int64, state RunState, n int64, ended time.Time) {
	if n == 0 {
		return
	}
	a := t.tally(connection, ended)
	switch state {
	case RunComplete:
		a.RunsComplete += n
	case RunIncomplete:
		a.RunsIncomplete += n
	case RunFailed:
		a.RunsFailed += n
	case RunCancelled:
		a.RunsCancelled += n
	}
}

// tallyWrites counts the items of an operation, if it has ended; less takes them off again.
func (t *Tx) tallyWrites(connection int64, ended time.Time, c ItemCounts, less bool) {
	if ended.IsZero() {
		return
	}
	sign := int64(1)
	if less {
		sign = -1
	}
	a := t.tally(connection, ended)
	a.WritesApplied += sign * c.Applied
	a.WritesRejected += sign * c.Rejected
	a.WritesNeedsHuman += sign * c.NeedsHuman
	a.WritesCancelled += sign * c.Cancelled
}

// putTallies stores what the transaction has counted.
func (t *Tx) putTallies(ctx context.Context) error {
	keys := slices.SortedFunc(maps.Keys(t.tallies), func(a, b tallyKey) int {
		return cmp.Or(cmp.Compare(a.connection, b.connection), cmp.Compare(a.hour, b.hour))
	})
	for _, k := range keys {
		a := t.tallies[k]
		if *a == (Activity{}) {
			continue
		}
		hour := time.Unix(k.hour*int64(Hourly/time.Second), 0)
		err := t.q.CountActivity(ctx, queries.CountActivityParams{
			Connection: k.connection, HourAt: queries.At(hour), DayAt: queries.At(hour.Truncate(Daily)),
			RunsComplete: a.RunsComplete, RunsIncomplete: a.RunsIncomplete, RunsFailed: a.RunsFailed, RunsCancelled: a.RunsCancelled,
			WritesApplied: a.WritesApplied, WritesRejected: a.WritesRejected, WritesNeedsHuman: a.WritesNeedsHuman, WritesCancelled: a.WritesCancelled,
		})
		if err != nil {
			return fmt.Errorf("count what happened: %w", err)
		}
	}
	t.tallies = nil
	return nil
}
