package web

import (
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// IsOlder tells whether a record says that it was made before the time that is searched from, whatever its stamp leaves out.
func IsOlder(s driver.Search, record []byte, zone *time.Location) bool {
	raw := rawjson.At(record, s.Entity.CreatedAt...)
	rounded := time.Minute
	if len(rawjson.Text(raw)) == len(time.DateOnly) {
		rounded = Day
	}
	at, ok := ReadTime(raw, zone, false)
	return ok && at.Latest.Add(rounded).Before(s.Since)
}
