package s4

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// ticksForm is version 2's notation of a time; an instant has an offset.
func ticksForm() *regexp.Regexp {
	return regexp.MustCompile(`^/Date\((-?\d+)([+-]\d{4})?\)/$`)
}

// take reads a value of JSON as a member's type. Version 2 writes decimals as texts.
func (m *member) take(version string, raw json.RawMessage) (any, error) {
	if string(raw) == "null" {
		if m.key {
			return nil, refused("Property '%s' is a key and must not be null", m.name)
		}
		return nil, nil
	}
	var text string
	isText := json.Unmarshal(raw, &text) == nil && len(raw) > 0 && raw[0] == '"'
	bad := refused("Value %s is not a valid %s for property '%s'", raw, m.typeName(version), m.name)
	switch m.kind {
	case edmString:
		if !isText || m.length > 0 && len([]rune(text)) > m.length {
			return nil, bad
		}
		return text, nil
	case edmBool:
		if s := string(raw); s == "true" || s == "false" {
			return s == "true", nil
		}
		return nil, bad
	case edmInt:
		n, err := strconv.ParseInt(string(raw), 10, 32)
		if err != nil {
			return nil, bad
		}
		return n, nil
	case edmDecimal:
		if isText != (version == v2) {
			return nil, bad
		}
		return m.number(strings.Trim(string(raw), `"`))
	}
	if !isText {
		return nil, bad
	}
	v, ok := m.time(version, text)
	if !ok {
		return nil, bad
	}
	return v, nil
}

// number checks digits before and behind the point.
func (m *member) number(text string) (any, error) {
	whole, fraction, _ := strings.Cut(strings.TrimLeft(text, "-"), ".")
	r, ok := new(big.Rat).SetString(text)
	if !ok || strings.ContainsAny(text, "eE/") || len(strings.TrimRight(fraction, "0")) > m.scale || len(strings.TrimLeft(whole, "0")) > m.length-m.scale {
		return nil, refused("Value %s is not a valid Decimal(%d,%d) for property '%s'", text, m.length, m.scale, m.name)
	}
	return decimal(r.FloatString(m.scale)), nil
}

func (m *member) time(version, text string) (any, bool) {
	if version == v4 {
		form := map[byte]string{edmDay: time.DateOnly, edmInstant: time.RFC3339Nano, edmTime: time.TimeOnly}[m.kind]
		t, err := time.Parse(form, text)
		if m.kind == edmTime {
			return t.Sub(t.Truncate(24 * time.Hour)), err == nil
		}
		return t.UTC(), err == nil
	}
	if m.kind == edmTime {
		return clockOf(text)
	}
	parts := ticksForm().FindStringSubmatch(text)
	if parts == nil || (parts[2] != "") != (m.kind == edmInstant) {
		return nil, false
	}
	ms, err := strconv.ParseInt(parts[1], 10, 64)
	t := time.UnixMilli(ms).UTC()
	return t, err == nil && (m.kind != edmDay || t.Equal(t.Truncate(24*time.Hour)))
}

// clockOf reads PT11H50M49S.
func clockOf(text string) (any, bool) {
	if !regexp.MustCompile(`^PT\d{2}H\d{2}M\d{2}S$`).MatchString(text) {
		return nil, false
	}
	d, err := time.ParseDuration(strings.ToLower(text[2:]))
	return d, err == nil && d < 24*time.Hour
}

func (m *member) typeName(version string) string {
	switch m.kind {
	case edmString:
		return fmt.Sprintf("String(%d)", m.length)
	case edmDecimal:
		return fmt.Sprintf("Decimal(%d,%d)", m.length, m.scale)
	case edmBool:
		return "Boolean"
	case edmInt:
		return "Int32"
	case edmInstant:
		return "DateTimeOffset"
	case edmTime:
		return map[string]string{v2: "Time", v4: "TimeOfDay"}[version]
	}
	return map[string]string{v2: "DateTime", v4: "Date"}[version]
}

// show writes a value. A text that was never set is "", in both versions.
func (m *member) show(version string, v any) string {
	switch v := v.(type) {
	case nil:
		if m.kind == edmString {
			return `""`
		}
		return "null"
	case string:
		var out bytes.Buffer
		to := json.NewEncoder(&out)
		to.SetEscapeHTML(false)
		_ = to.Encode(v)
		return strings.TrimSpace(out.String())
	case decimal:
		if version == v4 {
			return string(v)
		}
		return strconv.Quote(trimZeros(string(v)))
	case time.Duration:
		h, min, s := int(v.Hours()), int(v.Minutes())%60, int(v.Seconds())%60
		if version == v4 {
			return fmt.Sprintf(`"%02d:%02d:%02d"`, h, min, s)
		}
		return fmt.Sprintf(`"PT%02dH%02dM%02dS"`, h, min, s)
	case time.Time:
		switch {
		case version == v4 && m.kind == edmDay:
			return strconv.Quote(v.Format(time.DateOnly))
		case version == v4:
			return strconv.Quote(v.Format("2006-01-02T15:04:05.999Z"))
		case m.kind == edmInstant:
			return fmt.Sprintf(`"/Date(%d+0000)/"`, v.UnixMilli())
		}
		return fmt.Sprintf(`"/Date(%d)/"`, v.UnixMilli())
	}
	return plainText(v)
}

func trimZeros(text string) string {
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// compare orders two values of one type; null is before everything.
func compare(a, b any) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	switch a := a.(type) {
	case string:
		return strings.Compare(a, b.(string))
	case time.Time:
		return a.Compare(b.(time.Time))
	case time.Duration:
		return int(min(max(a-b.(time.Duration), -1), 1))
	case int64:
		return int(min(max(a-b.(int64), -1), 1))
	case decimal:
		x, _ := new(big.Rat).SetString(string(a))
		y, _ := new(big.Rat).SetString(string(b.(decimal)))
		return x.Cmp(y)
	case bool:
		return map[bool]int{false: 0, true: 1}[a] - map[bool]int{false: 0, true: 1}[b.(bool)]
	}
	return 0
}

// refused is an error in the words of the system's own messages.
func refused(format string, a ...any) error { return said(fmt.Sprintf(format, a...)) }

type said string

func (s said) Error() string { return string(s) }
