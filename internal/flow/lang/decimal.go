package lang

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/cockroachdb/apd/v3"
	"github.com/expr-lang/expr"
)

const (
	maxDigits = 100 // of a decimal number
	maxPlaces = 30  // behind its point
)

// decimals are functions of exact decimal numbers, which records hold as texts. They take texts and numbers, and give texts.
func decimals() []expr.Option {
	c := &apd.Context{Precision: maxDigits, MaxExponent: maxDigits, MinExponent: -maxDigits, Traps: apd.DefaultTraps | apd.Inexact, Rounding: apd.RoundHalfUp}
	return []expr.Option{
		expr.Function("decimalAdd", fold(c.Add)),
		expr.Function("decimalSubtract", fold(c.Sub)),
		expr.Function("decimalMultiply", fold(c.Mul)),
		expr.Function("decimalDivide", decimalDivide),
		expr.Function("decimalRound", decimalRound),
		expr.Function("decimalSum", func(args ...any) (any, error) {
			v, err := one(args)
			if err != nil {
				return nil, err
			}
			list, ok := asList(v)
			if !ok {
				return nil, errors.New("decimalSum wants a list, this is " + Describe(v))
			}
			all := []any{int64(0)}
			for i := range list.Len() {
				all = append(all, list.Index(i).Interface())
			}
			return fold(c.Add)(all...)
		}),
		expr.Function("decimalCompare", func(args ...any) (any, error) {
			all, err := decimalsOf(args)
			if err != nil || len(all) != 2 {
				return nil, errors.Join(err, counted(len(all), "two numbers"))
			}
			return all[0].Cmp(all[1]), nil
		}),
	}
}

func counted(n int, wanted string) error {
	if n == 2 {
		return nil
	}
	return fmt.Errorf("the function takes %s, it got %d values", wanted, n)
}

// fold calculates with one number after the other.
func fold(f func(d, x, y *apd.Decimal) (apd.Condition, error)) func(args ...any) (any, error) {
	return func(args ...any) (any, error) {
		all, err := decimalsOf(args)
		if err != nil {
			return nil, err
		}
		if len(all) == 0 {
			return nil, counted(0, "numbers")
		}
		d := new(apd.Decimal).Set(all[0])
		for _, x := range all[1:] {
			if _, err := f(d, d, x); err != nil {
				return nil, fmt.Errorf("the number has more than %d digits", maxDigits)
			}
		}
		return d.Text('f'), nil
	}
}

func decimalsOf(args []any) ([]*apd.Decimal, error) {
	all := make([]*apd.Decimal, len(args))
	for i, v := range args {
		text := ""
		switch v := v.(type) {
		case string:
			text = v
		case float64:
			text = strconv.FormatFloat(v, 'g', -1, 64)
		case int64, int:
			text = fmt.Sprint(v)
		}
		d, _, err := apd.NewFromString(text)
		if len(text) > maxDigits || err != nil || d.Form != apd.Finite || d.Exponent > maxDigits || d.Exponent < -maxDigits {
			return nil, errors.New(Describe(v) + " is no decimal number such as 12.50")
		}
		all[i] = d
	}
	return all, nil
}

func decimalDivide(args ...any) (any, error) {
	if len(args) != 3 {
		return nil, errors.New("decimalDivide takes two numbers and how many places behind the point are kept")
	}
	all, err := decimalsOf(args[:2])
	if err != nil {
		return nil, err
	}
	if all[1].IsZero() {
		return nil, errors.New("something is divided by zero")
	}
	c := apd.Context{Precision: 4 * maxDigits, MaxExponent: apd.MaxExponent, MinExponent: apd.MinExponent, Traps: apd.DefaultTraps, Rounding: apd.RoundDown}
	q := new(apd.Decimal)
	if _, err := c.Quo(q, all[0], all[1]); err != nil {
		return nil, err
	}
	return rounded(q, args[2])
}

func decimalRound(args ...any) (any, error) {
	if len(args) != 2 {
		return nil, errors.New("decimalRound takes a number and how many places behind the point are kept")
	}
	all, err := decimalsOf(args[:1])
	if err != nil {
		return nil, err
	}
	return rounded(all[0], args[1])
}

// rounded keeps so many places; a half goes away from zero.
func rounded(d *apd.Decimal, places any) (any, error) {
	n, ok := asWhole(places)
	if !ok || n < 0 || n > maxPlaces {
		return nil, fmt.Errorf("places behind the point are a whole number from 0 to %d", maxPlaces)
	}
	c := apd.Context{Precision: 4 * maxDigits, MaxExponent: apd.MaxExponent, MinExponent: apd.MinExponent, Rounding: apd.RoundHalfUp}
	if _, err := c.Quantize(d, d, -int32(n)); err != nil {
		return nil, err
	}
	return d.Text('f'), nil
}
