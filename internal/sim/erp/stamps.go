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

// key is what a system that keeps its stamps in this form knows of an instant, µs: one that keeps local times sorts and compares local times.
func (f StampForm) key(at int64) int64 {
	if f.Layout == "" {
		return at
	}
	t, err := time.Parse(f.Layout, time.UnixMicro(at).In(f.zone()).Format(f.Layout))
	if err != nil {
		panic("SimERP wrote a time it cannot read: " + err.Error())
	}
	return t.UnixMicro()
}

// read takes updatedSince, which may have more digits than the form shows.
func (f StampForm) read(text string) (time.Time, error) {
	layouts := []string{f.Layout, "2006-01-02T15:04:05", time.RFC3339Nano}
	if f.Layout == "" {
		layouts = layouts[2:]
	}
	var t time.Time
	var err error
	for _, layout := range layouts {
		if t, err = time.Parse(layout, text); err == nil {
			break
		}
	}
	return t, err
}
