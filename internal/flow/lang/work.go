package lang

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"regexp/syntax"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/vm/runtime"
)

// Bounds of a calculation.
const (
	maxWork   = 5_000_000 // turns of loops, values looked at or made, and pieces of text of perText bytes
	perText   = 16
	maxResult = 4 << 20 // bytes of a text
)

var (
	errWork = errors.New("the expression does too much: take fewer elements, or do the work in steps")
	errText = errors.New("the text becomes too long")
)

// work is what one calculation has done.
type work struct {
	done     int
	patterns map[string]*pattern
}

// pattern is a compiled regular expression, with the length of its program.
type pattern struct {
	compiled *regexp.Regexp
	length   int
}

func (w *work) charge(n int) error {
	if w.done += n; n < 0 || w.done > maxWork {
		return errWork
	}
	return nil
}

// look charges for all of a value.
func (w *work) look(v any) error {
	switch v := v.(type) {
	case string:
		return w.charge(1 + len(v)/perText)
	case []any:
		if err := w.charge(1); err != nil {
			return err
		}
		for _, e := range v {
			if err := w.look(e); err != nil {
				return err
			}
		}
		return nil
	case map[string]any:
		if err := w.charge(1); err != nil {
			return err
		}
		for name, e := range v {
			if err := errors.Join(w.charge(len(name)/perText), w.look(e)); err != nil {
				return err
			}
		}
		return nil
	}
	if r := reflect.ValueOf(v); r.Kind() == reflect.Slice || r.Kind() == reflect.Map {
		return w.other(r)
	}
	return w.charge(1)
}

// other takes the lists and objects of one kind that functions of the language make.
func (w *work) other(r reflect.Value) error {
	if err := w.charge(1 + r.Len()); err != nil || r.Kind() == reflect.Slice && r.Type().Elem().Kind() != reflect.Interface && r.Type().Elem().Kind() != reflect.String {
		return err
	}
	if r.Kind() == reflect.Slice {
		for i := range r.Len() {
			if err := w.look(r.Index(i).Interface()); err != nil {
				return err
			}
		}
		return nil
	}
	for _, k := range r.MapKeys() {
		if err := w.look(r.MapIndex(k).Interface()); err != nil {
			return err
		}
	}
	return nil
}

// guards are the functions that guard puts in.
func guards() []expr.Option {
	two := func(f func(w *work, a, b any) (any, error)) func(args ...any) (any, error) {
		return func(args ...any) (any, error) { return f(args[0].(*work), args[1], args[2]) }
	}
	value := func(args ...any) (any, error) { return args[1], args[0].(*work).look(args[1]) }
	return []expr.Option{
		expr.Function("_add", two(add)), expr.Function("_subtract", two(subtract)), expr.Function("_multiply", two(multiply)), expr.Function("_divide", two(divide)),
		expr.Function("_equal", two(equal)),
		expr.Function("_unequal", two(func(w *work, a, b any) (any, error) {
			same, err := equal(w, a, b)
			return same != true, err
		})),
		expr.Function("_in", two(in)), expr.Function("_range", two(fromTo)), expr.Function("_matches", two(matches)),
		expr.Function("_turn", value), expr.Function("_made", value), expr.Function("_sum", sum), expr.Function("_call", callFunction),
	}
}

func equal(w *work, a, b any) (any, error) {
	if err := errors.Join(w.look(a), w.look(b)); err != nil {
		return nil, err
	}
	return runtime.Equal(a, b), nil
}

func in(w *work, needle, list any) (any, error) {
	if _, ok := list.(map[string]any); !ok {
		if err := w.look(list); err != nil {
			return nil, err
		}
	}
	return runtime.In(needle, list), nil
}

// fromTo gives the whole numbers from one to another.
func fromTo(w *work, a, b any) (any, error) {
	x, y, ok := whole(a, b)
	if !ok {
		return nil, errors.New(".. stands between whole numbers, this is " + Describe(a) + " and " + Describe(b))
	}
	if y < x {
		return []int{}, nil
	}
	if n := uint64(y) - uint64(x); n >= maxWork || w.charge(int(n)+1) != nil {
		return nil, errWork
	}
	return runtime.MakeRange(int(x), int(y)), nil
}

func matches(w *work, text, with any) (any, error) {
	s, first := text.(string)
	p, second := with.(string)
	if !first || !second {
		return nil, errors.New("matches compares texts, this is " + Describe(text) + " and " + Describe(with))
	}
	compiled, err := w.pattern(p)
	if err != nil {
		return nil, err
	}
	if err := w.charge(1 + len(s)*compiled.length/perText); err != nil {
		return nil, err
	}
	return compiled.compiled.MatchString(s), nil
}

func (w *work) pattern(text string) (*pattern, error) {
	if p := w.patterns[text]; p != nil {
		return p, nil
	}
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, err
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil, err
	}
	compiled, err := regexp.Compile(text)
	if err != nil {
		return nil, err
	}
	if w.patterns == nil {
		w.patterns = map[string]*pattern{}
	}
	p := &pattern{compiled, len(program.Inst)}
	w.patterns[text] = p
	return p, w.charge(100 * p.length)
}

// callFunction calls a function of the language itself.
func callFunction(args ...any) (any, error) {
	w, name, args := args[0].(*work), args[1].(string), args[2:]
	for _, a := range args {
		if err := w.look(a); err != nil {
			return nil, err
		}
	}
	if err := w.fits(name, args); err != nil {
		return nil, err
	}
	v, err := called(builtin.Builtins[builtin.Index[name]], args)
	if err != nil {
		return nil, err
	}
	return v, w.look(v)
}

func called(f *builtin.Function, args []any) (any, error) {
	switch {
	case f.Safe != nil:
		v, _, err := f.Safe(args...)
		return v, err
	case f.Fast != nil && len(args) == 1:
		return f.Fast(args[0]), nil
	case f.Func != nil:
		return f.Func(args...)
	}
	return nil, errors.New(f.Name + " takes one value")
}

// fits refuses before it is done what would make a text too long, a number wrong, or a list compare each of its elements with each other.
func (w *work) fits(name string, args []any) error {
	switch {
	case name == "repeat" && len(args) == 2:
		return textFits(length(args[0]), length(args[1]))
	case name == "replace" && len(args) > 2:
		return textFits(length(args[0])+1, length(args[2])+1)
	case name == "join" && len(args) == 2:
		return textFits(length(args[0]), length(args[1]))
	case name == "uniq" && len(args) == 1:
		n := length(args[0])
		return w.charge(n * n / 2)
	case name == "int" && len(args) == 1:
		if f, ok := args[0].(float64); ok && !(math.Abs(f) < 1<<63) {
			return fmt.Errorf("%v is larger than whole numbers can be here", f)
		}
	case name == "timezone" && len(args) == 1 && args[0] == "Local":
		return errors.New("the zone Local is another one on another machine: name one such as Europe/Berlin")
	}
	return nil
}

func textFits(times, long int) error {
	if long > 0 && times > maxResult/long {
		return errText
	}
	return nil
}

// length gives the length of a text or a list, or a count.
func length(v any) int {
	if n, ok := asWhole(v); ok {
		return int(min(max(n, 0), maxWork))
	}
	if r := reflect.ValueOf(v); r.IsValid() && (r.Kind() == reflect.String || r.Kind() == reflect.Slice) {
		return r.Len()
	}
	return 0
}
