package budget

import "time"

// alarm wakes a budget later. Its methods are called with the budget's mu held.
type alarm struct {
	timer *time.Timer
	due   time.Time // zero: not set
}

// set moves the alarm; 0 takes it away.
func (a *alarm) set(b *Budget, d time.Duration) {
	switch {
	case d <= 0 && a.due.IsZero():
		return
	case d <= 0:
		a.due = time.Time{}
		a.timer.Stop()
		return
	}
	a.due = time.Now().Add(d)
	if a.timer == nil {
		a.timer = time.AfterFunc(d, b.ring)
		return
	}
	a.timer.Reset(d)
}

// sooner moves the alarm, unless it is due before anyhow.
func (a *alarm) sooner(b *Budget, d time.Duration) {
	if a.due.IsZero() || time.Until(a.due) > d {
		a.set(b, d)
	}
}

func (b *Budget) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.alarm.due.IsZero() {
		return
	}
	b.alarm.due = time.Time{}
	b.wake()
}

// lateness is how late a granted call may come. It grows when the keeper is slow, and the rates with it become lower; a call that comes later still
// is not made.
type lateness struct {
	allowed time.Duration
	easy    int // grants in a row that came far earlier
}

const (
	mostLate  = 5 * time.Second
	easyTurns = 64
)

// inTime tells whether a granted call may go, and learns from it.
func (b *Budget) inTime(c *call) bool {
	if c.start.IsZero() {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	late, l := time.Since(c.start), &b.late
	switch {
	case late > c.allowed:
		l.allowed, l.easy = min(max(l.allowed, 2*c.allowed), mostLate), 0
		return false
	case late < l.allowed/4:
		if l.easy++; l.easy >= easyTurns {
			l.allowed, l.easy = max(l.allowed/2, minLate), 0
		}
	default:
		l.easy = 0
	}
	return true
}
