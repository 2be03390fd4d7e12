package mapping

import (
	"slices"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
	"github.com/busbar-dev/busbar/model"
)

// money writes an amount. Its currency must be the one that the amount has in the system: of the mapping, else of the header.
func (u *unmapper) money(v rawjson.Value, m *manifest.FieldMap, out *tree, at string) {
	if !u.isObject(v, at) {
		return
	}
	u.exact(v, m.Parts["amount"], "amount", model.Money, out, at)
	currency, header := v.Get("currency"), u.record.Get("currency")
	part := m.Parts["currency"]
	if part != nil && part.Const == "" && !part.From[0].Settable() {
		part = nil
	}
	switch {
	case part != nil && part.Const != "":
		u.constant(currency, part.Const, at+"/currency")
	case part != nil && currency.Kind() != rawjson.Missing:
		u.part(currency, &model.Field{Name: "currency", Kind: model.String}, part, out, at+"/currency")
	case part == nil && given(currency) && given(header) && string(currency.Raw()) != string(header.Raw()):
		u.fault(at+"/currency", "amounts of this record are in %s", header.Raw())
	}
	u.only(v, at, "amount", "currency")
}

// quantity writes a value and its unit.
func (u *unmapper) quantity(v rawjson.Value, m *manifest.FieldMap, out *tree, at string) {
	if !u.isObject(v, at) {
		return
	}
	u.exact(v, m.Parts["value"], "value", model.Quantity, out, at)
	unit, part := v.Get("unit"), m.Parts["unit"]
	switch {
	case part != nil && part.Const != "":
		u.constant(unit, part.Const, at+"/unit")
	case part != nil && unit.Kind() != rawjson.Missing:
		u.part(unit, &model.Field{Name: "unit", Kind: model.String}, part, out, at+"/unit")
	case part == nil && given(unit):
		u.fault(at+"/unit", "this system has no unit here")
	}
	u.only(v, at, "value", "unit", "unit_code")
}

// exact writes the number of a money or quantity value.
func (u *unmapper) exact(v rawjson.Value, p *manifest.Part, name string, kind model.Kind, out *tree, at string) {
	number := v.Get(name)
	if p.Const != "" {
		u.constant(number, p.Const, at+pointerTo(name))
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
			u.fault(at+pointerTo(string(e.Name())), "the model has no such field to write")
		}
	}
}
