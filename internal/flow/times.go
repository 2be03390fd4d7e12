package flow

import (
	"time"

	"github.com/busbar-dev/busbar/internal/flow/lang"
	"github.com/busbar-dev/busbar/internal/schedule"
)

// nextTime gives when a schedule fires next.
func nextTime(t *lang.ScheduleTrigger, now time.Time) (time.Time, error) {
	s, err := scheduleOf(t)
	if err != nil {
		return time.Time{}, err
	}
	return s.Next(now, 0), nil
}

// nextAfter gives when a schedule fires after the time at which it was due: an interval keeps its beat, and what was missed is left out.
func nextAfter(t *lang.ScheduleTrigger, due, now time.Time) (time.Time, error) {
	if t.Every == 0 || due.IsZero() {
		return nextTime(t, now)
	}
	return due.Add((now.Sub(due)/t.Every + 1) * t.Every), nil
}

func scheduleOf(t *lang.ScheduleTrigger) (schedule.Schedule, error) {
	if t.Every > 0 {
		return schedule.Every(t.Every)
	}
	zone, err := schedule.Zone(t.TimeZone)
	if err != nil {
		return schedule.Schedule{}, err
	}
	return schedule.Cron(t.Cron, zone)
}
