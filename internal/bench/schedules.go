package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/audit"
	"github.com/busbar-dev/busbar/internal/connection"
	"github.com/busbar-dev/busbar/internal/sim/erp"
	"github.com/busbar-dev/busbar/internal/store"
	"github.com/busbar-dev/busbar/internal/store/storetest"
)

// smallEntity has a handful of records, so that a run of it is nearly empty.
const smallEntity = "units-of-measure"

// measureSchedules makes many connections with a schedule each, times a look at the schedule while none is due, and then lets all be due at once.
func measureSchedules(ctx context.Context, t *table, e engine, z size) error {
	source, err := openSource(ctx, 1)
	if err != nil {
		return err
	}
	defer source.Close()
	b, done, err := newBusbar(ctx, e, source.URL())
	if err != nil {
		return err
	}
	defer done()
	made, took, err := b.connectMany(ctx, z.schedules)
	if err != nil {
		return err
	}
	t.add("", fmt.Sprintf("%d connections made and synced for the first time (%s)", len(made), e.name), each(took, len(made)), "", "")
	tick, err := b.steadyTick(ctx)
	if err != nil {
		return err
	}
	t.add("P7", fmt.Sprintf("a look at %d schedules, none due (%s)", len(made), e.name), tick.Round(time.Microsecond).String(), "", "≤ 15ms")
	before := storetest.OwnCPU()
	took, err = b.allDue(ctx, made)
	if err != nil {
		return err
	}
	work := storetest.OwnCPU() - before
	goal := "1,500/s"
	if e.shared() {
		goal = "6,000/s"
	}
	t.add("P7", fmt.Sprintf("%d schedules due at once, each run reads %s (%s)", len(made), smallEntity, e.name), each(took, len(made)),
		fmt.Sprintf("%.0f runs/s", float64(len(made))/took.Seconds()), goal)
	t.add("", fmt.Sprintf("processor time of that, the simulated system's with it, the database server's not (%s)", e.name), each(work, len(made)), "", "")
	return nil
}

// connectMany makes n connections of one small entity and waits for their first runs.
func (b *busbar) connectMany(ctx context.Context, n int) (made []*store.Connection, took time.Duration, err error) {
	project, _, err := b.Store.EnsureProject(ctx, uuid.NewString(), "bench", time.Now())
	if err != nil {
		return nil, 0, err
	}
	start := time.Now()
	made, errs := make([]*store.Connection, n), make([]error, n)
	var working sync.WaitGroup
	next := make(chan int)
	for range 8 {
		working.Go(func() {
			for i := range next {
				made[i], errs[i] = b.connectSmall(ctx, project.ID)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	working.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, 0, err
	}
	err = b.awaitAll(ctx, made, start)
	return made, time.Since(start), err
}

func (b *busbar) connectSmall(ctx context.Context, project string) (*store.Connection, error) {
	made, err := b.Connections.Create(audit.Myself(ctx, "bench", time.Now()), project, connection.New{
		System: "sim-erp", History: "all", Schedule: "30d", Entities: []string{smallEntity},
		Credentials: map[string]string{"url": b.source, "api_key": erp.DefaultKey},
	})
	if err != nil {
		return nil, err
	}
	return made.Connection, nil
}

// steadyTick times the query that every replica makes each second.
func (b *busbar) steadyTick(ctx context.Context) (time.Duration, error) {
	times := make([]time.Duration, 51)
	for i := range times {
		var err error
		times[i], err = timed(func() error {
			return b.Store.Write(ctx, func(tx *store.Tx) error {
				due, err := tx.DueStreams(ctx, time.Now(), 500)
				if err == nil && len(due) > 0 {
					err = fmt.Errorf("%d streams are due already", len(due))
				}
				return err
			})
		})
		if err != nil {
			return 0, err
		}
	}
	return median(times), nil
}

// allDue makes every stream due and gives the time until all have synced.
func (b *busbar) allDue(ctx context.Context, made []*store.Connection) (time.Duration, error) {
	start := time.Now()
	for part := range slices.Chunk(made, 1000) {
		err := b.Store.Write(ctx, func(tx *store.Tx) error {
			for _, c := range part {
				if err := tx.UpdateStream(ctx, c.Scope(), smallEntity, store.StreamSettings{NextRunAt: &start}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	due := time.Now()
	err := b.awaitAll(ctx, made, start)
	return time.Since(due), err
}

// awaitAll waits until every connection has synced since.
func (b *busbar) awaitAll(ctx context.Context, made []*store.Connection, since time.Time) error {
	for _, c := range made {
		for {
			now, err := b.Store.ConnectionByScope(ctx, c.Scope())
			if err != nil {
				return err
			}
			if now.LastSuccessAt.After(since) {
				break
			}
			if err := pause(ctx, 20*time.Millisecond); err != nil {
				return err
			}
		}
	}
	return nil
}
