package connection

import (
	"os"
	"slices"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

func TestTransitions(t *testing.T) {
	t.Parallel()
	reached := map[store.ConnectionState]bool{store.ConnectionPending: true}
	for _, tr := range transitions() {
		for _, from := range tr.from {
			if !slices.Contains(store.ConnectionStates(), from) {
				t.Errorf("%s comes from %q, which is no state", tr.on, from)
			}
			to, ok := next(from, tr.on)
			if !ok || to != tr.to {
				t.Errorf("next(%s, %s) = %s, %v; two rows of the table disagree", from, tr.on, to, ok)
			}
			reached[to] = true
		}
	}
	for _, s := range store.ConnectionStates() {
		if _, rests := map[store.ConnectionState]bool{store.ConnectionSyncing: true, store.ConnectionActive: true, store.ConnectionDegraded: true}[s]; !rests && !reached[s] {
			t.Errorf("%s is never reached", s)
		}
	}
}

// What must never happen, whatever rows are added.
func TestTransitionsKeepTheirPromises(t *testing.T) {
	t.Parallel()
	for _, on := range []event{created, worked, settled, faulted, unanswered, doubted, refused, renewed, paused, resumed, disconnected, reconnected} {
		if to, ok := next(store.ConnectionDisconnected, on); ok && on != reconnected {
			t.Errorf("a disconnected connection becomes %s when %s", to, on)
		}
		if to, ok := next(store.ConnectionPaused, on); ok && on != resumed && on != disconnected {
			t.Errorf("a paused connection becomes %s when %s", to, on)
		}
		if to, ok := next(store.ConnectionNeedsReauth, on); ok && on != renewed && on != paused && on != disconnected {
			t.Errorf("a connection without a good login becomes %s when %s", to, on)
		}
	}
}

func TestRest(t *testing.T) {
	t.Parallel()
	run, once := &store.Run{}, time.Unix(1, 0)
	cases := map[string]struct {
		streams []store.Stream
		want    store.ConnectionState
	}{
		"nothing to do":            {nil, store.ConnectionActive},
		"all well":                 {[]store.Stream{{LastRun: run}}, store.ConnectionActive},
		"first run":                {[]store.Stream{{LastRun: run}, {ActiveRun: run}}, store.ConnectionSyncing},
		"first run, one fails":     {[]store.Stream{{LastRun: run, Failures: 1}, {ActiveRun: run}}, store.ConnectionSyncing},
		"later run":                {[]store.Stream{{LastRun: run, ActiveRun: run}}, store.ConnectionActive},
		"first run is paused":      {[]store.Stream{{ActiveRun: run, Paused: true}}, store.ConnectionActive},
		"one fails":                {[]store.Stream{{LastRun: run}, {LastRun: run, Failures: 1, ErrorCode: problem.ReasonSystemError}}, store.ConnectionDegraded},
		"a paused one fails":       {[]store.Stream{{LastRun: run, Failures: 1, Paused: true}}, store.ConnectionActive},
		"system was unreachable":   {[]store.Stream{{LastRun: run, Failures: 3, LastSuccessAt: once, ErrorCode: problem.ReasonSystemUnreachable}}, store.ConnectionActive},
		"maintenance page":         {[]store.Stream{{LastRun: run, Failures: 3, LastSuccessAt: once, ErrorCode: problem.ReasonNotThisSystem}}, store.ConnectionActive},
		"login was refused":        {[]store.Stream{{LastRun: run, Failures: 1, LastSuccessAt: once, ErrorCode: problem.ReasonCredentialsRefused}}, store.ConnectionActive},
		"unreachable in its first": {[]store.Stream{{LastRun: run, Failures: 6, ErrorCode: problem.ReasonSystemUnreachable}}, store.ConnectionSyncing},
		"refused in its first":     {[]store.Stream{{LastRun: run, Failures: 1, ErrorCode: problem.ReasonCredentialsRefused}}, store.ConnectionSyncing},
		"its first run failed":     {[]store.Stream{{LastRun: run, Failures: 6, ErrorCode: problem.ReasonSystemError}}, store.ConnectionDegraded},
		"its first run is retried": {[]store.Stream{{ActiveRun: run, Failures: 1, ErrorCode: problem.ReasonSystemError}}, store.ConnectionSyncing},
		"the disk was full":        {[]store.Stream{{LastRun: run, Failures: 1, ErrorCode: problem.ReasonStorageFull}}, store.ConnectionDegraded},
	}
	for name, c := range cases {
		if got, why := rest(c.streams); got != c.want || (got == store.ConnectionActive) != (why == reason{}) {
			t.Errorf("%s: %s (%v), want %s", name, got, why, c.want)
		}
	}
}

func TestDocumentIsCurrent(t *testing.T) {
	t.Parallel()
	const file = "../../docs/states/connection.md"
	source, err := os.ReadFile("connection.go")
	if err != nil {
		t.Fatal(err)
	}
	want, err := StatesPage(source)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s differs from states.go; run `make generate`", file)
	}
}

func TestStatesPageNeedsTheDiagram(t *testing.T) {
	t.Parallel()
	if page, err := StatesPage([]byte("package connection\n")); err == nil {
		t.Errorf("a page without a diagram: %s", page)
	}
}
