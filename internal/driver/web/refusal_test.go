package web_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/web"
)

func TestADateIsMeantByTheClockOfWhoAnswers(t *testing.T) {
	t.Parallel()
	own := time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)
	at := func(after time.Duration) string { return own.Add(after).Format(http.TimeFormat) }
	for name, c := range map[string]struct {
		date, after string
		want        time.Duration
	}{
		"no clock":          {"", at(time.Minute), time.Minute},
		"a clock behind":    {at(-48 * time.Hour), at(-48*time.Hour + time.Minute), time.Minute},
		"a clock ahead":     {at(48 * time.Hour), at(48*time.Hour + time.Minute), time.Minute},
		"seconds":           {at(time.Hour), "7", 7 * time.Second},
		"past":              {at(time.Hour), at(time.Minute), 0},
		"nothing":           {at(time.Hour), "", 0},
		"longer than a day": {at(0), at(72 * time.Hour), 24 * time.Hour},
	} {
		if got := web.RetryAfter(http.Header{"Date": {c.date}, "Retry-After": {c.after}}, own); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestSentences(t *testing.T) {
	t.Parallel()
	for want, e := range map[string]driver.Error{
		"The system refuses the login (HTTP 401).":                   {Kind: driver.Credentials, Status: 401},
		"The system failed: no":                                      {Kind: driver.Fault, Status: 200, Said: "no"},
		"The system does not accept the request (HTTP 400): no code": {Kind: driver.Invalid, Status: 400, Said: "no code"},
	} {
		if got := web.Sentence(&e); got != want {
			t.Error(got)
		}
	}
}
