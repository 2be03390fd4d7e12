package connection

import (
	"fmt"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/blackout"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// blackouts checks windows and gives them without white space around.
func (f *faults) blackouts(texts []string) []string {
	if len(texts) > blackout.Most {
		f.at(problem.OutOfRange, fmt.Sprintf("There may be %d windows at most.", blackout.Most), "blackouts")
		return nil
	}
	_, wrong := blackout.Parse(texts)
	for _, w := range wrong {
		f.at(problem.Invalid, w.Err.Error(), "blackouts", fmt.Sprint(w.At))
	}
	var out []string
	for _, text := range texts {
		out = append(out, strings.TrimSpace(text))
	}
	return out
}

// Blackout tells until when a window holds for the connection, or else when the next one begins; zero when there is none.
func Blackout(c *store.Connection, now time.Time) (until, next time.Time) {
	w := blackout.Stored(c.Blackouts, c.TimeZone)
	if end, inside := w.Until(now); inside {
		return end, time.Time{}
	}
	return time.Time{}, w.Next(now)
}
