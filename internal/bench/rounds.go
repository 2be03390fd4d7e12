package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/busbar-dev/busbar/internal/sim/erp"
)

// round is what one round measured.
type round struct {
	drain, refFull, busFull, refSame, busSame time.Duration
	plain, keyset, first, deep                time.Duration // one page of 100, median
}

// size is how much to measure.
type size struct {
	orders, rounds, requests int
	profile                  string
}

func run(ctx context.Context, z size) error {
	orders, rounds := z.orders, z.rounds
	source, err := erp.Open(erp.Options{Counts: erp.Counts{Orders: orders}, Lines: 5, Lean: true, Cache: 1 << 30})
	if err != nil {
		return err
	}
	defer source.Close()
	if err := source.Start(""); err != nil {
		return err
	}
	url := source.URL()
	bytes, err := warm(ctx, url)
	if err != nil {
		return err
	}
	fmt.Printf("%d purchase orders of %d bytes on average; %s; %d rounds\n\n", orders, bytes/int64(orders), machine(), rounds)
	all := make([]round, rounds)
	for i := range all {
		if all[i], err = measure(ctx, url, z); err != nil {
			return fmt.Errorf("round %d: %w", i+1, err)
		}
	}
	report(orders, all)
	return nil
}

// warm reads everything once, so that the simulator has encoded its records, and gives their size.
func warm(ctx context.Context, url string) (bytes int64, err error) {
	err = eachPage(ctx, url, erp.DefaultKey, func(page []jsontext.Value) error {
		for _, r := range page {
			bytes += int64(len(r))
		}
		return nil
	})
	return bytes, err
}

func measure(ctx context.Context, url string, z size) (r round, err error) {
	dir, err := os.MkdirTemp("", "busbar-bench-")
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(dir)
	if r.drain, err = timed(func() error { _, err := warm(ctx, url); return err }); err != nil {
		return r, err
	}
	if err := measureReference(ctx, dir, url, z.orders, &r); err != nil {
		return r, fmt.Errorf("reference: %w", err)
	}
	runtime.GC()
	stop, err := profileTo(z.profile)
	if err != nil {
		return r, err
	}
	defer stop()
	if err := measureBusbar(ctx, dir, url, z.orders, z.requests, &r); err != nil {
		return r, fmt.Errorf("busbar: %w", err)
	}
	runtime.GC()
	return r, nil
}

func measureReference(ctx context.Context, dir, url string, orders int, r *round) error {
	ref, err := openReference(dir, url, erp.DefaultKey)
	if err != nil {
		return err
	}
	defer ref.db.Close()
	for _, part := range []struct {
		into *time.Duration
		skip bool
	}{{&r.refFull, false}, {&r.refSame, true}} {
		*part.into, err = timed(func() error {
			n, err := ref.run(ctx, part.skip)
			if err == nil && n != orders {
				err = fmt.Errorf("read %d of %d orders", n, orders)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func timed(do func() error) (time.Duration, error) {
	start := time.Now()
	err := do()
	return time.Since(start), err
}

// profileTo writes a CPU profile until stop; "" writes none.
func profileTo(file string) (stop func(), err error) {
	if file == "" {
		return func() {}, nil
	}
	f, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, err
	}
	return func() { pprof.StopCPUProfile(); _ = f.Close() }, nil
}
