package lang

import (
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/expr-lang/expr"
)

// functions are those beside the language's own, and those of its own that have to give the same value every time and exact numbers.
func functions() []expr.Option {
	own := map[string]func(args ...any) (any, error){"urlEncode": urlEncode}
	instead := map[string]func(args ...any) (any, error){"toJSON": toJSON, "fromJSON": fromJSON, "keys": keys, "values": values, "toPairs": toPairs}
	options := decimals()
	for name, f := range own {
		options = append(options, expr.Function(name, f))
	}
	for name, f := range instead {
		options = append(options, expr.DisableBuiltin(name), expr.Function(name, f))
	}
	return options
}

func one(args []any) (any, error) {
	if len(args) != 1 {
		return nil, fmt.Errorf("the function takes one value, it got %d", len(args))
	}
	return args[0], nil
}

// urlEncode writes a value so that it can stand in an address.
func urlEncode(args ...any) (any, error) {
	v, err := one(args)
	if err != nil {
		return nil, err
	}
	text, err := written(v)
	return url.QueryEscape(text), err
}

func toJSON(args ...any) (any, error) {
	v, err := one(args)
	if err != nil {
		return nil, err
	}
	text, err := Encode(v)
	return string(text), err
}

func fromJSON(args ...any) (any, error) {
	v, err := one(args)
	if err != nil {
		return nil, err
	}
	text, ok := v.(string)
	if !ok {
		return nil, errors.New("fromJSON wants a text, this is " + Describe(v))
	}
	return Decode([]byte(text))
}

// sorted gives the names of an object's members in their order.
func sorted(args []any) (map[string]any, []string, error) {
	v, err := one(args)
	if err != nil {
		return nil, nil, err
	}
	p, err := plain(v)
	if err != nil {
		return nil, nil, err
	}
	m, ok := p.(map[string]any)
	if !ok {
		return nil, nil, errors.New("wants an object, this is " + Describe(p))
	}
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return m, names, nil
}

func keys(args ...any) (any, error) {
	_, names, err := sorted(args)
	return anys(names, func(name string) any { return name }), err
}

func values(args ...any) (any, error) {
	m, names, err := sorted(args)
	return anys(names, func(name string) any { return m[name] }), err
}

func toPairs(args ...any) (any, error) {
	m, names, err := sorted(args)
	return anys(names, func(name string) any { return []any{name, m[name]} }), err
}

func anys(names []string, of func(name string) any) []any {
	l := make([]any, len(names))
	for i, name := range names {
		l[i] = of(name)
	}
	return l
}
