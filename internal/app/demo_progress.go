package app

import (
	"context"
	"fmt"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/busbar-dev/busbar/internal/store"
)

const lookEvery = 150 * time.Millisecond

// progress is how far the initial sync of all streams is.
type progress struct {
	done, total int64 // records; total grows as the source's counts come in
	streams     int
	finished    int
	entity      string // under way
	failed      *store.Run
}

func progressOf(streams []store.Stream) progress {
	p := progress{streams: len(streams)}
	for _, s := range streams {
		run := s.ActiveRun
		switch {
		case !s.LastSuccessAt.IsZero():
			p.finished++
			p.done, p.total = p.done+s.Live, p.total+s.Live
		case run != nil:
			p.done, p.total = p.done+run.Counts.Fetched, p.total+max(run.Expected, run.Counts.Fetched)
			if run.State == store.RunRunning {
				p.entity = s.Entity
			}
		case s.LastRun != nil && s.LastRun.State != store.RunComplete: // one that is complete shows in its stream at the next look
			p.failed = s.LastRun
		}
	}
	return p
}

// watchFirstSync shows the initial sync until every stream of the connections has had its first success.
func (d *demo) watchFirstSync(ctx context.Context, conns []*store.Connection) error {
	show := d.shower()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		var streams []store.Stream
		for _, conn := range conns {
			more, err := d.app.Store.Streams(ctx, conn.Scope())
			if err != nil {
				return err
			}
			streams = append(streams, more...)
		}
		p := progressOf(streams)
		if p.failed != nil {
			return fmt.Errorf("the initial sync of %s ended %s: %s", p.failed.Entity, p.failed.State, p.failed.ReasonDetail)
		}
		show(p)
		if p.finished == p.streams {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// shower gives a progress bar on a terminal and a line per finished stream elsewhere.
func (d *demo) shower() func(progress) {
	if !d.Terminal.Out {
		last := -1
		return func(p progress) {
			if p.finished != last {
				fmt.Fprintf(d.Out, "Initial sync: %d of %d streams, %d records\n", p.finished, p.streams, p.done)
				last = p.finished
			}
		}
	}
	bar := progressbar.NewOptions64(1, progressbar.OptionSetWriter(d.Out), progressbar.OptionSetDescription("Initial sync"),
		progressbar.OptionShowCount(), progressbar.OptionSetWidth(32), progressbar.OptionSetPredictTime(false),
		progressbar.OptionThrottle(lookEvery/2), progressbar.OptionOnCompletion(func() { fmt.Fprintln(d.Out) }))
	return func(p progress) {
		complete := p.finished == p.streams
		if p.entity != "" {
			bar.Describe(fmt.Sprintf("Initial sync: %-20s", p.entity))
		}
		if complete {
			bar.Describe(fmt.Sprintf("Initial sync: %-20s", "done"))
		}
		total := max(p.total, 1)
		if !complete {
			total++ // the bar ends only when everything is in
		}
		bar.ChangeMax64(total)
		_ = bar.Set64(min(p.done, total))
		if complete {
			_ = bar.Finish()
		}
	}
}
