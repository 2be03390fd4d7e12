package cli

import (
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/schollz/progressbar/v3"
)

// rawRun is a run as the API wrote it.
type rawRun = jsontext.Value

// progress shows how runs get on: a bar on a terminal, a line for each run that ends elsewhere.
type progress interface {
	show(runs []syncRun)
	end()
}

func newProgress(s *Streams) progress {
	if !s.Terminal.Err {
		return &lines{w: s.Err, said: map[string]bool{}}
	}
	return &bar{bar: progressbar.NewOptions64(-1, progressbar.OptionSetWriter(s.Err), progressbar.OptionSetWidth(30), progressbar.OptionShowCount(),
		progressbar.OptionSetItsString("records"), progressbar.OptionShowIts(), progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(false))}
}

type bar struct{ bar *progressbar.ProgressBar }

func (b *bar) show(runs []syncRun) {
	fetched, expected, what := tally(runs)
	if expected > fetched && b.bar.GetMax64() != expected {
		b.bar.ChangeMax64(expected)
	}
	b.bar.Describe(what)
	_ = b.bar.Set64(fetched)
}

func (b *bar) end() { _ = b.bar.Finish() }

// tally sums up: records fetched, records expected (-1 while a run does not know), and what is being read.
func tally(runs []syncRun) (fetched, expected int64, what string) {
	ended := 0
	for _, r := range runs {
		fetched += r.Counts.Fetched
		switch {
		case r.ended():
			ended++
			expected = plus(expected, r.Counts.Fetched)
			continue
		case r.State == "running" && what == "":
			what = r.Entity
		}
		if r.Expected == nil || *r.Expected < 0 {
			expected = -1
		} else {
			expected = plus(expected, *r.Expected)
		}
	}
	return fetched, expected, fmt.Sprintf("%d of %d runs  %s", ended, len(runs), what)
}

// plus adds to a sum that is -1 for good once a part of it is unknown.
func plus(sum, n int64) int64 {
	if sum < 0 {
		return sum
	}
	return sum + n
}

// lines says once how each run ended, and once what a run waits for.
type lines struct {
	w    io.Writer
	said map[string]bool
}

func (l *lines) show(runs []syncRun) {
	for _, r := range runs {
		switch {
		case r.ended():
			l.say(r.ID, ending(r))
		case r.State == "queued" && r.Error != nil:
			l.say(r.ID+" waits", clean(r.Entity)+": waits; "+clean(r.reason()))
		}
	}
}

func (l *lines) say(key, line string) {
	if !l.said[key] {
		l.said[key] = true
		fmt.Fprintln(l.w, line)
	}
}

// ending says how a run ended, and where to look when something is left to look at.
func ending(r syncRun) string {
	noun := "records"
	if r.Counts.Fetched == 1 {
		noun = "record"
	}
	line := fmt.Sprintf("%s: %s, %d %s fetched", clean(r.Entity), r.State, r.Counts.Fetched, noun)
	if n := r.Counts.Quarantined; n > 0 {
		line += fmt.Sprintf("; %d in quarantine: busbar sync quarantine %s", n, clean(r.ID))
	}
	if r.Error != nil {
		line += "; " + clean(r.reason())
	}
	return line
}

func (l *lines) end() {}
