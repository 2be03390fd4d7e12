package main

import (
	"context"
	"fmt"
	"net/http/httptest"
	"runtime"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/busbar-dev/busbar/internal/sim/erp"
	"github.com/busbar-dev/busbar/internal/store"
)

// round is what one round measured.
type round struct {
	drain, refFull, busFull, refSame, busSame time.Duration
	plain, keyset, first, deep                time.Duration // one page of 100, median
}

// measureSync measures a first sync, a full sync in which nothing changed, and reading pages, in turn with the reference.
func measureSync(ctx context.Context, t *table, e engine, z size) error {
	source, err := openSource(ctx, z.orders)
	if err != nil {
		return err
	}
	defer source.Close()
	all := make([]round, z.rounds)
	for i := range all {
		if all[i], err = measureRound(ctx, source.URL(), e, z); err != nil {
			return fmt.Errorf("round %d: %w", i+1, err)
		}
	}
	reportSync(t, e, z.orders, all)
	return nil
}

func reportSync(t *table, e engine, n int, all []round) {
	pick := func(get func(round) time.Duration) time.Duration {
		var d []time.Duration
		for _, r := range all {
			d = append(d, get(r))
		}
		return median(d)
	}
	refFull, busFull := pick(func(r round) time.Duration { return r.refFull }), pick(func(r round) time.Duration { return r.busFull })
	refSame, busSame := pick(func(r round) time.Duration { return r.refSame }), pick(func(r round) time.Duration { return r.busSame })
	plain, keyset := pick(func(r round) time.Duration { return r.plain }), pick(func(r round) time.Duration { return r.keyset })
	first, deep := pick(func(r round) time.Duration { return r.first }), pick(func(r round) time.Duration { return r.deep })
	on := " (" + e.name + ")"
	t.add("", "read pages, split, discard"+on, each(pick(func(r round) time.Duration { return r.drain }), n), "", "")
	t.add("", "first full sync: hand-written reference"+on, each(refFull, n), "", "")
	t.add("P1", "first full sync"+on, each(busFull, n), ratio(refFull, busFull)+" of the reference", "0.6, moonshot 0.8")
	t.add("", "nothing changed: reference that skips by hash"+on, each(refSame, n), "", "")
	t.add("P2", "nothing changed: full re-sync"+on, each(busSame, n), ratio(refSame, busSame)+" of the reference", "0.6, moonshot 0.8")
	t.add("", "page of 100: plain server, from memory"+on, plain.Round(10*time.Microsecond).String(), "", "")
	t.add("", "page of 100: plain server, by one keyset select"+on, keyset.Round(10*time.Microsecond).String(), "", "")
	t.add("P4", "page of 100, first"+on, first.Round(10*time.Microsecond).String(), ratio(keyset, first)+" of the keyset server, "+ratio(plain, first)+" of memory", "0.6, moonshot 0.8")
	t.add("P4", "page of 100, deep"+on, deep.Round(10*time.Microsecond).String(), ratio(first, deep)+" of the first page's speed", "0.9")
}

func measureRound(ctx context.Context, url string, e engine, z size) (r round, err error) {
	if r.drain, err = timed(func() error { _, err := drain(ctx, url); return err }); err != nil {
		return r, err
	}
	if err := measureReference(ctx, e, url, z.orders, &r); err != nil {
		return r, fmt.Errorf("reference: %w", err)
	}
	runtime.GC()
	if err := measureBusbar(ctx, e, url, z, &r); err != nil {
		return r, fmt.Errorf("busbar: %w", err)
	}
	runtime.GC()
	return r, nil
}

func measureReference(ctx context.Context, e engine, url string, orders int, r *round) error {
	ref, done, err := openReference(ctx, e, url, erp.DefaultKey)
	if err != nil {
		return err
	}
	defer done()
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

// measureBusbar syncs the simulator into an empty database twice, then reads pages.
func measureBusbar(ctx context.Context, e engine, url string, z size, r *round) error {
	b, done, err := newBusbar(ctx, e, url)
	if err != nil {
		return err
	}
	defer done()
	made, err := b.connect(ctx)
	if err != nil {
		return err
	}
	first, err := b.await(ctx, made.Connection, made.Runs[0])
	if err != nil {
		return err
	}
	again, err := b.sync(ctx, made.Connection, store.Full)
	if err != nil {
		return err
	}
	if first.Counts.Created != int64(z.orders) || again.Counts.Unchanged != int64(z.orders) {
		return fmt.Errorf("of %d orders the first sync stored %d and the second knew %d", z.orders, first.Counts.Created, again.Counts.Unchanged)
	}
	r.busFull, r.busSame = worked(first), worked(again)
	web := httptest.NewServer(b.Handler)
	defer web.Close()
	return measurePages(ctx, e, b.data, web.URL, made.Token.Plain, z.orders, z.requests, r)
}

// drain reads everything once and gives its size.
func drain(ctx context.Context, url string) (bytes int64, err error) {
	err = eachPage(ctx, url, erp.DefaultKey, func(page []jsontext.Value) error {
		for _, r := range page {
			bytes += int64(len(r))
		}
		return nil
	})
	return bytes, err
}

func timed(do func() error) (time.Duration, error) {
	start := time.Now()
	err := do()
	return time.Since(start), err
}
