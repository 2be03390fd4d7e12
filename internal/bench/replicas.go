package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

// connectionsAtOnce are synced by one and by three replicas.
const connectionsAtOnce = 6

// measureReplicas syncs several connections with one replica and with three on the same processors and the same database.
func measureReplicas(ctx context.Context, t *table, e engine, z size) error {
	if !e.shared() {
		return nil
	}
	source, err := openSource(ctx, max(z.orders/4, 1000))
	if err != nil {
		return err
	}
	defer source.Close()
	times := map[int][]time.Duration{}
	for range z.rounds {
		for _, replicas := range []int{1, 3} {
			took, err := syncTogether(ctx, e, source.URL(), replicas)
			if err != nil {
				return fmt.Errorf("%d replicas: %w", replicas, err)
			}
			times[replicas] = append(times[replicas], took)
		}
	}
	one, three := median(times[1]), median(times[3])
	n := connectionsAtOnce * max(z.orders/4, 1000)
	t.add("P12", fmt.Sprintf("%d connections synced for the first time by one replica", connectionsAtOnce), each(one, n), "", "")
	t.add("P12", fmt.Sprintf("%d connections synced for the first time by three replicas", connectionsAtOnce), each(three, n), ratio(one, three)+" of the throughput", "0.9")
	return nil
}

// syncTogether connects to the source several times and gives the time until all first runs are complete.
func syncTogether(ctx context.Context, e engine, source string, replicas int) (took time.Duration, err error) {
	first, done, err := newBusbar(ctx, e, source)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, done()) }()
	for range replicas - 1 {
		other, err := openBusbar(ctx, first.data, first.database, source)
		if err != nil {
			return 0, err
		}
		defer func() { _ = other.Close(context.WithoutCancel(ctx)) }()
	}
	start := time.Now()
	runs := map[*store.Connection]store.Run{}
	for range connectionsAtOnce {
		made, err := first.connect(ctx)
		if err != nil {
			return 0, err
		}
		runs[made.Connection] = made.Runs[0]
	}
	for c, run := range runs {
		if _, err := first.await(ctx, c, run); err != nil {
			return 0, err
		}
	}
	return time.Since(start), nil
}
