package engine

import (
	"github.com/busbar-dev/busbar/internal/driver"
)

// Bounds of a run that would not end by itself.
const (
	barrenPages = 100 // in a row without a record that is new to the phase
	chasePages  = 100 // at least so many of what came after the run had begun are read
)

// barren notes how many records of a page are new to the phase, and says that the pages lead nowhere: their tokens change, but only records come
// that the phase has met. In the order of modification, one that has changed again comes again.
func (s *runSlice) barren(b batch, news int64) bool {
	if news > 0 || b.page.Ordered && len(b.result.Changes) > 0 {
		s.cp.Barren = 0
		return false
	}
	s.cp.Barren++
	return s.cp.Barren >= barrenPages
}

// outran says that the source changes faster than its pages are read: in the order of modification, as many pages have come with what changed
// since the run began as before. Whoever stops there has everything up to the high water, and the next run goes on from it. What does not
// lie behind the cursor does not count, so that each run gets further.
func (s *runSlice) outran(page *driver.Page) bool {
	begun := s.run.StartedAt
	if s.cursor.After(begun) {
		begun = s.cursor
	}
	if !page.Ordered || s.cp.Phase == hot || !s.believable(page.HighWater).After(begun) {
		return false
	}
	s.cp.Chased++
	return s.cp.Chased > max(chasePages, s.cp.Pages-s.cp.Chased)
}

// stopChase ends a phase behind a page that is not its last. How far a catch-up came bounds the cursor: what lies outside the period is read by it
// alone.
func (s *runSlice) stopChase(page *driver.Page) {
	s.cp.Skipping = s.cp.Skipping || s.readsAll()
	if hw := s.believable(page.HighWater); s.cp.Phase == catchUp && hw.Before(s.cp.HighWater) {
		s.cp.HighWater = hw
	}
}
