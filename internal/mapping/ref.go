package mapping

import (
	"encoding/hex"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
	"github.com/busbar-dev/busbar/model"
)

// ref writes the id of another record, which is known even before that record is; null when any part of its key is empty.
func (k *compiler) ref(f *manifest.FieldMap, key string, siblings []*manifest.FieldMap) (writer, error) {
	target, err := k.target(f.Field, siblings)
	if err != nil {
		return nil, err
	}
	if len(f.From) > 0 {
		paths := newPaths(f.From)
		return named(key, func(c *call) error {
			remote, missing, err := c.remoteKey(paths)
			if err != nil {
				return err
			}
			return c.writeRef(target, remote, missing != nil)
		}), nil
	}
	w, err := k.value(f, func(c *call, s scalar) error {
		c.key = c.key[:0]
		if err := c.addKey(s, false, false); err != nil {
			return err
		}
		return c.writeRef(target, c.key, false)
	})
	if f.Const != "" { // the id depends on the connection
		w = func(c *call) error { return c.writeRef(target, []byte(unquoted(f.Const)), false) }
	}
	return named(key, w), err
}

// target names the entity that a reference leads to, "" when this record leaves it open.
type target func(c *call) (string, error)

// target finds the entity: the model names it, or a sibling field does.
func (k *compiler) target(f *model.Field, siblings []*manifest.FieldMap) (target, error) {
	if f.ToField == "" {
		return func(*call) (string, error) { return f.To, nil }, nil
	}
	for _, s := range siblings {
		if s.Field.Name != f.ToField {
			continue
		}
		w, err := k.value(s, k.conversion(s))
		return func(c *call) (string, error) {
			start := len(c.out)
			err := w(c)
			entity := unquoted(string(c.out[start:]))
			c.out = c.out[:start]
			if entity == "null" {
				entity = ""
			}
			return entity, err
		}, err
	}
	return func(*call) (string, error) { return "", nil }, nil
}

func (c *call) writeRef(to target, remote []byte, null bool) error {
	entity, err := to(c)
	if err != nil {
		return err
	}
	if null || entity == "" {
		c.add("null")
		return nil
	}
	c.addID(derive(c.env.Connection, entity, remote))
	return nil
}

// addID appends an id as a JSON string.
func (c *call) addID(id uuid.UUID) {
	c.out = append(c.out, '"')
	for i, part := range [][]byte{id[:4], id[4:6], id[6:8], id[8:10], id[10:]} {
		if i > 0 {
			c.out = append(c.out, '-')
		}
		c.out = hex.AppendEncode(c.out, part)
	}
	c.out = append(c.out, '"')
}

// refs writes the ids of several records. Empty elements are left out.
func (k *compiler) refs(f *manifest.FieldMap, key string) (writer, error) {
	to, err := k.target(f.Field, nil)
	if err != nil {
		return nil, err
	}
	write := func(c *call, s scalar) error {
		c.key = c.key[:0]
		if err := c.addKey(s, false, false); err != nil {
			return err
		}
		return c.writeRef(to, c.key, false)
	}
	if len(f.From) == 0 {
		w, err := expressionList(f, write)
		return named(key, w), err
	}
	list, rest := cutEach(f.From[0])
	return named(key, each(list, rest, write)), nil
}

// each writes a list of scalars: the elements at a path, or what is at a path within each of them.
func each(list, rest path, to convert) writer {
	return func(c *call) error {
		v, err := c.find(list)
		if err != nil {
			return err
		}
		if null, err := c.noList(v, list); null || err != nil {
			return err
		}
		c.add("[")
		for e := v.First(); e.Kind() != rawjson.Missing; e = e.Next() {
			if err := c.element(e, list, rest, to); err != nil {
				return err
			}
		}
		c.end("]")
		return nil
	}
}

func (c *call) element(e rawjson.Value, list, rest path, to convert) error {
	e, err := c.walk(e, rest, rest.names)
	if err != nil {
		return err
	}
	s, err := c.scalarOf(e)
	if err == nil && c.empty(s) {
		return nil
	}
	if err == nil {
		err = to(c, s)
	}
	if err != nil {
		return c.bad(list, err)
	}
	c.add(",")
	return nil
}

// noList writes null where there is no list, and refuses what is not one.
func (c *call) noList(v rawjson.Value, p path) (null bool, err error) {
	switch {
	case v.Kind() == rawjson.Array:
		return false, nil
	case v.Kind() == rawjson.Missing || v.Kind() == rawjson.Null || c.mapper.isNull(v.Raw()):
		c.add("null")
		return true, nil
	}
	return false, c.bad(p, errNoList(v.Kind()))
}
