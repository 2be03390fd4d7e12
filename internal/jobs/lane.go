package jobs

import (
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"github.com/busbar-dev/busbar/internal/store"
)

// spec is what tells a lane from the others.
type spec struct {
	lane  store.Lane
	kind  string // of its jobs
	queue string
	turns int // connections, or flows, worked on at once: most of the time they wait for their systems; what bounds them is memory

	// How often the queue is looked at: at most once in a pause, of which a longer one lets many turns that end together be filled by one look; at least once in a poll, where
	// nobody tells that something came.
	pause, poll time.Duration

	args     func(id string) river.JobArgs
	register func(*river.Workers, *Runner) error
}

// lane is a type for each lane: the job engine tells kinds of job by their types.
type lane interface{ spec() spec }

type (
	scheduled struct{}
	asked     struct{}
	writes    struct{}
	flows     struct{}
)

func (scheduled) spec() spec {
	return spec{lane: store.LaneScheduled, kind: "wake_connection", queue: river.QueueDefault, turns: 32, pause: 25 * time.Millisecond, poll: 500 * time.Millisecond}
}

func (asked) spec() spec {
	return spec{lane: store.LaneAsked, kind: "wake_now", queue: "asked", turns: 16, pause: fetchPause, poll: 100 * time.Millisecond}
}

func (writes) spec() spec {
	return spec{lane: store.LaneWrites, kind: "wake_writes", queue: "writes", turns: 16, pause: fetchPause, poll: 100 * time.Millisecond}
}

func (flows) spec() spec {
	return spec{lane: store.LaneFlows, kind: "wake_flow", queue: "flows", turns: 8, pause: fetchPause, poll: 200 * time.Millisecond}
}

func specOf[L lane]() spec {
	var l L
	return l.spec()
}

// lanes lists them all.
func lanes() []spec {
	return []spec{whole[scheduled](), whole[asked](), whole[writes](), whole[flows]()}
}

// whole adds what follows from the lane's type.
func whole[L lane]() spec {
	s := specOf[L]()
	s.args = func(id string) river.JobArgs { return wakeUp[L]{id} }
	s.register = func(workers *river.Workers, r *Runner) error {
		return river.AddWorkerSafely(workers, &worker[L]{runner: r})
	}
	return s
}

func specFor(lane store.Lane) (spec, error) {
	for _, s := range lanes() {
		if s.lane == lane {
			return s, nil
		}
	}
	return spec{}, fmt.Errorf("there is no lane %q", lane)
}
