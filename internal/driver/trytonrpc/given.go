package trytonrpc

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
)

// shared drops what every record of the user has alike, the members under `with`: a write may repeat it, and cannot change it.
func (f *filler) shared(ctx context.Context, given members) error {
	for _, name := range slices.Sorted(maps.Keys(f.reading.With)) {
		raw, ok := given[name]
		if !ok {
			continue
		}
		delete(given, name)
		now, err := f.lookUp(ctx, f.reading.With[name])
		if err != nil {
			return err
		}
		var wanted, is any
		if json.Unmarshal(raw, &wanted) != nil || json.Unmarshal(now, &is) != nil || !within(wanted, is) {
			return invalid("In Tryton " + name + " is " + f.quote(string(now)) + " for every record, and a write cannot change it.")
		}
	}
	return nil
}

// within says that everything in a is in b, and is the same there.
func within(a, b any) bool {
	as, ok := a.(map[string]any)
	if !ok {
		return a == b
	}
	bs, ok := b.(map[string]any)
	for name, v := range as {
		if !ok || !within(v, bs[name]) {
			return false
		}
	}
	return true
}
