package odata

import (
	"slices"
	"strings"

	"github.com/busbar-dev/busbar/internal/driver"
	"github.com/busbar-dev/busbar/internal/driver/login"
	"github.com/busbar-dev/busbar/internal/manifest"
)

const v2, v4 = "v2", "v4"

// connectOptions is the manifest's `connect:` section. Texts with {name} take the credential field of that name.
type connectOptions struct {
	URL           string `yaml:"url" manifest:"required"`
	Protocol      string `yaml:"protocol" words:"v2,v4"` // default v4
	login.Options `yaml:",inline"`
	Headers       map[string]string `yaml:"headers"`
	Query         map[string]string `yaml:"query"` // of every call
	Probe         probeOptions      `yaml:"probe" manifest:"required"`
	CSRF          bool              `yaml:"csrf"`                           // a write needs a token that a read fetches
	Count         *bool             `yaml:"count"`                          // the service can count (default)
	IfMatch       *bool             `yaml:"if_match"`                       // a change of a record names its entity tag (default)
	Update        string            `yaml:"update" words:"PATCH,MERGE,PUT"` // default PATCH
	Errors        errorOptions      `yaml:"errors"`
}

// errorOptions say what an error means.
type errorOptions struct {
	Kinds map[string]driver.Kind `yaml:"kinds"` // the system's code: kind of driver error
}

// probeOptions is a set that only a good login may read.
type probeOptions struct {
	Service  string `yaml:"service" manifest:"required"`
	Set      string `yaml:"set" manifest:"required"`
	Protocol string `yaml:"protocol" words:"v2,v4"`
}

// readOptions is an entity's `read:` section.
type readOptions struct {
	Service  string              `yaml:"service" manifest:"required"`
	Set      string              `yaml:"set" manifest:"required"`
	Protocol string              `yaml:"protocol" words:"v2,v4"`
	Key      []string            `yaml:"key"`    // absent: the entity's id
	Fixed    map[string]string   `yaml:"fixed"`  // members of the key that have one value in all that is read
	Types    map[string]string   `yaml:"types"`  // by member: of what is filtered and sorted by
	Times    map[string][]string `yaml:"times"`  // a member to add: the members that hold its date and its time
	Picks    map[string]pick     `yaml:"picks"`  // a member to add, of the record or of a list's elements (List/Name): another one's value, where the record is of a sort
	Filter   string              `yaml:"filter"` // of every list
	Select   []string            `yaml:"select"` // besides what is mapped; "*": everything
	Expand   []string            `yaml:"expand"`
	Query    map[string]string   `yaml:"query"`
	Order    string              `yaml:"order" words:"modified,key"` // default modified where the stamp allows
	Paging   pagingOptions       `yaml:"paging"`
	Stable   bool                `yaml:"stable"` // link: the links lead on behind the last record, whatever moved
	Count    *bool               `yaml:"count"`
}

// pagingOptions say how the next page is asked for.
type pagingOptions struct {
	Style string `yaml:"style" words:"keyset,link"` // default keyset
}

// pick is a member that leads to records of different kinds, seen as one that leads to one kind.
type pick struct {
	Member string            `yaml:"member" manifest:"required"`
	Where  map[string]string `yaml:"where" manifest:"required"` // members that say of which kind: their texts
}

// made lists the members that a pick is made of, below the lists that lead to it.
func (p pick) made(list manifest.Path) (all []string) {
	for _, name := range append(sortedKeys(p.Where), p.Member) {
		all = append(all, append(slices.Clone(list), name).String())
	}
	return all
}

// hotOptions is what an entity's `hot:` adds to the filter.
type hotOptions struct {
	Filter string `yaml:"filter" manifest:"required"`
}

// reading is how an entity is read, with every default filled in.
type reading struct {
	readOptions
	entity  *manifest.Entity
	members []string // paths that are selected; nil: everything
	hot     string
	counts  bool
	ownKey  bool     // the key is joined by the driver and added as keyMember
	found   bool     // the id is no key: a record is found by a filter
	fixed   []string // names of the members with one value
}

// keyMember holds a key that the manifest names with `key:`, its parts joined as those of an id.
const keyMember = "@key"

// etagMember holds the entity tag, in either version.
const etagMember = "@odata.etag"

const byModification, byKey = "modified", "key"
const keyset, byLink = "keyset", "link"

func decodeConnect(s *manifest.System) (*connectOptions, manifest.Problems) {
	o := &connectOptions{Protocol: v4, Update: "PATCH"}
	return o, s.Options.Decode(o)
}

// decodeRead fills in what an entity leaves to the system and to its mapping.
func decodeRead(e *manifest.Entity, c *connectOptions) (*reading, manifest.Problems) {
	r := &reading{readOptions: readOptions{Protocol: c.Protocol, Paging: pagingOptions{Style: keyset}, Count: c.Count}, entity: e}
	problems := e.Read.Decode(&r.readOptions)
	if e.Hot != nil {
		var h hotOptions
		problems = append(problems, e.Hot.Read.Decode(&h)...)
		r.hot = h.Filter
	}
	r.counts = r.Count == nil || *r.Count
	r.fixed = sortedKeys(r.Fixed)
	r.ownKey = len(r.Key) > 0 && len(e.ID) == 1 && e.ID[0].String() == keyMember
	r.found = len(r.Key) > 0 && !r.ownKey
	if len(r.Key) == 0 {
		for _, p := range e.ID {
			r.Key = append(r.Key, p.String())
		}
	}
	if r.Order == "" {
		r.Order = byKey
		if r.stampIsOne() {
			r.Order = byModification
		}
	}
	r.members = r.selected()
	return r, problems
}

// stampIsOne tells whether a single member, with an instant in it, says when a record was changed.
func (r *reading) stampIsOne() bool {
	if len(r.entity.UpdatedAt) != 1 || len(r.entity.UpdatedAt[0]) != 1 {
		return false
	}
	name := r.entity.UpdatedAt[0][0]
	return r.Times[name] == nil && r.typeOf(name, typeInstant) == typeInstant
}

// typeOf gives the type of a member; otherwise where the manifest does not say.
func (r *reading) typeOf(name, otherwise string) string {
	if t := r.Types[name]; t != "" {
		return t
	}
	return otherwise
}

// selected gives the members that the mapping reads, nil for everything.
func (r *reading) selected() []string {
	if slices.Contains(r.Select, "*") {
		return nil
	}
	all := slices.Clone(r.Select)
	add := func(paths ...manifest.Path) {
		for _, p := range paths {
			if len(p) > 0 && p[0] != "" {
				all = append(all, r.taken(p)...)
			}
		}
	}
	e := r.entity
	add(e.ID...)
	add(e.DisplayID, e.DisplayName, e.CreatedAt, strings.Split(e.History, "/"))
	add(e.UpdatedAt...)
	for _, k := range slices.Concat(r.Key, r.fixed) {
		add(manifest.Path{k})
	}
	for _, p := range mapped(e.Fields, nil) {
		add(p)
	}
	for _, op := range e.Operations {
		for _, rung := range op.Ladder {
			add(rung.Member)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// taken gives what is selected for a path: for a member that the driver adds, those that it is made of.
func (r *reading) taken(p manifest.Path) []string {
	if parts := r.Times[p[0]]; parts != nil {
		return parts
	}
	if pick, ok := r.Picks[p.String()]; ok {
		return pick.made(p[:len(p)-1])
	}
	if strings.HasPrefix(p[0], "@") {
		return nil
	}
	var names []string
	for _, name := range p {
		if name != manifest.Each && (name[0] < '0' || name[0] > '9') {
			names = append(names, name)
		}
	}
	return []string{strings.Join(names, "/")}
}

// mapped lists the paths that fields read, from the record down.
func mapped(fields []*manifest.FieldMap, around manifest.Path) (all []manifest.Path) {
	add := func(paths []manifest.Path) {
		for _, p := range paths {
			within := around
			for len(p) > 0 && p[0] == manifest.Up {
				p, within = p[1:], nil
			}
			all = append(all, append(slices.Clone(within), p...))
		}
	}
	for _, f := range fields {
		inner := around
		if len(f.Fields) > 0 && len(f.From) == 1 {
			inner = append(slices.Clone(around), f.From[0]...)
		} else {
			add(f.From)
		}
		for _, part := range f.Parts {
			add(part.From)
		}
		for _, p := range f.ID {
			all = append(all, append(slices.Clone(inner), p...))
		}
		all = append(all, mapped(f.Fields, inner)...)
	}
	return all
}
