package write

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/busbar-dev/busbar/internal/check"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// How a record that may have come of a create is found by its key or our mark, and told from what others made.

// searchIt looks for the record that a create made, by its key or our mark.
func (q *inquiry) searchIt(ctx context.Context) error {
	value := q.item.Mark
	v, err := q.judge(ctx, q.asked())
	if err != nil {
		return q.blind(ctx, err)
	}
	if q.rung.Class == manifest.W2 && v.Key != "" {
		value = v.Key
	}
	found, err := q.search(ctx, driver.Search{Entity: q.entity, Rung: &q.rung, Value: value, Since: q.op.CreatedAt})
	if err != nil {
		return q.blind(ctx, err)
	}
	switch {
	case len(found) == 0:
		return q.absent(ctx)
	case len(found) > 1:
		return q.several(ctx, found, "More than one record carries the mark of this write: it may have been done twice. Look at them in the system, then say which one stands.")
	case q.rung.Class == manifest.W2 && value != q.item.Mark && q.wasThere(ctx, found[0]):
		return q.conclude(ctx, q.item, end{to: store.ItemRejected, looked: true, since: q.since, outcome: outcomeFound,
			problem: problem.Newf(problem.Conflict, "%s had a record with the key %q before this write was sent.", q.system.Name, value)})
	case q.rung.Class == manifest.W2 && value != q.item.Mark && !q.looksLikeOurs(v, found[0]):
		return q.several(ctx, found, "A record with this key exists and differs from what was sent; it cannot be told whether it came of this write.")
	}
	own := q.rung.Class == manifest.W2 && value != q.item.Mark
	if own && q.seemsOlder(found[0]) {
		return q.several(ctx, found, "A record with this key exists, and by the system's own clock it was made before this write was sent. Look at it in the system, then say whether it came of this write.")
	}
	if own {
		if wait, err := q.sideBySide(ctx, value); wait || err != nil {
			return err
		}
	}
	if err := q.adopt(ctx, v, found[0], own); !errors.Is(err, errMadeByAnother) {
		return err
	}
	return q.conclude(ctx, q.item, end{to: store.ItemRejected, looked: true, since: q.since, outcome: outcomeFound,
		problem: problem.Newf(problem.Conflict, "Another write made the record with the key %q in %s; this one had no effect.", value, q.system.Name)})
}

// sideBySide lets an item wait while another create with the same key of the caller's own is on its way: its answer tells which of them made the record.
func (q *inquiry) sideBySide(ctx context.Context, key string) (wait bool, err error) {
	sent, err := q.Store.CreatesUnderWay(ctx, q.op)
	if err != nil || !slices.ContainsFunc(sent, func(it store.Item) bool { return memberOf(it.Data, q.rung.Key) == key }) {
		return false, err
	}
	return true, q.conclude(ctx, q.item, end{to: store.ItemReconciling, due: q.Now().Add(busyAgain), unlogged: true,
		problem: problem.Newf(problem.WriteOutcomeUnknown, "A record with the key %q is there, and another write with this key is on its way: its answer tells which of them made it. Busbar looks again by itself.", key)})
}

// seemsOlder says that a record was made before the write by the system's own clock, which may be wrong.
func (q *inquiry) seemsOlder(raw []byte) bool {
	m, err := q.mapper.Map(raw, q.env)
	return err == nil && isBefore(memberOf(m.Fields, "remote_created_at"), q.op.CreatedAt.Add(-skew))
}

// wasThere says that a record was stored before the write was sent, so that it did not come of it.
func (q *inquiry) wasThere(ctx context.Context, raw []byte) bool {
	remoteID, err := q.mapper.RemoteID(raw)
	if err != nil {
		return false
	}
	now, err := q.stored(ctx, q.recordID(remoteID))
	return err == nil && now != nil && isBefore(memberOf(now.JSON, "created_at"), q.op.CreatedAt)
}

// isBefore says that a member is a time, and before another.
func isBefore(text string, other time.Time) bool {
	at, err := time.Parse(time.RFC3339Nano, text)
	return err == nil && at.Before(other)
}

// looksLikeOurs says that a record under the caller's own key is what this write asked for.
func (q *inquiry) looksLikeOurs(v judged, raw []byte) bool {
	m, err := q.mapper.Map(raw, q.env)
	return err == nil && len(check.Missed(q.entity, v.Wanted, m.Fields)) == 0
}

// adopt takes a record for the effect of this create, and does what is left. shared: it was found by a key that other writes may have given too.
func (q *inquiry) adopt(ctx context.Context, v judged, raw []byte, shared bool) error {
	remoteID, err := q.mapper.RemoteID(raw)
	if err != nil {
		return q.blind(ctx, &driver.Error{Kind: driver.Torn, Detail: "A record came without a usable id."})
	}
	rec, err := q.written(remoteID, raw)
	if err != nil {
		return q.blind(ctx, err)
	}
	e := end{to: store.ItemUnknown, looked: true, since: q.since, outcome: outcomeFound, record: &rec, remoteID: remoteID, shared: shared,
		problem: problem.New(problem.WriteOutcomeUnknown, "The record was found; what else was asked for is being done.")}
	if err := q.conclude(ctx, q.item, e); err != nil {
		return err
	}
	q.item.RemoteID, q.item.Record = remoteID, rec.ID
	return q.finish(ctx, q.item, v, raw)
}
