package odata

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/model"
)

// dialect is version 2's notation of times: "/Date(1769905140000)/" for the time that a clock showed, and with an offset in minutes for an instant.
type dialect struct{}

// Scalar implements manifest.Dialect.
func (dialect) Scalar(raw []byte) (plain []byte, ok bool) {
	if len(raw) < 10 || raw[0] != '"' || !bytes.Contains(raw[:min(len(raw), 9)], []byte("/Date(")) {
		return nil, false
	}
	text := text(raw)
	at, ok := fromTicks(text)
	if !ok {
		return nil, false
	}
	return quote(at), true
}

// fromTicks reads "/Date(ms)/" and "/Date(ms+minutes)/".
func fromTicks(text string) (plain string, ok bool) {
	inner, ok := strings.CutPrefix(text, "/Date(")
	if inner, ok2 := strings.CutSuffix(inner, ")/"); ok && ok2 {
		sign := strings.LastIndexAny(inner, "+-")
		if sign <= 0 {
			ms, err := strconv.ParseInt(inner, 10, 64)
			return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.999"), err == nil
		}
		ms, err := strconv.ParseInt(inner[:sign], 10, 64)
		minutes, err2 := strconv.Atoi(inner[sign:])
		zone := time.FixedZone("", minutes*60)
		return time.UnixMilli(ms).In(zone).Format("2006-01-02T15:04:05.999Z07:00"), err == nil && err2 == nil
	}
	return "", false
}

// Wrap implements manifest.Dialect. Version 4 writes the same values plainly: plainly undoes this for it.
func (dialect) Wrap(kind model.Kind, plain []byte) []byte {
	switch value := text(plain); kind {
	case model.Date:
		if t, err := time.Parse(time.DateOnly, value); err == nil {
			return quote("/Date(" + strconv.FormatInt(t.UnixMilli(), 10) + ")/")
		}
	case model.Instant:
		if t, err := time.Parse(time.RFC3339Nano, value); err == nil {
			return quote("/Date(" + strconv.FormatInt(t.UnixMilli(), 10) + "+0000)/")
		}
	}
	return plain
}

// plainly gives a value that Wrap made as version 4 writes it.
func plainly(raw []byte) []byte {
	plain, ok := dialect{}.Scalar(raw)
	if !ok {
		return raw
	}
	if day, found := bytes.CutSuffix(plain, []byte(`T00:00:00"`)); found {
		return append(bytes.Clone(day), '"')
	}
	return plain
}

func quote(text string) []byte {
	raw, err := json.Marshal(text)
	if err != nil {
		return []byte("null")
	}
	return raw
}
