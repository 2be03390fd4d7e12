package mapping

import (
	"slices"
	"strings"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
	"github.com/busbar-dev/busbar/model"
	"github.com/busbar-dev/busbar/model/unit"
)

// money writes an amount. One that comes without a currency keeps the one it has, else takes the header's. Where the system keeps none with the amount, the
// currency must be the one that the amount has anyway.
func (u *unmapper) money(v rawjson.Value, m *manifest.FieldMap, out *tree, at string) {
	if !u.isObject(v, at) {
		return
	}
	u.exact(v, m.Parts["amount"], "amount", model.Money, out, at)
	currency, now, part := v.Get("currency"), u.now(m.Field.Name).Get("currency"), m.Parts["currency"]
	if currency.Kind() == rawjson.Missing && !given(now) {
		currency = u.header("currency")
	}
	switch {
	case part == nil:
		u.same(currency, u.header("currency"), at)
	case part.Const != "":
		u.constant(v.Get("currency"), part.Const, at+"/currency")
	case part.From[0].Settable() && currency.Kind() != rawjson.Missing:
		u.part(currency, &model.Field{Name: "currency", Kind: model.String}, part, out, at+"/currency")
	case !part.From[0].Settable() && given(now):
		u.same(currency, now, at)
	case !part.From[0].Settable():
		u.same(currency, u.header("currency"), at)
	}
	u.only(v, at, "amount", "currency")
}

// same refuses a currency that is not the one which an amount has anyway.
func (u *unmapper) same(currency, anyway rawjson.Value, at string) {
	header := u.mapper.entity.Field("currency")
	switch {
	case !given(currency):
	case given(anyway) && !strings.EqualFold(string(currency.Raw()), string(anyway.Raw())):
		u.fault(at+"/currency", "amounts of this record are in %s", anyway.Raw())
	case !given(anyway) && header != nil && header.Writable():
		u.fault(at+"/currency", "this system keeps one currency for the whole record; give the record's currency too")
	}
}

// quantity writes a value and its unit. One that comes without a unit keeps the one it has; the system gives a new one that of its item.
func (u *unmapper) quantity(v rawjson.Value, m *manifest.FieldMap, out *tree, at string) {
	if !u.isObject(v, at) {
		return
	}
	u.exact(v, m.Parts["value"], "value", model.Quantity, out, at)
	measure, now, part := v.Get("unit"), u.now(m.Field.Name), m.Parts["unit"]
	switch {
	case part != nil && part.Const != "":
		u.constant(measure, part.Const, at+"/unit")
	case part != nil && part.From[0].Settable() && measure.Kind() != rawjson.Missing:
		u.part(measure, &model.Field{Name: "unit", Kind: model.String}, part, out, at+"/unit")
	case (part == nil || !part.From[0].Settable()) && given(measure) && string(measure.Raw()) != string(now.Get("unit").Raw()):
		u.flaw(NotWritable, at+"/unit", "this system has no unit of its own here; leave it out")
	}
	u.unitCode(v, now, at)
	u.only(v, at, "value", "unit", "unit_code")
}

// unitCode refuses a code that does not belong to the unit: it follows from it.
func (u *unmapper) unitCode(v, now rawjson.Value, at string) {
	code, measure := v.Get("unit_code"), v.Get("unit")
	if measure.Kind() == rawjson.Missing {
		measure = now.Get("unit")
	}
	if !given(code) {
		return
	}
	if want, ok := unit.Code(plainText(measure)); !ok || plainText(code) != want {
		u.fault(at+"/unit_code", "the code follows from the unit; give the unit in the system's own word")
	}
}

// exact writes the number of a money or quantity value.
func (u *unmapper) exact(v rawjson.Value, p *manifest.Part, name string, kind model.Kind, out *tree, at string) {
	number := v.Get(name)
	if p.Const != "" {
		u.constant(number, p.Const, at+pointerTo(name))
		return
	}
	if number.Kind() == rawjson.Missing && u.patch != nil { // the rest of the value is patched
		return
	}
	if !given(number) {
		u.put(out, p.From[0], []byte("null"), at)
		return
	}
	decimal := &manifest.FieldMap{Field: &model.Field{Name: name, Kind: model.Decimal}}
	if plain, ok := u.plain(number, decimal, at+pointerTo(name)); ok {
		u.typed(plain, kind, "", p.From[0], out, at+pointerTo(name))
	}
}

// only refuses members that a value does not have.
func (u *unmapper) only(v rawjson.Value, at string, names ...string) {
	for e := v.First(); e.Kind() != rawjson.Missing; e = e.Next() {
		if !slices.Contains(names, string(e.Name())) {
			u.flaw(NoField, at+pointerTo(string(e.Name())), "the model has no such field to write")
		}
	}
}
