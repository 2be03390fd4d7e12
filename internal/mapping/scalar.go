package mapping

import (
	"bytes"
	"errors"

	"github.com/busbar-dev/busbar/internal/rawjson"
)

// scalar is a JSON scalar as text.
type scalar struct {
	kind    rawjson.Kind
	raw     []byte
	escaped bool // a string literal with escapes
}

var (
	errNUL    = errors.New("holds a NUL character")
	errNoID   = errors.New("has no id")
	errObject = errors.New("one value is wanted, this is an object")
	errList   = errors.New("one value is wanted, this is a list")
)

// scalarOf gives a value as the plain scalar it is or stands for in the protocol's notation.
func (c *call) scalarOf(v rawjson.Value) (scalar, error) {
	return c.scalarIn(scalar{v.Kind(), v.Raw(), v.Escaped()})
}

func (c *call) scalarIn(s scalar) (scalar, error) {
	if d := c.mapper.dialect; d != nil && (s.kind == rawjson.Object || s.kind == rawjson.String) {
		if plain, ok := d.Scalar(s.raw); ok {
			return plainScalar(plain), nil
		}
	}
	switch s.kind {
	case rawjson.Object:
		return s, errObject
	case rawjson.Array:
		return s, errList
	}
	return s, nil
}

// plainScalar takes the JSON text of a scalar.
func plainScalar(raw []byte) scalar {
	s := scalar{raw: raw, kind: rawjson.Number}
	switch raw[0] {
	case '"':
		s.kind, s.escaped = rawjson.String, bytes.IndexByte(raw, '\\') >= 0
	case 't':
		s.kind = rawjson.True
	case 'f':
		s.kind = rawjson.False
	case 'n':
		s.kind = rawjson.Null
	case '{':
		s.kind = rawjson.Object
	case '[':
		s.kind = rawjson.Array
	}
	return s
}

// isNull tells whether the text is one that stands for nothing in this system.
func (m *Mapper) isNull(raw []byte) bool {
	for _, null := range m.nulls {
		if string(raw) == null {
			return true
		}
	}
	return false
}

func (s scalar) missing() bool { return s.kind == rawjson.Missing || s.kind == rawjson.Null }

// empty tells whether the value is null, or stands for nothing in this system.
func (c *call) empty(s scalar) bool { return s.missing() || c.mapper.isNull(s.raw) }

// textOf gives a scalar as text: a string decoded, anything else as it is written. It is valid until the next call.
func (c *call) textOf(s scalar) ([]byte, error) {
	if s.kind != rawjson.String {
		return s.raw, nil
	}
	if !s.escaped {
		return s.raw[1 : len(s.raw)-1], nil
	}
	var err error
	if c.text, err = rawjson.Unquote(c.text[:0], s.raw); err != nil {
		return nil, errors.New("is not valid Unicode")
	}
	if bytes.IndexByte(c.text, 0) >= 0 {
		return nil, errNUL
	}
	return c.text, nil
}

// quote appends a text as a JSON string.
func (c *call) quote(text []byte) error {
	var err error
	c.out, err = rawjson.Quote(c.out, text)
	return err
}
