package mapping

import (
	"bytes"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
	"github.com/busbar-dev/busbar/model"
	"github.com/busbar-dev/busbar/model/unit"
)

// money writes {amount, currency}, or null without an amount.
func (k *compiler) money(f *manifest.FieldMap, key string) (writer, error) {
	amount, err := k.part(f.Parts["amount"], writeDecimal)
	if err != nil {
		return nil, err
	}
	currency := writer(func(c *call) error {
		c.out = append(c.out, c.currency...)
		return nil
	})
	if p := f.Parts["currency"]; p != nil {
		if currency, err = k.part(p, writeCurrency); err != nil {
			return nil, err
		}
	}
	return named(key, unlessNull(`{"amount":`, amount, func(c *call) error {
		c.add(`,"currency":`)
		return currency(c)
	})), nil
}

// quantity writes {value, unit, unit_code}, or null without a value.
func (k *compiler) quantity(f *manifest.FieldMap, key string) (writer, error) {
	value, err := k.part(f.Parts["value"], writeDecimal)
	if err != nil {
		return nil, err
	}
	measure := writer(func(c *call) error {
		c.add(`,"unit":null,"unit_code":null`)
		return nil
	})
	if p := f.Parts["unit"]; p != nil {
		text, err := k.part(p, writeText)
		if err != nil {
			return nil, err
		}
		measure = func(c *call) error { return c.writeUnit(text) }
	}
	return named(key, unlessNull(`{"value":`, value, measure)), nil
}

// unlessNull writes an object whose first member decides whether there is one at all.
func unlessNull(open string, first, rest writer) writer {
	return func(c *call) error {
		start := len(c.out)
		c.add(open)
		value := len(c.out)
		if err := first(c); err != nil {
			return err
		}
		if c.nullSince(value) {
			c.out = append(c.out[:start], "null"...)
			return nil
		}
		err := rest(c)
		c.add("}")
		return err
	}
}

func (c *call) nullSince(start int) bool { return string(c.out[start:]) == "null" }

// manyUnits bounds the units that are remembered.
const manyUnits = 1000

// writeUnit writes the source's unit and its code. A record's units repeat, so their codes are remembered.
func (c *call) writeUnit(text writer) error {
	c.add(`,"unit":`)
	start := len(c.out)
	if err := text(c); err != nil {
		return err
	}
	code, ok := c.units[string(c.out[start:])]
	if !ok {
		literal := string(c.out[start:])
		code = unitCode(literal)
		if len(c.units) < manyUnits {
			c.units[literal] = code
		}
	}
	c.out = append(c.out, code...)
	return nil
}

func unitCode(literal string) []byte {
	text, err := rawjson.Unquote(nil, []byte(literal))
	if err == nil {
		if code, ok := unit.Code(string(text)); ok {
			return []byte(`,"unit_code":"` + code + `"`)
		}
	}
	return []byte(`,"unit_code":null`)
}

// parts writes an address, contact or link; null when all its members are.
func (k *compiler) parts(f *manifest.FieldMap, key string) (writer, error) {
	members, err := k.members(f)
	return named(key, func(c *call) error {
		start := len(c.out)
		c.add("{")
		some := false
		for _, write := range members {
			before := len(c.out)
			if err := write(c); err != nil {
				return err
			}
			text := c.out[before:]
			some = some || !bytes.HasSuffix(text, []byte(":null,")) && !bytes.HasSuffix(text, []byte(":[],"))
		}
		c.end("}")
		if !some {
			c.out = append(c.out[:start], "null"...)
		}
		return nil
	}), err
}

// members makes the writers of a value's mapped members, in documented order.
func (k *compiler) members(f *manifest.FieldMap) ([]writer, error) {
	var out []writer
	for _, m := range f.Members {
		p := f.Parts[m.Name]
		if p == nil {
			continue
		}
		w, err := k.memberValue(m, p)
		if err != nil {
			return nil, err
		}
		out = append(out, named(member(m.Name), w))
	}
	return out, nil
}

func (k *compiler) memberValue(m *model.Field, p *manifest.Part) (writer, error) {
	switch {
	case m.Kind == model.List && p.Const != "":
		w, err := k.part(p, writeText)
		return func(c *call) error {
			c.add("[")
			err := w(c)
			c.add("]")
			return err
		}, err
	case m.Kind == model.List:
		return lines(newPaths(p.From)), nil
	case m.Name == "country":
		return k.part(p, writeCountry)
	}
	return k.part(p, converter(m.Kind))
}

// lines writes the values at several paths as a list, without the empty ones.
func lines(paths []path) writer {
	var each []writer
	for _, p := range paths {
		each = append(each, single(p, writeText, false))
	}
	return func(c *call) error {
		c.add("[")
		for _, write := range each {
			before := len(c.out)
			if err := write(c); err != nil {
				return err
			}
			if c.nullSince(before) {
				c.out = c.out[:before]
				continue
			}
			c.add(",")
		}
		c.end("]")
		return nil
	}
}
