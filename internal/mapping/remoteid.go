package mapping

import (
	"errors"
	"unicode/utf8"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// RemoteID gives the record's own key as text, reading no further than it must. The parts of a composite key are joined with
// ":"; a ":" or "\" within a part has a "\" before it. The error is a *BadValue.
func (m *Mapper) RemoteID(raw []byte) (string, error) {
	c := m.calls.Get().(*call)
	defer m.release(c)
	c.frames = append(c.frames[:0], frame{})
	c.key = c.key[:0]
	for i, p := range m.id {
		v, _, err := rawjson.Find(raw, p.names...)
		if err != nil {
			return "", &BadValue{Reason: err.Error()}
		}
		s := scalar{}
		if v != nil {
			s, err = c.scalarIn(plainScalar(v))
		}
		if err == nil {
			err = c.addKey(s, i > 0, len(m.id) > 1)
		}
		if err != nil {
			return "", c.bad(p, err)
		}
	}
	if !utf8.Valid(c.key) {
		return "", c.bad(m.id[0], errors.New("is not UTF-8"))
	}
	return string(c.key), nil
}

// remoteKey gives the text of a remote id that is at one or several paths. missing is the path of a part that is empty, nil when there is
// none. The text is valid until the next call.
func (c *call) remoteKey(paths []path) (key []byte, missing *path, err error) {
	c.key = c.key[:0]
	for i, p := range paths {
		v, err := c.find(p)
		if err != nil {
			return nil, nil, err
		}
		s, err := c.scalarOf(v)
		if err == nil {
			err = c.addKey(s, i > 0, len(paths) > 1)
		}
		if err == errNoID {
			return nil, &paths[i], nil
		}
		if err != nil {
			return nil, nil, c.bad(p, err)
		}
	}
	return c.key, nil, nil
}

// ownKey is remoteKey of what must have one.
func (c *call) ownKey(paths []path) ([]byte, error) {
	key, missing, err := c.remoteKey(paths)
	if missing != nil {
		err = c.bad(*missing, errNoID)
	}
	return key, err
}

// addKey appends a part of a remote id.
func (c *call) addKey(s scalar, further, composite bool) error {
	if c.empty(s) || string(s.raw) == `""` {
		return errNoID
	}
	if s.kind == rawjson.True || s.kind == rawjson.False {
		return errors.New("an id is wanted, this is true or false")
	}
	text, err := c.textOf(s)
	if err != nil {
		return err
	}
	if further {
		c.key = append(c.key, ':')
	}
	if !composite {
		c.key = append(c.key, text...)
		return nil
	}
	c.key = manifest.AppendIDPart(c.key, text)
	return nil
}
