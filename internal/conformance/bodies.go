package conformance

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"strings"
	"time"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/model"
)

// storedOf gives the records of an entity that the main Busbar holds.
func (s *suite) storedOf(entity string) []map[string]any {
	if s.connector.Entity(entity) == nil || !s.wants(entity) {
		return nil
	}
	var out []map[string]any
	for _, r := range s.main.list("/v1/"+entity, nil) {
		out = append(out, r)
	}
	return out
}

// body makes what a record is to be created of: the stand's sample, else the required fields, with values as a stored record has them.
func (s *suite) body(e *manifest.Entity) object {
	s.n++
	if sample := s.Samples[e.Name].Create; sample != nil {
		return sample(s.n, s.storedOf)
	}
	names := e.Operations[manifest.Create].Required
	return s.filled(e.Model.Fields, s.exemplar(e), names)
}

// exemplar is a stored record that has all that is required; nil: none has.
func (s *suite) exemplar(e *manifest.Entity) object {
	for _, r := range s.storedOf(e.Name) {
		if s.hasAll(e, r) {
			return r
		}
	}
	return nil
}

func (s *suite) hasAll(e *manifest.Entity, r object) bool {
	for _, name := range e.Operations[manifest.Create].Required {
		outer, inner, nested := strings.Cut(e.WireName(name), ".")
		v := r[outer]
		if nested {
			list, _ := v.([]any)
			if len(list) == 0 {
				return false
			}
			first, _ := list[0].(map[string]any)
			v = first[inner]
		}
		if v == nil {
			return false
		}
	}
	return true
}

// filled makes an object of the named fields.
func (s *suite) filled(fields []*model.Field, like object, names []string) object {
	out := object{}
	for _, f := range fields {
		if !contains(names, f.Name) {
			continue
		}
		wire := f.WireNames()[0]
		inner := within(f.Name, names)
		if f.Kind == model.List && f.Items != nil && len(inner) > 0 {
			list, _ := like[wire].([]any)
			first := object{}
			if len(list) > 0 {
				first, _ = list[0].(map[string]any)
			}
			out[wire] = []any{map[string]any(s.filled(f.Items.Fields, first, inner))}
			continue
		}
		out[wire] = s.value(f, like[wire])
	}
	return out
}

// within gives the names below a list.
func within(outer string, names []string) (out []string) {
	for _, n := range names {
		if inner, ok := strings.CutPrefix(n, outer+"."); ok {
			out = append(out, inner)
		}
	}
	return out
}

// value makes a value of a field: another text, and anything else as a stored record has it.
func (s *suite) value(f *model.Field, like any) any {
	if (f.Kind == model.String || f.Kind == model.Text) && len(f.Values) == 0 && (f.Name == "name" || f.Name == "code" || f.Name == "number" || like == nil) {
		return s.label()
	}
	if like != nil {
		return bare(f, like)
	}
	switch f.Kind {
	case model.Ref:
		for _, r := range s.storedOf(f.To) {
			return r["id"]
		}
	case model.Enum:
		return f.Values[0].Name
	case model.Boolean:
		return true
	case model.Integer:
		return 1
	case model.Decimal:
		return "1"
	case model.Quantity:
		return map[string]any{"value": "1"}
	case model.Money:
		return map[string]any{"amount": "1.00"}
	case model.Date:
		return s.Clock.Now().AddDate(0, 0, 7).Format(time.DateOnly)
	case model.Instant:
		return s.Clock.Now().UTC().Truncate(time.Second).Format(time.RFC3339)
	}
	return s.label()
}

// label is a text that nobody else writes.
func (s *suite) label() string {
	s.n++
	return fmt.Sprintf("Suite %s %d", s.Clock.Now().UTC().Format("0102-150405"), s.n)
}

// bare leaves out what the API shows beside what can be written.
func bare(f *model.Field, v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	m = maps.Clone(m)
	if f.Kind == model.Quantity {
		delete(m, "unit_code")
	}
	return m
}

// holds says what of a body a record does not show; "" when it shows all.
func holds(given, got any, at string) string {
	switch g := given.(type) {
	case object:
		return holds(map[string]any(g), got, at)
	case map[string]any:
		o, ok := got.(map[string]any)
		if !ok {
			if p, is := got.(object); is {
				o, ok = p, true
			}
		}
		if !ok {
			return at + " is missing"
		}
		for name, v := range g {
			if name == "remote_id" && at != "" {
				continue
			}
			if why := holds(v, o[name], at+"/"+name); why != "" {
				return why
			}
		}
		return ""
	case []any:
		o, ok := got.([]any)
		if !ok || len(o) < len(g) {
			return at + " lacks elements"
		}
		for i := range g {
			if why := holds(g[i], o[i], fmt.Sprintf("%s/%d", at, i)); why != "" {
				return why
			}
		}
		return ""
	}
	if given == nil && got == nil || sameScalar(fmt.Sprint(given), fmt.Sprint(got)) {
		return ""
	}
	return fmt.Sprintf("%s is %v instead of %v", at, got, given)
}

func sameScalar(a, b string) bool {
	if a == b {
		return true
	}
	x, okX := new(big.Rat).SetString(a)
	y, okY := new(big.Rat).SetString(b)
	return okX && okY && x.Cmp(y) == 0
}

// change makes what to change of a record: the stand's sample, else one field whose value the system does not choose.
func (s *suite) change(e *manifest.Entity, r object) object {
	if sample := s.Samples[e.Name].Update; sample != nil {
		return maps.Clone(sample)
	}
	update := e.Operations[manifest.Update]
	for _, prefer := range []string{"notes", "description", "name", ""} {
		for _, f := range e.Model.Fields {
			plain := f.Kind == model.String || f.Kind == model.Text
			when, _ := update.WhenOf(f.Name)
			_, listed := e.Picklists[f.Name]
			if plain && !listed && len(f.Values) == 0 && (prefer == f.Name || prefer == "" && f.Name != "code" && f.Name != "currency") && e.Gives(manifest.Update, f.Name) && when.Holds(r.text("status")) {
				return object{f.Name: s.label()}
			}
		}
	}
	for _, f := range e.Model.Fields {
		when, _ := update.WhenOf(f.Name)
		if f.Kind == model.Date && e.Gives(manifest.Update, f.Name) && when.Holds(r.text("status")) {
			s.n++
			return object{f.Name: s.Clock.Now().AddDate(0, 0, 3+s.n%20).Format(time.DateOnly)}
		}
	}
	return nil
}

// copyOf is a deep copy of a body.
func copyOf(o object) object {
	text, err := json.Marshal(o)
	must(err)
	var out object
	must(json.Unmarshal(text, &out))
	return out
}
