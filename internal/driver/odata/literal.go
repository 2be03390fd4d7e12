package odata

import (
	"regexp"
	"strings"
	"time"
)

// The types of members, as a manifest writes them; the names are those of EDM in lower case.
const (
	typeString  = "string"
	typeInstant = "datetimeoffset"
	typeLocal   = "datetime"
	typeDate    = "date"
	typeTime    = "time"
	typeOfDay   = "timeofday"
)

// forms are the types with what a value of each looks like, in plain notation.
func forms() map[string]string {
	whole, number := `-?[0-9]{1,19}`, `-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?`
	day := `[0-9]{4}-[0-9]{2}-[0-9]{2}`
	clock := `[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?`
	return map[string]string{
		typeString: `(?s).*`, "guid": `[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`, "boolean": `true|false`,
		"byte": whole, "sbyte": whole, "int16": whole, "int32": whole, "int64": whole,
		"decimal": number, "double": number, "single": number, "binary": `([0-9a-fA-F]{2})*`,
		typeLocal: day + `(T` + clock + `)?`, typeInstant: day + `T` + clock + `(Z|[+-][0-9]{2}:[0-9]{2})`, typeDate: day,
		typeTime: `-?P([0-9]+D)?(T([0-9]+H)?([0-9]+M)?([0-9]+(\.[0-9]+)?S)?)?`, "duration": `-?P([0-9]+D)?(T([0-9]+H)?([0-9]+M)?([0-9]+(\.[0-9]+)?S)?)?`,
		typeOfDay: clock,
	}
}

// fits tells whether a plain value is one of its type, so that it can stand in an address and mean nothing else.
func fits(kind, text string) bool {
	form, ok := forms()[kind]
	return ok && regexp.MustCompile(`^(`+form+`)$`).MatchString(text)
}

// quoted writes a text as a literal.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// literal writes a plain value as a filter or a key takes it; ok is false when it is not of the type.
func literal(version, kind, text string) (string, bool) {
	if enum, ok := strings.CutPrefix(kind, "enum "); ok && version == v4 {
		return enum + quoted(text), true
	}
	switch day, clock, timed := strings.Cut(text, "T"); {
	case kind == typeLocal && !timed:
		text += "T00:00:00"
	case kind == typeDate && timed && clock == "00:00:00":
		text = day
	}
	if !fits(kind, text) {
		return "", false
	}
	switch {
	case kind == typeString:
		return quoted(text), true
	case version == v2:
		return literal2(kind, text), true
	case kind == "duration", kind == "binary":
		return kind + quoted(text), true
	}
	return text, true
}

// literal2 writes a value as version 2 does.
func literal2(kind, text string) string {
	switch kind {
	case typeDate: // version 2 has no type for a day
		return typeLocal + quoted(text+"T00:00:00")
	case "guid", typeLocal, typeInstant, typeTime:
		return kind + quoted(text)
	case "binary":
		return "X" + quoted(text)
	case "decimal":
		return text + "M"
	case "int64":
		return text + "L"
	case "double":
		return text + "d"
	case "single":
		return text + "f"
	}
	return text
}

// moment writes a point in time as a value of a type. Digits that there is no room for are cut off, never rounded up.
func moment(kind string, t time.Time, zone *time.Location) string {
	switch kind {
	case typeInstant:
		return t.UTC().Format("2006-01-02T15:04:05.999999Z")
	case typeLocal:
		return earliestWall(t, zone).Format("2006-01-02T15:04:05.999999")
	case typeTime:
		return earliestWall(t, zone).Format("PT15H04M05S")
	case typeOfDay:
		return earliestWall(t, zone).Format(time.TimeOnly)
	}
	return earliestWall(t, zone).Format(time.DateOnly)
}

// earliestWall is the earliest time that the clocks of a zone show at t or soon after it: clocks that are set back show an hour twice.
func earliestWall(t time.Time, zone *time.Location) time.Time {
	const soon = 3 * time.Hour
	_, now := t.In(zone).Zone()
	_, then := t.Add(soon).In(zone).Zone()
	return t.UTC().Add(time.Duration(min(now, then)) * time.Second)
}

// earliestInstant is the earliest instant at which the clocks of a zone may show a time.
func earliestInstant(wall time.Time, zone *time.Location) time.Time {
	early := wall.Add(-24 * time.Hour)
	at := wall
	for i, around := range []time.Time{early, wall, wall.Add(24 * time.Hour)} {
		_, offset := around.In(zone).Zone()
		if t := wall.Add(-time.Duration(offset) * time.Second); i == 0 || t.Before(at) {
			at = t
		}
	}
	return at
}

// day gives the beginning of a day, which is a midnight in UTC, as a value of a type: in UTC or in the zone, whichever is earlier.
func day(kind string, midnight time.Time, zone *time.Location) string {
	midnight = midnight.UTC()
	if kind != typeInstant {
		return midnight.Format(time.DateOnly)
	}
	if local := time.Date(midnight.Year(), midnight.Month(), midnight.Day(), 0, 0, 0, 0, zone); local.Before(midnight) {
		midnight = local
	}
	return moment(kind, midnight, zone)
}
