package budget

import (
	"context"
	"sync"
	"time"
)

const (
	// placeLease is how long places stay taken that their holder, perhaps dead, tells nothing of.
	placeLease = 30 * time.Second
	// grantAhead is how long before its instant a shared budget grants a call, so that asking takes no time from the rate.
	grantAhead = 20 * time.Millisecond
	// linger is how long a shared budget keeps to itself that a call ended, when nobody is known to wait for that: the next call takes the news along.
	linger    = 20 * time.Millisecond
	changeMay = 15 * time.Second
	firstGap  = 50 * time.Millisecond // before a failed change is tried again; doubles
	mostGap   = time.Second
)

// turn is the one exchange with the keeper that is under way or next. While it is, everything new gathers for the one after: at high rates one
// exchange serves many calls.
type turn struct {
	ask      Ask
	answer   Answer
	now      Moment
	step     func(*State, Moment)
	underway bool
	again    bool
	lasting  bool // it must outlast a crash of the keeper
	news     bool // something happened that the keeper learns when the alarm rings, or with the next ask
	fails    int
	failure  error // of the last exchange
	running  sync.WaitGroup
}

// wake has what is new told to the keeper. The caller holds mu.
func (b *Budget) wake() {
	if b.turn.underway {
		b.turn.again = true
		return
	}
	b.turn.underway = true
	if b.remote {
		b.turn.running.Go(b.exchangeAll)
		return
	}
	b.prepare()
	b.conclude(b.keeper.Change(context.Background(), b.connection, b.turn.step))
	b.turn.underway = false
}

// exchangeAll goes on until there is nothing new.
func (b *Budget) exchangeAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for again := true; again; again = b.turn.again {
		b.prepare()
		b.mu.Unlock()
		err := b.exchange()
		b.mu.Lock()
		b.conclude(err)
	}
	b.turn.underway = false
}

func (b *Budget) exchange() error {
	ctx, cancel := context.WithTimeout(context.Background(), changeMay)
	defer cancel()
	if !b.turn.lasting {
		ctx = momentary(ctx)
	}
	return b.keeper.Change(ctx, b.connection, b.turn.step)
}

// prepare makes the ask of what there is.
func (b *Budget) prepare() {
	t := &b.turn
	t.again, t.news = false, false
	t.ask.Held, t.ask.Probing, t.ask.Late, t.ask.Chance = b.held, b.probing, b.late.allowed, chance()
	t.ask.Outcomes, b.outcomes = append(t.ask.Outcomes, b.outcomes...), b.outcomes[:0]
	t.ask.grants = t.answer.Grants
	t.lasting = b.matters()
	for p := range b.lines {
		t.ask.Waiting[p] = len(b.lines[p])
	}
}

// conclude hands out what the answer brings and sets when to ask again.
func (b *Budget) conclude(err error) {
	t := &b.turn
	if t.failure = err; err != nil {
		t.fails++
		b.alarm.set(b, min(firstGap<<min(t.fails-1, 10), mostGap))
		return
	}
	t.fails, t.ask.Outcomes = 0, t.ask.Outcomes[:0]
	b.others = t.answer.Others
	b.admit()
	b.sendAway()
	b.alarm.set(b, b.next())
}

// admit gives the grants to the heads of the lines. One for which nobody is left is not used: the next ask tells.
func (b *Budget) admit() {
	for i, g := range b.turn.answer.Grants {
		line := b.lines[g.Priority]
		if len(line) == 0 || !b.turn.lasting && !line[0].followed {
			b.turn.again = true
			continue
		}
		c := line[0]
		b.lines[g.Priority] = append(line[:0], line[1:]...)
		b.held++
		c.outcome = Outcome{Granted: b.turn.answer.At, Probe: i == 0 && b.turn.answer.Probe}
		b.probing = b.probing || c.outcome.Probe
		if b.remote {
			c.start = b.turn.now.Local.Add(time.Duration(g.At-b.turn.answer.At) * time.Microsecond)
			c.allowed = b.turn.ask.Late
		}
		c.settle()
	}
}

func (b *Budget) sendAway() {
	for p, r := range b.turn.answer.Refuse {
		if r.After == 0 {
			continue
		}
		for _, c := range b.lines[p] {
			c.refusal = &Refusal{r.Reason, r.After}
			c.settle()
		}
		b.lines[p] = b.lines[p][:0]
	}
}

// next is when to ask again, whatever happens here; 0: never.
func (b *Budget) next() (d time.Duration) {
	switch {
	case b.turn.answer.Wait > 0 && b.waits():
		d = b.turn.answer.Wait
	case b.remote && (b.held > 0 || b.waits()):
		d = longestWait
	}
	if b.turn.news && (d == 0 || d > linger) {
		d = linger
	}
	return d
}

// soon has what is new told in a moment.
func (b *Budget) soon() {
	if !b.remote {
		b.wake()
		return
	}
	b.turn.news = true
	b.alarm.sooner(b, linger)
}

// close sends everybody away, tells the keeper what is free, and waits for the last exchange.
func (b *Budget) close() {
	b.mu.Lock()
	b.closed = true
	for p := range b.lines {
		for _, c := range b.lines[p] {
			c.refusal = ErrClosed
			c.settle()
		}
		b.lines[p] = nil
	}
	b.alarm.set(b, 0)
	if b.remote && b.turn.ask.Held+len(b.turn.answer.Grants) > 0 {
		b.wake()
	}
	b.mu.Unlock()
	b.turn.running.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.alarm.set(b, 0)
}
