package mapping

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/model"
)

// Compile makes the mapper of an entity. dialect may be nil.
func Compile(s *manifest.System, e *manifest.Entity, dialect manifest.Dialect) (*Mapper, error) {
	m := &Mapper{entity: e, version: versionOf(s, e), dialect: dialect, nulls: s.Nulls, decimals: s.Decimals, id: newPaths(e.ID), updatedAt: newPaths(e.UpdatedAt), history: historyPath(e)}
	for _, p := range e.Volatile {
		m.volatile = append(m.volatile, p)
	}
	m.calls.New = func() any { return newCall(m) }
	k := &compiler{system: s, mapper: m}
	if err := k.compile(e); err != nil {
		return nil, fmt.Errorf("compile the mapping of %s %s: %w", s.System, e.Name, err)
	}
	return m, nil
}

// compiler turns the manifest's field maps into writers.
type compiler struct {
	system *manifest.System
	mapper *Mapper
}

func (k *compiler) compile(e *manifest.Entity) error {
	k.envelope(e)
	if f := e.Field("currency"); f != nil && f.Field.Kind == model.String {
		w, err := k.value(f, writeCurrency)
		if err != nil {
			return k.at(f, err)
		}
		k.mapper.currency = placed(f, w)
	}
	fields, err := k.fields(e.Fields)
	k.mapper.fields = append(k.mapper.fields, fields...)
	return err
}

func (k *compiler) at(f *manifest.FieldMap, err error) error {
	return fmt.Errorf("%s:%d: field %s: %w", f.Pos.File, f.Pos.Line, f.Field.Name, err)
}

func (k *compiler) fields(maps []*manifest.FieldMap) ([]writer, error) {
	var out []writer
	for _, f := range maps {
		w, err := k.field(f, maps)
		if err != nil {
			return nil, k.at(f, err)
		}
		out = append(out, w)
	}
	return out, nil
}

func (k *compiler) field(f *manifest.FieldMap, siblings []*manifest.FieldMap) (writer, error) {
	w, err := k.unplaced(f, siblings)
	return placed(f, w), err
}

// placed lets a value that cannot be what the field wants tell which field that is.
func placed(f *manifest.FieldMap, w writer) writer {
	return func(c *call) error {
		err := w(c)
		var bad *BadValue
		if err == nil || !errors.As(err, &bad) {
			return err
		}
		if bad.Field == "" {
			bad.Field, bad.Pos = f.Field.Name, f.Pos
		} else {
			bad.Field = f.Field.Name + "." + bad.Field
		}
		return err
	}
}

func (k *compiler) unplaced(f *manifest.FieldMap, siblings []*manifest.FieldMap) (writer, error) {
	key := member(f.Field.WireNames()[0])
	switch f.Field.Kind {
	case model.Enum:
		return k.enum(f)
	case model.Ref:
		return k.ref(f, key, siblings)
	case model.Refs:
		return k.refs(f, key)
	case model.Money:
		return k.money(f, key)
	case model.Quantity:
		return k.quantity(f, key)
	case model.Address, model.Contact, model.Link:
		return k.parts(f, key)
	case model.Object:
		return k.object(f, key)
	case model.List:
		return k.list(f, key)
	case model.Map:
		return k.freeForm(f, key), nil
	}
	w, err := k.value(f, k.conversion(f))
	return named(key, w), err
}

// conversion gives what makes a scalar of a field's kind.
func (k *compiler) conversion(f *manifest.FieldMap) convert {
	switch {
	case f.Field.Kind == model.String && len(f.Values) > 0:
		return words(f)
	case f.Field.Kind == model.String && f.Field.Name == "currency":
		return writeCurrency
	case f.Field.Kind == model.Duration && f.Unit != "":
		return countedDuration(f.Unit)
	}
	return converter(f.Field.Kind)
}

// value makes the writer of one value, without its name: null where the source has nothing.
func (k *compiler) value(f *manifest.FieldMap, to convert) (writer, error) {
	switch {
	case f.Const != "":
		return k.constant(f.Const, to)
	case f.Expr != "":
		return expression(f, to)
	}
	return single(newPath(f.From[0]), to, f.Field.Kind == model.Boolean), nil
}

// single writes the value at a path. Texts that stand for nothing do not for a boolean: false is false.
func single(p path, to convert, boolean bool) writer {
	return func(c *call) error {
		v, err := c.find(p)
		if err != nil {
			return err
		}
		s, err := c.scalarOf(v)
		switch {
		case err != nil:
		case s.missing() || !boolean && c.empty(s):
			c.add("null")
		default:
			err = to(c, s)
		}
		if err != nil {
			return c.bad(p, err)
		}
		return nil
	}
}

// constant converts a constant once.
func (k *compiler) constant(raw string, to convert) (writer, error) {
	c := newCall(k.mapper)
	if err := to(c, plainScalar([]byte(raw))); err != nil {
		return nil, err
	}
	text := string(c.out)
	return func(c *call) error {
		c.add(text)
		return nil
	}, nil
}

// part makes the writer of a member of a value.
func (k *compiler) part(p *manifest.Part, to convert) (writer, error) {
	if p.Const != "" {
		return k.constant(p.Const, to)
	}
	return single(newPath(p.From[0]), to, false), nil
}

func named(key string, w writer) writer {
	return func(c *call) error {
		c.add(key)
		err := w(c)
		c.out = append(c.out, ',')
		return err
	}
}

// member gives the name of a member as JSON, with its colon.
func member(name string) string { return strconv.Quote(name) + ":" }

func newPaths(ps []manifest.Path) []path {
	out := make([]path, len(ps))
	for i, p := range ps {
		out[i] = newPath(p)
	}
	return out
}

// cutEach parts a path at the list whose elements it names.
func cutEach(p manifest.Path) (list, rest path) {
	at := slices.Index(p, manifest.Each)
	if at < 0 {
		return newPath(p), path{}
	}
	return newPath(p[:at]), newPath(p[at+1:])
}
