package cli

import (
	"testing"
	"time"
)

func TestLives(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"90d": 90 * 24 * time.Hour, "12h": 12 * time.Hour, "1h30m": 90 * time.Minute, "30m": 30 * time.Minute} {
		var l life
		if err := l.UnmarshalText([]byte(text)); err != nil || time.Duration(l) != want {
			t.Errorf("%s is %v (%v), want %v", text, time.Duration(l), err, want)
		}
	}
	for _, text := range []string{"", "d", "-1d", "1.5d", "99999d", "a week", "90"} {
		var l life
		if err := l.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken for %v", text, time.Duration(l))
		}
	}
}
