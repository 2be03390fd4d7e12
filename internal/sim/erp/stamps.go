package erp

import (
	"regexp"
	"time"
)

// StampForm is how SimERP writes updatedAt, and reads updatedSince. The zero value is RFC 3339 in UTC with microseconds.
type StampForm struct {
	Layout string         // of package time; one without a zone gives local times
	Zone   *time.Location // nil: UTC
}

var stamped = regexp.MustCompile(`"updatedAt":"([^"]*)"`)

// show gives a record as lists show it: its stamp in the form that was asked for.
func (s *Server) show(record []byte) []byte {
	f := s.opts.Stamps
	if f.Layout == "" {
		return record
	}
	at := stamped.FindSubmatchIndex(record)
	if at == nil {
		return record
	}
	t, err := time.Parse(time.RFC3339Nano, string(record[at[2]:at[3]]))
	if err != nil {
		return record
	}
	out := append([]byte(nil), record[:at[2]]...)
	out = append(out, t.In(f.zone()).Format(f.Layout)...)
	return append(out, record[at[3]:]...)
}

func (f StampForm) zone() *time.Location {
	if f.Zone == nil {
		return time.UTC
	}
	return f.Zone
}

// read takes updatedSince. Of two instants with the same local time it takes the later, as a system does that has never heard of the other.
func (f StampForm) read(text string) (time.Time, error) {
	if f.Layout == "" {
		return time.Parse(time.RFC3339Nano, text)
	}
	t, err := time.ParseInLocation(f.Layout, text, f.zone())
	if later := t.Add(time.Hour); err == nil && later.In(f.zone()).Format(f.Layout) == text && f.hours() {
		t = later
	}
	return t, err
}

// hours tells whether the form shows the hour.
func (f StampForm) hours() bool {
	return time.Unix(0, 0).UTC().Format(f.Layout) != time.Unix(3600, 0).UTC().Format(f.Layout)
}
