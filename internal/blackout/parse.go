package blackout

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Most is how many windows there may be.
const Most = 50

// ErrNever says that windows leave no time at all.
var ErrNever = errors.New("these windows leave no minute of the week; leave some time for syncs, or pause the connection")

// Fault is what is wrong with one window of a list; the error is a sentence for the person who wrote it.
type Fault struct {
	At  int
	Err error
}

// Parse reads windows like "Mon-Fri 07:00-09:30", "daily 22:00-02:00" and "Sat,Sun 00:00-24:00", and names every fault. ErrNever stands at the last one.
func Parse(texts []string) (Windows, []Fault) {
	var all []span
	var faults []Fault
	for i, text := range texts {
		spans, err := parse(text)
		if err != nil {
			faults = append(faults, Fault{i, err})
		}
		all = append(all, spans...)
	}
	w := Windows{spans: merged(all)}
	if len(w.spans) == 1 && w.spans[0] == (span{0, aWeek}) {
		faults = append(faults, Fault{len(texts) - 1, ErrNever})
	}
	if len(faults) > 0 {
		return Windows{}, faults
	}
	return w, nil
}

var windowText = regexp.MustCompile(`^(?:(\S+) +)?(\d\d):(\d\d) ?- ?(\d\d):(\d\d)$`)

func parse(text string) ([]span, error) {
	m := windowText.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return nil, fmt.Errorf(`%q is not a window: write days and times, like "Mon-Fri 07:00-09:30", "daily 22:00-02:00" or "Sun 00:00-24:00"`, clipped(text))
	}
	days, err := parseDays(m[1])
	if err != nil {
		return nil, err
	}
	from, to := clock(m[2], m[3]), clock(m[4], m[5])
	switch {
	case from < 0 || from == aDay || to < 0:
		return nil, errors.New("a time lies between 00:00 and 24:00")
	case from == to:
		return nil, errors.New("a window that begins and ends at one time is empty; for the whole day write 00:00-24:00")
	case to < from:
		to += aDay // over midnight
	}
	var spans []span
	for _, day := range days {
		spans = append(spans, wrapped(span{day*aDay + from, day*aDay + to})...)
	}
	return spans, nil
}

// wrapped cuts what reaches over the end of the week.
func wrapped(s span) []span {
	if s.to <= aWeek {
		return []span{s}
	}
	return []span{{s.from, aWeek}, {0, s.to - aWeek}}
}

// clock gives minutes of a day, 24:00 included; -1 when there is no such time.
func clock(hours, minutes string) int {
	h, m := number(hours), number(minutes)
	if h > 24 || m > 59 || h == 24 && m > 0 {
		return -1
	}
	return h*60 + m
}

// number reads two digits.
func number(s string) int { return int(s[0]-'0')*10 + int(s[1]-'0') }

func dayNames() []string { return []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} }

// parseDays reads "Mon", "Mon-Fri", "Sat,Sun", "Fri-Mon", "daily"; every day when there is nothing to read.
func parseDays(text string) ([]int, error) {
	text = strings.ToLower(text)
	if text == "" || text == "daily" {
		text = "mon-sun"
	}
	var days []int
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, to := slices.Index(dayNames(), first), slices.Index(dayNames(), last)
		if from < 0 || to < 0 {
			return nil, fmt.Errorf(`%q are no days: write Mon, Tue, Wed, Thu, Fri, Sat, Sun, a range like Mon-Fri, a list like Sat,Sun, or daily`, clipped(part))
		}
		for day := from; ; day = (day + 1) % 7 {
			days = append(days, day)
			if day == to {
				break
			}
		}
	}
	return days, nil
}

// merged puts spans in order and joins those that touch.
func merged(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return a.from - b.from })
	var out []span
	for _, s := range spans {
		if n := len(out); n > 0 && s.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, s.to)
			continue
		}
		out = append(out, s)
	}
	return out
}

// clipped shortens what is told back.
func clipped(text string) string {
	const most = 60
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
