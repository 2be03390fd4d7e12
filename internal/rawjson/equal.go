package rawjson

import (
	"bytes"
	"slices"
	"sync"
)

// Equal tells whether two records have the same content: the order of members, the notation of numbers and strings, and the
// members at the volatile paths (which apply to every element of arrays on the way) do not count.
func Equal(a, b []byte, volatile [][]string) (bool, error) {
	if bytes.Equal(a, b) {
		return true, nil
	}
	p := pairs.Get().(*pair)
	defer p.release()
	va, err := p.a.Parse(a)
	if err != nil {
		return false, err
	}
	vb, err := p.b.Parse(b)
	if err != nil {
		return false, err
	}
	return equal(va, vb, volatile), nil
}

type pair struct{ a, b Index }

func (p *pair) release() {
	p.a.Release()
	p.b.Release()
	pairs.Put(p)
}

var pairs = sync.Pool{New: func() any { return new(pair) }}

func equal(a, b Value, volatile [][]string) bool {
	if a.Kind() != b.Kind() {
		return false
	}
	switch a.Kind() {
	case Object:
		return equalObjects(a, b, volatile)
	case Array:
		return equalArrays(a, b, volatile)
	case Number:
		return SameNumber(a.Raw(), b.Raw())
	case String:
		return equalStrings(a, b)
	}
	return true
}

func equalArrays(a, b Value, volatile [][]string) bool {
	if a.Len() != b.Len() {
		return false
	}
	for a, b = a.First(), b.First(); a.index != nil; a, b = a.Next(), b.Next() {
		if !equal(a, b, volatile) {
			return false
		}
	}
	return true
}

// equalObjects goes along both objects side by side, and sorts them when their order differs.
func equalObjects(a, b Value, volatile [][]string) bool {
	ma, mb := a.First(), b.First()
	for {
		ma, mb = lasting(ma, volatile), lasting(mb, volatile)
		if ma.index == nil || mb.index == nil {
			return ma.index == nil && mb.index == nil
		}
		if !bytes.Equal(ma.Name(), mb.Name()) {
			return equalSorted(a, b, volatile)
		}
		if !equal(ma, mb, below(volatile, ma.Name())) {
			return false
		}
		ma, mb = ma.Next(), mb.Next()
	}
}

func equalSorted(a, b Value, volatile [][]string) bool {
	passing := func(m Value) bool { return isVolatile(m, volatile) }
	as, bs := slices.DeleteFunc(sortedMembers(a), passing), slices.DeleteFunc(sortedMembers(b), passing)
	return slices.EqualFunc(as, bs, func(x, y Value) bool {
		return bytes.Equal(x.Name(), y.Name()) && equal(x, y, below(volatile, x.Name()))
	})
}

// lasting skips volatile members.
func lasting(m Value, volatile [][]string) Value {
	for m.index != nil && isVolatile(m, volatile) {
		m = m.Next()
	}
	return m
}

func isVolatile(m Value, volatile [][]string) bool {
	for _, path := range volatile {
		if len(path) == 1 && path[0] == string(m.Name()) {
			return true
		}
	}
	return false
}

// below gives the rest of the volatile paths that lead through a member.
func below(volatile [][]string, name []byte) [][]string {
	var rest [][]string
	for _, path := range volatile {
		if len(path) > 1 && path[0] == string(name) {
			rest = append(rest, path[1:])
		}
	}
	return rest
}

func equalStrings(a, b Value) bool {
	if bytes.Equal(a.Raw(), b.Raw()) {
		return true
	}
	if !a.Escaped() && !b.Escaped() {
		return false
	}
	ta, errA := Unquote(nil, a.Raw())
	tb, errB := Unquote(nil, b.Raw())
	return errA == nil && errB == nil && bytes.Equal(ta, tb)
}
