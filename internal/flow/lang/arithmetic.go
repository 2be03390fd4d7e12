package lang

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"reflect"

	"github.com/expr-lang/expr/vm/runtime"
)

// whole gives two whole numbers, if both are.
func whole(a, b any) (x, y int64, ok bool) {
	x, first := asWhole(a)
	y, second := asWhole(b)
	return x, y, first && second
}

func asWhole(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case int:
		return int64(v), true
	}
	return 0, false
}

func tooBig(a any, sign string, b any) error {
	return fmt.Errorf("%v %s %v is larger than whole numbers can be here", a, sign, b)
}

func add(w *work, a, b any) (any, error) {
	if x, y, ok := whole(a, b); ok {
		sum := x + y
		if (sum > x) != (y > 0) {
			return nil, tooBig(a, "+", b)
		}
		return sum, nil
	}
	if x, ok := a.(string); ok {
		if y, ok := b.(string); ok {
			if len(x)+len(y) > maxResult {
				return nil, errText
			}
			return x + y, w.charge((len(x) + len(y)) / perText)
		}
	}
	return runtime.Add(a, b), nil
}

func subtract(_ *work, a, b any) (any, error) {
	if x, y, ok := whole(a, b); ok {
		difference := x - y
		if (difference < x) != (y > 0) {
			return nil, tooBig(a, "-", b)
		}
		return difference, nil
	}
	return runtime.Subtract(a, b), nil
}

func multiply(_ *work, a, b any) (any, error) {
	x, y, ok := whole(a, b)
	if !ok {
		return runtime.Multiply(a, b), nil
	}
	high, low := bits.Mul64(size(x), size(y))
	if high != 0 || low > math.MaxInt64 {
		return nil, tooBig(a, "*", b)
	}
	return x * y, nil
}

func size(x int64) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}

// divide gives a whole number where nothing is left over.
func divide(_ *work, a, b any) (any, error) {
	if x, y, ok := whole(a, b); ok && y != 0 && x%y == 0 && !(x == math.MinInt64 && y == -1) {
		return x / y, nil
	}
	return runtime.Divide(a, b), nil
}

func sum(args ...any) (any, error) {
	list, ok := asList(args[1])
	if !ok {
		return nil, errors.New("sum wants a list, this is " + Describe(args[1]))
	}
	var all any = int64(0)
	for i := range list.Len() {
		var err error
		if all, err = add(args[0].(*work), all, list.Index(i).Interface()); err != nil {
			return nil, err
		}
	}
	return all, args[0].(*work).charge(list.Len())
}

func asList(v any) (reflect.Value, bool) {
	r := reflect.ValueOf(v)
	return r, r.IsValid() && r.Kind() == reflect.Slice
}
