package mapping

import (
	"errors"
	"fmt"
	"time"
)

var errTime = errors.New("a time is wanted")

// parseInstant reads RFC 3339 with any offset, and the same without offset (T or a space between date and time, seconds and
// fraction optional) as a local time of zone. Times that no clock shows, such as 24:00, are faults.
func parseInstant(text []byte, zone *time.Location) (time.Time, error) {
	p := clock{text: text, ok: true}
	year, month, day := p.date()
	if p.ok && len(p.text) == 0 {
		return time.Time{}, fmt.Errorf("%w, this is the date %s without one", errTime, excerpt(text))
	}
	p.oneOf("Tt ")
	hour, minute := p.number(2), 0
	p.oneOf(":")
	minute = p.number(2)
	second, nanos := p.seconds()
	offset, zoned := p.offset()
	if !p.ok || len(p.text) != 0 || hour > 23 || minute > 59 || second > 59 || !possible(year, month, day) {
		return time.Time{}, fmt.Errorf("%w, this is %s", errTime, excerpt(text))
	}
	if zoned {
		return time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC).Add(-offset), nil
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, nanos, zone).UTC(), nil
}

// appendInstant appends RFC 3339 in UTC; the fraction is as long as it must be.
func appendInstant(dst []byte, t time.Time) []byte {
	return t.UTC().AppendFormat(dst, time.RFC3339Nano)
}

// datePart gives the date of a date, or of a time in the zone in which it is written.
func datePart(text []byte) ([]byte, error) {
	p := clock{text: text, ok: true}
	year, month, day := p.date()
	rest := p.text
	if !p.ok || !possible(year, month, day) {
		return nil, fmt.Errorf("a date is wanted, this is %s", excerpt(text))
	}
	if len(rest) > 0 {
		if _, err := parseInstant(text, time.UTC); err != nil {
			return nil, fmt.Errorf("a date is wanted, this is %s", excerpt(text))
		}
	}
	return text[:len(text)-len(rest)], nil
}

func possible(year, month, day int) bool {
	return year > 0 && month >= 1 && month <= 12 && day >= 1 && day <= time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// clock reads a date and time from left to right; ok turns false at the first thing that is not as it must be.
type clock struct {
	text []byte
	ok   bool
}

func (p *clock) date() (year, month, day int) {
	year = p.number(4)
	p.oneOf("-")
	month = p.number(2)
	p.oneOf("-")
	return year, month, p.number(2)
}

func (p *clock) number(width int) int {
	if len(p.text) < width || !digits(p.text[:width]) {
		p.ok = false
		return 0
	}
	n := 0
	for _, c := range p.text[:width] {
		n = n*10 + int(c-'0')
	}
	p.text = p.text[width:]
	return n
}

func (p *clock) oneOf(set string) {
	if !p.at(set) {
		p.ok = false
		return
	}
	p.text = p.text[1:]
}

func (p *clock) at(set string) bool {
	for i := range len(set) {
		if len(p.text) > 0 && p.text[0] == set[i] {
			return true
		}
	}
	return false
}

func (p *clock) seconds() (second, nanos int) {
	if !p.at(":") {
		return 0, 0
	}
	p.oneOf(":")
	second = p.number(2)
	if !p.at(".,") {
		return second, 0
	}
	p.oneOf(".,")
	p.ok = p.ok && len(p.text) > 0 && digits(p.text[:1])
	for unit := 100_000_000; len(p.text) > 0 && digits(p.text[:1]); unit /= 10 {
		nanos += int(p.text[0]-'0') * unit
		p.text = p.text[1:]
	}
	return second, nanos
}

func (p *clock) offset() (d time.Duration, zoned bool) {
	switch {
	case p.at("Zz"):
		p.oneOf("Zz")
		return 0, true
	case !p.at("+-"):
		return 0, false
	}
	sign := time.Duration(1)
	if p.at("-") {
		sign = -1
	}
	p.oneOf("+-")
	hours, minutes := p.number(2), 0
	if p.at(":") {
		p.oneOf(":")
	}
	if len(p.text) > 0 {
		minutes = p.number(2)
	}
	p.ok = p.ok && hours < 24 && minutes < 60
	return sign * (time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute), true
}
