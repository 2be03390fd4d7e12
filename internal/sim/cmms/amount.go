package cmms

import (
	"encoding/json"
	"math/big"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/sim/records"
)

func num(text string) json.Number { return json.Number(text) }

// exactly reads a number of a record; nothing is 0.
func exactly(v any) *big.Rat {
	n, _ := v.(json.Number)
	r, ok := new(big.Rat).SetString(n.String())
	if !ok {
		return new(big.Rat)
	}
	return r
}

// money writes an amount, rounded to cents.
func money(r *big.Rat) json.Number { return trimmed(r.FloatString(2)) }

// plain writes a quantity with as many digits as it has, three at most.
func plain(r *big.Rat) json.Number {
	return trimmed(r.FloatString(3))
}

// trimmed leaves out the zeros that JSON numbers do not need.
func trimmed(text string) json.Number {
	if strings.Contains(text, ".") {
		text = strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
	}
	return json.Number(text)
}

// to gives the id that a link leads to, "" where it leads nowhere.
func to(r records.Record, name string) string {
	l, _ := r[name].(records.Record)
	n, _ := l["id"].(json.Number)
	return n.String()
}

func linkTo(id string) records.Record { return records.Record{"id": json.Number(id)} }

// rows gives the elements of a list.
func rows(r records.Record, name string) []records.Record {
	list, _ := r[name].([]any)
	out := make([]records.Record, len(list))
	for i, e := range list {
		out[i] = e.(records.Record)
	}
	return out
}

// member gives an object of a record, which is made where there is none.
func member(r records.Record, name string) records.Record {
	o, ok := r[name].(records.Record)
	if !ok {
		o = records.Record{}
		r[name] = o
	}
	return o
}

// nextDay is the day after a day.
func nextDay(v any) string {
	text, _ := v.(string)
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return "2026-01-01"
	}
	return t.AddDate(0, 0, 1).Format(time.DateOnly)
}
