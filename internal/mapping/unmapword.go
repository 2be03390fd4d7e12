package mapping

import (
	"strings"

	"github.com/busbar-dev/busbar/internal/manifest"
	"github.com/busbar-dev/busbar/internal/rawjson"
	"github.com/busbar-dev/busbar/model"
)

// word writes the source's word for one of the model's closed list.
func (u *unmapper) word(v rawjson.Value, m *manifest.FieldMap, out *tree, at string) {
	text, ok := u.text(v, at)
	if !ok {
		return
	}
	if source, ok := sourceWord(m, text); ok {
		u.sourceWord(source, m, out, at)
		return
	}
	u.fault(at, "this system has no word for %s; it has %s", excerpt(text), strings.Join(knownWords(m), ", "))
}

func (u *unmapper) sourceWord(word string, m *manifest.FieldMap, out *tree, at string) {
	if m.Inverse != "" {
		u.inverseOf(word, m, out, at)
		return
	}
	raw, err := rawjson.Quote(nil, word)
	if err != nil {
		u.fault(at, "%s", err)
		return
	}
	u.typed(raw, model.String, m.As, m.From[0], out, at)
}

// sourceWord gives the first row's word for a word of the model.
func sourceWord(m *manifest.FieldMap, name string) (string, bool) {
	for _, r := range m.Values {
		if r.Name == name {
			return r.Source, true
		}
	}
	return "", false
}

// modelWord gives the word of the model for a source's word.
func modelWord(m *manifest.FieldMap, source string) string {
	for _, r := range m.Values {
		if r.Source == source {
			return r.Name
		}
	}
	return "other"
}

func knownWords(m *manifest.FieldMap) []string {
	var names []string
	for _, v := range m.Field.Values {
		if _, ok := sourceWord(m, v.Name); ok {
			names = append(names, v.Name)
		}
	}
	return names
}

// enum writes the source's word if it is given, else the word for the normalised one. Both must agree. name is the member at hand:
// when both are given the source's word writes for both.
func (u *unmapper) enum(around rawjson.Value, m *manifest.FieldMap, name string, out *tree, at string) {
	normalised, source := around.Get(m.Field.Name), around.Get(m.Field.Name+"_source")
	both := given(normalised) && given(source)
	switch {
	case name == m.Field.Name && both: // the source's word comes by itself
	case both || name != m.Field.Name && given(source):
		u.source(normalised, source, m, out, at+pointerTo(name))
	case name == m.Field.Name && given(normalised):
		u.word(normalised, m, out, at+pointerTo(name))
	case !given(normalised) && !given(source):
		u.null(m, out, at+pointerTo(name))
	}
}

func given(v rawjson.Value) bool { return v.Kind() != rawjson.Missing && v.Kind() != rawjson.Null }

func (u *unmapper) source(normalised, source rawjson.Value, m *manifest.FieldMap, out *tree, at string) {
	word, ok := u.text(source, at)
	if !ok {
		return
	}
	if given(normalised) {
		if name, ok := u.text(normalised, at); ok && name != modelWord(m, word) {
			u.fault(at, "%s is %s in this system, not %s", excerpt(word), modelWord(m, word), name)
			return
		}
	}
	u.sourceWord(word, m, out, at)
}
