package rest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/driver/web"
)

func TestATimeWithoutAZoneIsReadAtItsEarliest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, text, earliest, latest string }{
		{"Europe/Berlin", "2026-10-25T01:59:59", "2026-10-24T23:59:59Z", "2026-10-24T23:59:59Z"},
		{"Europe/Berlin", "2026-10-25T02:00:00", "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"}, // the hour comes twice
		{"Europe/Berlin", "2026-10-25 02:59", "2026-10-25T00:59:00Z", "2026-10-25T01:59:00Z"},
		{"Europe/Berlin", "2026-10-25T03:00:00", "2026-10-25T02:00:00Z", "2026-10-25T02:00:00Z"},
		{"Europe/Berlin", "2026-03-29T01:59:59.999999999", "2026-03-29T00:59:59.999999999Z", "2026-03-29T00:59:59.999999999Z"},
		{"Europe/Berlin", "2026-03-29T02:30:00", "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"}, // no clock shows it
		{"Europe/Berlin", "2026-03-29T03:00:00", "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z"},
		{"America/New_York", "2026-11-01T01:30:00", "2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"},
		{"America/New_York", "2026-03-08T02:30:00", "2026-03-08T06:30:00Z", "2026-03-08T07:30:00Z"},
		{"Australia/Lord_Howe", "2026-04-05T01:45:00", "2026-04-04T14:45:00Z", "2026-04-04T15:15:00Z"}, // half an hour
		{"America/New_York", "2026-11-01", "2026-11-01T04:00:00Z", "2026-11-01T04:00:00Z"},
		{"Europe/Berlin", "2026-10-25T02:30:00+01:00", "2026-10-25T01:30:00Z", "2026-10-25T01:30:00Z"},
		{"UTC", "2026-10-25 02:30:00", "2026-10-25T02:30:00Z", "2026-10-25T02:30:00Z"},
	} {
		r, ok := readTime([]byte(`"`+c.text+`"`), zone(t, c.zone), false)
		if got := [2]string{r.earliest.Format(time.RFC3339Nano), r.latest.Format(time.RFC3339Nano)}; !ok || got != [2]string{c.earliest, c.latest} {
			t.Errorf("%s in %s: %v; want %s and %s", c.text, c.zone, got, c.earliest, c.latest)
		}
	}
}

// Digits that a format does not have are cut off, never rounded up, and a time that comes twice is asked for before its hour comes first.
func TestAFilterIsNeverLaterThanTheCursor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, format, at, want string }{
		{"UTC", "rfc3339", "2026-01-01T00:00:00.999999999Z", "2026-01-01T00:00:00.999999Z"},
		{"UTC", "rfc3339-ms", "2026-01-01T00:00:00.9999Z", "2026-01-01T00:00:00.999Z"},
		{"UTC", "rfc3339-s", "2026-01-01T00:00:59.9999Z", "2026-01-01T00:00:59Z"},
		{"UTC", "unix", "2026-01-01T00:00:59.9999Z", "1767225659"},
		{"UTC", "unix-ms", "2026-01-01T00:00:59.9999Z", "1767225659999"},
		{"Europe/Berlin", "local-ms", "2026-06-30T22:00:00.9999Z", "2026-07-01T00:00:00.999"},
		{"Europe/Berlin", "local-s", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00"}, // 02:30, the first time
		{"Europe/Berlin", "local-s", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00"}, // the second time
		{"Europe/Berlin", "local-sql", "2026-03-29T01:00:00Z", "2026-03-29 03:00:00"},
		{"America/New_York", "local-s", "2026-11-01T05:30:00Z", "2026-11-01T00:30:00"},
		{"America/New_York", "local-s", "2026-11-01T06:30:00Z", "2026-11-01T01:30:00"},
		{"Australia/Lord_Howe", "local-s", "2026-04-04T14:45:00Z", "2026-04-05T01:15:00"},
	} {
		at, _ := time.Parse(time.RFC3339Nano, c.at)
		if got := (&filter{Format: web.Format(c.format)}).write(at, zone(t, c.zone)); got != c.want {
			t.Errorf("%s as %s in %s: %s; want %s", c.at, c.format, c.zone, got, c.want)
		}
	}
}

// FuzzTime: whatever an instant, a source's zone and its notation: what it wrote then is read as no later than it was, and who asks for what
// changed since gets whatever is later, by the text as well as by the instant that the source takes it for.
func FuzzTime(f *testing.F) {
	for _, at := range []string{"2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-03-29T01:00:00Z", "2026-11-01T05:59:59Z", "2026-11-01T06:00:00Z", "2026-03-08T07:00:00Z", "2026-04-04T14:45:00Z"} {
		t, _ := time.Parse(time.RFC3339, at)
		f.Add(t.Unix(), int64(123_456_789), int64(1800), "x")
	}
	f.Fuzz(func(t *testing.T, unixSeconds, nanos, later int64, text string) {
		_, _ = readTime([]byte(text), time.UTC, true)
		at := time.Unix(unixSeconds%4e9, ((nanos%1e9)+1e9)%1e9).UTC()
		for _, name := range []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"} {
			in, err := time.LoadLocation(name)
			if err != nil {
				t.Fatal(err)
			}
			for format, layout := range web.Formats() {
				if !strings.HasPrefix(format, "local") || at.Year() < 1972 {
					continue
				}
				shown := at.In(in).Format(layout)
				r, ok := readTime(fmt.Appendf(nil, "%q", shown), in, false)
				if !ok || r.earliest.After(at) || at.Sub(r.latest) >= time.Second {
					t.Fatalf("%s, which was %s in %s, is read as %v", at, shown, name, r)
				}
				asked := (&filter{Format: web.Format(format)}).write(at, in)
				taken, ok := readTime(fmt.Appendf(nil, "%q", asked), in, false)
				if !ok || taken.latest.After(at) {
					t.Fatalf("since %s in %s is written as %s, which may mean %s", at, name, asked, taken.latest)
				}
				then := at.Add(time.Duration(((later%86400)+86400)%86400) * time.Second).In(in).Format(layout)
				if then < asked {
					t.Fatalf("since %s in %s is written as %s, which leaves out %s", at, name, asked, then)
				}
			}
		}
	})
}
