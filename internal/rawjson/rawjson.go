// Package rawjson takes JSON text apart without decoding it: it splits a page into records, finds values by path and indexes
// a record, all as sub-slices of the input. It owns no meaning; it knows nothing of models or systems.
//
// Split and Find check grammar and depth. Whether a record is valid UTF-8 without duplicate names is the record's own
// affair, so that one bad record does not take its page with it: Index.Parse checks that.
package rawjson

import (
	"bytes"
	"errors"
	"fmt"
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
	s := scanner{text: array, room: MaxDepth}
	s.space()
	records, err := s.elements()
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return nil, err
	}
	return records, nil
}

// Find returns the value at path (member names; digits also pick an array's element), as a sub-slice of doc; ok is false
// when a member on the way is missing or the value on the way has no members. A document is read only as far as the value, and
// to its end when the value is not there.
func Find(doc []byte, path ...string) (value []byte, ok bool, err error) {
	s := scanner{text: doc, room: MaxDepth + envelope}
	s.space()
	for _, name := range path {
		if ok, err = s.enter(name); err != nil {
			return nil, false, err
		}
		if !ok {
			return nil, false, Valid(doc)
		}
	}
	start := s.at
	if err := s.value(); err != nil {
		return nil, false, err
	}
	return doc[start:s.at:s.at], true, nil
}

// Valid tells whether doc is one well-formed JSON value.
func Valid(doc []byte) error {
	s := scanner{text: doc, room: MaxDepth + envelope}
	s.space()
	if err := s.value(); err != nil {
		return err
	}
	return s.end()
}

// enter goes to the member or element called name of the value at hand, or behind that value when it has none.
func (s *scanner) enter(name string) (bool, error) {
	switch s.peek() {
	case '{':
		return s.enterObject(name)
	case '[':
		return s.enterArray(name)
	}
	return false, s.value()
}

func (s *scanner) enterObject(name string) (bool, error) {
	if err := s.open(); err != nil {
		return false, err
	}
	for more := s.peek() != '}'; more; {
		key, escaped, err := s.member()
		if err != nil {
			return false, err
		}
		if sameName(key, escaped, name) {
			return true, nil
		}
		if err := s.value(); err != nil {
			return false, err
		}
		if more, err = s.next('}'); err != nil {
			return false, err
		}
	}
	return false, s.close()
}

func (s *scanner) enterArray(name string) (bool, error) {
	want, err := strconv.Atoi(name)
	if err != nil {
		return false, s.value()
	}
	if err := s.open(); err != nil {
		return false, err
	}
	for n, more := 0, s.peek() != ']'; more; n++ {
		if n == want {
			return true, nil
		}
		if err = s.value(); err != nil {
			return false, err
		}
		if more, err = s.next(']'); err != nil {
			return false, err
		}
	}
	return false, s.close()
}

// elements reads an array and returns its elements.
func (s *scanner) elements() ([][]byte, error) {
	if s.peek() != '[' {
		return nil, s.fail("an array is expected")
	}
	s.at++
	s.space()
	if s.peek() == ']' {
		s.at++
		return nil, nil
	}
	records := make([][]byte, 0, 64)
	for more := true; more; {
		start := s.at
		err := s.value()
		if err != nil {
			return nil, err
		}
		records = append(records, s.text[start:s.at:s.at])
		if more, err = s.next(']'); err != nil {
			return nil, err
		}
	}
	s.at++
	return records, nil
}

func sameName(key []byte, escaped bool, name string) bool {
	if !escaped {
		return string(key) == name
	}
	text, err := Unquote(nil, quoted(key))
	return err == nil && bytes.Equal(text, []byte(name))
}

func quoted(key []byte) []byte { return append(append([]byte{'"'}, key...), '"') }

func (s *scanner) fail(why string) error {
	return fmt.Errorf("%w: %s at byte %d", ErrSyntax, why, s.at)
}
