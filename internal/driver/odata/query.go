package odata

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/driver"
)

// list is one question for records of a set.
type list struct {
	filters []string
	order   string
	top     int
	count   bool
}

// listAddress writes the address of a list.
func (c *client) listAddress(r *reading, l list) *url.URL {
	return c.address(r.Service, url.PathEscape(r.Set), r.listQuery(c, l)...)
}

func (r *reading) listQuery(c *client, l list) []parameter {
	query := r.shape()
	for _, name := range sortedKeys(r.Query) {
		query = append(query, parameter{name, c.expand(r.Query[name])})
	}
	query = append(query, parameter{"$filter", allOf(l.filters)}, parameter{"$orderby", l.order})
	if l.top > 0 {
		query = append(query, parameter{"$top", strconv.Itoa(l.top)})
	}
	if l.count && r.Protocol == v2 {
		query = append(query, parameter{"$inlinecount", "allpages"})
	} else if l.count {
		query = append(query, parameter{"$count", "true"})
	}
	return query
}

// shape gives the options that say which members a record has: the same in every answer, so that none that comes twice is taken for another record.
func (r *reading) shape() []parameter {
	if r.Protocol == v2 {
		return []parameter{{"$select", strings.Join(r.members, ",")}, {"$expand", strings.Join(r.Expand, ",")}}
	}
	tree := &branch{}
	for _, path := range r.Expand {
		tree.grow(strings.Split(path, "/"))
	}
	for _, path := range r.members {
		tree.place(strings.Split(path, "/"))
	}
	return []parameter{{"$select", tree.selects()}, {"$expand", tree.expands()}}
}

// branch is what version 4 selects and expands of a record or of what it leads to.
type branch struct {
	members []string
	names   []string
	within  map[string]*branch
}

// grow adds a path of navigation.
func (b *branch) grow(path []string) {
	if len(path) == 0 {
		return
	}
	if b.within == nil {
		b.within = map[string]*branch{}
	}
	if b.within[path[0]] == nil {
		b.within[path[0]] = &branch{}
		b.names = append(b.names, path[0])
	}
	b.within[path[0]].grow(path[1:])
}

// place adds a member where navigation leads to it, else as a path of its own.
func (b *branch) place(path []string) {
	if next := b.within[path[0]]; next != nil && len(path) > 1 {
		next.place(path[1:])
	} else if next == nil {
		b.members = append(b.members, path[0])
	}
}

func (b *branch) selects() string {
	slices.Sort(b.members)
	return strings.Join(slices.Compact(b.members), ",")
}

func (b *branch) expands() string {
	var all []string
	for _, name := range b.names {
		next, inner := b.within[name], []string{}
		if s := next.selects(); s != "" {
			inner = append(inner, "$select="+s)
		}
		if e := next.expands(); e != "" {
			inner = append(inner, "$expand="+e)
		}
		if len(inner) > 0 {
			name += "(" + strings.Join(inner, ";") + ")"
		}
		all = append(all, name)
	}
	return strings.Join(all, ",")
}

// allOf joins filters.
func allOf(filters []string) string {
	var given []string
	for _, f := range filters {
		if f != "" {
			given = append(given, f)
		}
	}
	if len(given) < 2 {
		return strings.Join(given, "")
	}
	return "(" + strings.Join(given, ") and (") + ")"
}

// filtersOf gives the filters of a request, which stay the same on all its pages.
func (r *reading) filtersOf(q driver.Request, zone *time.Location) []string {
	filters := r.always()
	if q.Hot {
		filters = append(filters, r.hot)
	}
	if !q.Since.IsZero() {
		filters = append(filters, r.changedSince(q.Since, zone))
	}
	if !q.HistoryFrom.IsZero() && r.entity.History != "" {
		name := r.entity.History
		kind := r.typeOf(name, typeDate)
		value, _ := literal(r.Protocol, kind, day(kind, q.HistoryFrom, zone))
		filters = append(filters, name+" ge "+value)
	}
	return filters
}

// always are the filters of every list.
func (r *reading) always() []string { return append([]string{r.Filter}, r.fixedTo()...) }

// fixedTo are the filters of the members that have one value.
func (r *reading) fixedTo() (filters []string) {
	for _, name := range r.fixed {
		value, _ := literal(r.Protocol, r.typeOf(name, typeString), r.Fixed[name])
		filters = append(filters, name+" eq "+value)
	}
	return filters
}

// timeType is how a version writes a time of day.
func (r *reading) timeType() string {
	if r.Protocol == v2 {
		return typeTime
	}
	return typeOfDay
}

// changedSince asks for records of which any stamp is at or after an instant: one that was never changed has only that of its making.
func (r *reading) changedSince(since time.Time, zone *time.Location) string {
	var any []string
	for _, p := range r.stampPaths() {
		any = append(any, r.atOrAfter(p.String(), since, zone))
	}
	if len(any) == 1 {
		return any[0]
	}
	return "(" + strings.Join(any, ") or (") + ")"
}

func (r *reading) atOrAfter(name string, at time.Time, zone *time.Location) string {
	parts := r.Times[name]
	if parts == nil {
		kind := r.typeOf(name, typeInstant)
		value, _ := literal(r.Protocol, kind, moment(kind, at, zone))
		return name + " ge " + value
	}
	days, clocks := r.typeOf(parts[0], typeDate), r.typeOf(parts[1], r.timeType())
	wall := earliestWall(at, zone)
	date, _ := literal(r.Protocol, days, wall.Format(time.DateOnly))
	clock, _ := literal(r.Protocol, clocks, moment(clocks, at, zone))
	return parts[0] + " gt " + date + " or (" + parts[0] + " eq " + date + " and " + parts[1] + " ge " + clock + ")"
}

// orderOf gives the members that a list is sorted by, its key last.
func (r *reading) orderOf(modified bool) string {
	names := slices.Clone(r.Key)
	if modified {
		names = append([]string{r.stampPaths()[0].String()}, names...)
	}
	return strings.Join(names, ",")
}

// behind asks for what follows a record in the order of the list.
func (r *reading) behind(at place) (string, error) {
	names, values, kinds := r.Key, at.Key, make([]string, len(r.Key))
	for i, name := range r.Key {
		kinds[i] = r.typeOf(name, typeString)
	}
	if at.Stamp != "" {
		names = append([]string{r.stampPaths()[0].String()}, names...)
		values, kinds = append([]string{at.Stamp}, values...), append([]string{typeInstant}, kinds...)
	}
	if len(names) != len(values) {
		return "", placeGone(nil)
	}
	filter := ""
	for i := len(names) - 1; i >= 0; i-- {
		value, ok := literal(r.Protocol, kinds[i], values[i])
		if !ok {
			return "", torn("A record's " + names[i] + " is not of the type that the connector says, so nothing tells where the list goes on.")
		}
		after := names[i] + " gt " + value
		if filter != "" {
			after += " or (" + names[i] + " eq " + value + " and (" + filter + "))"
		}
		filter = after
	}
	return filter, nil
}
