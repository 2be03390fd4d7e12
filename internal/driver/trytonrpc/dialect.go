package trytonrpc

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/model"
)

// dialect is Tryton's notation of scalars that JSON lacks: {"__class__": "Decimal", "decimal": "12.50"} and the like. Its times
// are UTC.
type dialect struct{}

type wrapped struct {
	Class       string  `json:"__class__"`
	Decimal     string  `json:"decimal"`
	Year        int     `json:"year"`
	Month       int     `json:"month"`
	Day         int     `json:"day"`
	Hour        int     `json:"hour"`
	Minute      int     `json:"minute"`
	Second      int     `json:"second"`
	Microsecond int     `json:"microsecond"`
	Seconds     float64 `json:"seconds"`
	Base64      string  `json:"base64"`
}

func parseWrapped(raw []byte) (w wrapped, ok bool) {
	if len(raw) == 0 || raw[0] != '{' || !bytes.Contains(raw, []byte(`"__class__"`)) {
		return w, false
	}
	return w, json.Unmarshal(raw, &w) == nil
}

// Scalar implements manifest.Dialect: a Decimal and a time become texts, a timedelta an ISO 8601 duration.
func (dialect) Scalar(raw []byte) (plain []byte, ok bool) {
	w, ok := parseWrapped(raw)
	if !ok {
		return nil, false
	}
	switch w.Class {
	case "Decimal":
		return quote(w.Decimal), true
	case "date":
		return quote(w.time().Format(time.DateOnly)), true
	case "datetime":
		return quote(w.time().Format("2006-01-02T15:04:05.999999Z07:00")), true
	case "time":
		return quote(w.time().Format("15:04:05.999999")), true
	case "timedelta":
		return quote("PT" + strconv.FormatFloat(w.Seconds, 'f', -1, 64) + "S"), true
	case "bytes":
		return quote(strings.ReplaceAll(w.Base64, "\n", "")), true
	}
	return nil, false
}

func (w wrapped) time() time.Time {
	return time.Date(w.Year, time.Month(w.Month), w.Day, w.Hour, w.Minute, w.Second, w.Microsecond*1000, time.UTC)
}

func parseDatetime(raw []byte) (time.Time, bool) {
	w, ok := parseWrapped(raw)
	return w.time(), ok && w.Class == "datetime"
}

// Wrap implements manifest.Dialect. Values that do not look like their kind stay as they are: Tryton says what is wrong with them.
func (dialect) Wrap(kind model.Kind, plain []byte) []byte {
	text, isText := unquote(plain)
	switch kind {
	case model.Decimal, model.Money:
		if !isText {
			text = string(plain)
		}
		return marshal(map[string]any{"__class__": "Decimal", "decimal": text}, plain)
	case model.Ref, model.Refs:
		if id, err := strconv.ParseInt(text, 10, 64); err == nil {
			return strconv.AppendInt(nil, id, 10)
		}
	case model.Date:
		if t, err := time.Parse(time.DateOnly, text); err == nil {
			return marshal(date(t), plain)
		}
	case model.Instant:
		if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
			return marshal(datetime(t), plain)
		}
	}
	return plain
}

func date(t time.Time) map[string]any {
	t = t.UTC()
	return map[string]any{"__class__": "date", "year": t.Year(), "month": int(t.Month()), "day": t.Day()}
}

func datetime(t time.Time) map[string]any {
	t = t.UTC()
	return map[string]any{"__class__": "datetime", "year": t.Year(), "month": int(t.Month()), "day": t.Day(),
		"hour": t.Hour(), "minute": t.Minute(), "second": t.Second(), "microsecond": t.Nanosecond() / 1000}
}

func unquote(plain []byte) (text string, ok bool) {
	ok = json.Unmarshal(plain, &text) == nil
	return text, ok
}

func quote(text string) []byte { return marshal(text, nil) }

func marshal(v any, otherwise []byte) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		return otherwise
	}
	return raw
}
