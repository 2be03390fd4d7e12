package mapping

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

func errNoList(k rawjson.Kind) error {
	return errors.New("a list is wanted, this is " + describe(k))
}

func (k *compiler) list(f *manifest.FieldMap, key string) (writer, error) {
	if f.Parts == nil && f.Fields == nil {
		list, rest := cutEach(f.From[0])
		return named(key, each(list, rest, converter(f.Field.Items.Kind))), nil
	}
	l := &list{at: newPath(f.From[0]), name: f.Field.Name, id: newPaths(f.ID)}
	var err error
	if f.Fields != nil {
		l.fields, err = k.fields(f.Fields)
	} else {
		l.fields, err = k.members(f)
	}
	k.mapper.lines = k.mapper.lines || len(l.id) > 0
	return named(key, l.write), err
}

// list is a list of objects.
type list struct {
	at     path
	name   string
	id     []path // elements have an id of their own; empty: they have none
	fields []writer
}

func (l *list) write(c *call) error {
	v, err := c.find(l.at)
	if err != nil {
		return err
	}
	if null, err := c.noList(v, l.at); null || err != nil {
		return err
	}
	c.add("[")
	first := len(c.seen)
	position := 0
	for e := v.First(); e.Kind() != rawjson.Missing; e = e.Next() {
		if err := l.element(c, e, position); err != nil {
			return err
		}
		position++
	}
	if key := repeated(c.seen[first:]); key != nil {
		return c.bad(l.at, fmt.Errorf("the key %s occurs twice", excerpt(key)))
	}
	c.seen = c.seen[:first]
	c.end("]")
	return nil
}

func (l *list) element(c *call, e rawjson.Value, position int) error {
	c.frames = append(c.frames, frame{value: e, list: &l.at, position: position})
	if e.Kind() != rawjson.Object {
		return c.bad(path{}, errors.New("an object is wanted, this is "+describe(e.Kind())))
	}
	c.add("{")
	if err := l.identify(c); err != nil {
		return err
	}
	for _, write := range l.fields {
		if err := write(c); err != nil {
			return err
		}
	}
	c.end("},")
	c.frames = c.frames[:len(c.frames)-1]
	return nil
}

// identify writes the element's id and remote id.
func (l *list) identify(c *call) error {
	if len(l.id) == 0 {
		return nil
	}
	key, err := c.ownKey(l.id)
	if err != nil {
		return err
	}
	c.remember(key)
	this := &c.frames[len(c.frames)-1]
	this.id = derive(c.frames[len(c.frames)-2].id, l.name, key)
	c.add(`"id":`)
	c.addID(this.id)
	c.add(`,"remote_id":`)
	err = c.quote(key)
	c.add(",")
	return err
}

// repeated gives a key that occurs twice: two elements with one key would be one to whoever changes them.
func repeated(keys [][]byte) []byte {
	const few = 32
	if len(keys) > few {
		slices.SortFunc(keys, bytes.Compare)
	}
	for i, key := range keys {
		for _, other := range keys[i+1:] {
			if bytes.Equal(key, other) {
				return key
			}
			if len(keys) > few {
				break
			}
		}
	}
	return nil
}

// remember keeps a copy of a key, in the room that an earlier one has left.
func (c *call) remember(key []byte) {
	n := len(c.seen)
	if n < cap(c.seen) {
		c.seen = c.seen[:n+1]
		c.seen[n] = append(c.seen[n][:0], key...)
		return
	}
	c.seen = append(c.seen, bytes.Clone(key))
}

// freeForm copies an object as it is.
func (k *compiler) freeForm(f *manifest.FieldMap, key string) writer {
	p := newPath(f.From[0])
	return named(key, func(c *call) error {
		v, err := c.find(p)
		switch {
		case err != nil:
			return err
		case v.Kind() == rawjson.Missing || v.Kind() == rawjson.Null || c.mapper.isNull(v.Raw()):
			c.add("null")
		case v.Kind() != rawjson.Object:
			return c.bad(p, errors.New("an object is wanted, this is "+describe(v.Kind())))
		default:
			c.out = append(c.out, v.Raw()...)
		}
		return nil
	})
}

func (k *compiler) object(f *manifest.FieldMap, key string) (writer, error) {
	fields, err := k.fields(f.Fields)
	return named(key, func(c *call) error {
		c.add("{")
		for _, write := range fields {
			if err := write(c); err != nil {
				return err
			}
		}
		c.end("}")
		return nil
	}), err
}
