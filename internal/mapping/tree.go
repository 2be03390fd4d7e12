package mapping

import (
	"errors"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// tree is an object of the source while it is put together.
type tree struct {
	names  []string
	values map[string]*tree
	raw    []byte // a value that is not put together here
}

var errTwoWays = errors.New("this system has one place for this and for another field of the write, and they differ")

func (t *tree) set(p manifest.Path, raw []byte) error {
	for _, name := range p {
		if t.raw != nil {
			return errTwoWays
		}
		if t.values == nil {
			t.values = map[string]*tree{}
		}
		if t.values[name] == nil {
			t.values[name] = &tree{}
			t.names = append(t.names, name)
		}
		t = t.values[name]
	}
	if t.values != nil || t.raw != nil && string(t.raw) != string(raw) {
		return errTwoWays
	}
	t.raw = raw
	return nil
}

// has tells whether a value stands at a path.
func (t *tree) has(p manifest.Path) bool {
	for _, name := range p {
		if t = t.values[name]; t == nil {
			return false
		}
	}
	return true
}

func (t *tree) append(dst []byte) []byte {
	if t.raw != nil {
		return append(dst, t.raw...)
	}
	dst = append(dst, '{')
	for i, name := range t.names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst, _ = rawjson.Quote(dst, name)
		dst = t.values[name].append(append(dst, ':'))
	}
	return append(dst, '}')
}
