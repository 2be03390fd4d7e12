package erp

import (
	"math/rand/v2"
	"time"
)

// draw is a stream of numbers that depends on nothing but the seed, a purpose and a record's place.
type draw struct{ *rand.Rand }

func (g *generator) draw(purpose uint64, i int) draw {
	return draw{rand.New(rand.NewPCG(g.seed*0x9E3779B97F4A7C15+purpose, uint64(i)*0xD1342543DE82EF95+purpose))}
}

// chance is true in so many of a hundred cases.
func (d draw) chance(percent int) bool { return d.IntN(100) < percent }

func pick[T any](d draw, of []T) T { return of[d.IntN(len(of))] }

// maybe is text in so many of a hundred cases, else null.
func (d draw) maybe(percent int, text string) *string {
	if d.chance(percent) {
		return &text
	}
	return nil
}

const (
	second = int64(time.Second / time.Microsecond)
	hour   = 3600 * second
	day    = 24 * hour
)

// iso is an instant in µs as text.
func iso(us int64) string { return time.UnixMicro(us).UTC().Format("2006-01-02T15:04:05.000000Z") }

// date is the day of an instant in µs as text.
func date(us int64) string { return time.UnixMicro(us).UTC().Format(time.DateOnly) }

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
