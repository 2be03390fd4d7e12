package engine

import (
	"context"
	"time"

	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// hotIsDue says that an incremental run of the schedule reads the hot records too: those that change in ways their stamps do not show. A full run
// reads them anyway, which counts.
func (s *runSlice) hotIsDue() bool {
	h := s.entity.Hot
	if h == nil || s.readsAll() || s.run.Trigger != store.TriggerSchedule {
		return false
	}
	since := s.worker.Now().Sub(s.hotAt)
	return since >= h.Every || since < 0
}

// readHot reads the list of hot records from its beginning, within the historical period. It neither moves the cursor nor shows what is gone.
func (s *runSlice) readHot(ctx context.Context) (err error) {
	var from time.Time
	if s.entity.History != "" {
		if from, err = ParseHistory(s.history, s.cp.HotFrom); err != nil {
			return &hopeless{problem.ReasonInvalidHistory, err.Error()}
		}
	}
	begun := s.cp.HotFrom
	if err := s.read(ctx, time.Time{}, from); err != nil {
		return err
	}
	return s.worker.Store.SetHot(ctx, s.run, begun)
}
