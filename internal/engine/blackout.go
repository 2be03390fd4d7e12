package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/blackout"
	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// afterBlackout is over how long the streams that became due in a window are spread behind it.
const afterBlackout = 5 * time.Minute

// blackedOut says that a window has begun: everything fetched so far is stored, and the run goes on at its end.
type blackedOut struct{ until time.Time }

func (b *blackedOut) Error() string {
	return "a blackout window holds until " + b.until.Format(time.RFC3339)
}

// hold is what a run that waits for the end of a window shows.
func (b *blackedOut) hold() store.Hold {
	return store.Hold{Until: b.until, Code: problem.ReasonBlackout,
		Detail: fmt.Sprintf("The connection's blackouts leave the system alone until %s. The run goes on then.", b.until.UTC().Format("2006-01-02 15:04 UTC"))}
}

// inBlackout gives the window that a connection is in; nil when it is in none.
func inBlackout(c *store.Connection, now time.Time) *blackedOut {
	if end, inside := blackout.Stored(c.Blackouts, c.TimeZone).Until(now); inside {
		return &blackedOut{end}
	}
	return nil
}

// blackout says that the run has to stop because a window has begun.
func (s *runSlice) blackout() error {
	if b := inBlackout(s.conn, s.worker.Now()); b != nil {
		return b
	}
	return nil
}

// considerate is a client that begins no page in a window, nor with a login that was replaced.
type considerate struct {
	driver.Client
	slice *runSlice
}

func (c considerate) Fetch(ctx context.Context, r driver.Request) (*driver.Page, error) {
	if err := firstOf(c.slice.blackout(), c.slice.sameLogin(ctx)); err != nil {
		return nil, err
	}
	return c.Client.Fetch(ctx, r)
}

// heldBack frees a run that met a window until its end; held is false when it is something else that ended the slice.
func (s *runSlice) heldBack(ctx context.Context, err error) (held bool, _ error) {
	var b *blackedOut
	if !errors.As(err, &b) {
		return false, nil
	}
	return true, notFenced(s.worker.Store.HoldRun(ctx, s.run, b.hold()))
}

// waitFor ends a turn that falls into a window: the connection's runs wait until its end. more: the window was taken away meanwhile.
func (t *turn) waitFor(ctx context.Context, conn *store.Connection, done func(*store.Tx) error) (more bool, err error) {
	err = t.Store.Write(ctx, func(tx *store.Tx) error {
		now, err := tx.LockConnection(ctx, conn.ID) // nobody changes the windows meanwhile; and locks are taken in this order, the wake-up's last
		if errors.Is(err, store.ErrNotFound) {
			return done(tx)
		}
		if err != nil {
			return fmt.Errorf("lock connection %s: %w", conn.ID, err)
		}
		b := inBlackout(now, t.Now())
		if b == nil {
			return errMore
		}
		if err := tx.HoldRuns(ctx, now.Scope(), b.hold()); err != nil {
			return fmt.Errorf("let the runs of connection %s wait: %w", conn.ID, err)
		}
		return done(tx)
	})
	if errors.Is(err, errMore) {
		return true, nil
	}
	return false, err
}

// afterWindow gives when a stream that is due in a window is due instead: once, and at a place of its own behind it.
func afterWindow(d store.Due, now time.Time) (next time.Time, inside bool) {
	end, inside := blackout.Stored(d.Blackouts, d.TimeZone).Until(now)
	return end.Add(time.Duration(Spread(d.Scope.ConnectionID(), d.Entity) * float64(afterBlackout))), inside
}

// holdRequested lets runs that were just asked for wait, when they fall into a window.
func (s *Service) holdRequested(ctx context.Context, tx *store.Tx, c *store.Connection, runs []store.Run) error {
	b := inBlackout(c, s.Now())
	if b == nil {
		return nil
	}
	h := b.hold()
	for i := range runs {
		if runs[i].State == store.RunQueued && runs[i].RetryAt.Before(h.Until) {
			runs[i].RetryAt, runs[i].ReasonCode, runs[i].ReasonDetail = h.Until, h.Code, h.Detail
		}
	}
	return tx.HoldRuns(ctx, c.Scope(), h)
}
