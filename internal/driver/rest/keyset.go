package rest

import (
	"slices"
)

// afterKey goes on behind the last record of a page.
func (o *readOptions) afterKey(at place, t *taken) (*place, error) {
	p := o.Paging
	if p.Inclusive {
		return o.afterEdge(at, t)
	}
	if len(t.records) == 0 || p.isShort(at, t) {
		return nil, nil
	}
	key := text(find(t.records[len(t.records)-1], p.Key))
	switch key {
	case "":
		return nil, o.noKey()
	case at.Cursor:
		return nil, stuck()
	}
	return &place{Cursor: key, Span: max(at.Span, t.given())}, nil
}

// afterEdge goes on at the key of the last record, which comes again with all that have the same: those that were read are taken off. A page that is shorter than asked for and
// brings nothing new is the end, however records moved meanwhile.
func (o *readOptions) afterEdge(at place, t *taken) (*place, error) {
	given := t.given()
	edge := slices.Clone(at.Edge)
	fresh := t.records[:0:0]
	for _, record := range t.records {
		key, identity := text(find(record, o.Paging.Key)), o.identity(record)
		if key == "" {
			return nil, o.noKey()
		}
		if key == at.Cursor && slices.Contains(at.Edge, identity) {
			continue
		}
		fresh = append(fresh, record)
	}
	t.overlap, t.records = given-len(fresh), fresh
	switch {
	case len(fresh) == 0 && given >= t.asked && t.asked > 0:
		return nil, torn("More records have the same " + o.Paging.Key.String() + " than the system gives at once, so the rest cannot be asked for.")
	case len(fresh) == 0:
		return nil, nil
	}
	key := text(find(fresh[len(fresh)-1], o.Paging.Key))
	if key != at.Cursor {
		edge = nil
	}
	for _, record := range fresh {
		if text(find(record, o.Paging.Key)) == key {
			edge = append(edge, o.identity(record))
		}
	}
	return &place{Cursor: key, Edge: edge, Span: max(at.Span, given)}, nil
}

func (o *readOptions) noKey() error {
	return torn("The last record of a page has no " + o.Paging.Key.String() + " to go on from.")
}
