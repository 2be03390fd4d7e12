package engine

import (
	"fmt"
	"hash/fnv"
	"strings"

	"github.com/busbar-dev/busbar/internal/schedule"
	"github.com/busbar-dev/busbar/internal/store"
)

// ParseSchedule reads an interval (30s to 31d: "15m", "1h", "1d"), a cron line of five fields in UTC ("0 6 * * 1-5", "@daily"), or
// "manual", which never falls due. The error is a sentence for the person who wrote it.
func ParseSchedule(text string) (schedule.Schedule, error) {
	text = strings.TrimSpace(text)
	if text == store.ManualSchedule {
		return schedule.Schedule{}, nil
	}
	s, err := schedule.Parse(text)
	if err != nil {
		return schedule.Schedule{}, fmt.Errorf(`%w (a schedule is an interval like "15m", "1h" or "1d", a cron line like "0 6 * * 1-5", or "manual")`, err)
	}
	return s, nil
}

// Spread gives a stream's own place in [0,1), always the same.
func Spread(connectionID, entity string) float64 {
	h := fnv.New32a()
	h.Write([]byte(connectionID + "/" + entity))
	return float64(h.Sum32()) / (1 << 32)
}
