package api

import (
	"context"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

// waitingView is one kind of thing that waits for a person.
type waitingView struct {
	Kind   string         `json:"kind" enum:"reauthorization,held_deletions,needs_human,failed_flow_items,quarantine" doc:"reauthorization: connections whose credentials the system refuses. held_deletions: records that would be deleted. needs_human: writes whose outcome a person has to find out. failed_flow_items: items of flows that failed, of runs of the last 7 days. quarantine: records that could not be mapped."`
	Count  int64          `json:"count" doc:"How many: connections, records, writes, items."`
	More   bool           `json:"more" doc:"There are more than are counted."`
	Places []waitingPlace `json:"places" doc:"Where the first of them are decided; up to 5."`
}

// waitingPlace is where something is decided. What does not apply is null.
type waitingPlace struct {
	Count          int64      `json:"count"`
	More           bool       `json:"more" doc:"There are more here than are counted."`
	Since          *time.Time `json:"since"`
	ConnectionID   *string    `json:"connection_id"`
	ConnectionName *string    `json:"connection_name"`
	Entity         *string    `json:"entity"`
	RunID          *string    `json:"run_id" doc:"Of held deletions: the run that holds them. Of a flow: its run."`
	OperationID    *string    `json:"operation_id"`
	FlowName       *string    `json:"flow_name"`
	FlowTitle      *string    `json:"flow_title"`
	Error          *reason    `json:"error"`
}

// gather adds a place, which is shown while there are few.
func (v *waitingView) gather(p waitingPlace) {
	v.Count += p.Count
	v.More = v.More || p.More
	if len(v.Places) < shownWaiting {
		v.Places = append(v.Places, p)
	}
}

// gatherMost adds the places of a list that reads one beyond what is counted.
func gatherMost[T any](v *waitingView, list []T, place func(T) waitingPlace) {
	for _, one := range list[:min(len(list), mostWaiting)] {
		v.gather(place(one))
	}
	v.More = v.More || len(list) > mostWaiting
}

func placed(p store.Place, count int64, since time.Time) waitingPlace {
	return waitingPlace{Count: count, Since: moment(since), ConnectionID: text(p.ConnectionID), ConnectionName: text(p.ConnectionName), Entity: text(p.Entity)}
}

// waiting lists what waits for a person, by kind.
func (s *server) waiting(ctx context.Context, project string, states map[store.ConnectionState]int64, streams []store.StreamOf) ([]waitingView, error) {
	kinds := []struct {
		name string
		fill func(*waitingView) error
	}{
		{"reauthorization", func(v *waitingView) error { return s.refused(ctx, v, project, states[store.ConnectionNeedsReauth]) }},
		{"held_deletions", func(v *waitingView) error { return s.heldBack(ctx, v, project) }},
		{"needs_human", func(v *waitingView) error { return s.undecided(ctx, v, project) }},
		{"failed_flow_items", func(v *waitingView) error { return s.failedFlows(ctx, v, project) }},
		{"quarantine", func(v *waitingView) error { quarantined(v, streams); return nil }},
	}
	all := make([]waitingView, len(kinds))
	for i, k := range kinds {
		all[i] = waitingView{Kind: k.name, Places: []waitingPlace{}}
		if err := k.fill(&all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (s *server) refused(ctx context.Context, v *waitingView, project string, n int64) error {
	if n == 0 {
		return nil
	}
	list, err := s.Store.ConnectionsIn(ctx, project, store.ConnectionNeedsReauth, shownWaiting)
	for _, c := range list {
		p := placed(c.Place, 1, c.Since)
		p.Error = reasonOf(c.Code, c.Detail)
		v.gather(p)
	}
	v.Count = n
	return err
}

func (s *server) heldBack(ctx context.Context, v *waitingView, project string) error {
	list, err := s.Store.HeldOfProject(ctx, project, mostWaiting+1)
	gatherMost(v, list, func(h store.Waiting) waitingPlace {
		p := placed(h.Place, h.Count, h.Since)
		p.RunID = text(h.ID)
		return p
	})
	return err
}

func (s *server) undecided(ctx context.Context, v *waitingView, project string) error {
	list, err := s.Store.UndecidedOfProject(ctx, project, mostWaiting+1)
	gatherMost(v, list, func(o store.Waiting) waitingPlace {
		p := placed(o.Place, o.Count, o.Since)
		p.OperationID = text(o.ID)
		return p
	})
	return err
}

func (s *server) failedFlows(ctx context.Context, v *waitingView, project string) error {
	list, err := s.Store.FailedFlowRuns(ctx, project, s.Now().Add(-failuresSince), mostWaiting+1)
	gatherMost(v, list, func(r store.FailedFlowRun) waitingPlace {
		return waitingPlace{Count: r.Failed, Since: moment(r.CreatedAt), RunID: text(r.Run), FlowName: text(r.Flow), FlowTitle: text(r.Title), Error: reasonOf(r.Code, r.Detail)}
	})
	return err
}

func quarantined(v *waitingView, streams []store.StreamOf) {
	for _, st := range streams {
		if n := st.Stream.Quarantined; n > 0 {
			p := placed(st.Place, n, time.Time{})
			p.More, p.RunID = n == store.MostQuarantined, text(st.Run)
			v.gather(p)
		}
	}
}
