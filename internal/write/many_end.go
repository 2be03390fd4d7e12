package write

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/store"
)

// ended is an item with what became of it, to be stored together with others.
type ended struct {
	item *store.Item
	end  end
}

// conclude stores what an attempt came to, or leaves that to whoever settles many.
func (w *work) conclude(ctx context.Context, it *store.Item, e end) error {
	if w.ends != nil {
		*w.ends = append(*w.ends, ended{it, e})
		return nil
	}
	return w.sender.conclude(ctx, it, e)
}

// settleMany settles a call for many. What the system did and showed is stored first, together; then what it did not do, or did not show, one after the other.
func (s *sender) settleMany(ctx context.Context, g *gate, ws []*work, results []driver.Result) error {
	var errs []error
	var ends []ended
	for i, w := range ws {
		if shown(w, results[i]) {
			w.ends = &ends
			errs = append(errs, w.settleOne(ctx, g, results[i]))
			w.ends = nil
		}
	}
	for part := range slices.Chunk(ends, togetherRows) {
		errs = append(errs, s.concludeAll(ctx, part))
	}
	for i, w := range ws {
		if !shown(w, results[i]) {
			errs = append(errs, w.settleOne(ctx, g, results[i]))
		}
	}
	return firstOfErrors(errs)
}

// togetherRows is how many items one transaction settles.
const togetherRows = 200

// shown says that the system did an item and showed the record that came of it.
func shown(w *work, r driver.Result) bool {
	return r.Err == nil && r.Written.Record != nil && w.item.Op != string(manifest.Delete)
}

// concludeAll stores what became of items in one transaction; where one of them stands in the way of the others, each by itself.
func (s *sender) concludeAll(ctx context.Context, all []ended) error {
	if s.final == nil && apart(all) {
		err := s.concludeTogether(context.WithoutCancel(ctx), all)
		if err == nil || errors.Is(err, store.ErrFenced) || s.Store.Away(err) {
			return err
		}
	}
	var errs []error
	for _, e := range all {
		errs = append(errs, s.conclude(ctx, e.item, e.end))
	}
	return firstOfErrors(errs)
}

// apart says that no two items are about one record, and that none needs a look of its own.
func apart(all []ended) bool {
	met := map[uuid.UUID]bool{}
	for _, e := range all {
		if e.end.gone != "" || e.end.shared {
			return false
		}
		if e.end.record == nil {
			continue
		}
		if met[e.end.record.ID] {
			return false
		}
		met[e.end.record.ID] = true
	}
	return true
}

func (s *sender) concludeTogether(ctx context.Context, all []ended) error {
	before, moves := make([]store.Item, len(all)), make([]store.ItemMove, len(all))
	for i, e := range all {
		before[i], moves[i] = *e.item, s.moveOf(e.item, e.end)
	}
	err := s.Store.Write(ctx, func(tx *store.Tx) error {
		versions, err := s.applyRecords(ctx, tx, all)
		if err != nil {
			return err
		}
		o := s.operation()
		for i, e := range all {
			*e.item = before[i] // a transaction may be done again
			m := moves[i]
			if e.end.to == store.ItemApplied {
				m.Version = versions[i]
			}
			if err := tx.MoveItem(ctx, o, e.item, m, s.Now()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		for i, e := range all {
			*e.item = before[i]
		}
	}
	return err
}

// applyRecords stores the records that writes left behind, and gives the version of each; "" where there is none.
func (s *sender) applyRecords(ctx context.Context, tx *store.Tx, all []ended) ([]string, error) {
	versions := make([]string, len(all))
	var records []store.WrittenRecord
	var of []int
	for i, e := range all {
		if e.end.record != nil {
			w := *e.end.record
			w.Wrote = e.item.Attempts > 0
			records, of = append(records, w), append(of, i)
		}
	}
	if len(records) == 0 {
		return versions, nil
	}
	stored, err := tx.ApplyRecords(ctx, s.conn.Scope(), s.entity.Name, records, s.Now())
	if err != nil {
		return nil, err
	}
	for i, rec := range stored {
		if rec != nil {
			versions[of[i]] = versionOf(rec)
		}
	}
	return versions, nil
}
