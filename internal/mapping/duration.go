package mapping

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/cockroachdb/apd/v3"

	"github.com/busbar-dev/busbar/internal/rawjson"
)

var durationForm = regexp.MustCompile(`^-?P(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$`)

// isDuration tells whether a text is an ISO 8601 duration.
func isDuration(text []byte) bool {
	last := byte('P')
	if len(text) > 0 {
		last = text[len(text)-1]
	}
	return durationForm.Match(text) && last != 'P' && last != 'T'
}

// SameDuration tells whether two ISO 8601 durations are equally long: PT90M and PT1H30M are. Years and months are compared as written.
func SameDuration(a, b string) bool {
	if a == b {
		return true
	}
	x, err := secondsOf(a)
	y, other := secondsOf(b)
	return err == nil && other == nil && x.Cmp(y) == 0
}

// secondsIn says how many seconds a unit of a manifest has.
func secondsIn(unit string) int64 {
	switch unit {
	case "d":
		return 86400
	case "h":
		return 3600
	case "min":
		return 60
	}
	return 1
}

var arithmetic = apd.BaseContext.WithPrecision(60)

// countedDuration converts a plain number of a unit, exactly; other values must be durations already.
func countedDuration(unit string) convert {
	return func(c *call, s scalar) error {
		text, err := c.textOf(s)
		if err != nil {
			return err
		}
		if s.kind == rawjson.String && isDuration(text) {
			return writeDuration(c, s)
		}
		plain, err := appendDecimal(nil, text)
		if err != nil {
			return err
		}
		seconds, err := times(string(plain), secondsIn(unit))
		if err != nil {
			return fmt.Errorf("a number of %s is wanted, this is %s", unit, excerpt(text))
		}
		return c.quote(isoDuration(seconds))
	}
}

func times(number string, factor int64) (*apd.Decimal, error) {
	d, _, err := apd.NewFromString(number)
	if err == nil {
		_, err = arithmetic.Mul(d, d, apd.New(factor, 0))
	}
	return d, err
}

// isoDuration writes seconds as hours, minutes and seconds.
func isoDuration(seconds *apd.Decimal) []byte {
	var rest, hours, minutes apd.Decimal
	out := []byte("PT")
	if seconds.Negative && !seconds.IsZero() {
		out = []byte("-PT")
	}
	rest.Abs(seconds)
	split := func(whole *apd.Decimal, unit int64) {
		_, _ = arithmetic.QuoInteger(whole, &rest, apd.New(unit, 0))
		_, _ = arithmetic.Rem(&rest, &rest, apd.New(unit, 0))
	}
	split(&hours, 3600)
	split(&minutes, 60)
	rest.Reduce(&rest)
	for _, p := range []struct {
		n    *apd.Decimal
		unit byte
	}{{&hours, 'H'}, {&minutes, 'M'}, {&rest, 'S'}} {
		if !p.n.IsZero() {
			out = append(p.n.Append(out, 'f'), p.unit)
		}
	}
	if last := out[len(out)-1]; last == 'T' {
		out = append(out, "0S"...)
	}
	return out
}

var errCalendar = errors.New("a duration without years and months is wanted, for its length is not certain")

// secondsOf gives the length of an ISO 8601 duration.
func secondsOf(text string) (*apd.Decimal, error) {
	parts := durationForm.FindStringSubmatch(text)
	if parts == nil || !isDuration([]byte(text)) {
		return nil, fmt.Errorf("an ISO 8601 duration is wanted, this is %s", excerpt(text))
	}
	if parts[1] != "" || parts[2] != "" {
		return nil, errCalendar
	}
	sum := apd.New(0, 0)
	for i, seconds := range map[int]int64{3: 7 * 86400, 4: 86400, 6: 3600, 7: 60, 8: 1} {
		if parts[i] == "" {
			continue
		}
		n, err := times(parts[i][:len(parts[i])-1], seconds)
		if err == nil {
			_, err = arithmetic.Add(sum, sum, n)
		}
		if err != nil {
			return nil, err
		}
	}
	sum.Negative = text[0] == '-'
	return sum, nil
}

// countOf gives a length in a unit, as JSON.
func countOf(seconds *apd.Decimal, unit string) []byte {
	var n apd.Decimal
	_, _ = arithmetic.Quo(&n, seconds, apd.New(secondsIn(unit), 0))
	n.Reduce(&n)
	return n.Append(nil, 'f')
}
