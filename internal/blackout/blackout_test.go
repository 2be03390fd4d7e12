package blackout_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/busbar-dev/busbar/internal/blackout"
)

func windows(t *testing.T, zone string, texts ...string) blackout.Windows {
	t.Helper()
	w, faults := blackout.Parse(texts)
	if faults != nil {
		t.Fatal(faults)
	}
	location, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	return w.In(location)
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	when, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return when.UTC()
}

// Each case: at a time, whether it lies in a window and when that ends. Times are written as the wall clock shows them.
func TestUntil(t *testing.T) {
	t.Parallel()
	const berlin, newYork = "Europe/Berlin", "America/New_York"
	for name, test := range map[string]struct {
		zone, window, now, end string // end "": not inside
	}{
		"before":                         {berlin, "Mon-Fri 07:00-09:30", "2026-11-23T06:59:59+01:00", ""},
		"at the start":                   {berlin, "Mon-Fri 07:00-09:30", "2026-11-23T07:00:00+01:00", "2026-11-23T09:30:00+01:00"},
		"within":                         {berlin, "Mon-Fri 07:00-09:30", "2026-11-23T09:29:59+01:00", "2026-11-23T09:30:00+01:00"},
		"at the end":                     {berlin, "Mon-Fri 07:00-09:30", "2026-11-23T09:30:00+01:00", ""},
		"another day":                    {berlin, "Mon-Fri 07:00-09:30", "2026-11-22T08:00:00+01:00", ""},
		"daily":                          {berlin, "daily 22:00-23:00", "2026-11-22T22:30:00+01:00", "2026-11-22T23:00:00+01:00"},
		"no days are every day":          {berlin, "22:00-23:00", "2026-11-22T22:30:00+01:00", "2026-11-22T23:00:00+01:00"},
		"over midnight, before":          {berlin, "Fri 22:00-02:00", "2026-11-27T23:00:00+01:00", "2026-11-28T02:00:00+01:00"},
		"over midnight, after":           {berlin, "Fri 22:00-02:00", "2026-11-28T01:00:00+01:00", "2026-11-28T02:00:00+01:00"},
		"over midnight, not the morning": {berlin, "Fri 22:00-02:00", "2026-11-27T01:00:00+01:00", ""},
		"over the end of the week":       {berlin, "Sun 22:00-02:00", "2026-11-22T23:30:00+01:00", "2026-11-23T02:00:00+01:00"},
		"a whole day":                    {berlin, "Sun 00:00-24:00", "2026-11-22T00:00:00+01:00", "2026-11-23T00:00:00+01:00"},
		"a weekend in one piece":         {berlin, "Sat,Sun 00:00-24:00", "2026-11-21T05:00:00+01:00", "2026-11-23T00:00:00+01:00"},
		"days over the end of the week":  {berlin, "Sat-Mon 00:00-24:00", "2026-11-21T05:00:00+01:00", "2026-11-24T00:00:00+01:00"},
		"small letters":                  {berlin, "mon-fri 07:00 - 09:30", "2026-11-23T08:00:00+01:00", "2026-11-23T09:30:00+01:00"},

		"spring: the window ends after the gap":     {berlin, "daily 01:00-04:00", "2026-03-29T01:30:00+01:00", "2026-03-29T04:00:00+02:00"},
		"spring: the end falls into the gap":        {berlin, "daily 01:00-02:30", "2026-03-29T01:30:00+01:00", "2026-03-29T03:00:00+02:00"},
		"spring: the start falls into the gap":      {berlin, "daily 02:30-04:00", "2026-03-29T01:59:59+01:00", ""},
		"spring: after a start in the gap":          {berlin, "daily 02:30-04:00", "2026-03-29T03:00:00+02:00", "2026-03-29T04:00:00+02:00"},
		"spring: a window within the gap":           {berlin, "daily 02:10-02:50", "2026-03-29T03:00:00+02:00", ""},
		"autumn: the window spans the repeat":       {berlin, "daily 01:00-04:00", "2026-10-25T02:30:00+02:00", "2026-10-25T04:00:00+01:00"},
		"autumn: within the repeat, first pass":     {berlin, "daily 02:10-02:50", "2026-10-25T02:20:00+02:00", "2026-10-25T02:50:00+02:00"},
		"autumn: between the passes":                {berlin, "daily 02:10-02:50", "2026-10-25T02:55:00+02:00", ""},
		"autumn: within the repeat, second pass":    {berlin, "daily 02:10-02:50", "2026-10-25T02:20:00+01:00", "2026-10-25T02:50:00+01:00"},
		"autumn: up to the repeat, first pass":      {berlin, "daily 02:30-03:00", "2026-10-25T02:40:00+02:00", "2026-10-25T02:00:00+01:00"},
		"autumn: the end is shown twice":            {berlin, "daily 01:00-02:30", "2026-10-25T01:30:00+02:00", "2026-10-25T02:30:00+02:00"},
		"spring in New York":                        {newYork, "daily 01:00-02:30", "2026-03-08T01:30:00-05:00", "2026-03-08T03:00:00-04:00"},
		"autumn in New York: both passes":           {newYork, "daily 00:30-03:00", "2026-11-01T01:30:00-04:00", "2026-11-01T03:00:00-05:00"},
		"autumn in New York: again after the break": {newYork, "daily 01:00-01:30", "2026-11-01T01:10:00-05:00", "2026-11-01T01:30:00-05:00"},
		"half an hour, in Kolkata":                  {"Asia/Kolkata", "daily 07:00-08:00", "2026-11-23T07:00:00+05:30", "2026-11-23T08:00:00+05:30"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := at(t, test.now)
			end, inside := windows(t, test.zone, test.window).Until(now)
			want := now
			if test.end != "" {
				want = at(t, test.end)
			}
			if inside != (test.end != "") || !end.Equal(want) {
				t.Errorf("inside %v until %s, want %s", inside, end, want)
			}
		})
	}
}

func TestNext(t *testing.T) {
	t.Parallel()
	w := windows(t, "Europe/Berlin", "Mon-Fri 07:00-09:30", "Fri 22:00-02:00")
	for now, want := range map[string]string{
		"2026-11-23T06:00:00+01:00": "2026-11-23T07:00:00+01:00",
		"2026-11-27T12:00:00+01:00": "2026-11-27T22:00:00+01:00",
		"2026-11-28T03:00:00+01:00": "2026-11-30T07:00:00+01:00",
		"2026-03-28T12:00:00+01:00": "2026-03-30T07:00:00+02:00", // over the change to summer time
	} {
		if got := w.Next(at(t, now)); !got.Equal(at(t, want)) {
			t.Errorf("after %s: %s, want %s", now, got, want)
		}
	}
	if got := (blackout.Windows{}).Next(time.Now()); !got.IsZero() {
		t.Errorf("without windows: %s", got)
	}
}

// A window ends at the first time whose minute on the wall no window holds: looked up minute by minute over two years' changes of the clock.
func TestUntilAgreesWithTheClockOnTheWall(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	w := windows(t, "Europe/Berlin", "Sun 01:30-02:20", "Sun 02:40-03:10", "Sat 23:00-00:30")
	shown := func(when time.Time) bool {
		at := when.In(mustZone("Europe/Berlin"))
		minute := at.Hour()*60 + at.Minute()
		switch at.Weekday() {
		case time.Sunday:
			return minute < 30 || minute >= 90 && minute < 140 || minute >= 160 && minute < 190
		case time.Saturday:
			return minute >= 23*60
		default:
			return false
		}
	}
	for _, sunday := range []string{"2026-03-28T20:00:00Z", "2026-10-24T20:00:00Z", "2026-11-21T20:00:00Z"} {
		for range 500 {
			now := at(t, sunday).Add(time.Duration(random.Int64N(int64(10 * time.Hour))))
			want := now
			for shown(want) {
				want = want.Truncate(time.Minute).Add(time.Minute)
			}
			if end, inside := w.Until(now); inside != shown(now) || !end.Equal(want) {
				t.Fatalf("at %s: inside %v until %s, want %s", now, inside, end, want)
			}
		}
	}
}

func mustZone(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return zone
}

func TestParseNamesEveryFault(t *testing.T) {
	t.Parallel()
	texts := []string{"Mon-Fri 07:00-09:30", "Mon-Fry 07:00-09:30", "7-9", "Mon 25:00-26:00", "Mon 09:60-10:00", "Mon 08:00-08:00", "Mon 24:00-01:00", "", "Mon,, 08:00-09:00"}
	_, faults := blackout.Parse(texts)
	var at []int
	for _, f := range faults {
		at = append(at, f.At)
		if f.Err.Error() == "" {
			t.Errorf("fault %d says nothing", f.At)
		}
	}
	if want := []int{1, 2, 3, 4, 5, 6, 7, 8}; !slices.Equal(at, want) {
		t.Errorf("faults at %v, want %v", at, want)
	}
}

func TestParseKeepsSomeTimeFree(t *testing.T) {
	t.Parallel()
	for _, texts := range [][]string{{"daily 00:00-24:00"}, {"Mon-Sat 00:00-24:00", "Sun 00:00-12:00", "Sun 12:00-24:00"}, {"daily 12:00-11:00", "11:00-12:00"}} {
		if _, faults := blackout.Parse(texts); len(faults) != 1 || !errors.Is(faults[0].Err, blackout.ErrNever) {
			t.Errorf("%v: %v", texts, faults)
		}
	}
	if _, faults := blackout.Parse([]string{"daily 00:00-23:59"}); faults != nil {
		t.Error(faults)
	}
}
