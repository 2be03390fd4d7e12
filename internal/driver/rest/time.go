package rest

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// filter is a query parameter that takes a point in time.
type filter struct {
	Param  string `yaml:"param" manifest:"required"`
	Format string `yaml:"format"` // a name of formats; default rfc3339
	Text   string `yaml:"text"`   // the parameter's value, with {} for the time; default {}
}

const unix, unixMilli = "unix", "unix-ms"

// countsUnix tells whether the source counts time from 1970.
func (f *filter) countsUnix() bool { return f != nil && (f.Format == unix || f.Format == unixMilli) }

// formats lists the notations of times by name. Those without a zone are in the connection's time zone.
func formats() map[string]string {
	return map[string]string{
		"rfc3339":    "2006-01-02T15:04:05.999999Z",
		"rfc3339-ms": "2006-01-02T15:04:05.000Z",
		"rfc3339-s":  "2006-01-02T15:04:05Z",
		"local-ms":   "2006-01-02T15:04:05.000",
		"local-s":    "2006-01-02T15:04:05",
		"local-sql":  "2006-01-02 15:04:05",
		"date":       time.DateOnly,
		unix:         unix,
		unixMilli:    unixMilli,
	}
}

// write gives the parameter's value. Digits that the format does not have are cut off, never rounded up.
func (f *filter) write(t time.Time, zone *time.Location) string {
	name := f.Format
	if name == "" {
		name = "rfc3339"
	}
	text := writeTime(name, t, zone)
	if f.Text == "" {
		return text
	}
	return strings.ReplaceAll(f.Text, "{}", text)
}

// writeDay gives the value for a day, which is a midnight in UTC: from when it begins, in UTC or in the zone, whichever is earlier, for a
// source's days are bare dates as well as instants.
func (f *filter) writeDay(day time.Time, zone *time.Location) string {
	day = day.UTC()
	local := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, zone)
	if f.Format != "date" && local.Before(day) {
		day = local
	}
	return f.write(day, zone)
}

func writeTime(format string, t time.Time, zone *time.Location) string {
	switch {
	case format == unix:
		return strconv.FormatInt(t.Unix(), 10)
	case format == unixMilli:
		return strconv.FormatInt(t.UnixMilli(), 10)
	case format == "date": // nobody says in which zone the source's days begin: the earlier reading loses nothing
		return min(t.UTC().Format(time.DateOnly), t.In(zone).Format(time.DateOnly))
	case !strings.HasPrefix(format, "local"):
		return t.UTC().Format(formats()[format])
	}
	if r := readings(wall(t, zone), zone); r.earliest.Equal(t) { // the hour comes twice: the source may mean the later one
		t = t.Add(-r.latest.Sub(r.earliest))
	}
	return t.In(zone).Format(formats()[format])
}

// readTime reads a time as a source writes it: RFC 3339, without a zone in the given one, a day, or, where the source
// counts so, a unix number in seconds or milliseconds.
func readTime(raw []byte, zone *time.Location, countsUnix bool) (reading, bool) {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		text = string(raw)
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		t, ok := unixTime(n)
		return reading{t, t}, ok && countsUnix
	}
	if t, err := time.Parse(time.RFC3339Nano, strings.Replace(text, " ", "T", 1)); err == nil {
		return reading{t.UTC(), t.UTC()}, true
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", time.DateTime, "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return readings(t, zone), true
		}
	}
	return reading{}, false
}

// unixTime takes a number for the seconds or milliseconds that give a year from 1990 to 2099; there is never more than one such reading.
func unixTime(n int64) (time.Time, bool) {
	for _, t := range []time.Time{time.Unix(n, 0).UTC(), time.UnixMilli(n).UTC()} {
		if t.Year() >= 1990 && t.Year() < 2100 {
			return t, true
		}
	}
	return time.Time{}, false
}
