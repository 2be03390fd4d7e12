package schedule_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/schedule"
)

func TestNext(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 6, 10, 30, 0, 0, time.UTC) // a Friday
	for _, c := range []struct {
		text   string
		spread float64
		want   time.Time
	}{
		{"30s", 0, now.Add(30 * time.Second)},
		{"1h", 0.5, now.Add(time.Hour + 3*time.Minute)},
		{"1d", 0, now.Add(24 * time.Hour)},
		{"0 6 * * 1-5", 0.9, time.Date(2026, 3, 9, 6, 0, 0, 0, time.UTC)},
		{"30 10 * * *", 0, time.Date(2026, 3, 7, 10, 30, 0, 0, time.UTC)},
		{"@daily", 0, time.Date(2026, 3, 7, 0, 0, 0, 0, time.UTC)},
		{"0 0 29 2 *", 0, time.Date(2028, 2, 29, 0, 0, 0, 0, time.UTC)},
	} {
		s, err := schedule.Parse(c.text)
		if err != nil {
			t.Errorf("Parse(%q): %v", c.text, err)
			continue
		}
		if got := s.Next(now, c.spread); !got.Equal(c.want) {
			t.Errorf("%q after %s: got %s, want %s", c.text, now, got, c.want)
		}
	}
	if got := (schedule.Schedule{}).Next(now, 0); !got.IsZero() {
		t.Errorf("the schedule of nothing falls due at %s", got)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "5", "10s", "32d", "5 minutes", "@every 1s", "@reboot", "61 * * * *", "-1h", "9999999w", "TZ=UTC", "TZ=Europe/Berlin 0 6 * * *", "0 0 31 2 *", "* * * * * *"} {
		if _, err := schedule.Parse(text); err == nil {
			t.Errorf("Parse(%q) accepts it", text)
		}
	}
	for _, name := range []string{"", "Local", "Europe/Nowhere"} {
		if _, err := schedule.Zone(name); err == nil {
			t.Errorf("Zone(%q) accepts it", name)
		}
	}
}

// due lists the times at which a line falls due between two moments, as clocks in the zone show them.
func due(t *testing.T, line, zone, from, to string) []string {
	t.Helper()
	loc, err := schedule.Zone(zone)
	if err != nil {
		t.Fatal(err)
	}
	s, err := schedule.Cron(line, loc)
	if err != nil {
		t.Fatal(err)
	}
	at := func(text string) time.Time {
		moment, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return moment
	}
	var times []string
	for now := s.Next(at(from), 0); now.Before(at(to)); now = s.Next(now, 0) {
		times = append(times, now.In(loc).Format("02T15:04Z07:00"))
		if len(times) > 100 {
			t.Fatalf("%s does not come forward: %v", line, times)
		}
	}
	return times
}

func TestClocksAreChanged(t *testing.T) {
	t.Parallel()
	const berlin, newYork = "Europe/Berlin", "America/New_York"
	for name, c := range map[string]struct{ line, zone, from, to, want string }{
		"a time that does not exist, Berlin":   {"30 2 * * *", berlin, "2026-03-28T00:00:00Z", "2026-03-31T00:00:00Z", "28T02:30+01:00 29T03:00+02:00 30T02:30+02:00"},
		"a time that does not exist, New York": {"30 2 * * *", newYork, "2026-03-07T05:00:00Z", "2026-03-10T04:00:00Z", "07T02:30-05:00 08T03:00-04:00 09T02:30-04:00"},
		"several that do not exist":            {"0,20,40 2 * * *", berlin, "2026-03-29T00:00:00Z", "2026-03-30T00:00:00Z", "29T03:00+02:00"},
		"one that exists beside it":            {"0 2,3 * * *", berlin, "2026-03-29T00:00:00Z", "2026-03-30T00:00:00Z", "29T03:00+02:00"},
		"a time that exists twice, Berlin":     {"30 2 * * *", berlin, "2026-10-24T00:00:00Z", "2026-10-27T00:00:00Z", "24T02:30+02:00 25T02:30+02:00 26T02:30+01:00"},
		"a time that exists twice, New York":   {"30 1 * * *", newYork, "2026-10-31T04:00:00Z", "2026-11-03T05:00:00Z", "31T01:30-04:00 01T01:30-04:00 02T01:30-05:00"},
		"the end of what exists twice":         {"0 2,3 * * *", berlin, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", "25T02:00+02:00 25T03:00+01:00"},
		"every hour, into summer":              {"30 * * * *", berlin, "2026-03-29T00:00:00Z", "2026-03-29T02:00:00Z", "29T01:30+01:00 29T03:30+02:00"},
		"every hour, out of summer":            {"30 * * * *", berlin, "2026-10-24T23:00:00Z", "2026-10-25T03:00:00Z", "25T01:30+02:00 25T02:30+02:00 25T02:30+01:00 25T03:30+01:00"},
		"every half hour, New York":            {"*/30 * * * *", newYork, "2026-11-01T05:00:00Z", "2026-11-01T07:30:00Z", "01T01:30-04:00 01T01:00-05:00 01T01:30-05:00 01T02:00-05:00"},
		"every hour of one day":                {"0 * * * 1", berlin, "2026-10-25T21:59:00Z", "2026-10-26T01:30:00Z", "26T00:00+01:00 26T01:00+01:00 26T02:00+01:00"},
		"midnight that does not exist":         {"0 0 * * *", "America/Santiago", "2026-09-05T05:00:00Z", "2026-09-07T05:00:00Z", "06T01:00-03:00 07T00:00-03:00"},
		"half an hour":                         {"15 2 * * *", "Australia/Lord_Howe", "2026-10-02T14:00:00Z", "2026-10-05T13:00:00Z", "03T02:15+10:30 04T02:30+11:00 05T02:15+11:00"},
		"no change of clocks":                  {"0 9 * * *", "Asia/Tokyo", "2026-03-28T00:00:00Z", "2026-03-30T00:00:00Z", "29T09:00+09:00"},
	} {
		if got := strings.Join(due(t, c.line, c.zone, c.from, c.to), " "); got != c.want {
			t.Errorf("%s: %s falls due at\n  %s, want\n  %s", name, c.line, got, c.want)
		}
	}
}

// Within the hour that exists twice, what was due the first time is not due again, and what is later is not forgotten.
func TestNextWithinTheSecondHour(t *testing.T) {
	t.Parallel()
	if got := due(t, "15,45 2,3 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T03:00:00Z"); !slices.Equal(got, []string{"25T02:45+02:00", "25T03:15+01:00", "25T03:45+01:00"}) {
		t.Errorf("from the first hour on: %v", got)
	}
	if got := due(t, "15,45 2,3 * * *", "Europe/Berlin", "2026-10-25T01:10:00Z", "2026-10-25T03:00:00Z"); !slices.Equal(got, []string{"25T03:15+01:00", "25T03:45+01:00"}) {
		t.Errorf("from the second hour on: %v", got)
	}
}
