package lang

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"strconv"
	"time"

	"github.com/cockroachdb/apd/v3"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const maxDepth = 100 // of a value

// Decode reads a JSON value: null is nil, objects are map[string]any, lists []any. A whole number is an int64; any other is a float64 where that is the same number, else its text.
func Decode(text []byte) (any, error) {
	d := jsontext.NewDecoder(bytes.NewReader(text))
	v, err := decodeValue(d, 0)
	if err != nil {
		return nil, fmt.Errorf("read the JSON value: %w", err)
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errors.New("read the JSON value: something follows it")
	}
	return v, nil
}

func decodeValue(d *jsontext.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested more than %d deep", maxDepth)
	}
	t, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	switch t.Kind() {
	case '{':
		return decodeObject(d, depth)
	case '[':
		return decodeList(d, depth)
	case '"':
		return t.String(), nil
	case '0':
		return number(t.String()), nil
	case 't', 'f':
		return t.Bool(), nil
	}
	return nil, nil
}

func decodeObject(d *jsontext.Decoder, depth int) (any, error) {
	m := map[string]any{}
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		key := name.String()
		if m[key], err = decodeValue(d, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := d.ReadToken()
	return m, err
}

func decodeList(d *jsontext.Decoder, depth int) (any, error) {
	l := []any{}
	for d.PeekKind() != ']' {
		v, err := decodeValue(d, depth+1)
		if err != nil {
			return nil, err
		}
		l = append(l, v)
	}
	_, err := d.ReadToken()
	return l, err
}

// number gives an int64, a float64 or the text, whichever is exactly the number.
func number(text string) any {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(f, 0) {
		return text
	}
	given, _, err := apd.NewFromString(text)
	if err != nil {
		return text
	}
	held, _, err := apd.NewFromString(strconv.FormatFloat(f, 'g', -1, 64))
	if err != nil || given.Cmp(held) != 0 {
		return text
	}
	if whole := int64(f); f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return whole
	}
	return f
}

// Encode writes a value of the kinds that Decode gives, and of the other plain kinds of Go, as JSON; members in the order of their names.
func Encode(v any) ([]byte, error) {
	p, err := plain(v)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(p, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("write the value as JSON: %w", err)
	}
	return text, nil
}

// plain makes a value of the kinds that Decode gives of whatever an expression came to.
func plain(v any) (any, error) { return new(plainer).value(v, 0) }

const maxPlain = 1_000_000 // values and 64 bytes of text each in one value

type plainer struct{ size int }

func (p *plainer) value(v any, depth int) (any, error) {
	if p.size++; p.size > maxPlain || depth > maxDepth {
		return nil, errors.New("the value is too large")
	}
	switch v := v.(type) {
	case nil, bool, int64:
		return v, nil
	case string:
		p.size += len(v) / 64
		return v, nil
	case float64:
		return finite(v)
	case int:
		return int64(v), nil
	case time.Time:
		return v.Format(time.RFC3339Nano), nil
	case time.Duration:
		return v.String(), nil
	case []any:
		return p.list(len(v), func(i int) any { return v[i] }, depth)
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, e := range v {
			var err error
			if m[k], err = p.value(e, depth+1); err != nil {
				return nil, err
			}
		}
		return m, nil
	}
	return p.other(reflect.ValueOf(v), depth)
}

func (p *plainer) list(n int, at func(i int) any, depth int) (any, error) {
	l := make([]any, n)
	for i := range l {
		var err error
		if l[i], err = p.value(at(i), depth+1); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// other takes lists of one kind, objects with keys that are no texts, and the other numbers.
func (p *plainer) other(v reflect.Value, depth int) (any, error) {
	switch {
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8:
		return string(v.Bytes()), nil
	case v.Kind() == reflect.Slice:
		return p.list(v.Len(), func(i int) any { return v.Index(i).Interface() }, depth)
	case v.Kind() == reflect.Map:
		m := make(map[string]any, v.Len())
		for _, k := range v.MapKeys() {
			e, err := p.value(v.MapIndex(k).Interface(), depth+1)
			if err != nil {
				return nil, err
			}
			key, err := written(k.Interface())
			if err != nil {
				return nil, err
			}
			m[key] = e
		}
		return m, nil
	case v.CanInt():
		return v.Int(), nil
	case v.CanUint() && v.Uint() <= math.MaxInt64:
		return int64(v.Uint()), nil
	case v.CanFloat():
		return finite(v.Float())
	}
	return nil, fmt.Errorf("%s is no value that can be kept", v.Type())
}

func finite(f float64) (any, error) {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return nil, errors.New("the result is not a number (something was divided by zero, or is too large)")
	}
	return f, nil
}

// written gives a value as it stands in a longer text: null cannot, since a part of the text would be gone without notice.
func written(v any) (string, error) {
	p, err := plain(v)
	if err != nil {
		return "", err
	}
	switch p := p.(type) {
	case nil:
		return "", errors.New(`null cannot be written into a text; write ?? and what stands there instead, such as ?? ""`)
	case string:
		return p, nil
	case float64:
		return strconv.FormatFloat(p, 'f', -1, 64), nil
	case bool, int64:
		return fmt.Sprint(p), nil
	}
	text, err := Encode(p)
	return string(text), err
}
