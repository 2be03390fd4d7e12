package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// figure is one line of the report. better says which way the ratio is good; goal is the bar that it is held against, "" when there is none.
type figure struct {
	id, what, value, ratio, goal string
}

// table collects figures in the order in which they were measured.
type table struct{ figures []figure }

func (t *table) add(id, what, value, ratio, goal string) {
	t.figures = append(t.figures, figure{id, what, value, ratio, goal})
}

func (t *table) print(w io.Writer) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "goal\twhat\tfigure\tratio\twanted")
	for _, f := range t.figures {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\n", f.id, f.what, f.value, f.ratio, f.goal)
	}
	_ = tw.Flush()
}

// each is a time and what it comes to for one of n.
func each(d time.Duration, n int) string {
	return fmt.Sprintf("%s, %.1f µs each", d.Round(10*time.Microsecond), float64(d.Microseconds())/float64(n))
}

func ratio(a, b time.Duration) string { return fmt.Sprintf("%.2f", float64(a)/float64(b)) }

func median[T int | int64 | float64 | time.Duration](v []T) T {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

// machine names what the figures depend on.
func machine() string {
	load := "unknown"
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		load = strings.Join(strings.Fields(string(text))[:3], " ")
	}
	return fmt.Sprintf("%s %s/%s, %d processors, load %s", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), load)
}
