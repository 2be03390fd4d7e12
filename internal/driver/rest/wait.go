package rest

import (
	"net/http"
	"strconv"
	"time"
)

// maxRetryAfter caps what a system may ask for.
const maxRetryAfter = 24 * time.Hour

// retryAfter reads Retry-After (seconds or a date), or the system's own header.
func (c *client) retryAfter(h http.Header) time.Duration {
	wait := waitOf(h.Get("Retry-After"), c.config.Now(), false)
	if wait == 0 && c.options.RateLimit.Reset != "" {
		wait = waitOf(h.Get(c.options.RateLimit.Reset), c.config.Now(), c.options.RateLimit.Format == unix)
	}
	return min(max(wait, 0), maxRetryAfter)
}

func waitOf(value string, now time.Time, unixTime bool) time.Duration {
	if n, err := strconv.ParseFloat(value, 64); err == nil && n >= 0 && n < 1e12 {
		if unixTime {
			return time.Unix(int64(n), 0).Sub(now)
		}
		return time.Duration(min(n, maxRetryAfter.Seconds()) * float64(time.Second))
	}
	if at, err := http.ParseTime(value); err == nil {
		return at.Sub(now)
	}
	return 0
}
