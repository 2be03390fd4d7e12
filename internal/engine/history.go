package engine

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

var historyText = regexp.MustCompile(`^P(\d{1,5})(D|W|M|Y)$`)

// ParseHistory reads a historical period ("P90D", "P12M", "P2Y", or "all") and gives its first day, counted back from now, as midnight
// UTC; zero for "all". The error is a sentence for the person who wrote it.
func ParseHistory(text string, now time.Time) (from time.Time, err error) {
	if text == store.AllHistory {
		return time.Time{}, nil
	}
	m := historyText.FindStringSubmatch(text)
	if m == nil {
		return time.Time{}, fmt.Errorf(`%q is not a period: write "P90D", "P12M", "P2Y" or "all"`, text)
	}
	n, _ := strconv.Atoi(m[1]) // at most five digits
	day := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	switch m[2] {
	case "D":
		return day.AddDate(0, 0, -n), nil
	case "W":
		return day.AddDate(0, 0, -7*n), nil
	case "M":
		return day.AddDate(0, -n, 0), nil
	default:
		return day.AddDate(-n, 0, 0), nil
	}
}
