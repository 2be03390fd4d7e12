package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

// report prints medians and the ratios that count: reference time divided by Busbar's, so that higher is better.
func report(orders int, all []round) {
	pick := func(get func(round) time.Duration) time.Duration {
		var d []time.Duration
		for _, r := range all {
			d = append(d, get(r))
		}
		return median(d)
	}
	drain := pick(func(r round) time.Duration { return r.drain })
	refFull, busFull := pick(func(r round) time.Duration { return r.refFull }), pick(func(r round) time.Duration { return r.busFull })
	refSame, busSame := pick(func(r round) time.Duration { return r.refSame }), pick(func(r round) time.Duration { return r.busSame })
	plain, keyset := pick(func(r round) time.Duration { return r.plain }), pick(func(r round) time.Duration { return r.keyset })
	first, deep := pick(func(r round) time.Duration { return r.first }), pick(func(r round) time.Duration { return r.deep })

	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "what\ttime\tper record\tratio")
	line := func(what string, d time.Duration, n int, ratio string) {
		fmt.Fprintf(w, "%s\t%s\t%.1f µs\t%s\n", what, d.Round(10*time.Microsecond), float64(d.Microseconds())/float64(n), ratio)
	}
	line("drain only: read pages, split, discard", drain, orders, "")
	line("first full sync: reference pipe", refFull, orders, "")
	line("first full sync: Busbar", busFull, orders, ratio(refFull, busFull)+" of the reference")
	line("nothing changed: reference that skips by hash", refSame, orders, "")
	line("nothing changed: Busbar full re-sync", busSame, orders, ratio(refSame, busSame)+" of the reference")
	line("page of 100: plain server, same bytes from memory", plain, 100, "")
	line("page of 100: plain server, same bytes by keyset select", keyset, 100, "")
	line("page of 100: Busbar, first", first, 100, ratio(keyset, first)+" of the keyset server, "+ratio(plain, first)+" of memory")
	line("page of 100: Busbar, deep", deep, 100, ratio(first, deep)+" of the first page's speed")
	_ = w.Flush()
}

func ratio(a, b time.Duration) string { return fmt.Sprintf("%.2f", float64(a)/float64(b)) }

// machine names what the figures depend on.
func machine() string {
	load := "unknown"
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		load = strings.Join(strings.Fields(string(text))[:3], " ")
	}
	return fmt.Sprintf("%s %s/%s, %d processors, load %s", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), load)
}
