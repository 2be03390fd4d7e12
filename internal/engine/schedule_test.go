package engine

import (
	"strings"
	"testing"
	"time"
)

func TestScheduleNext(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 6, 10, 30, 0, 0, time.UTC) // a Friday
	cases := []struct {
		text   string
		spread float64
		want   time.Time
	}{
		{"30s", 0, now.Add(30 * time.Second)},
		{"15m", 0, now.Add(15 * time.Minute)},
		{"1h", 0.5, now.Add(time.Hour + 3*time.Minute)},
		{"1d", 0, now.Add(24 * time.Hour)},
		{"0 6 * * 1-5", 0.9, time.Date(2026, 3, 9, 6, 0, 0, 0, time.UTC)},
		{"@daily", 0, time.Date(2026, 3, 7, 0, 0, 0, 0, time.UTC)},
		{"manual", 0, time.Time{}},
	}
	for _, c := range cases {
		s, err := ParseSchedule(c.text)
		if err != nil {
			t.Errorf("ParseSchedule(%q): %v", c.text, err)
			continue
		}
		if got := s.Next(now, c.spread); !got.Equal(c.want) {
			t.Errorf("%q after %s: got %s, want %s", c.text, now, got, c.want)
		}
	}
}

func TestScheduleRefusesWithAMend(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "5", "10s", "32d", "5 minutes", "@every 1s", "61 * * * *", "-1h", "9999999w"} {
		_, err := ParseSchedule(text)
		if err == nil {
			t.Errorf("ParseSchedule(%q) accepts it", text)
		} else if !strings.ContainsAny(err.Error(), "0123456789") {
			t.Errorf("ParseSchedule(%q): %q shows no valid form", text, err)
		}
	}
}

func TestSpreadIsStableAndSpreads(t *testing.T) {
	t.Parallel()
	seen := map[float64]bool{}
	for _, entity := range []string{"vendors", "items", "purchase-orders", "invoices"} {
		a, b := Spread("c1", entity), Spread("c1", entity)
		if a != b || a < 0 || a >= 1 {
			t.Errorf("Spread(c1, %s) = %v, then %v; want one value in [0,1)", entity, a, b)
		}
		seen[a] = true
	}
	if len(seen) != 4 {
		t.Errorf("four streams share %d places", len(seen))
	}
}

func TestParseHistory(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 31, 23, 59, 0, 0, time.UTC)
	cases := map[string]time.Time{
		"all":  {},
		"P90D": time.Date(2025, 12, 31, 0, 0, 0, 0, time.UTC),
		"P2W":  time.Date(2026, 3, 17, 0, 0, 0, 0, time.UTC),
		"P12M": time.Date(2025, 3, 31, 0, 0, 0, 0, time.UTC),
		"P2Y":  time.Date(2024, 3, 31, 0, 0, 0, 0, time.UTC),
	}
	for text, want := range cases {
		if got, err := ParseHistory(text, now); err != nil || !got.Equal(want) {
			t.Errorf("ParseHistory(%q) = %s, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "90", "90D", "P-1D", "PT5H", "ALL", "P999999D"} {
		if _, err := ParseHistory(text, now); err == nil {
			t.Errorf("ParseHistory(%q) accepts it", text)
		}
	}
}
