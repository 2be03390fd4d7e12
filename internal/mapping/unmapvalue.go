package mapping

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr"
	"github.com/go-json-experiment/json"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
	"github.com/busbar-dev/busbar/model"
)

// scalar writes a value of a plain kind.
func (u *unmapper) scalar(v rawjson.Value, m *manifest.FieldMap, out *tree, at string) {
	if len(m.Values) > 0 {
		u.word(v, m, out, at)
		return
	}
	if plain, ok := u.plain(v, m, at); ok {
		u.typed(plain, m.Field.Kind, m.As, m.From[0], out, at)
	}
}

// plain checks a value of a plain kind, and gives it as a JSON scalar.
func (u *unmapper) plain(v rawjson.Value, m *manifest.FieldMap, at string) (raw []byte, ok bool) {
	kind := m.Field.Kind
	switch kind {
	case model.Boolean:
		if v.Kind() != rawjson.True && v.Kind() != rawjson.False {
			u.fault(at, "true or false is wanted, this is %s", describe(v.Kind()))
			return nil, false
		}
		return v.Raw(), true
	case model.Integer:
		c := newCall(u.mapper)
		if v.Kind() != rawjson.Number {
			u.fault(at, "a whole number is wanted, this is %s", describe(v.Kind()))
		} else if err := writeInteger(c, scalar{kind: rawjson.Number, raw: v.Raw()}); err != nil {
			u.fault(at, "%s", err)
		}
		return c.out, len(c.out) > 0
	}
	text, ok := u.text(v, at)
	if !ok {
		return nil, false
	}
	if kind == model.Duration && m.Unit != "" {
		return u.counted(text, m.Unit, at)
	}
	c := newCall(u.mapper)
	c.env.Zone = time.UTC
	to, wanted := written(m.Field)
	if err := to(c, scalar{rawjson.String, v.Raw(), v.Escaped()}); err != nil {
		u.fault(at, "%s", err)
		return nil, false
	}
	if c.nullSince(0) {
		u.fault(at, "%s is wanted, this is %s", wanted, excerpt(text))
		return nil, false
	}
	return c.out, true
}

// written gives the conversion of a text that is to be written; it makes null of what is not wanted.
func written(f *model.Field) (to convert, wanted string) {
	switch {
	case f.Kind == model.String && f.Name == "currency":
		return writeCurrency, "an ISO 4217 code such as EUR"
	case f.Kind == model.String && f.Name == "country":
		return writeCountry, "an ISO 3166-1 alpha-2 code such as AT"
	}
	return converter(f.Kind), ""
}

// text wants a string.
func (u *unmapper) text(v rawjson.Value, at string) (string, bool) {
	if v.Kind() != rawjson.String {
		u.fault(at, "a text is wanted, this is %s", describe(v.Kind()))
		return "", false
	}
	text, err := newCall(u.mapper).textOf(scalar{rawjson.String, v.Raw(), v.Escaped()})
	if err != nil {
		u.fault(at, "%s", err)
	}
	return string(text), err == nil
}

func (u *unmapper) counted(text, unit, at string) ([]byte, bool) {
	seconds, err := secondsOf(text)
	if err != nil {
		u.fault(at, "%s", err)
		return nil, false
	}
	return countOf(seconds, unit), true
}

// typed writes a plain scalar as the system wants it: as the manifest says, else in the protocol's notation, else exact
// numbers as numbers and ids as texts.
func (u *unmapper) typed(plain []byte, kind model.Kind, as string, p manifest.Path, out *tree, at string) {
	number := plain
	if plain[0] == '"' {
		number = plain[1 : len(plain)-1]
	}
	exact := kind == model.Decimal || kind == model.Money || kind == model.Quantity
	if as == "" && exact {
		as = u.mapper.decimals
	}
	switch {
	case as == "number":
		if plain = number; plainScalar(number).kind != rawjson.Number || rawjson.Valid(number) != nil {
			u.fault(at, "this system wants a number, this is %s", excerpt(number))
			return
		}
	case as == "text":
		plain = []byte(`"` + string(number) + `"`)
	case u.mapper.dialect != nil && kind == model.Quantity:
		plain = u.mapper.dialect.Wrap(kind, number)
	case u.mapper.dialect != nil:
		plain = u.mapper.dialect.Wrap(kind, plain)
	case exact:
		plain = number
	}
	u.put(out, p, plain, at)
}

// inverse lets the manifest's expression make members of the source; of a reference it gets the remote id. Objects are put together member by member, so that several fields
// may write into one.
func (u *unmapper) inverse(v rawjson.Value, m *manifest.FieldMap, out *tree, at string, around rawjson.Value) {
	value := decode(v)
	if m.Field.Kind == model.Ref && v.Kind() != rawjson.Null {
		remote, ok := u.remote(v, u.entityOf(m, at, around), at)
		if !ok {
			return
		}
		value = remote
	}
	u.inverseOf(value, m, out, at)
}

// inverseOf puts what the manifest's expression makes of a value.
func (u *unmapper) inverseOf(value any, m *manifest.FieldMap, out *tree, at string) {
	program, err := manifest.WriteExpression(m.Inverse)
	if err != nil {
		u.fault(at, "%s", err)
		return
	}
	result, err := expr.Run(program, manifest.Writing{Value: value, Record: u.whole()})
	if err != nil {
		message, _, _ := strings.Cut(err.Error(), "\n")
		u.fault(at, "the inverse expression: %s", message)
		return
	}
	members, ok := result.(map[string]any)
	if !ok {
		u.fault(at, "the inverse expression gives no object of source members")
		return
	}
	u.putAll(out, nil, members, at)
}

// putAll writes the members of an object, and those of the objects in it.
func (u *unmapper) putAll(out *tree, around manifest.Path, members map[string]any, at string) {
	for _, name := range slices.Sorted(maps.Keys(members)) {
		p := append(slices.Clone(around), name)
		if inner, ok := members[name].(map[string]any); ok && len(inner) > 0 {
			u.putAll(out, p, inner, at)
			continue
		}
		raw, err := json.Marshal(members[name], json.Deterministic(true))
		if err != nil {
			u.fault(at, "the inverse expression: %s", err)
			return
		}
		if len(p) == 1 {
			u.put(out, p, raw, at)
		} else if err := out.set(p, raw); err != nil { // a name below may look like a position
			u.fault(at, "%s", err)
		}
	}
}
