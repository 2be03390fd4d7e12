package model

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/google/uuid"
	"golang.org/x/text/currency"
)

var (
	decimalText  = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`)
	integerText  = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)
	durationText = regexp.MustCompile(`^P(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$`)
)

// checkExamples checks that every field has an example and that the example is a value of its kind.
func (c *checker) checkExamples() {
	for _, i := range c.m.Kinds {
		c.examples(i.Fields, string(i.Kind)+".fields")
		c.kindExample(i)
	}
	c.examples(c.m.Record, "fields")
	for _, e := range c.m.Entities {
		c.examples(e.Fields, "fields")
	}
}

func (c *checker) kindExample(i *KindInfo) {
	f := &Field{Kind: i.Kind}
	if slices.Contains([]Kind{Enum, Object, List}, i.Kind) {
		return
	}
	if mend := c.invalid(f, []byte(i.Example)); mend != "" {
		c.problems.add(place{kindsFile, 1}, string(i.Kind), "has the example "+i.Example, mend)
	}
}

func (c *checker) examples(fields []*Field, path string) {
	for _, f := range fields {
		c.fieldExample(f, path+"."+f.Name)
	}
}

func (c *checker) fieldExample(f *Field, path string) {
	c.examples(f.Fields, path)
	if f.Items != nil {
		c.fieldExample(f.Items, path+".items")
	}
	if f.Example == "" {
		c.problems.add(f.at, path, "has no example", "add a realistic one")
		return
	}
	if f.Example == "null" && !f.Required {
		return
	}
	if mend := c.invalid(f, []byte(f.Example)); mend != "" {
		c.problems.add(f.at, path, "has the example "+f.Example, mend)
	}
}

// invalid tells how to mend a JSON text that is not a value of the field; "" when it is one.
func (c *checker) invalid(f *Field, value []byte) string {
	switch f.Kind {
	case Boolean:
		return unless(string(value) == "true" || string(value) == "false", "write true or false")
	case Integer:
		return unless(integerText.Match(value), "write a number without fraction")
	case Map:
		return unless(as[map[string]any](value, nil), "write an object")
	case Refs:
		return unless(as(value, func(ids []string) bool { return !slices.ContainsFunc(ids, notID) }), "write a list of ids")
	case List:
		return c.invalidList(f, value)
	case Object:
		return c.invalidObject(f.Fields, value)
	case Money, Quantity, Address, Contact, Link:
		return c.invalidObject(c.m.Kind(f.Kind).Fields, value)
	}
	var s string
	if json.Unmarshal(value, &s) != nil {
		return "quote it"
	}
	return invalidText(f, s)
}

func invalidText(f *Field, s string) string {
	switch f.Kind {
	case Decimal:
		return unless(decimalText.MatchString(s), `write a decimal in quotes: "12.50"`)
	case Instant:
		_, err := time.Parse(time.RFC3339Nano, s)
		return unless(err == nil && s[len(s)-1] == 'Z', "write an instant in UTC: 2026-11-03T08:15:00Z")
	case Date:
		_, err := time.Parse(time.DateOnly, s)
		return unless(err == nil, "write a date: 2026-11-03")
	case Duration:
		return unless(durationText.MatchString(s) && s != "P" && s[len(s)-1] != 'T', "write an ISO 8601 duration: P2DT4H")
	case Ref:
		return unless(!notID(s), "write an id, or leave it out")
	}
	if f.Format == "uuid" {
		return unless(!notID(s), "write an id")
	}
	if f.Name == "currency" {
		_, err := currency.ParseISO(s)
		return unless(err == nil, "write an ISO 4217 code: EUR")
	}
	return unless(f.Values == nil || slices.ContainsFunc(f.Values, func(v EnumValue) bool { return v.Name == s }), "write one of the values")
}

func (c *checker) invalidList(f *Field, value []byte) string {
	var elements []json.RawMessage
	if json.Unmarshal(value, &elements) != nil {
		return "write a list"
	}
	item := *f.Items
	if f.Identified {
		item.Fields = append(f.ownFields(), item.Fields...)
	}
	for _, e := range elements {
		if mend := c.invalid(&item, e); mend != "" {
			return mend
		}
	}
	return ""
}

// invalidObject checks the members that a value names; it must name the required ones.
func (c *checker) invalidObject(fields []*Field, value []byte) string {
	var got map[string]json.RawMessage
	if json.Unmarshal(value, &got) != nil {
		return "write an object"
	}
	for _, f := range fields {
		if f.Required && got[f.Name] == nil {
			return "add the member " + f.Name
		}
	}
	for _, member := range slices.Sorted(maps.Keys(got)) {
		v := got[member]
		i := slices.IndexFunc(fields, func(f *Field) bool { return slices.Contains(f.WireNames(), member) })
		if i < 0 {
			return "remove the unknown member " + member
		}
		source := fields[i].WireNames()[0] != member
		if source || string(v) == "null" && !fields[i].Required {
			continue
		}
		if mend := c.invalid(fields[i], v); mend != "" {
			return member + ": " + mend
		}
	}
	return ""
}

func unless(ok bool, mend string) string {
	if ok {
		return ""
	}
	return mend
}

// as tells whether a JSON text is a T that satisfies also.
func as[T any](value []byte, also func(T) bool) bool {
	var v T
	return json.Unmarshal(value, &v) == nil && (also == nil || also(v))
}

func notID(s string) bool { return uuid.Validate(s) != nil }
