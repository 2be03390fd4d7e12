// Package rawjson takes JSON text apart without decoding it: it splits a page into records, finds values by path and indexes
// a record, all as sub-slices of the input. It owns no meaning; it knows nothing of models or systems.
//
// Split and Find check grammar and depth. Whether a record is valid UTF-8 without duplicate names is the record's own
// affair, so that one bad record does not take its page with it: Index.Parse checks that.
package rawjson

import (
	"bytes"
	"errors"
	"strconv"
)

// MaxDepth is how deep the arrays and objects of one record may nest.
const MaxDepth = 64

// envelope is how much deeper a whole document may nest than the records in it.
const envelope = 16

// ErrSyntax is wrapped by every error about text that is not the JSON it should be.
var ErrSyntax = errors.New("not valid JSON")

// Split returns the elements of a JSON array as sub-slices of array, each checked to be well-formed JSON.
func Split(array []byte) ([][]byte, error) {
	i := skipSpace(array, 0)
	if !is(array, i, '[') {
		return nil, fault(array, ^i)
	}
	i = skipSpace(array, i+1)
	if is(array, i, ']') {
		return nil, ended(array, i+1)
	}
	records := make([][]byte, 0, 64)
	for end := false; !end && i >= 0; {
		start := i
		if i = skipValue(array, i, MaxDepth); i >= 0 {
			records = append(records, array[start:i:i])
			i, end = skipComma(array, i, ']')
		}
	}
	if err := ended(array, i); err != nil {
		return nil, err
	}
	return records, nil
}

// Valid tells whether doc is one well-formed JSON value; nesting may be a little deeper than in a record.
func Valid(doc []byte) error {
	return ended(doc, skipValue(doc, skipSpace(doc, 0), MaxDepth+envelope))
}

// ended checks that nothing follows the value that ends at i.
func ended(text []byte, i int) error {
	if i >= 0 {
		if i = skipSpace(text, i); i == len(text) {
			return nil
		}
		i = ^i
	}
	return fault(text, i)
}

// Find returns the value at path (member names; digits also pick an array's element), as a sub-slice of doc; ok is false
// when a member on the way is missing or the value on the way has no members. A document is read only as far as the value, and
// to its end when the value is not there.
func Find(doc []byte, path ...string) (value []byte, ok bool, err error) {
	i := skipSpace(doc, 0)
	for level, name := range path {
		if i, ok = enter(doc, i, name, MaxDepth+envelope-level); i < 0 {
			return nil, false, fault(doc, i)
		}
		if !ok && level == 0 {
			return nil, false, ended(doc, i)
		}
		if !ok {
			return nil, false, Valid(doc)
		}
	}
	end := skipValue(doc, i, MaxDepth+envelope-len(path))
	if end < 0 {
		return nil, false, fault(doc, end)
	}
	return doc[i:end:end], true, nil
}

// enter goes to the member or element called name of the value at i, or behind that value when it has none.
func enter(doc []byte, i int, name string, room int) (at int, ok bool) {
	switch {
	case is(doc, i, '{'):
		return enterObject(doc, i, name, room)
	case is(doc, i, '['):
		if position, err := strconv.Atoi(name); err == nil {
			return enterArray(doc, i, position, room)
		}
	}
	return skipValue(doc, i, room), false
}

func enterObject(doc []byte, i int, name string, room int) (at int, ok bool) {
	i = skipSpace(doc, i+1)
	if is(doc, i, '}') {
		return i + 1, false
	}
	for end := false; !end && i >= 0; {
		start := i
		if i = skipName(doc, i); i < 0 {
			return i, false
		}
		if named(doc[start:i], name) {
			return i, true
		}
		if i = skipValue(doc, i, room-1); i >= 0 {
			i, end = skipComma(doc, i, '}')
		}
	}
	return i, false
}

func enterArray(doc []byte, i int, position, room int) (at int, ok bool) {
	i = skipSpace(doc, i+1)
	if is(doc, i, ']') {
		return i + 1, false
	}
	for end := false; !end && i >= 0; position-- {
		if position == 0 {
			return i, true
		}
		if i = skipValue(doc, i, room-1); i >= 0 {
			i, end = skipComma(doc, i, ']')
		}
	}
	return i, false
}

// named tells whether a member, given from its name up to its value, has this name.
func named(member []byte, name string) bool {
	literal := member[:skipString(member, 0)]
	if bytes.IndexByte(literal, '\\') < 0 {
		return string(literal[1:len(literal)-1]) == name
	}
	text, err := Unquote(nil, literal)
	return err == nil && string(text) == name
}
