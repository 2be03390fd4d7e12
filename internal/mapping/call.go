package mapping

import (
	"errors"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// writer appends the members of one field to the output, each with a comma behind it.
type writer func(c *call) error

// call is one record on its way. Its buffers are used again for the next record.
type call struct {
	mapper *Mapper
	env    Env
	index  rawjson.Index
	frames []frame           // the record, then the list elements around the value at hand
	out    []byte            // the unified record so far
	text   []byte            // a decoded string
	key    []byte            // a remote id
	seen   [][]byte          // keys of the elements of the lists at hand
	units  map[string][]byte // members of quantities by the source's unit

	currency  []byte // of the header, as JSON
	updatedAt time.Time
}

// frame is a record or list element: what paths start from.
type frame struct {
	value    rawjson.Value
	id       uuid.UUID // where its lists' elements have ids
	list     *path     // the list that it is in; nil for the record
	position int
	decoded  any // for expressions; nil until one asks
}

func newCall(m *Mapper) *call { return &call{mapper: m, units: map[string][]byte{}} }

// release keeps a call for the next record, and nothing of this one.
func (m *Mapper) release(c *call) {
	c.index.Release()
	clear(c.frames[:cap(c.frames)])
	c.env = Env{}
	m.calls.Put(c)
}

func (c *call) begin(raw []byte, env Env) error {
	if env.Zone == nil {
		env.Zone = time.UTC
	}
	c.env, c.out, c.updatedAt = env, append(c.out[:0], '{'), time.Time{}
	record, err := c.index.Parse(raw)
	if err != nil {
		return &BadValue{Reason: err.Error()}
	}
	if record.Kind() != rawjson.Object {
		return &BadValue{Reason: "a record is a JSON object, this is " + describe(record.Kind())}
	}
	c.frames, c.seen = append(c.frames[:0], frame{value: record}), c.seen[:0]
	if err := c.identify(); err != nil {
		return err
	}
	return c.headerCurrency()
}

// identify gives the record its id, if a list needs it, and refuses a record without one in any case.
func (c *call) identify() error {
	key, err := c.ownKey(c.mapper.id)
	if err != nil {
		return err
	}
	if c.mapper.lines {
		c.frames[0].id = derive(c.env.Connection, c.mapper.entity.Name, key)
	}
	return nil
}

// headerCurrency notes the currency of amounts that come without one.
func (c *call) headerCurrency() error {
	c.currency = append(c.currency[:0], "null"...)
	if c.mapper.currency == nil {
		return nil
	}
	start := len(c.out)
	if err := c.mapper.currency(c); err != nil {
		return err
	}
	c.currency = append(c.currency[:0], c.out[start:]...)
	c.out = c.out[:start]
	return nil
}

func (c *call) add(text string) { c.out = append(c.out, text...) }

// end closes an object or array whose last member has a comma behind it.
func (c *call) end(closing string) {
	if last := len(c.out) - 1; c.out[last] == ',' {
		c.out = c.out[:last]
	}
	c.add(closing)
}

// path is a compiled manifest path.
type path struct {
	up    int // how many lists to leave first
	names []string
}

func newPath(p manifest.Path) path {
	n := 0
	for n < len(p) && p[n] == manifest.Up {
		n++
	}
	return path{n, p[n:]}
}

// find gives the value at a path, Missing when there is none. A scalar on the way is a fault unless it stands for nothing.
func (c *call) find(p path) (rawjson.Value, error) {
	return c.walk(c.frames[len(c.frames)-1-p.up].value, p, p.names)
}

func (c *call) walk(v rawjson.Value, p path, names []string) (rawjson.Value, error) {
	for _, name := range names {
		switch v.Kind() {
		case rawjson.Object, rawjson.Array:
			v = v.Get(name)
		case rawjson.Missing, rawjson.Null:
			return rawjson.Value{}, nil
		default:
			if c.mapper.isNull(v.Raw()) {
				return rawjson.Value{}, nil
			}
			return v, c.bad(p, errors.New(strconv.Quote(name)+" is sought in "+describe(v.Kind())))
		}
	}
	return v, nil
}

// bad says where the value of a path is and what is wrong with it.
func (c *call) bad(p path, err error) error {
	var known *BadValue
	if errors.As(err, &known) {
		return err
	}
	pointer := ""
	for _, f := range c.frames[1 : len(c.frames)-p.up] {
		pointer = f.list.pointer(pointer) + "/" + strconv.Itoa(f.position)
	}
	return &BadValue{Pointer: p.pointer(pointer), Reason: err.Error()}
}

func (p *path) pointer(base string) string { return base + manifest.Path(p.names).Pointer() }

func describe(k rawjson.Kind) string {
	switch k {
	case rawjson.Missing, rawjson.Null:
		return "empty"
	case rawjson.True, rawjson.False:
		return "true or false"
	case rawjson.Number:
		return "a number"
	case rawjson.String:
		return "a text"
	case rawjson.Array:
		return "a list"
	}
	return "an object"
}
