package rawjson

import (
	"bytes"
	"slices"
)

// nameSet finds a member name that occurs twice in one object. A filter answers for most names that they are new; in large
// objects the names are sorted at the end instead of compared one by one.
type nameSet struct {
	filter [4]uint64
	size   int
}

const manyNames = 64

// clash adds the newest member of parent and tells whether its name is taken.
func (s *nameSet) clash(x *Index, parent, newest int) bool {
	name := x.name(newest)
	bit := nameHash(name)
	known := s.filter[bit/64]>>(bit%64)&1 == 1
	s.filter[bit/64] |= 1 << (bit % 64)
	if s.size++; !known || s.size > manyNames {
		return false
	}
	for at := parent + 1; at != newest; at = int(x.nodes[at].next) {
		if bytes.Equal(x.name(at), name) {
			x.twice = name
			return true
		}
	}
	return false
}

// clashes looks through a large object.
func (s *nameSet) clashes(x *Index, parent int) {
	if s.size <= manyNames {
		return
	}
	members := sortedMembers(Value{x, int32(parent)})
	for i := 1; i < len(members); i++ {
		if bytes.Equal(members[i-1].Name(), members[i].Name()) {
			x.twice = members[i].Name()
			return
		}
	}
}

func nameHash(name []byte) uint8 {
	if len(name) == 0 {
		return 0
	}
	return uint8(len(name)*37) + name[0]*11 + name[len(name)/2]*5 + name[len(name)-1]*3
}

func sortedMembers(object Value) []Value {
	members := make([]Value, 0, object.Len())
	for m := object.First(); m.index != nil; m = m.Next() {
		members = append(members, m)
	}
	slices.SortFunc(members, func(a, b Value) int { return bytes.Compare(a.Name(), b.Name()) })
	return members
}
