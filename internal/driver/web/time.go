package web

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The formats that count from 1970.
const Unix, UnixMilli = "unix", "unix-ms"

// Formats lists the notations of times by name. Those without a zone are in the connection's time zone.
func Formats() map[string]string {
	return map[string]string{
		"rfc3339":    "2006-01-02T15:04:05.999999Z",
		"rfc3339-ms": "2006-01-02T15:04:05.000Z",
		"rfc3339-s":  "2006-01-02T15:04:05Z",
		"local-ms":   "2006-01-02T15:04:05.000",
		"local-s":    "2006-01-02T15:04:05",
		"local-sql":  "2006-01-02 15:04:05",
		"date":       time.DateOnly,
		Unix:         Unix,
		UnixMilli:    UnixMilli,
	}
}

// Format is one of Formats, as a manifest names it.
type Format string

// Words lists the names of Formats.
func (Format) Words() []string { return slices.Sorted(maps.Keys(Formats())) }

// WriteTime writes an instant in one of Formats. Digits that the format does not have are cut off, never rounded up.
func WriteTime(format string, t time.Time, zone *time.Location) string {
	switch {
	case format == Unix:
		return strconv.FormatInt(t.Unix(), 10)
	case format == UnixMilli:
		return strconv.FormatInt(t.UnixMilli(), 10)
	case format == "date": // nobody says in which zone the source's days begin: the earlier reading loses nothing
		return min(t.UTC().Format(time.DateOnly), t.In(zone).Format(time.DateOnly))
	case !strings.HasPrefix(format, "local"):
		return t.UTC().Format(Formats()[format])
	}
	if r := Readings(wall(t, zone), zone); r.Earliest.Equal(t) { // the hour comes twice: the source may mean the later one
		t = t.Add(-r.Latest.Sub(r.Earliest))
	}
	return t.In(zone).Format(Formats()[format])
}

// ReadTime reads a time as a source writes it: RFC 3339, without a zone in the given one, a day, or, where the source
// counts so, a unix number in seconds or milliseconds.
func ReadTime(raw []byte, zone *time.Location, countsUnix bool) (Reading, bool) {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		text = string(raw)
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		t, ok := unixTime(n)
		return Reading{t, t}, ok && countsUnix
	}
	if t, err := time.Parse(time.RFC3339Nano, strings.Replace(text, " ", "T", 1)); err == nil {
		return Reading{t.UTC(), t.UTC()}, true
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", time.DateTime, "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return Readings(t, zone), true
		}
	}
	return Reading{}, false
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

// WriteDay writes a day, which is a midnight in UTC: from when it begins, in UTC or in the zone, whichever is earlier, for a source's days are bare dates as well as instants.
func WriteDay(format string, day time.Time, zone *time.Location) string {
	day = day.UTC()
	local := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, zone)
	if format != "date" && local.Before(day) {
		day = local
	}
	return WriteTime(format, day, zone)
}
