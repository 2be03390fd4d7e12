package engine

import (
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
)

// Bounds of a run that would not end by itself.
const (
	barrenPages = 100 // in a row without a record that is new to the phase
	chasePages  = 100 // at least so many of what came after the run had begun are read
)

// barren notes how many records of a page are new to the phase, and says that the pages lead nowhere: their tokens change, but nothing else does.
func (s *runSlice) barren(news int64) bool {
	if news > 0 {
		s.cp.Barren = 0
		return false
	}
	s.cp.Barren++
	return s.cp.Barren >= barrenPages
}

// outran says that the source changes faster than its pages are read: in the order of modification, as many pages have come with what changed
// since the run began as before. Whoever stops there has everything up to the high water, and the next run goes on from it. A stamp that the
// last run had reached counts for nothing, so that each run gets further.
func (s *runSlice) outran(page *driver.Page) bool {
	begun := s.run.StartedAt
	if reached := s.since.Add(s.lookback()); !s.since.IsZero() && reached.After(begun) {
		begun = reached
	}
	if !page.Ordered || s.cp.Phase == hot || !s.believable(page.HighWater).After(begun) {
		return false
	}
	s.cp.Chased++
	return s.cp.Chased > max(chasePages, s.cp.Pages-s.cp.Chased)
}

func (s *runSlice) lookback() time.Duration {
	if s.entity.Cursor == nil {
		return 0
	}
	return s.entity.Cursor.Lookback
}
