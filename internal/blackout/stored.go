package blackout

import "time"

// Stored gives windows that were checked when they were stored, as clocks in the named zone show them. What cannot be read any more is none.
func Stored(texts []string, zone string) Windows {
	if len(texts) == 0 {
		return Windows{}
	}
	location, err := time.LoadLocation(zone)
	if err != nil {
		location = time.UTC
	}
	w, _ := Parse(texts)
	return w.In(location)
}
