package app

import (
	"context"
	"errors"
	"testing"
	"time"
)

// machine is a machine's clock and a database's, which pass at the same speed.
type machine struct {
	start         time.Time
	here, there   time.Duration // what the clocks are ahead
	passed, delay time.Duration // since the start; of a question
	away          error
}

// local is time.Now of a machine whose clock was changed: the time that passes between two calls is right, what they say is not.
func (m *machine) local() time.Time { return m.start.Add(m.here + m.passed) }

func (m *machine) database(context.Context) (time.Time, error) {
	m.passed += m.delay / 2
	defer func() { m.passed += m.delay / 2 }()
	return m.start.Add(m.there + m.passed), m.away
}

func (m *machine) clock(t *testing.T) *clock {
	t.Helper()
	c := &clock{local: m.local, read: m.database}
	if err := c.set(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestClockIsTheDatabases(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	for name, ahead := range map[string]time.Duration{"ahead": 5 * time.Minute, "behind": -5 * time.Minute, "right": 0} {
		m := &machine{start: start, here: ahead, delay: 4 * time.Millisecond}
		c := m.clock(t)
		m.passed += time.Hour
		if got, want := c.Now(), start.Add(m.passed); !got.Equal(want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestClockJumpsOnlyWithTheDatabase(t *testing.T) {
	t.Parallel()
	m := &machine{start: time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC), delay: 10 * time.Millisecond}
	c := m.clock(t)
	read := func() time.Duration {
		t.Helper()
		if err := c.set(t.Context()); err != nil {
			t.Fatal(err)
		}
		return c.Now().Sub(m.start.Add(m.passed))
	}
	m.there = 4 * time.Millisecond
	if off := read(); off != 0 {
		t.Errorf("a reading within its own error moved the time by %v", off)
	}
	m.there = time.Minute
	if off := read(); off != time.Minute {
		t.Errorf("the database is a minute ahead, the time %v", off)
	}
	m.away = errors.New("away")
	if err := c.set(t.Context()); !errors.Is(err, m.away) || c.Now().Sub(m.start.Add(m.passed)) != time.Minute {
		t.Errorf("without the database (%v) the time does not go on", err)
	}
}
