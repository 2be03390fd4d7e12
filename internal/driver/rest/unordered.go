package rest

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// settled gives a record with the elements of its unordered lists in an order of their own, the same whenever they are the same. All other bytes stay as they are.
func (o *listOptions) settled(record []byte) []byte {
	for _, path := range o.Unordered {
		record = settle(record, path)
	}
	return record
}

// element is one of a list, with what it is sorted by.
type element struct{ raw, key []byte }

func settle(record []byte, path manifest.Path) []byte {
	list := find(record, path)
	raw, err := rawjson.Split(list)
	if err != nil || len(raw) < 2 {
		return record
	}
	elements := make([]element, len(raw))
	for i, e := range raw {
		elements[i] = element{e, canonical(e)}
	}
	slices.SortStableFunc(elements, func(a, b element) int { return bytes.Compare(a.key, b.key) })
	sorted := make([][]byte, len(elements))
	for i, e := range elements {
		sorted[i] = e.raw
	}
	before := 0 // the list is a part of the record
	for &record[before] != &list[0] {
		before++
	}
	return slices.Concat(record[:before], []byte("["), bytes.Join(sorted, []byte(",")), []byte("]"), record[before+len(list):])
}

// canonical gives the same bytes for a value however its members are ordered.
func canonical(raw []byte) []byte {
	from := json.NewDecoder(bytes.NewReader(raw))
	from.UseNumber()
	var value any
	if from.Decode(&value) != nil {
		return raw
	}
	out, err := json.Marshal(value)
	if err != nil {
		return raw
	}
	return out
}
