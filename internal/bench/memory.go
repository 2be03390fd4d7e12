package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

// measureMemory syncs streams of different sizes, each in a process of its own, and compares the most memory that each held.
func measureMemory(ctx context.Context, t *table, e engine, z size) error {
	var peaks []int64
	for _, n := range []int{z.orders / 4, z.orders, 4 * z.orders} {
		peak, err := peakOf(ctx, e, n)
		if err != nil {
			return fmt.Errorf("%d orders: %w", n, err)
		}
		peaks = append(peaks, peak)
		t.add("P5", fmt.Sprintf("memory of a first and a full sync of %d orders (%s)", n, e.name), fmt.Sprintf("%d MB", peak>>20), "", "≤ 200 MB, moonshot 120")
	}
	t.add("P5", fmt.Sprintf("16 times as many orders (%s)", e.name), "", fmt.Sprintf("%+d MB", (peaks[2]-peaks[0])>>20), "within 30 MB")
	return nil
}

func peakOf(ctx context.Context, e engine, orders int) (bytes int64, err error) {
	source, err := openSource(ctx, orders)
	if err != nil {
		return 0, err
	}
	defer source.Close()
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	out, err := exec.CommandContext(ctx, self, "-memory-child", "-source", source.URL(), "-database", e.fresh()).Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w: %s", err, exit.Stderr)
		}
		return 0, err
	}
	return strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
}

// syncOnce does a first and a full sync and prints the most memory that this process held, in bytes.
func syncOnce(ctx context.Context, source, database string) (err error) {
	b, done, err := newBusbar(ctx, engine{"", func() string { return database }}, source)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	made, err := b.connect(ctx)
	if err != nil {
		return err
	}
	peak, err := peakWhile(func() error {
		if _, err := b.await(ctx, made.Connection, made.Runs[0]); err != nil {
			return err
		}
		_, err := b.sync(ctx, made.Connection, store.Full)
		return err
	})
	fmt.Println(peak)
	return err
}

// anonymous is the memory that this process holds for itself, in bytes: pages of files, which the system takes back when it needs them, are not counted.
func anonymous() (int64, error) {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if kb, ok := strings.CutPrefix(s.Text(), "RssAnon:"); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(kb, "kB")), 10, 64)
			return n << 10, err
		}
	}
	return 0, errors.New("the system does not tell how much memory a process holds")
}

// peakWhile looks at the memory while do works, and gives the most that it saw.
func peakWhile(do func() error) (peak int64, err error) {
	ended, worked := make(chan struct{}), make(chan error, 1)
	go func() { defer close(ended); worked <- do() }()
	for {
		now, err := anonymous()
		if err != nil {
			return 0, err
		}
		peak = max(peak, now)
		select {
		case <-ended:
			return peak, <-worked
		case <-time.After(5 * time.Millisecond):
		}
	}
}
