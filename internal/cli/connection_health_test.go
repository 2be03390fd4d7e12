package cli

import (
	"testing"
	"time"
)

func TestRough(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second: "0 s", 59 * time.Second: "59 s", 90 * time.Second: "1 min", 185 * time.Minute: "3 h 5 min", 50 * time.Hour: "2 d 2 h",
	} {
		if got := rough(d); got != want {
			t.Errorf("%s: %s, want %s", d, got, want)
		}
	}
}

func TestWhatARunWaitsFor(t *testing.T) {
	t.Parallel()
	at := "2026-11-23T08:30:00Z"
	for want, run := range map[string]*activeRun{
		"":                                    nil,
		"running":                             {State: "running"},
		"again at 2026-11-23 08:30:00Z":       {State: "queued", RetryAt: &at, Error: &syncError{Code: "system-error"}},
		"blackout until 2026-11-23 08:30:00Z": {State: "running", RetryAt: &at, Error: &syncError{Code: "blackout"}},
	} {
		if got := run.text(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
