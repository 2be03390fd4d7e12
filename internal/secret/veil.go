package secret

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
)

// A mark stands in place of a secret in what is kept, and says which secret it was in which notation. What looks like the beginning of one in the data themselves is followed by an end.
const (
	markBegins, markEnds = "\ue000", "\ue001"
	aNumber              = markBegins + "=" + markEnds // begins the text of a number
)

var mark = regexp.MustCompile(markBegins + `(?:=|([0-9]+)\.([^` + markEnds + `]*))?` + markEnds)

// Veil covers secrets in JSON that is kept for work to go on with: marks stand in their place, from which whoever has the secrets gets back what it was, and from which nobody else learns them. The zero Veil covers nothing.
type Veil struct {
	secrets Credentials
	cover   Mask
}

// Veil gives the one for the values that are not public.
func (c Credentials) Veil() Veil {
	v := Veil{secrets: c, cover: c.replacing([]string{markBegins, markBegins + markEnds}, func(name string, notation int) string {
		return markBegins + strconv.Itoa(notation) + "." + name + markEnds
	})}
	v.cover.marks = true
	return v
}

// Text covers a text that is not JSON.
func (v Veil) Text(text string) string { return v.cover.Text(text) }

// Cover gives JSON as it is kept.
func (v Veil) Cover(value []byte) []byte { return v.cover.JSON(value) }

// Lift gives back what was covered. What other secrets are in stays covered.
func (v Veil) Lift(value []byte) []byte {
	if v.cover.inside == nil || !bytes.Contains(value, []byte(markBegins)) {
		return value
	}
	return literals(value, func(out, quoted []byte, _ bool) []byte {
		var text string
		if !bytes.Contains(quoted, []byte(markBegins)) || json.Unmarshal(quoted, &text) != nil {
			return append(out, quoted...)
		}
		rest, number := strings.CutPrefix(text, aNumber)
		text = mark.ReplaceAllStringFunc(rest, v.lift)
		if number {
			return append(out, text...)
		}
		again, _ := json.Marshal(text)
		return append(out, again...)
	}, func(out, digits []byte) []byte { return append(out, digits...) })
}

func (v Veil) lift(found string) string {
	parts := mark.FindStringSubmatch(found)
	if found == markBegins+markEnds {
		return markBegins
	}
	i, err := strconv.Atoi(parts[1])
	if err != nil {
		return found
	}
	if all := notationsToFind(v.secrets.Get(parts[2])); i < len(all) && all[i] != "" {
		return all[i]
	}
	return found
}

// Covered says whether something is covered in it.
func Covered(value []byte) bool { return CoveredOf(value, func(string) bool { return true }) }

// CoveredOf says whether a secret with such a name is covered in it.
func CoveredOf(value []byte, such func(name string) bool) bool {
	for _, m := range mark.FindAllSubmatch(value, -1) {
		if len(m[1]) > 0 && such(string(m[2])) {
			return true
		}
	}
	return false
}

// Masked says whether what stands in place of secrets where people see them is in JSON.
func Masked(value []byte) bool {
	var v any
	if json.Unmarshal(value, &v) != nil {
		return false
	}
	text, _ := json.Marshal(v)
	return bytes.Contains(text, []byte(masked))
}

// ShownText gives a text that was covered as people see it.
func ShownText(text string) string {
	return mark.ReplaceAllStringFunc(strings.TrimPrefix(text, aNumber), func(found string) string {
		if found == markBegins+markEnds {
			return markBegins
		}
		return masked
	})
}

// Shown gives JSON that was covered as people see it. Names that are masked stay different from each other.
func Shown(value []byte) []byte {
	if !bytes.Contains(value, []byte(markBegins)) {
		return value
	}
	names := 0
	return literals(value, func(out, quoted []byte, name bool) []byte {
		var text string
		if !bytes.Contains(quoted, []byte(markBegins)) || json.Unmarshal(quoted, &text) != nil {
			return append(out, quoted...)
		}
		if text = ShownText(text); name {
			text = another(text, &names)
		}
		again, _ := json.Marshal(text)
		return append(out, again...)
	}, func(out, digits []byte) []byte { return append(out, digits...) })
}
