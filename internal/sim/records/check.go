package records

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Flaw is why something is refused.
type Flaw struct {
	Code   string // one of the constants below, or the system's own
	Field  string // path of the member; "": the record
	Detail string
}

func (f *Flaw) Error() string { return f.Code + " " + f.Field + ": " + f.Detail }

// Why what people send is refused.
const (
	BadBody  = "BAD_BODY"
	Unknown  = "UNKNOWN_FIELD"
	ReadOnly = "READ_ONLY"
	Required = "REQUIRED"
	BadValue = "INVALID_VALUE"
	NoSuch   = "UNKNOWN_REFERENCE"
	Taken    = "DUPLICATE"
)

// decode reads JSON with its numbers as they are written.
func decode(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d.Decode(into)
}

// Parse reads what people sent as an object.
func Parse(text []byte) (Record, error) {
	var r Record
	if err := decode(text, &r); err != nil || r == nil {
		return nil, &Flaw{Code: BadBody, Detail: "The body is not a JSON object."}
	}
	return r, nil
}

// Merge lays what people sent over a record of the table: nil is one that is made. The old one stays as it is.
func (x *Tx) Merge(table string, old, sent Record) (Record, error) {
	t := x.store.byName[table]
	r, err := x.merge(t.Members, old, sent, "")
	if err != nil {
		return nil, err
	}
	return r, x.unique(t, r)
}

func (x *Tx) merge(members []Member, old, sent Record, at string) (Record, error) {
	made := old == nil
	r := Clone(old)
	for _, name := range slices.Sorted(maps.Keys(sent)) {
		i := slices.IndexFunc(members, func(m Member) bool { return m.Name == name })
		if i < 0 {
			return nil, &Flaw{Unknown, at + name, "There is no member " + strconv.Quote(name) + "."}
		}
		if err := x.set(r, members[i], sent[name], at, made); err != nil {
			return nil, err
		}
	}
	for _, m := range members {
		if made && r[m.Name] == nil && m.start != nil {
			r[m.Name] = m.start
		}
		if m.need && r[m.Name] == nil {
			return nil, &Flaw{Required, at + m.Name, m.Name + " must be given."}
		}
	}
	return r, nil
}

// set takes one member of what was sent.
func (x *Tx) set(r Record, m Member, value any, at string, made bool) error {
	field := at + m.Name
	switch {
	case m.own && !reflect.DeepEqual(value, r[m.Name]):
		return &Flaw{ReadOnly, field, m.Name + " is set by the system."}
	case m.fixed && !made && !reflect.DeepEqual(value, r[m.Name]):
		return &Flaw{ReadOnly, field, m.Name + " does not change any more."}
	case m.own:
		return nil
	case value == nil:
		r[m.Name] = nil
		return nil
	}
	taken, err := x.take(m, r[m.Name], value, field)
	if err == nil {
		r[m.Name] = taken
	}
	return err
}

var (
	exact = regexp.MustCompile(`^-?\d{1,18}(\.\d{1,9})?$`)
	whole = regexp.MustCompile(`^-?\d{1,15}$`)
)

// take checks a value and gives it as the record keeps it.
func (x *Tx) take(m Member, old, value any, field string) (any, error) {
	bad := func(want string) error { return &Flaw{BadValue, field, m.Name + " must be " + want + "."} }
	text, isText := value.(string)
	number, isNumber := value.(json.Number)
	switch m.Kind {
	case KindText:
		if !isText || len(text) > 20000 {
			return nil, bad("text")
		}
	case KindNumber:
		if !isNumber || !exact.MatchString(number.String()) {
			return nil, bad("a number")
		}
	case KindCount:
		if !isNumber || !whole.MatchString(number.String()) {
			return nil, bad("a whole number")
		}
	case KindAny:
		return cloned(value), nil
	case KindBool:
		if _, ok := value.(bool); !ok {
			return nil, bad("true or false")
		}
	case KindWord:
		if word := orText(text, idOf(value)); !slices.Contains(m.Words, word) {
			return nil, bad("one of " + strings.Join(m.Words, ", "))
		}
	case KindTime:
		t, ok := x.store.opts.ReadTime(text)
		if !ok {
			return nil, bad("a time")
		}
		return stamp(t.Truncate(time.Millisecond)), nil
	case KindDay:
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			return nil, bad("a day like 2026-11-20")
		}
	case KindRef:
		if !isNumber || x.Get(m.Of, number.String()) == nil {
			return nil, &Flaw{NoSuch, field, "There is no such record in " + m.Of + "."}
		}
	default:
		return x.takeMany(m, old, value, field)
	}
	return value, nil
}

func orText(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// takeMany checks an object or a list.
func (x *Tx) takeMany(m Member, old, value any, field string) (any, error) {
	if m.Kind == KindObject {
		sent, ok := value.(Record)
		if !ok {
			return nil, &Flaw{BadValue, field, m.Name + " must be an object."}
		}
		before, _ := old.(Record)
		merged, err := x.merge(m.Members, before, sent, field+".")
		if err != nil || isNothing(merged) {
			return nil, err
		}
		return merged, nil
	}
	list, ok := value.([]any)
	if !ok {
		return nil, &Flaw{BadValue, field, m.Name + " must be a list."}
	}
	taken := make([]any, len(list))
	var err error
	for i, e := range list {
		at := field + "[" + strconv.Itoa(i) + "]"
		switch {
		case m.Kind == KindList:
			taken[i], err = x.takeRow(m, old, e, at)
		case m.Kind == KindRefs:
			taken[i], err = x.take(Member{Name: m.Name, Kind: KindRef, Of: m.Of}, nil, e, at)
		default:
			taken[i], err = x.take(Text(m.Name), nil, e, at)
		}
		if err != nil {
			return nil, err
		}
	}
	return taken, nil
}

// takeRow checks an element of a list: one with an id is the record's own, and what is not sent of it stays.
func (x *Tx) takeRow(m Member, old, value any, at string) (any, error) {
	sent, ok := value.(Record)
	if !ok {
		return nil, &Flaw{BadValue, at, "Each element must be an object."}
	}
	if m.plain {
		return x.merge(m.Members, nil, sent, at+".")
	}
	var before Record
	if id := idOf(sent["id"]); id != "" {
		if before = Line(old, id); before == nil {
			return nil, &Flaw{NoSuch, at + ".id", "The list has no element " + id + "."}
		}
	}
	row, err := x.merge(m.Members, before, sent, at+".")
	if err == nil && before == nil {
		row["id"] = x.nextLine()
	}
	return row, err
}

// Line finds the element of a list with that id, or nil.
func Line(list any, id string) Record {
	rows, _ := list.([]any)
	for _, e := range rows {
		if r, ok := e.(Record); ok && idOf(r["id"]) == id {
			return r
		}
	}
	return nil
}

// unique refuses a record that has what another one has already.
func (x *Tx) unique(t *Table, r Record) error {
	for _, m := range t.Members {
		if !m.unique || r[m.Name] == nil {
			continue
		}
		for _, other := range t.rows {
			same := other.Record[m.Name] == r[m.Name] && other.ID != idOf(r["id"])
			if same && x.Get(t.Name, other.ID) != nil {
				return &Flaw{Taken, m.Name, "There is one with that " + m.Name + " already: " + other.ID + "."}
			}
		}
	}
	return nil
}

// isNothing tells an object of which nothing is left.
func isNothing(r Record) bool {
	for _, v := range r {
		if v != nil {
			return false
		}
	}
	return true
}
