package odata

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/manifest"
)

// A search reads so many records at a time, and ends with an error beyond so many found or pages read: what it gives is everything there is.
const (
	searchPage   = 100
	mostFound    = 50
	mostSearched = 20
)

// Search implements driver.Writer.
func (c *client) Search(ctx context.Context, s driver.Search) ([][]byte, error) {
	r := c.readings[s.Entity.Name]
	if r == nil || s.Rung.Find.Node == nil {
		return nil, unfit("The connector does not say how to search " + s.Entity.Name + ".")
	}
	f, problems := decodeFind(s.Rung.Find)
	if len(problems) > 0 {
		return nil, unfit("The connector does not say soundly how to search " + s.Entity.Name + ": " + problems.Error())
	}
	wanted, err := r.wanted(f, s, c)
	if err != nil {
		return nil, err
	}
	narrow := *r
	narrow.Filter, narrow.Paging.Style, narrow.counts = allOf([]string{f.Filter, wanted}), keyset, false
	if member := f.shows(s); narrow.members != nil && member != "" {
		narrow.members = append(slices.Clone(narrow.members), narrow.taken(strings.Split(member, "/"))...)
		slices.Sort(narrow.members)
		narrow.members = slices.Compact(narrow.members)
	}
	return c.search(ctx, &narrow, f, s)
}

// wanted writes the filter of a search.
func (r *reading) wanted(f *findOptions, s driver.Search, c *client) (string, error) {
	if s.Rung.Class == manifest.W4 {
		return r.atOrAfter(f.Since, s.Since, c.zone()), nil
	}
	member := f.shows(s)
	value, ok := literal(r.Protocol, r.typeOf(member, typeString), s.Value)
	if !ok {
		return "", unfit("What is searched is not of the type that " + member + " has.")
	}
	wanted := member + " eq " + value
	if upper := strings.ToUpper(s.Value); s.Rung.Class == manifest.W2 && upper != s.Value && r.typeOf(member, typeString) == typeString { // a system may keep keys in capitals
		wanted += " or " + member + " eq " + quoted(upper)
	}
	return wanted, nil
}

// shows gives the member of a record that holds the key or the mark.
func (f *findOptions) shows(s driver.Search) string {
	if f.Member != "" {
		return f.Member
	}
	return s.Shows().String()
}

// search reads the list to its end and keeps what fits, whatever the system makes of a filter.
func (c *client) search(ctx context.Context, r *reading, f *findOptions, s driver.Search) ([][]byte, error) {
	var found [][]byte
	q := driver.Request{Entity: s.Entity, Limit: searchPage}
	at := place{Total: -1}
	for range mostSearched {
		t, next, err := c.step(ctx, r, q, at, false)
		if err != nil {
			return nil, err
		}
		for _, record := range t.records {
			if record, err = c.whole(ctx, r, t.from, record); err != nil {
				return nil, err
			}
			if s.Rung.Class == manifest.W4 || s.Is(plain(find(record, strings.Split(f.shows(s), "/")...))) {
				found = append(found, record)
			}
		}
		switch {
		case len(found) > mostFound:
			return nil, unfit(fmt.Sprintf("The search in %s gives more than %d records.", s.Entity.Name, mostFound))
		case next.Link == "" && len(t.records) == 0:
			return found, nil
		}
		at = *next
	}
	return nil, unfit(fmt.Sprintf("The search in %s does not end after %d pages; the system may not know the filter.", s.Entity.Name, mostSearched))
}
