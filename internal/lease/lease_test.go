package lease

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

var errFenced = errors.New("fenced")

func isFenced(err error) bool { return errors.Is(err, errFenced) }

// What comes of a lease while the store answers in these ways to being asked for another term, one after the other, and the last from then on.
func TestLeaseAgainstStore(t *testing.T) {
	t.Parallel()
	ok := func(context.Context) error { return nil }
	down := func(context.Context) error { return errors.New("the database is away") }
	silent := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	fenced := func(context.Context) error { return errFenced }
	for name, test := range map[string]struct {
		answers []func(context.Context) error
		after   time.Duration
		want    error
	}{
		"extended again and again":       {[]func(context.Context) error{ok}, time.Hour, nil},
		"a failure that passes":          {[]func(context.Context) error{down, down, silent, ok}, time.Hour, nil},
		"just before its end":            {[]func(context.Context) error{down}, For - Margin - time.Nanosecond, nil},
		"never extended":                 {[]func(context.Context) error{down}, For - Margin, ErrOver},
		"a store that says nothing":      {[]func(context.Context) error{silent}, For - Margin, ErrOver},
		"extended once":                  {[]func(context.Context) error{ok, down}, Renew + For - Margin, ErrOver},
		"extended once, just before":     {[]func(context.Context) error{ok, down}, Renew + For - Margin - time.Nanosecond, nil},
		"taken by somebody else":         {[]func(context.Context) error{fenced}, Renew, errFenced},
		"taken by somebody else, before": {[]func(context.Context) error{fenced}, Renew - time.Nanosecond, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := New(t.Context())
				asked := 0
				l.Keep(func(ctx context.Context) error {
					answer := test.answers[min(asked, len(test.answers)-1)]
					asked++
					return answer(ctx)
				}, isFenced)
				time.Sleep(test.after)
				synctest.Wait()
				if err := l.Allowed(); !errors.Is(err, test.want) {
					t.Errorf("allowed: %v, want %v", err, test.want)
				}
				if lost := l.Context().Err() != nil; lost != (test.want != nil) {
					t.Errorf("the context has ended: %v", lost)
				}
				if err := l.End(); !errors.Is(err, test.want) {
					t.Errorf("end: %v, want %v", err, test.want)
				}
				if l.Allowed() == nil {
					t.Error("allowed after its end")
				}
			})
		})
	}
}

// A term counts from when it was asked for, not from when the answer came.
func TestTermCountsFromTheQuestion(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := New(t.Context())
		asked := 0
		l.Keep(func(context.Context) error {
			if asked++; asked > 1 {
				return errors.New("away")
			}
			time.Sleep(renewWithin - time.Second) // slow, but in time
			return nil
		}, isFenced)
		time.Sleep(Renew + For - Margin)
		synctest.Wait()
		if err := l.End(); !errors.Is(err, ErrOver) {
			t.Errorf("end: %v, want %v", err, ErrOver)
		}
	})
}

// A process that was stopped past its term is refused although no timer of it has run yet: neither its answer to a question nor its end says anything else.
func TestPausedProcessIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := New(t.Context())
		l.over.Stop() // a timer that has not run
		time.Sleep(For - Margin)
		if err := l.Allowed(); !errors.Is(err, ErrOver) {
			t.Errorf("allowed: %v, want %v", err, ErrOver)
		}
		l.over = time.AfterFunc(time.Hour, func() {})
		if err := l.End(); !errors.Is(err, ErrOver) {
			t.Errorf("end: %v, want %v", err, ErrOver)
		}
	})
}

// A late answer to a question for another term does not bring back a lease whose time was over before it came.
func TestLateAnswerBringsNothingBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := New(t.Context())
		time.Sleep(For)
		if l.extend(func(context.Context) error { return nil }, isFenced) == Renew {
			t.Error("it was extended")
		}
		if err := l.End(); !errors.Is(err, ErrOver) {
			t.Errorf("end: %v, want %v", err, ErrOver)
		}
	})
}

// While a machine sleeps its monotonic clock may stand still; the clock on the wall tells.
func TestSleepOfTheMachineCounts(t *testing.T) {
	t.Parallel()
	from := time.Now()
	wall := from.Round(0).Add(time.Hour) // no monotonic reading
	if got := since(from, wall); got < time.Hour {
		t.Errorf("%v passed, want an hour", got)
	}
}

// A lease ends with its parent, for its parent's cause.
func TestParentEnds(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	l := New(ctx)
	stop()
	if err := l.Allowed(); !errors.Is(err, context.Canceled) {
		t.Errorf("allowed: %v", err)
	}
	if err := l.End(); !errors.Is(err, context.Canceled) {
		t.Errorf("end: %v", err)
	}
}
