package mapping

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"
	"github.com/go-json-experiment/json"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
)

// expression writes what an expression makes of the record at hand. It calculates in 64 bit integers and binary floats.
func expression(f *manifest.FieldMap, to convert) (writer, error) {
	program, err := manifest.ReadExpression(f.Expr)
	if err != nil {
		return nil, err
	}
	return func(c *call) error {
		raw, err := c.evaluate(program)
		if err != nil {
			return c.badResult(f, err)
		}
		s := plainScalar(raw)
		switch {
		case s.missing():
			c.add("null")
		case s.kind == rawjson.Object || s.kind == rawjson.Array:
			err = errors.New("one value is wanted, this is " + describe(s.kind))
		default:
			err = to(c, s)
		}
		if err != nil {
			return c.badResult(f, err)
		}
		return nil
	}, nil
}

// expressionList writes a list that an expression makes.
func expressionList(f *manifest.FieldMap, to convert) (writer, error) {
	program, err := manifest.ReadExpression(f.Expr)
	if err != nil {
		return nil, err
	}
	return func(c *call) error {
		raw, err := c.evaluate(program)
		if err != nil {
			return c.badResult(f, err)
		}
		if string(raw) == "null" {
			c.add("null")
			return nil
		}
		elements, err := rawjson.Split(raw)
		if err != nil {
			return c.badResult(f, fmt.Errorf("%s is no list", excerpt(raw)))
		}
		c.add("[")
		for _, e := range elements {
			if s := plainScalar(e); !c.empty(s) {
				if err := to(c, s); err != nil {
					return c.badResult(f, err)
				}
				c.add(",")
			}
		}
		c.end("]")
		return nil
	}, nil
}

// badResult says which expression makes nothing of this record.
func (c *call) badResult(f *manifest.FieldMap, err error) error {
	return c.bad(path{}, fmt.Errorf("the expression for %s: %w", f.Field.Name, err))
}

func (c *call) evaluate(program *vm.Program) ([]byte, error) {
	last := len(c.frames) - 1
	v, err := expr.Run(program, manifest.Reading{Src: c.decoded(last), Record: c.decoded(0)})
	if err != nil {
		message, _, _ := strings.Cut(err.Error(), "\n")
		return nil, errors.New(message)
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("no JSON value: %w", err)
	}
	return raw, nil
}

// decoded gives the value of a frame for expressions, decoded at the first need.
func (c *call) decoded(at int) any {
	f := &c.frames[at]
	if f.decoded == nil {
		f.decoded = decode(f.value)
	}
	return f.decoded
}

func decode(v rawjson.Value) any {
	switch v.Kind() {
	case rawjson.Object:
		m := make(map[string]any, v.Len())
		for e := v.First(); e.Kind() != rawjson.Missing; e = e.Next() {
			m[string(e.Name())] = decode(e)
		}
		return m
	case rawjson.Array:
		l := make([]any, 0, v.Len())
		for e := v.First(); e.Kind() != rawjson.Missing; e = e.Next() {
			l = append(l, decode(e))
		}
		return l
	case rawjson.String:
		text, _ := rawjson.Unquote(nil, v.Raw())
		return string(text)
	case rawjson.Number:
		return decodeNumber(string(v.Raw()))
	case rawjson.True, rawjson.False:
		return v.Kind() == rawjson.True
	}
	return nil
}

// decodeNumber gives an int where the number is one, else a float, or its text beyond what that holds.
func decodeNumber(text string) any {
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(f, 0) {
		return text
	}
	return f
}
