package mapping

import (
	"errors"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

var errFilled = errors.New("the write fills it already")

// Stamp sets a member of a body, which is an object of source members, to a text. A member that has a value already is an error, and so is one on the way that is
// no object.
func Stamp(body []byte, p manifest.Path, value string) ([]byte, error) {
	var index rawjson.Index
	record, err := index.Parse(body)
	if err != nil {
		return nil, err
	}
	at := record
	for _, name := range p {
		if given(at) && at.Kind() != rawjson.Object {
			return nil, errFilled
		}
		at = at.Get(name)
	}
	if given(at) {
		return nil, errFilled
	}
	text, err := rawjson.Quote(nil, value)
	if err != nil {
		return nil, err
	}
	t := &tree{}
	if err := t.set(p, text); err != nil {
		return nil, err
	}
	return t.over(record).append(nil), nil
}
