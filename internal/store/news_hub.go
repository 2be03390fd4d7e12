package store

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// How news is passed on: at most once in newsPace, each piece once; mostNews pieces at once are Everything.
const (
	newsPace   = 500 * time.Millisecond
	mostNews   = 1000
	hearAgain  = time.Second     // after the other processes were lost
	tellWithin = 2 * time.Second // for the others to be told, also at the end
	mostKnown  = 10_000          // connections whose project is remembered
	everywhere = ""
)

var everything = Changed{Thing: Everything}

// Wire takes news to the other processes on the database.
type Wire interface {
	// Tell gives texts to all who hear, which may be nobody.
	Tell(ctx context.Context, texts []string) error
	// Hear gives each text that another process tells, until ctx ends or the others are lost. begun is called when none will be missed any more.
	Hear(ctx context.Context, begun func(), each func(text string)) error
}

// news tells those who follow a project what has changed. Whoever stores something only leaves a note; one goroutine passes the notes on at its own pace, so that nothing is
// told too often and the last of it never too late.
type news struct {
	wire      Wire                                                           // nil: there is no other process
	projectOf func(ctx context.Context, connectionID string) (string, error) // ErrNotFound
	known     map[string]string                                              // by connection; of the goroutine
	untold    []Changed                                                      // what other processes could not be told yet; of the goroutine

	mu        sync.Mutex
	notes     map[Changed]bool // true: to be told to other processes too
	followers map[*Follower]bool
	unhear    context.CancelFunc // while somebody follows

	wake    chan struct{}
	stop    context.CancelFunc
	stopped context.Context
	working sync.WaitGroup
}

func newNews(wire Wire, projectOf func(ctx context.Context, connectionID string) (string, error)) *news {
	n := &news{wire: wire, projectOf: projectOf, known: map[string]string{}, notes: map[Changed]bool{}, followers: map[*Follower]bool{}, wake: make(chan struct{}, 1)}
	n.stopped, n.stop = context.WithCancel(context.Background())
	if wire != nil { // whoever was killed here before may have stored what it did not tell
		n.note([]Changed{everything}, true)
	}
	n.working.Go(n.pass)
	return n
}

// close tells what is left to the other processes, and ends everything.
func (n *news) close() {
	n.stop()
	n.working.Wait()
	if n.wire == nil {
		return
	}
	n.forward(context.Background(), n.take())
}

// note leaves what has changed to be passed on. Where nobody can hear of it nothing is kept: who begins to follow afterwards reads what is stored.
func (n *news) note(changes []Changed, own bool) {
	if len(changes) == 0 {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.wire == nil && len(n.followers) == 0 {
		return
	}
	for _, c := range changes {
		n.notes[c] = own || n.notes[c]
	}
	if len(n.notes) > mostNews {
		n.notes = map[Changed]bool{everything: true}
	}
	signal(n.wake)
}

func (n *news) take() map[Changed]bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	notes := n.notes
	n.notes = map[Changed]bool{}
	return notes
}

// pass passes notes on until the end.
func (n *news) pass() {
	for {
		select {
		case <-n.stopped.Done():
			return
		case <-n.wake:
		}
		notes := n.take()
		n.deliver(n.stopped, notes)
		n.forward(n.stopped, notes)
		if !rest(n.stopped, newsPace) {
			return
		}
	}
}

// rest waits for d, and says whether ctx goes on.
func rest(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// deliver gives notes to those who follow the projects that they are of.
func (n *news) deliver(ctx context.Context, notes map[Changed]bool) {
	if !n.followed() {
		return
	}
	for c := range notes {
		project, err := n.projectFor(ctx, c)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			project, c = everywhere, everything
		}
		c.Project = project
		n.give(c)
	}
}

func (n *news) followed() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.followers) > 0
}

func (n *news) give(c Changed) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for f := range n.followers {
		if c.Project == f.project || c.Project == everywhere {
			f.hear(c)
		}
	}
}

// projectFor gives the project that a note is of; a connection's never changes.
func (n *news) projectFor(ctx context.Context, c Changed) (string, error) {
	if c.Project != "" || c.Connection == "" {
		return c.Project, nil
	}
	if project, ok := n.known[c.Connection]; ok {
		return project, nil
	}
	project, err := n.projectOf(ctx, c.Connection)
	if err != nil {
		return "", err
	}
	if len(n.known) >= mostKnown {
		clear(n.known)
	}
	n.known[c.Connection] = project
	return project, nil
}

// forward tells the other processes. What they could not be told in time is told with what comes next.
func (n *news) forward(ctx context.Context, notes map[Changed]bool) {
	own := n.untold
	for c, ours := range notes {
		if ours && !slices.Contains(n.untold, c) {
			own = append(own, c)
		}
	}
	if len(own) > mostNews {
		own = []Changed{everything}
	}
	if n.wire == nil || len(own) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, tellWithin)
	defer cancel()
	if n.untold = nil; n.wire.Tell(ctx, newsTexts(own)) != nil {
		n.untold = own
		signal(n.wake)
	}
}

func (n *news) add(f *Follower) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.followers[f] = true
	if n.wire != nil && n.unhear == nil && n.stopped.Err() == nil {
		var ctx context.Context
		ctx, n.unhear = context.WithCancel(n.stopped)
		n.working.Go(func() { n.hear(ctx) })
	}
}

func (n *news) remove(f *Follower) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if delete(n.followers, f); len(n.followers) == 0 && n.unhear != nil {
		n.unhear()
		n.unhear = nil
	}
}

// hear takes in what other processes tell. Each time that it begins something may have been missed.
func (n *news) hear(ctx context.Context) {
	for ctx.Err() == nil {
		_ = n.wire.Hear(ctx, func() { n.note([]Changed{everything}, false) }, func(text string) { n.note(newsFrom(text), false) })
		rest(ctx, hearAgain)
	}
}
