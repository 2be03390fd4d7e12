package engine

import (
	"slices"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/problem"
	"github.com/busbar-dev/busbar/internal/store"
)

// A stream whose run has failed for good, for a reason that may pass, is tried again after a quarter of an hour, then half an hour, and so on
// up to six hours, whatever its schedule: a monthly one would stay stale for a month.
const (
	firstLater   = 15 * time.Minute
	longestLater = 6 * time.Hour
)

// sooner gives when the stream is due after the run: as scheduled, or sooner when the run failed for a reason that may pass.
func (s *runSlice) sooner(f store.Finish, st *store.Stream) time.Time {
	if f.State != store.RunFailed || !f.RetryAt.IsZero() || !mayPass(f.ReasonCode) {
		return f.NextRunAt
	}
	gap := longestLater
	if n := st.Failures / (maxRetries + 1); n < 5 {
		gap = min(firstLater<<n, longestLater)
	}
	later := s.worker.Now().Add(gap + jitter(s.worker.Rand, gap/4))
	if f.NextRunAt.IsZero() || later.Before(f.NextRunAt) {
		return later
	}
	return f.NextRunAt
}

// mayPass says that trying again may help. What concerns the whole connection is mended with it.
func mayPass(code problem.Reason) bool {
	if code == problem.ReasonInternal || code == problem.ReasonStorageFull {
		return true
	}
	return slices.ContainsFunc(driver.Verdicts(), func(v driver.Verdict) bool {
		return v.Reason == code && v.Retry && v.Effect != driver.Unanswered && v.Effect != driver.LoginRefused
	})
}

// mayWork says that the connection's runs may call the system now. One that does not answer is left alone until a probe gets through.
func mayWork(c *store.Connection) bool {
	return mayRequest(c) == nil && c.State != store.ConnectionUnreachable
}
