package budget

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"
)

// longestRetryAfter caps what one answer can ask for.
const longestRetryAfter = 24 * time.Hour

// RetryAfter is the wait that a response asks for, in seconds or as a date, a day at most; 0 when it names none, a past or a senseless one.
func RetryAfter(resp *http.Response, now time.Time) time.Duration {
	text := resp.Header.Get("Retry-After")
	s, err := strconv.ParseFloat(text, 64)
	if err == nil && !math.IsNaN(s) && !math.IsInf(s, 0) || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(max(s, 0), longestRetryAfter.Seconds()) * float64(time.Second))
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(at.Sub(now), 0), longestRetryAfter)
	}
	return 0
}
