package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// line is a Wire whose other end is the test.
type line struct {
	mu   sync.Mutex
	told []string
	each chan func(text string)
	lost chan error
	cut  bool // nobody can be told
}

func (l *line) Tell(_ context.Context, texts []string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut {
		return errors.New("the line was cut")
	}
	l.told = append(l.told, texts...)
	return nil
}

func (l *line) fail(cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = cut
}

func (l *line) Hear(ctx context.Context, begun func(), each func(text string)) error {
	begun()
	select {
	case l.each <- each:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-l.lost:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *line) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer func() { l.told = nil }()
	return strings.Join(l.told, "|")
}

// projects say whose a connection is: a1 is a connection of project a.
func projects(_ context.Context, connectionID string) (string, error) {
	switch {
	case connectionID == "broken":
		return "", errors.New("the database does not answer")
	case connectionID == "gone":
		return "", ErrNotFound
	}
	return connectionID[:1], nil
}

// heard gives what a follower takes by now, as words.
func heard(f *Follower) string {
	var words []string
	for _, c := range f.Take() {
		words = append(words, strings.TrimSpace(string(c.Thing)+" "+c.Connection))
	}
	slices.Sort(words)
	return strings.Join(words, ", ")
}

func of(things ...any) (changes []Changed) {
	for i := 0; i < len(things); i += 2 {
		changes = append(changes, Changed{Thing: things[i].(Thing), Connection: things[i+1].(string)})
	}
	return changes
}

// The first news comes at once; what follows comes once in a pace, each piece once, and the last is not lost.
func TestNewsKeepsItsPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNews(nil, projects)
		defer n.close()
		s := &Store{news: n}
		n.note(of(ThingRecords, "a1"), true) // nobody follows
		a, b := s.Follow("a"), s.Follow("b")
		synctest.Wait()
		if got := heard(a); got != "" {
			t.Errorf("it heard what was before: %s", got)
		}
		n.note(of(ThingRecords, "a1"), true)
		synctest.Wait()
		if got := heard(a); got != "records a1" {
			t.Errorf("at first: %q", got)
		}
		for range 100 {
			n.note(of(ThingRecords, "a1", ThingSyncRuns, "a1", ThingRecords, "gone"), true)
			synctest.Wait()
			if got := heard(a); got != "" {
				t.Fatalf("too soon: %q", got)
			}
		}
		time.Sleep(newsPace)
		synctest.Wait()
		if got := heard(a); got != "records a1, sync-runs a1" {
			t.Errorf("then: %q", got)
		}
		if got := heard(b); got != "" {
			t.Errorf("another project heard %q", got)
		}
		a.Close()
		time.Sleep(newsPace)
		n.note(of(ThingRecords, "a1", ThingRecords, "broken"), true)
		synctest.Wait()
		if got := heard(a) + heard(b); got != "everything" {
			t.Errorf("one is gone and a project is not known: %q", got)
		}
	})
}

// Who takes nothing is behind by a bounded number of pieces.
func TestNewsIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNews(nil, projects)
		defer n.close()
		f := (&Store{news: n}).Follow("a")
		for i := range 2 * mostNews {
			n.note(of(ThingRecords, fmt.Sprint("a", i)), true)
			if i%(mostNews-1) == 0 {
				time.Sleep(newsPace)
			}
		}
		time.Sleep(2 * newsPace)
		synctest.Wait()
		if got := heard(f); got != "everything" {
			t.Errorf("got %.100q", got)
		}
	})
}

// Other processes hear each piece once, and what they tell is told here and not sent back. Each time that the line is there anew something may be missing.
func TestNewsOfOtherProcesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &line{each: make(chan func(string)), lost: make(chan error)}
		n := newNews(l, projects)
		synctest.Wait()
		if got := l.take(); got != "everything\t\t" {
			t.Errorf("a process that begins says %q", got)
		}
		time.Sleep(newsPace)
		n.note(append(of(ThingRecords, "a1"), Changed{Thing: ThingKeys, Project: "a"}), true)
		synctest.Wait()
		if got := l.take(); got != "records\t\ta1\nkeys\ta\t" && got != "keys\ta\t\nrecords\t\ta1" {
			t.Errorf("told %q", got)
		}
		f := (&Store{news: n}).Follow("a")
		each := <-l.each
		time.Sleep(2 * newsPace)
		if got := heard(f); got != "everything" {
			t.Errorf("at the beginning %q", got)
		}
		each("flows\ta\t\nsyncs\t\tb1")
		synctest.Wait()
		if got := heard(f) + l.take(); got != "flows" {
			t.Errorf("from elsewhere %q", got)
		}
		l.lost <- errors.New("the line was cut")
		each = <-l.each
		time.Sleep(2 * newsPace)
		if got := heard(f); got != "everything" {
			t.Errorf("after a break %q", got)
		}
		each("a later version's words")
		n.note(of(ThingTokens, "a1"), true)
		n.close()
		if got := l.take(); got != "tokens\t\ta1" {
			t.Errorf("its last words are %q", got)
		}
	})
}

// What cannot be told waits until it can, at the latest for the end, and nobody here hears it twice.
func TestNewsThatCannotBeToldIsNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &line{each: make(chan func(string), 1), lost: make(chan error)}
		n := newNews(l, projects)
		f := (&Store{news: n}).Follow("a")
		time.Sleep(3 * newsPace)
		l.take()
		heard(f)
		l.fail(true)
		n.note(of(ThingRecords, "a1"), true)
		synctest.Wait()
		if got := heard(f); got != "records a1" {
			t.Errorf("here: %q", got)
		}
		time.Sleep(3 * newsPace)
		if got := heard(f) + l.take(); got != "" {
			t.Errorf("while nobody can be told: %q", got)
		}
		l.fail(false)
		time.Sleep(newsPace)
		synctest.Wait()
		if got := l.take(); got != "records\t\ta1" {
			t.Errorf("afterwards: %q", got)
		}
		l.fail(true)
		n.note(of(ThingTokens, "a1"), true)
		time.Sleep(newsPace)
		synctest.Wait()
		l.fail(false)
		n.close()
		if got := l.take(); got != "tokens\t\ta1" {
			t.Errorf("its last words are %q", got)
		}
	})
}

// What another process tells of a piece takes nothing away of what this one has to tell of it, and everything stands for all that came before.
func TestNewsOfBothSides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &line{each: make(chan func(string), 1), lost: make(chan error)}
		n := newNews(l, projects)
		defer n.close()
		f := (&Store{news: n}).Follow("a")
		each := <-l.each
		time.Sleep(3 * newsPace)
		n.note(of(ThingFlows, "a1"), true)
		synctest.Wait() // from here on it rests, and what comes is kept
		heard(f)
		l.take()
		n.note(of(ThingRecords, "a1"), true)
		each("records\t\ta1")
		time.Sleep(newsPace)
		synctest.Wait()
		if got := l.take(); got != "records\t\ta1" {
			t.Errorf("told %q", got)
		}
		each("everything\t\t")
		time.Sleep(newsPace)
		synctest.Wait()
		if got := heard(f); got != "everything" {
			t.Errorf("heard %q", got)
		}
	})
}

// Neither what waits to be passed on nor what waits to be told grows without bound.
func TestNewsThatWaitsIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &line{each: make(chan func(string), 1), lost: make(chan error)}
		n := newNews(l, projects)
		defer n.close()
		time.Sleep(3 * newsPace)
		l.take()
		l.fail(true)
		most := func(kind Thing) (changes []Changed) {
			for i := range mostNews {
				changes = append(changes, Changed{Thing: kind, Connection: fmt.Sprint("a", i)})
			}
			return changes
		}
		n.note(most(ThingRecords), true)
		synctest.Wait() // it rests
		n.note(append(most(ThingTokens), most(ThingSyncs)...), true)
		n.mu.Lock()
		kept := len(n.notes)
		n.mu.Unlock()
		if kept != 1 {
			t.Errorf("%d wait to be passed on", kept)
		}
		time.Sleep(newsPace)
		n.note(most(ThingTokens), true)
		time.Sleep(newsPace)
		l.fail(false)
		time.Sleep(newsPace)
		synctest.Wait()
		if got := l.take(); got != "everything\t\t" {
			t.Errorf("told %.100q", got)
		}
	})
}

// Texts fit into a notification, however much they tell.
func TestNewsAsText(t *testing.T) {
	t.Parallel()
	var all, again []Changed
	for i := range 500 {
		all = append(all, Changed{ThingRecords, "", fmt.Sprintf("019f0000-0000-7000-8000-%012d", i)})
	}
	for _, text := range newsTexts(append(all, Changed{Thing: ThingLinks, Project: strings.Repeat("x", mostText)})) {
		if len(text) > mostText {
			t.Errorf("%d bytes", len(text))
		}
		again = append(again, newsFrom(text)...)
	}
	if !slices.Equal(again, all) {
		t.Errorf("%d came back of %d", len(again), len(all))
	}
}
