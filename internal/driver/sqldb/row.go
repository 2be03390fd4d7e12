package sqldb

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/rawjson"
)

// object makes one JSON object of a row's values.
func object(d *dialect, columns []column, values []any) ([]byte, error) {
	out := []byte{'{'}
	for i, c := range columns {
		if i > 0 {
			out = append(out, ',')
		}
		var err error
		if out, err = rawjson.Quote(out, d.member(c.name)); err != nil {
			return nil, fmt.Errorf("the column %d: %w", i+1, err)
		}
		raw, err := render(c, values[i])
		if err != nil {
			return nil, fmt.Errorf("the column %s: %w", d.member(c.name), err)
		}
		out = append(append(out, ':'), raw...)
	}
	return append(out, '}'), nil
}

// render writes a value as JSON. Exact numbers never go through a float.
func render(c column, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return []byte("null"), nil
	case bool:
		return strconv.AppendBool(nil, v), nil
	case int64:
		return strconv.AppendInt(nil, v, 10), nil
	case uint64:
		return strconv.AppendUint(nil, v, 10), nil
	case float64:
		return renderFloat(v, 64)
	case float32:
		return renderFloat(float64(v), 32)
	case time.Time:
		return rawjson.Quote(nil, timeText(c, v))
	case []byte:
		return renderBytes(c, v)
	case string:
		return renderText(c, v)
	}
	return nil, fmt.Errorf("holds a value that cannot be shown (%T)", v)
}

func renderFloat(f float64, bits int) ([]byte, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return rawjson.Quote(nil, strconv.FormatFloat(f, 'g', -1, bits))
	}
	return strconv.AppendFloat(nil, f, 'g', -1, bits), nil
}

func renderBytes(c column, v []byte) ([]byte, error) {
	switch {
	case c.class == binary:
		return rawjson.Quote(nil, base64.StdEncoding.EncodeToString(v))
	case c.native == "BIT":
		var n uint64
		for _, b := range v {
			n = n<<8 | uint64(b)
		}
		return strconv.AppendUint(nil, n, 10), nil
	}
	return renderText(c, string(v))
}

func renderText(c column, v string) ([]byte, error) {
	switch c.class {
	case integer, number, float:
		if n, ok := numberText(v); ok {
			return []byte(n), nil
		}
	case document, array:
		if rawjson.Valid([]byte(v)) == nil {
			return []byte(v), nil
		}
	case date, zoneless, zoned:
		if strings.HasPrefix(v, "0000-00-00") { // MySQL's notation of none
			return []byte("null"), nil
		}
		if len(v) > 10 && v[10] == ' ' {
			v = v[:10] + "T" + v[11:]
		}
		v = shortened(v)
		if c.class == zoned && len(v) > 10 && !strings.ContainsAny(v[10:], "Z+-") {
			v += "Z"
		}
	}
	return rawjson.Quote(nil, v)
}

// shortened leaves out the zeros that end a fraction of a second.
func shortened(v string) string {
	at := strings.IndexByte(v, '.')
	if at < 0 {
		return v
	}
	end := at + 1
	for end < len(v) && v[end] >= '0' && v[end] <= '9' {
		end++
	}
	return strings.TrimRight(strings.TrimRight(v[:end], "0"), ".") + v[end:]
}

// numberText writes a number as JSON does: with a digit before the point.
func numberText(v string) (string, bool) {
	sign, digits := "", strings.TrimSpace(v)
	if rest, negative := strings.CutPrefix(digits, "-"); negative {
		sign, digits = "-", rest
	}
	if strings.HasPrefix(digits, ".") {
		digits = "0" + digits
	}
	return sign + digits, digits != "" && digits[0] >= '0' && digits[0] <= '9' && rawjson.Valid([]byte(sign+digits)) == nil
}

const wallClock = "2006-01-02T15:04:05.999999999"

func timeText(c column, t time.Time) string {
	switch c.class {
	case date:
		return t.Format(time.DateOnly)
	case zoneless:
		return t.Format(wallClock)
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// spaced writes a time with a space, without its zone, in UTC where it has one.
func spaced(text string) string {
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t.UTC().Format("2006-01-02 15:04:05.999999999")
	}
	return strings.Replace(text, "T", " ", 1)
}

// plain gives the text of a JSON scalar to be bound again; ok is false for null.
func plain(raw []byte) (string, bool) {
	if len(raw) == 0 || string(raw) == "null" {
		return "", false
	}
	if raw[0] == '"' {
		text, err := rawjson.Unquote(nil, raw)
		return string(text), err == nil
	}
	return string(raw), true
}
