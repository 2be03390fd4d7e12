package odoorpc

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/busbar-dev/busbar/model"
)

// dialect is how Odoo takes scalars: times in UTC without T or zone, ids and amounts as numbers. How it gives them is undone where the type of a field is known, for a text
// that looks like a time stays a text.
type dialect struct{}

const (
	odooTime  = "2006-01-02 15:04:05"
	plainTime = "2006-01-02T15:04:05.999999Z07:00"
)

// parseTime reads the JSON text of a time of Odoo.
func parseTime(raw []byte) (time.Time, bool) {
	text, ok := unquote(raw)
	if !ok {
		return time.Time{}, false
	}
	t, err := time.ParseInLocation(odooTime, text, time.UTC) // a fraction behind the seconds is taken too
	return t, err == nil
}

// Scalar implements manifest.Dialect: what reaches the mapping is plain.
func (dialect) Scalar([]byte) (plain []byte, ok bool) { return nil, false }

// Wrap implements manifest.Dialect. Values that do not look like their kind stay as they are: Odoo says what is wrong with them.
func (dialect) Wrap(kind model.Kind, plain []byte) []byte {
	text, isText := unquote(plain)
	if !isText {
		return plain
	}
	switch kind {
	case model.Decimal, model.Money, model.Quantity:
		if json.Valid([]byte(text)) {
			return []byte(text)
		}
	case model.Ref, model.Refs:
		if id, err := strconv.ParseInt(text, 10, 64); err == nil {
			return strconv.AppendInt(nil, id, 10)
		}
	case model.Instant:
		if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
			return strconv.AppendQuote(nil, t.UTC().Format(odooTime))
		}
	}
	return plain
}

func unquote(raw []byte) (text string, ok bool) {
	ok = len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, &text) == nil
	return text, ok
}
