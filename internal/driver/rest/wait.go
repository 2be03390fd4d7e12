package rest

import (
	"net/http"
	"strconv"
	"time"

	"github.com/busbar-dev/busbar/internal/driver/web"
)

// retryAfter reads Retry-After, or the system's own header, which is written likewise or holds a unix time.
func (c *client) retryAfter(h http.Header) time.Duration {
	own := c.options.RateLimit
	if wait := web.RetryAfter(h, c.config.Now()); wait > 0 || own.Reset == "" {
		return wait
	}
	as := http.Header{"Retry-After": h.Values(own.Reset), "Date": h.Values("Date")}
	if n, err := strconv.ParseFloat(h.Get(own.Reset), 64); err == nil && own.Format == unix {
		if n >= 1e12 { // no seconds
			return 0
		}
		left := time.Unix(int64(n), 0).Sub(web.ClockOf(h, c.config.Now()))
		as.Set("Retry-After", strconv.FormatFloat(left.Seconds(), 'f', -1, 64))
	}
	return web.RetryAfter(as, c.config.Now())
}
