package budget_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// TestNoWindowHoldsMoreThanGranted lets a caller go as fast as it may and counts every window.
func TestNoWindowHoldsMoreThanGranted(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		limits manifest.Limits
		window time.Duration
		most   int
		calls  int
	}{
		"one a second":      {manifest.Limits{PerSecond: 1}, time.Second, 1, 10},
		"twenty a second":   {manifest.Limits{PerSecond: 20}, time.Second, 20, 200},
		"a hundred":         {manifest.Limits{PerSecond: 100}, time.Second, 100, 900},
		"sixty a minute":    {manifest.Limits{PerMinute: 60}, time.Minute, 60, 300},
		"the tighter holds": {manifest.Limits{PerSecond: 50, PerMinute: 100}, time.Minute, 100, 400},
		"a thousand a day":  {manifest.Limits{PerDay: 1000}, 24 * time.Hour, 1000, 3000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := budget.New(test.limits)
				var at []time.Time
				for range test.calls {
					release, err := b.Acquire(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					at = append(at, time.Now())
					release()
				}
				for i := test.most; i < len(at); i++ {
					if gap := at[i].Sub(at[i-test.most]); gap < test.window-time.Microsecond {
						t.Fatalf("calls %d to %d came within %s", i-test.most, i, gap)
					}
				}
			})
		})
	}
}

func TestTheUrgentGoFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := budget.New(manifest.Limits{Concurrency: 1})
		hold, err := b.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var order []budget.Priority
		for _, p := range []budget.Priority{budget.Backfill, budget.Incremental, budget.Backfill, budget.InteractiveRead, budget.InteractiveWrite} {
			go func() {
				release, err := b.Acquire(budget.WithPriority(t.Context(), p))
				if err != nil {
					t.Error(err)
					return
				}
				order = append(order, p)
				release()
			}()
			synctest.Wait()
		}
		hold()
		synctest.Wait()
		if want := []budget.Priority{budget.InteractiveWrite, budget.InteractiveRead, budget.Incremental, budget.Backfill, budget.Backfill}; !slices.Equal(order, want) {
			t.Errorf("order %v, want %v", order, want)
		}
	})
}

func TestGivingUpHoldsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := budget.New(manifest.Limits{Concurrency: 1, PerMinute: 1})
		hold, err := b.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, held := range []bool{true, false} { // waits for the place, then for the rate
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			if _, err := b.Acquire(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("held %v: %v", held, err)
			}
			cancel()
			hold()
			hold() // counts once
		}
		if b.InUse() != 0 {
			t.Errorf("%d places in use", b.InUse())
		}
		before := time.Now()
		if _, err := b.Acquire(t.Context()); err != nil || time.Since(before) > time.Minute {
			t.Errorf("after %s: %v; whoever gave up has used up a token", time.Since(before), err)
		}
	})
}

func TestARefusedBudgetPausesNarrowsAndWidensAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := budget.New(manifest.Limits{Concurrency: 4})
		b.Limited(30 * time.Second)
		before := time.Now()
		if width(t, b) != 2 {
			t.Error("a refused budget keeps its width")
		}
		if waited := time.Since(before); waited < 30*time.Second {
			t.Errorf("went on after %s", waited)
		}
		for range 40 {
			b.Succeeded()
		}
		if width(t, b) != 4 {
			t.Error("a budget that goes well does not widen again")
		}
	})
}

// width takes places until there is none at once, and gives them back.
func width(t *testing.T, b *budget.Budget) (n int) {
	t.Helper()
	for {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		release, err := b.Acquire(ctx)
		cancel()
		if err != nil {
			return n
		}
		defer release()
		n++
	}
}

func TestBudgetsAreSharedPerConnection(t *testing.T) {
	t.Parallel()
	all := budget.NewBudgets()
	one := all.For("a", manifest.Limits{Concurrency: 1})
	if all.For("a", manifest.Limits{Concurrency: 1}) != one || all.For("b", manifest.Limits{Concurrency: 1}) == one || all.For("a", manifest.Limits{Concurrency: 2}) == one {
		t.Error("a budget belongs to a connection and its limits")
	}
	all.Forget("a")
	if all.For("a", manifest.Limits{Concurrency: 1}) == one {
		t.Error("a forgotten budget came back")
	}
}
