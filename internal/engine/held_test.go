package engine

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/lease"
	"github.com/busbar-dev/busbar/internal/store"
)

// sweeps syncs in full what the source has now, and wants the run to end so.
func (w *world) sweeps(list []order, state store.RunState, reason string) *store.Run {
	w.t.Helper()
	w.source.pages(list)
	run := w.sync(store.Full)
	w.ends(run, state, reason)
	return run
}

func (w *world) held() *store.HeldDeletions { w.t.Helper(); return w.stream().Held }

// approve approves and lets the worker carry it out.
func (w *world) approve(run *store.Run) *store.Run {
	w.t.Helper()
	asked, err := w.service.ApproveDeletions(acting(w.t.Context()), w.conn, run.ID)
	w.must(err)
	w.work()
	return w.run(asked.ID)
}

func (w *world) reject(run *store.Run) {
	w.t.Helper()
	w.must(w.service.RejectDeletions(acting(w.t.Context()), w.conn, run.ID))
}

// keeps fails the test unless exactly these orders are stored.
func (w *world) keeps(list ...[]order) {
	w.t.Helper()
	want := map[string]bool{}
	for _, o := range slices.Concat(list...) {
		want[o.id] = true
	}
	got := w.notes()
	for id := range want {
		if _, ok := got[id]; !ok {
			w.t.Errorf("order %s was deleted", id)
		}
	}
	if len(got) > len(want) {
		w.t.Errorf("%d orders are stored, want %d", len(got), len(want))
	}
}

func TestTheBrakeHoldsSuspiciousDeletionsOnly(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		stored, gone int
		held         bool
	}{
		{5, 1, false}, {5, 4, false}, {5, 5, true}, {1, 1, true}, {49, 10, false}, {11, 10, false}, {55, 11, false}, {54, 11, true}, {100, 20, false}, {100, 21, true},
		{10, 10, true}, {100, 0, false},
	} {
		t.Run(fmt.Sprintf("%d of %d", tt.gone, tt.stored), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			all := orders(0, tt.stored)
			w.sweeps(all, store.RunComplete, "")
			if tt.held {
				run := w.sweeps(all[tt.gone:], store.RunIncomplete, "deletions-held")
				if h := w.held(); h == nil || h.Run != run.ID || h.Missing != int64(tt.gone) || h.InRange != int64(tt.stored) || h.Decision != store.DecisionPending {
					t.Errorf("held %+v", h)
				}
				if !strings.Contains(run.ReasonDetail, "POST /v1/sync-runs/"+run.ID+"/pending-deletions/approve") {
					t.Errorf("the reason does not say what to do: %s", run.ReasonDetail)
				}
				w.keeps(all)
				return
			}
			w.sweeps(all[tt.gone:], store.RunComplete, "")
			if w.held() != nil {
				t.Errorf("held %+v", w.held())
			}
			w.keeps(all[tt.gone:])
		})
	}
}

func TestHeldDeletionsNeedTwoSweepsAndAPerson(t *testing.T) {
	t.Parallel()
	all := orders(0, 50)
	t.Run("sweeps alone delete nothing", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.sweeps(all, store.RunComplete, "")
		first := w.sweeps(all[20:], store.RunIncomplete, "deletions-held")
		for range 3 {
			again := w.sweeps(all[20:], store.RunIncomplete, "deletions-held")
			if h := w.held(); h.Run != first.ID || h.ConfirmedRun != again.ID || h.Missing != 20 {
				t.Errorf("held %+v; want the first run's 20, confirmed by %s", h, again.ID)
			}
			if !strings.Contains(again.ReasonDetail, first.ID) {
				t.Errorf("the reason does not name the run that holds: %s", again.ReasonDetail)
			}
		}
		w.keeps(all)
	})
	t.Run("approved before the second sweep", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.sweeps(all, store.RunComplete, "")
		first, seq := w.sweeps(all[20:], store.RunIncomplete, "deletions-held"), w.stream().Seq
		second := w.approve(first)
		w.ends(second, store.RunComplete, "")
		if second.ID == first.ID || second.Mode != store.Full || second.Counts.Deleted != 20 {
			t.Errorf("run %+v; want another full one that deletes 20", second)
		}
		w.keeps(all[20:])
		w.evidence(w.feed(seq), second.ID, 20)
		if w.stream().Failures != 0 || w.held() != nil {
			t.Errorf("stream %+v", w.stream())
		}
	})
	t.Run("approved after the second sweep, under its id", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.sweeps(all, store.RunComplete, "")
		w.sweeps(all[20:], store.RunIncomplete, "deletions-held")
		second := w.sweeps(all[20:], store.RunIncomplete, "deletions-held")
		w.ends(w.approve(second), store.RunComplete, "")
		w.keeps(all[20:])
	})
	t.Run("what changed or came back since is out", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.sweeps(all, store.RunComplete, "")
		first := w.sweeps(all[20:], store.RunIncomplete, "deletions-held")
		changed := all[5]
		changed.note, changed.updated = "alive", "2026-03-02T10:00:00Z"
		w.source.pages([]order{changed})
		w.ends(w.sync(store.Incremental), store.RunComplete, "")
		w.source.pages(append([]order{all[6]}, all[20:]...))
		run := w.approve(first)
		w.ends(run, store.RunComplete, "")
		// Order 5 came back and is missing again: no hold knows of it, and one record is an ordinary deletion.
		if run.Counts.Deleted != 19 {
			t.Errorf("%d deleted, want 18 that were held and the one that is missing besides", run.Counts.Deleted)
		}
		w.keeps([]order{all[6]}, all[20:])
	})
}

// evidence fails the test unless these entries are n deletions that a run's sweep found.
func (w *world) evidence(entries []store.FeedEntry, runID string, n int) {
	w.t.Helper()
	if len(entries) != n {
		w.t.Errorf("the feed has %d entries, want %d", len(entries), n)
	}
	for _, e := range entries {
		rec, err := w.store.Get(w.t.Context(), w.conn.Scope(), "purchase-orders", e.ID, false)
		w.must(err)
		var o struct{ Deletion map[string]string }
		w.must(json.Unmarshal([]byte(rec.JSON), &o))
		if e.Type != "deleted" || o.Deletion["evidence"] != store.AbsentFromSweep || o.Deletion["run_id"] != runID {
			w.t.Errorf("order %s: %s with evidence %v", e.RemoteID, e.Type, o.Deletion)
		}
	}
}

func TestAHoldDissolvesWhenTheSourceHeals(t *testing.T) {
	t.Parallel()
	all := orders(0, 50)
	for name, back := range map[string][]order{"all came back": all, "all but a few came back": all[3:]} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.sweeps(all, store.RunComplete, "")
			first := w.sweeps(nil, store.RunIncomplete, "deletions-held")
			run := w.sweeps(back, store.RunComplete, "")
			if w.held() != nil || run.Counts.Deleted != int64(len(all)-len(back)) {
				t.Errorf("held %+v, counts %+v", w.held(), run.Counts)
			}
			w.keeps(back)
			if _, err := w.service.ApproveDeletions(acting(t.Context()), w.conn, first.ID); code(err) != "conflict" {
				t.Errorf("approving what is over: %v", err)
			}
		})
	}
}

func TestWhatIsMissingBesidesIsJudgedByItself(t *testing.T) {
	t.Parallel()
	all := orders(0, 100)
	held := func(t *testing.T) (*world, *store.Run) {
		w := newWorld(t)
		w.sweeps(all, store.RunComplete, "")
		return w, w.sweeps(all[30:], store.RunIncomplete, "deletions-held")
	}
	t.Run("a few, while a person has to decide, wait too", func(t *testing.T) {
		t.Parallel()
		w, first := held(t)
		w.sweeps(all[33:], store.RunIncomplete, "deletions-held")
		if h := w.held(); h.Run != first.ID || h.Missing != 30 {
			t.Errorf("held %+v; want the first 30 still", h)
		}
		w.keeps(all)
		w.ends(w.approve(first), store.RunComplete, "")
		w.keeps(all[33:])
	})
	t.Run("many are held in the place of the first, whatever was approved", func(t *testing.T) {
		t.Parallel()
		w, first := held(t)
		w.source.pages(all[60:])
		second := w.approve(first)
		w.ends(second, store.RunIncomplete, "deletions-held")
		if h := w.held(); h.Run != second.ID || h.Missing != 60 || h.Decision != store.DecisionPending {
			t.Errorf("held %+v; want all 60 of the second run, undecided", h)
		}
		w.keeps(all)
		if _, err := w.service.ApproveDeletions(acting(t.Context()), w.conn, first.ID); code(err) != "conflict" {
			t.Errorf("approving the first hold: %v", err)
		}
		w.ends(w.approve(second), store.RunComplete, "")
		w.keeps(all[60:])
	})
	t.Run("an empty answer confirms no approval", func(t *testing.T) {
		t.Parallel()
		w, first := held(t)
		w.source.pages(nil)
		w.ends(w.approve(first), store.RunIncomplete, "deletions-held")
		w.keeps(all)
		w.sweeps(all, store.RunComplete, "")
		w.keeps(all)
	})
}

func TestRejectedRecordsStay(t *testing.T) {
	t.Parallel()
	all := orders(0, 100)
	rejected := func(t *testing.T) (*world, *store.Run) {
		w := newWorld(t)
		w.sweeps(all, store.RunComplete, "")
		first := w.sweeps(all[30:], store.RunIncomplete, "deletions-held")
		w.reject(first)
		if st := w.stream(); st.Failures != 0 || st.ErrorCode != "" || st.Held.Decision != store.DecisionRejected {
			t.Errorf("stream %+v; want its error forgiven", st)
		}
		return w, first
	}
	t.Run("later sweeps complete, delete others and move the cursor", func(t *testing.T) {
		t.Parallel()
		w, _ := rejected(t)
		before := w.stream().CursorAt
		later := all[95]
		later.updated = "2026-03-05T10:00:00Z"
		run := w.sweeps(append(all[32:99:99], later), store.RunComplete, "")
		if run.Counts.Deleted != 3 || !w.stream().CursorAt.After(before) || w.held().Missing != 30 {
			t.Errorf("counts %+v, held %+v", run.Counts, w.held())
		}
		w.keeps(all[:30], all[32:99])
	})
	t.Run("they leave the set when they come back", func(t *testing.T) {
		t.Parallel()
		w, _ := rejected(t)
		w.sweeps(all[2:], store.RunComplete, "")
		if w.held().Missing != 2 {
			t.Errorf("held %+v, want 2", w.held())
		}
		w.sweeps(all[3:], store.RunComplete, "")
		w.keeps(all[:2], all[3:])
		w.sweeps(all, store.RunComplete, "")
		if w.held() != nil {
			t.Errorf("held %+v", w.held())
		}
		w.sweeps(all[2:], store.RunComplete, "")
		w.keeps(all[2:])
	})
	t.Run("they may be approved after all", func(t *testing.T) {
		t.Parallel()
		w, first := rejected(t)
		w.sweeps(all[30:], store.RunComplete, "")
		w.ends(w.approve(first), store.RunComplete, "")
		w.keeps(all[30:])
	})
	t.Run("so many more that it is suspicious are held with them", func(t *testing.T) {
		t.Parallel()
		w, _ := rejected(t)
		run := w.sweeps(all[50:], store.RunIncomplete, "deletions-held")
		if h := w.held(); h.Run != run.ID || h.Missing != 50 {
			t.Errorf("held %+v", h)
		}
		w.keeps(all)
	})
	t.Run("all of them gone is no longer suspicious", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.sweeps(all[:5], store.RunComplete, "")
		w.reject(w.sweeps(nil, store.RunIncomplete, "deletions-held"))
		w.sweeps(nil, store.RunComplete, "")
		w.keeps(all[:5])
	})
	t.Run("also when a new mapping maps them anew", func(t *testing.T) {
		t.Parallel()
		w, _ := rejected(t)
		w.system = w.load(strings.Replace(scriptedManifest, "notes: note", "notes: num", 1))
		w.worker = w.newWorker("two")
		w.sweeps(all[30:], store.RunComplete, "")
		if w.held().Missing != 30 {
			t.Errorf("held %+v", w.held())
		}
		w.keeps(all)
	})
}

func TestDecisionsAreIdempotent(t *testing.T) {
	t.Parallel()
	all := orders(0, 50)
	w := newWorld(t)
	w.sweeps(all, store.RunComplete, "")
	ordinary := w.sweeps(all, store.RunComplete, "")
	first := w.sweeps(all[20:], store.RunIncomplete, "deletions-held")
	for _, bad := range []struct{ id, want string }{{"none", "not-found"}, {ordinary.ID, "conflict"}} {
		if _, err := w.service.ApproveDeletions(acting(t.Context()), w.conn, bad.id); code(err) != bad.want {
			t.Errorf("%s: %v", bad.id, err)
		}
		if err := w.service.RejectDeletions(acting(t.Context()), w.conn, bad.id); code(err) != bad.want {
			t.Errorf("%s: %v", bad.id, err)
		}
	}
	w.reject(first)
	w.reject(first)
	asked, err := w.service.ApproveDeletions(acting(t.Context()), w.conn, first.ID)
	w.must(err)
	again, err := w.service.ApproveDeletions(acting(t.Context()), w.conn, first.ID)
	w.must(err)
	if asked.ID != again.ID || asked.State != store.RunQueued || asked.Mode != store.Full {
		t.Errorf("approved twice: runs %+v and %+v", asked, again)
	}
	w.work()
	if done := w.approve(first); done.ID != asked.ID || done.State != store.RunComplete {
		t.Errorf("approved once more: %+v", done)
	}
	if err := w.service.RejectDeletions(acting(t.Context()), w.conn, first.ID); code(err) != "conflict" || !strings.Contains(err.Error(), asked.ID) {
		t.Errorf("rejected after it was carried out: %v", err)
	}
	w.keeps(all[20:])
	held := w.sweeps(nil, store.RunIncomplete, "deletions-held")
	w.must(w.store.Write(t.Context(), func(tx *store.Tx) error {
		return tx.SetConnectionState(t.Context(), w.conn.Scope(), store.ConnectionPaused, "paused", "", w.clock)
	}))
	if _, err := w.service.ApproveDeletions(acting(t.Context()), w.conn, held.ID); code(err) != "connection-paused" || w.held().Decision != store.DecisionPending {
		t.Errorf("approved while paused: %v, %+v", err, w.held())
	}
}

func TestAResetDeletesWhatIsHeld(t *testing.T) {
	t.Parallel()
	all := orders(0, 50)
	w := newWorld(t)
	w.sweeps(all, store.RunComplete, "")
	w.reject(w.sweeps(all[20:], store.RunIncomplete, "deletions-held"))
	w.ends(w.sync(store.Reset), store.RunComplete, "")
	w.keeps(all[20:])
	if w.held() != nil {
		t.Errorf("held %+v", w.held())
	}
}

// A decision comes while a run is at work: it is taken into account by that run, whenever it comes.
func TestADecisionDuringTheRunCounts(t *testing.T) {
	t.Parallel()
	all := orders(0, 50)
	for _, tt := range []struct {
		name   string
		decide func(w *world, first *store.Run) error
		left   []order
		state  store.RunState
	}{
		{"approved", func(w *world, first *store.Run) error {
			_, err := w.service.ApproveDeletions(acting(w.t.Context()), w.conn, first.ID)
			return err
		}, all[20:], store.RunComplete},
		{"rejected", func(w *world, first *store.Run) error {
			return w.service.RejectDeletions(acting(w.t.Context()), w.conn, first.ID)
		}, all, store.RunComplete},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.sweeps(all, store.RunComplete, "")
			first := w.sweeps(all[20:], store.RunIncomplete, "deletions-held")
			whole := w.source.fetch
			w.source.fetch = func(r driver.Request) (*driver.Page, error) {
				if err := tt.decide(w, first); err != nil {
					return nil, err
				}
				return whole(r)
			}
			w.ends(w.sync(store.Full), tt.state, "")
			w.keeps(tt.left)
		})
	}
}

// A worker dies between any two steps of carrying out; the next one ends what it began.
func TestCarryingOutSurvivesACrashAtAnyStep(t *testing.T) {
	t.Parallel()
	all := orders(0, 2000)
	for steps := range 4 {
		t.Run(fmt.Sprintf("after %d steps", steps), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.sweeps(all, store.RunComplete, "")
			first := w.sweeps(all[1300:], store.RunIncomplete, "deletions-held")
			asked, err := w.service.ApproveDeletions(acting(t.Context()), w.conn, first.ID)
			w.must(err)
			run := w.readAll(asked).run
			sweep, err := w.store.OpenSweep(t.Context(), run)
			w.must(err)
			for range steps {
				_, _, err = sweep.Delete(t.Context(), stepRows, w.clock)
				w.must(err)
			}
			w.clock = w.clock.Add(2 * lease.For)
			w.work()
			done := w.run(asked.ID)
			w.ends(done, store.RunComplete, "")
			if done.Counts.Deleted != 1300 {
				t.Errorf("%d deleted, want 1300 once", done.Counts.Deleted)
			}
			w.keeps(all[1300:])
		})
	}
}

// readAll takes a run as a worker does that dies before it sweeps.
func (w *world) readAll(asked *store.Run) *runSlice {
	w.t.Helper()
	run, err := w.store.AcquireRun(w.t.Context(), asked, "dies", w.clock.Add(lease.For), w.clock)
	w.must(err)
	s := &runSlice{worker: w.worker, conn: w.conn, run: run, turn: w.t.Context()}
	w.must(s.open(w.t.Context()))
	w.must(s.plan(w.t.Context()))
	w.must(s.read(w.t.Context(), run.Since, run.HistoryFrom))
	if s.cp.Phase != sweep {
		w.t.Fatalf("the run is in phase %s", s.cp.Phase)
	}
	return s
}

// A decision comes after the sweep has looked and before the run has ended: the sweep looks again.
func TestADecisionAtTheLastMomentCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	all := orders(0, 50)
	w.sweeps(all, store.RunComplete, "")
	first := w.sweeps(all[20:], store.RunIncomplete, "deletions-held")
	runs, err := w.service.Request(acting(t.Context()), w.conn, []string{"purchase-orders"}, store.Full, "manual")
	w.must(err)
	s := w.readAll(&runs[0])
	verdict := s.sweepGone(t.Context())
	asked, err := w.service.ApproveDeletions(acting(t.Context()), w.conn, first.ID)
	w.must(err)
	w.must(s.settle(t.Context(), verdict))
	if verdict == nil || asked.ID != runs[0].ID || w.run(asked.ID).State != store.RunRunning {
		t.Fatalf("the sweep said %v, the run is %+v; want it held, and the run to go on", verdict, w.run(asked.ID))
	}
	w.work()
	w.ends(w.run(asked.ID), store.RunComplete, "")
	w.keeps(all[20:])
}

// A sweep over a period says nothing of held records outside of it.
func TestAPeriodNarrowsAHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	all := orders(0, 60)
	for i := range 15 {
		all[i].date = "2025-06-01"
	}
	w.sweeps(all, store.RunComplete, "")
	first := w.sweeps(all[30:], store.RunIncomplete, "deletions-held")
	period := "P90D"
	_, err := w.service.Settings(acting(t.Context()), w.conn, "purchase-orders", Settings{History: &period})
	w.must(err)
	w.source.pages(all[30:])
	w.ends(w.approve(first), store.RunComplete, "")
	w.keeps(all[:15], all[30:])
}
