package rest

import (
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/driver/web"
)

// filter is a query parameter that takes a point in time.
type filter struct {
	Param  string     `yaml:"param" manifest:"required"`
	Format web.Format `yaml:"format"` // default rfc3339
	Text   string     `yaml:"text"`   // the parameter's value, with {} for the time; default {}
}

const unix, unixMilli, day = web.Unix, web.UnixMilli, web.Day

// countsUnix tells whether the source counts time from 1970.
func (f *filter) countsUnix() bool { return f != nil && (f.Format == unix || f.Format == unixMilli) }

// write gives the parameter's value. Digits that the format does not have are cut off, never rounded up.
func (f *filter) write(t time.Time, zone *time.Location) string {
	return f.around(web.WriteTime(f.format(), t, zone))
}

// writeDay gives the value for a day: see web.WriteDay.
func (f *filter) writeDay(day time.Time, zone *time.Location) string {
	return f.around(web.WriteDay(f.format(), day, zone))
}

func (f *filter) format() string { return orElse(string(f.Format), "rfc3339") }

func (f *filter) around(time string) string {
	return strings.ReplaceAll(orElse(f.Text, "{}"), "{}", time)
}

// reading is what a time may mean: see web.Reading.
type reading struct{ earliest, latest time.Time }

// readTime reads a time as a source writes it: see web.ReadTime.
func readTime(raw []byte, zone *time.Location, countsUnix bool) (reading, bool) {
	r, ok := web.ReadTime(raw, zone, countsUnix)
	return reading{r.Earliest, r.Latest}, ok
}
