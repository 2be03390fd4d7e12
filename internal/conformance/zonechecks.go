package conformance

import (
	"encoding/json"
	"time"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/mapping"
	"github.com/busbar-dev/busbar/model"
)

const zonesHold = "times carry their zone, or are the connection's"

// ahead is how far the second zone of the check is ahead of UTC, the first; it knows no summer time.
const ahead = 5*time.Hour + 30*time.Minute

// zones maps what was read in two time zones. A time of a field either carries its zone in every record, and is the same instant, or in none, and moves by the difference; a date is never moved.
// In a zone with summer time everything can be mapped as well.
func (c *checking) zones() {
	kolkata, err := time.LoadLocation("Asia/Kolkata")
	must(err)
	york, err := time.LoadLocation("America/New_York")
	must(err)
	c.each(func(e string) {
		entity := c.connector.Entity(e)
		m := c.connector.Mappers[e]
		moves := map[string]bool{}
		for _, raw := range c.raws[e] {
			here, there := c.in(m, raw, time.UTC), c.in(m, raw, kolkata)
			if here == nil {
				continue // quarantined, whatever the zone
			}
			if c.in(m, raw, york) == nil || there == nil {
				c.failed(e, "a record can be mapped in UTC and not in another zone: %s", clip(string(raw)))
				return
			}
			if why := moved(entity, here, there, moves); why != "" {
				c.failed(e, "%s (%s)", why, c.place(e))
				return
			}
		}
	})
}

// in gives the mapped fields of a record in a zone; nil when it cannot be mapped.
func (c *checking) in(m *mapping.Mapper, raw []byte, zone *time.Location) map[string]any {
	env := c.env()
	env.Zone = zone
	r, err := m.Map(raw, env)
	if err != nil {
		return nil
	}
	var fields map[string]any
	must(json.Unmarshal(r.Fields, &fields))
	return fields
}

// moved compares the times and dates of a record in two zones; moves remembers by field whether its times move.
func moved(e *manifest.Entity, here, there map[string]any, moves map[string]bool) string {
	kinds := map[string]model.Kind{"remote_created_at": model.Instant, "remote_updated_at": model.Instant}
	for _, f := range e.Model.Fields {
		kinds[f.Name] = f.Kind
	}
	for name, kind := range kinds {
		a, _ := here[name].(string)
		b, _ := there[name].(string)
		switch {
		case a == "" && b == "":
		case kind == model.Date && a != b:
			return name + " is a date, and another one in another zone: " + a + " and " + b
		case kind == model.Instant:
			first, err := time.Parse(time.RFC3339Nano, a)
			second, err2 := time.Parse(time.RFC3339Nano, b)
			if err != nil || err2 != nil {
				return name + " is no time: " + a + ", " + b
			}
			by := first.Sub(second)
			before, known := moves[name]
			moves[name] = by != 0
			if by != 0 && by != ahead || known && before != moves[name] {
				return name + " carries a zone in one record and none in another: " + a + " and " + b
			}
		}
	}
	return ""
}
