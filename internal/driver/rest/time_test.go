package rest

import (
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/driver/web"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestADateIsNeverLaterThanTheInstantInAnyReading(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, at, want string }{
		{"America/New_York", "2026-01-02T01:00:00Z", "2026-01-01"},
		{"America/New_York", "2026-01-02T12:00:00Z", "2026-01-02"},
		{"Europe/Vienna", "2026-01-01T23:30:00Z", "2026-01-01"},
		{"UTC", "2026-01-02T00:00:00Z", "2026-01-02"},
	} {
		at, _ := time.Parse(time.RFC3339, c.at)
		if got := (&filter{Format: "date"}).write(at, zone(t, c.zone)); got != c.want {
			t.Errorf("%s in %s: %s", c.at, c.zone, got)
		}
	}
}

func TestTheHistoryBeginsWithItsDayInTheZoneAndInUTC(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, format, want string }{
		{"America/New_York", "date", "2026-08-21"},
		{"Europe/Vienna", "date", "2026-08-22"},
		{"Europe/Vienna", "local-s", "2026-08-22T00:00:00"},
		{"America/New_York", "local-sql", "2026-08-21 20:00:00"},
		{"Europe/Vienna", "rfc3339-s", "2026-08-21T22:00:00Z"},
		{"America/New_York", "", "2026-08-22T00:00:00Z"},
	} {
		if got := (&filter{Format: web.Format(c.format)}).writeDay(time.Date(2026, 8, 22, 0, 0, 0, 0, time.UTC), zone(t, c.zone)); got != c.want {
			t.Errorf("%s in %s: %s", c.format, c.zone, got)
		}
	}
}

func TestNumbersAreTimesOnlyWhereTheSourceCountsSo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ raw, unix, plain string }{
		{`1792888215`, "2026-10-25T00:30:15Z", ""},
		{`"1792888215999"`, "2026-10-25T00:30:15.999Z", ""},
		{`"20260101120000"`, "", ""},
		{`20260101`, "", ""},
		{`0`, "", ""},
		{`"2026-10-25T00:30:15Z"`, "2026-10-25T00:30:15Z", "2026-10-25T00:30:15Z"},
	} {
		for counts, want := range map[bool]string{true: c.unix, false: c.plain} {
			got := ""
			if at, ok := readTime([]byte(c.raw), time.UTC, counts); ok {
				got = at.earliest.Format(time.RFC3339Nano)
			}
			if got != want {
				t.Errorf("%s, unix %t: %q", c.raw, counts, got)
			}
		}
	}
}
