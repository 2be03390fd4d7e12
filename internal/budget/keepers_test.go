package budget_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/busbar-dev/busbar/internal/budget"
	"github.com/busbar-dev/busbar/internal/manifest"
	server "github.com/busbar-dev/busbar/internal/realsys/postgres"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/store/postgres"
	"github.com/busbar-dev/busbar/internal/store/sqlite"
)

// shared is a keeper with connections c1 and c2, and the budgets of processes that share it.
type shared struct {
	keeper  budget.Keeper
	process func(name string) *budget.Budgets
	jump    func(d time.Duration) // moves the keeper's clock; nil where nobody can
	kill    func(name string)     // cuts a process off from the keeper
	changes *atomic.Int64         // transactions so far
	lasting *atomic.Int64         // of which so many must outlast a crash
}

// keepers lists every keeper.
func keepers() map[string]func(t testing.TB) shared {
	return map[string]func(t testing.TB) shared{
		"memory": func(testing.TB) shared {
			all := budget.NewBudgets()
			return shared{keeper: budget.KeeperOf(all), process: func(string) *budget.Budgets { return all }}
		},
		"sqlite": func(t testing.TB) shared {
			return inDatabase(t, func() (*store.Store, error) { return sqlite.Open(t.Context(), t.TempDir()) })
		},
		"postgres": func(t testing.TB) shared {
			url := server.Database(t)
			return inDatabase(t, func() (*store.Store, error) { return postgres.Open(t.Context(), url) })
		},
	}
}

func eachKeeper(t *testing.T, test func(t *testing.T, s shared)) {
	t.Parallel()
	for name, make := range keepers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, make(t))
		})
	}
}

// mortal is a database that a process can be cut off from.
type mortal struct {
	*store.Store
	dead    atomic.Bool
	changes *atomic.Int64
	lasting *atomic.Int64
	ahead   *atomic.Int64 // of the database's clock, ns
}

func (m *mortal) ChangeBudget(ctx context.Context, id string, own func() time.Time, lasting bool, change func(string, time.Time) (string, error)) error {
	if m.dead.Load() {
		return errors.New("cut off")
	}
	m.changes.Add(1)
	if lasting {
		m.lasting.Add(1)
	}
	return m.Store.ChangeBudget(ctx, id, own, lasting, func(state string, now time.Time) (string, error) {
		return change(state, now.Add(time.Duration(m.ahead.Load())))
	})
}

func inDatabase(t testing.TB, open func() (*store.Store, error)) shared {
	t.Helper()
	st, err := open()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"c1", "c2"} {
		c := &store.Connection{ID: id, ProjectID: "p1", State: store.ConnectionActive, CreatedAt: time.Unix(1e9, 0)}
		if err := st.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertConnection(t.Context(), c) }); err != nil {
			t.Fatal(err)
		}
	}
	var ahead atomic.Int64
	clock := func(ctx context.Context) (time.Time, error) {
		now := time.Now()
		if st.Shared() != nil {
			var err error
			if now, err = st.Shared().Now(ctx); err != nil {
				return now, err
			}
		}
		return now.Add(time.Duration(ahead.Load())), nil
	}
	missing := func(err error) bool { return errors.Is(err, store.ErrNotFound) }
	database := func(rows budget.Rows) *budget.Database {
		return &budget.Database{Rows: rows, Now: clock, Missing: missing, Own: budget.NewMemory()}
	}
	processes, lives, changes, lasting := []*budget.Budgets{}, map[string]*mortal{}, &atomic.Int64{}, &atomic.Int64{}
	t.Cleanup(func() {
		for _, p := range processes {
			p.Close()
		}
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return shared{
		changes: changes, lasting: lasting, keeper: database(&mortal{Store: st, changes: new(atomic.Int64), lasting: new(atomic.Int64), ahead: &ahead}), jump: func(d time.Duration) { ahead.Add(int64(d)) }, kill: func(name string) { lives[name].dead.Store(true) },
		process: func(name string) *budget.Budgets {
			lives[name] = &mortal{Store: st, changes: changes, lasting: lasting, ahead: &ahead}
			p := budget.NewSharedBudgets(database(lives[name]), name)
			processes = append(processes, p)
			return p
		},
	}
}

func TestAChangeIsAlone(t *testing.T) {
	eachKeeper(t, func(t *testing.T, s shared) {
		done := make(chan error)
		const workers, each = 6, 10
		for range workers {
			go func() {
				var err error
				for range each {
					err = errors.Join(err, s.keeper.Change(t.Context(), "c1", func(s *budget.State, now budget.Moment) {
						s.Good++
						if s.At > now.At.UnixMicro() {
							t.Errorf("the clock went back by %d µs", s.At-now.At.UnixMicro())
						}
						s.At = now.At.UnixMicro()
						if now.Local.After(time.Now()) {
							t.Error("the local clock was read later")
						}
					}))
				}
				done <- err
			}()
		}
		for range workers {
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
		kept, _, err := s.keeper.Look(t.Context(), "c1")
		if err != nil || kept.Good != workers*each {
			t.Errorf("%d of %d changes are kept, %v", kept.Good, workers*each, err)
		}
		if other, _, err := s.keeper.Look(t.Context(), "c2"); err != nil || other.Good != 0 {
			t.Errorf("another connection has %+v, %v", other, err)
		}
	})
}

func TestAStateIsKeptWhole(t *testing.T) {
	eachKeeper(t, func(t *testing.T, s shared) {
		want := budget.FullState()
		for range 2 { // from nothing, and over what is kept
			if err := s.keeper.Change(t.Context(), "c1", func(s *budget.State, _ budget.Moment) { *s = budget.FullState() }); err != nil {
				t.Fatal(err)
			}
		}
		got, _, err := s.keeper.Look(t.Context(), "c1")
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, %v\nwant %+v", got, err, want)
		}
		got.Holders[0].ID = "changed outside"
		if again, _, _ := s.keeper.Look(t.Context(), "c1"); !reflect.DeepEqual(again, want) {
			t.Error("what Look gave is not a copy")
		}
	})
}

// TestAConnectionThatIsNotStoredHasABudget: its login is checked before it is made.
func TestAConnectionThatIsNotStoredHasABudget(t *testing.T) {
	eachKeeper(t, func(t *testing.T, s shared) {
		b := s.process("a")
		release, err := b.For("new", manifest.Limits{Concurrency: 1}).Acquire(budget.WithPriority(t.Context(), budget.Check))
		if err != nil {
			t.Fatal(err)
		}
		release()
		if _, err := b.Look(t.Context(), "new", manifest.Limits{}); err != nil {
			t.Error(err)
		}
	})
}

// A grant outlasts a crash of the keeper before its call goes out: at once, or by what its caller stores behind it.
func TestGrantsLast(t *testing.T) {
	eachKeeper(t, func(t *testing.T, s shared) {
		if s.lasting == nil {
			t.Skip("memory ends with its process, and its calls with it")
		}
		b := s.process("a").For("c1", manifest.Limits{Concurrency: 2})
		call := func(ctx context.Context) int64 {
			before := s.lasting.Load()
			release, err := b.Acquire(ctx)
			if err != nil {
				t.Fatal(err)
			}
			defer release()
			return s.lasting.Load() - before
		}
		if n := call(budget.Followed(t.Context())); n != 0 {
			t.Errorf("a call that something is stored for waited for %d exchanges to last", n)
		}
		if call(t.Context()) == 0 {
			t.Error("a call went out on a grant that may get lost")
		}
		b.Limited(time.Second)
		until(t, "the system's refusal is kept for good", func() bool { return s.lasting.Load() >= 2 })
	})
}

// until waits for a condition.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			t.Fatal("never: " + what)
		}
		timer := time.NewTimer(2 * time.Millisecond)
		<-timer.C
	}
}

func (s shared) look(t testing.TB, l manifest.Limits) budget.Look {
	t.Helper()
	all := s.process("looker")
	look, err := all.Look(t.Context(), "c1", l)
	if err != nil {
		t.Fatal(err)
	}
	return look
}

// TestPlacesOfTheDeadComeBack lets a process die with all places.
func TestPlacesOfTheDeadComeBack(t *testing.T) {
	eachKeeper(t, func(t *testing.T, s shared) {
		if s.jump == nil {
			t.Skip("memory ends with its process: nobody is left to take the places")
		}
		limits := manifest.Limits{Concurrency: 2}
		dead, heir := s.process("dead"), s.process("heir")
		for range 2 {
			if _, err := dead.For("c1", limits).Acquire(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		s.kill("dead")
		got := make(chan error)
		go func() {
			_, err := heir.For("c1", limits).Acquire(t.Context())
			got <- err
		}()
		until(t, "the heir waits", func() bool { return s.look(t, limits).Waiting["incremental"] == 1 })
		if look := s.look(t, limits); look.InUse != 2 {
			t.Errorf("in use: %d", look.InUse)
		}
		select {
		case <-got:
			t.Fatal("got the place of a call that may be under way")
		default:
		}
		s.jump(40 * time.Second)
		if err := <-got; err != nil {
			t.Fatal(err)
		}
	})
}

// TestAPersonGoesNext: calls of a backfill hold every place and more of them wait; the first place that is free is the person's, wherever he waits.
func TestAPersonGoesNext(t *testing.T) {
	eachKeeper(t, func(t *testing.T, s shared) {
		limits := manifest.Limits{Concurrency: 2}
		background, person := s.process("a"), s.process("b")
		arrived, leave := make(chan string), make(chan struct{})
		call := func(all *budget.Budgets, name string, p budget.Priority) {
			release, err := all.For("c1", limits).Acquire(budget.WithPriority(t.Context(), p))
			if err != nil {
				t.Error(err)
				return
			}
			arrived <- name
			<-leave
			release()
		}
		const backfills = 8
		for range backfills {
			go call(background, "backfill", budget.Backfill)
		}
		<-arrived
		<-arrived
		go call(person, "person", budget.InteractiveRead)
		until(t, "the person waits", func() bool { return s.look(t, limits).Waiting["interactive_read"] == 1 })
		leave <- struct{}{}
		if next := <-arrived; next != "person" {
			t.Errorf("%s went first", next)
		}
		for range backfills - 2 {
			leave <- struct{}{}
			<-arrived
		}
		leave <- struct{}{}
		leave <- struct{}{}
		until(t, "all places are free", func() bool { l := s.look(t, limits); return l.InUse == 0 && len(l.Waiting) == 0 })
	})
}

// TestWhoGivesUpHoldsNothing lets callers give up at every stage: in line, while their process asks, and when they are granted.
func TestWhoGivesUpHoldsNothing(t *testing.T) {
	eachKeeper(t, func(t *testing.T, s shared) {
		limits := manifest.Limits{Concurrency: 2, PerSecond: 500}
		b := s.process("a").For("c1", limits)
		var callers sync.WaitGroup
		for n := range 12 {
			callers.Go(func() {
				for i := range 15 {
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(n*i%40)*200*time.Microsecond)
					if release, err := b.Acquire(ctx); err == nil {
						release()
					} else if !errors.Is(err, context.DeadlineExceeded) {
						t.Error(err)
					}
					cancel()
				}
			})
		}
		callers.Wait()
		until(t, "nothing is held and nobody waits", func() bool { l := s.look(t, limits); return l.InUse == 0 && len(l.Waiting) == 0 })
		if b.InUse() != 0 {
			t.Errorf("in use here: %d", b.InUse())
		}
	})
}

func TestClosedBudgetsHoldNothing(t *testing.T) {
	eachKeeper(t, func(t *testing.T, s shared) {
		limits := manifest.Limits{Concurrency: 1}
		all := s.process("a")
		release, err := all.For("c1", limits).Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := make(chan error)
		go func() {
			_, err := all.For("c1", limits).Acquire(t.Context())
			got <- err
		}()
		until(t, "one waits", func() bool { return s.look(t, limits).Waiting["incremental"] == 1 })
		release()
		if err := <-got; err != nil {
			t.Fatal(err)
		}
		all.Close()
		all.Close()
		if _, err := all.For("c1", limits).Acquire(t.Context()); !errors.Is(err, budget.ErrClosed) {
			t.Errorf("a closed budget gives %v", err)
		}
	})
}

// TestAKeeperThatFailsIsAskedAgain cuts a process off for a while.
func TestAKeeperThatFailsIsAskedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := keepers()["sqlite"](t)
		b := s.process("a").For("c1", manifest.Limits{Concurrency: 1})
		s.kill("a")
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if _, err := b.Acquire(ctx); !errors.Is(err, context.DeadlineExceeded) || fmt.Sprint(err) == context.DeadlineExceeded.Error() {
			t.Errorf("%v: it should say why nothing came", err)
		}
	})
}

// TestIdleBudgetsGo: of connections that were called once, nothing stays but what still holds.
func TestIdleBudgetsGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := budget.NewBudgets()
		for n := range 20_000 {
			limits := manifest.Limits{Concurrency: 1}
			if n%100 == 0 {
				limits.PerDay = 1
			}
			release, err := all.For(fmt.Sprint(n), limits).Acquire(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			release()
		}
		if budgets, states := budget.Kept(all); budgets > 2000 || states > 2000 || states < 100 {
			t.Errorf("%d budgets and %d states are kept", budgets, states)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if _, err := all.For("0", manifest.Limits{Concurrency: 1, PerDay: 1}).Acquire(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the day's only call was made already; another: %v", err)
		}
	})
}
