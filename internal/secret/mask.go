package secret

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// masked stands in place of a secret.
const masked = "•••"

// Mask takes secrets out of texts and JSON of any size, and leaves everything else as it is. It finds each secret as a whole: as it is and in the notations of JSON, HTML and URLs, in base64 and hexadecimal digits, alone or
// among other bytes. One of fewer than 4 characters is found only where it is all of a text. What quotes a part of a secret, or notes it in a way that nobody would guess, is not its business: see Redact.
// The zero Mask takes out nothing.
type Mask struct {
	inside *strings.Replacer
	whole  map[string]string
	marks  bool // what stands in place of a secret says which it was
}

// Mask gives the one for the values that are not public.
func (c Credentials) Mask() Mask {
	return c.replacing(nil, func(string, int) string { return masked })
}

// replacing gives the one that puts something in place of each notation of each secret, and does other replacements.
func (c Credentials) replacing(others []string, put func(name string, notation int) string) Mask {
	m := Mask{whole: map[string]string{}}
	type notation struct{ text, put string }
	var found []notation
	for name, value := range c.named() {
		for i, s := range notationsToFind(value) {
			switch {
			case s == "":
			case utf8.RuneCountInString(s) < shortest:
				if slices.Contains(plainly(value), s) {
					m.whole[s] = put(name, i)
				}
			case len(s) >= shortest:
				found = append(found, notation{s, put(name, i)})
			}
		}
	}
	slices.SortFunc(found, func(a, b notation) int {
		return cmp.Or(cmp.Compare(len(b.text), len(a.text)), strings.Compare(a.text, b.text), strings.Compare(a.put, b.put))
	})
	pairs := others
	for _, n := range slices.CompactFunc(found, func(a, b notation) bool { return a.text == b.text }) {
		pairs = append(pairs, n.text, n.put)
	}
	if len(found) > 0 || len(m.whole) > 0 && len(others) > 0 {
		m.inside = strings.NewReplacer(pairs...)
	}
	return m
}

// notationsToFind are those that a secret is looked for in. What is stored goes by their order: new ones come last.
func notationsToFind(secret string) (all []string) {
	for _, s := range plainly(secret) {
		if all = append(all, s); utf8.RuneCountInString(s) >= shortest {
			all = append(all, spellings(s)...)
		}
	}
	return all
}

func plainly(secret string) []string {
	return []string{secret, strings.TrimSpace(secret), clean(secret)}
}

// Text masks a text.
func (m Mask) Text(text string) string {
	if put, ok := m.whole[text]; ok {
		return put
	}
	if m.inside == nil {
		return text
	}
	return m.inside.Replace(text)
}

// JSON masks the texts, names and numbers of a JSON value, which stays one.
func (m Mask) JSON(value []byte) []byte {
	if m.inside == nil && len(m.whole) == 0 {
		return value
	}
	names := 0
	return literals(value, func(out, quoted []byte, name bool) []byte { return m.literal(out, quoted, name, &names) }, m.number)
}

// literals copies a JSON value with other texts and numbers.
func literals(value []byte, text func(out, quoted []byte, name bool) []byte, number func(out, digits []byte) []byte) []byte {
	out := make([]byte, 0, len(value))
	for i := 0; i < len(value); {
		end := i + 1
		switch c := value[i]; {
		case c == '"':
			end = i + stringLength(value[i:])
			name := strings.HasPrefix(strings.TrimLeft(string(value[end:min(len(value), end+8)]), " \t\r\n"), ":")
			out = text(out, value[i:end], name)
		case c == '-' || c >= '0' && c <= '9':
			end = i + numberLength(value[i:])
			out = number(out, value[i:end])
		default:
			out = append(out, c)
		}
		i = end
	}
	return out
}

// literal appends a text of JSON, masked. Names that are masked stay different from each other.
func (m Mask) literal(out, quoted []byte, name bool, names *int) []byte {
	var text string
	if json.Unmarshal(quoted, &text) != nil {
		return append(out, `"`+masked+`"`...)
	}
	hidden := m.Text(text)
	if hidden == text {
		return append(out, quoted...)
	}
	if name && !m.marks {
		hidden = another(hidden, names)
	}
	again, _ := json.Marshal(hidden)
	return append(out, again...)
}

// another makes a masked name different from those before it.
func another(name string, names *int) string {
	if *names++; *names > 1 {
		name += " " + strconv.Itoa(*names)
	}
	return name
}

func (m Mask) number(out, digits []byte) []byte {
	text := string(digits)
	hidden := m.Text(text)
	switch {
	case hidden == text:
		return append(out, digits...)
	case m.marks:
		return append(out, `"`+aNumber+hidden+`"`...)
	}
	return append(out, `"`+masked+`"`...)
}

// stringLength is how long the quoted text at the beginning is.
func stringLength(text []byte) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

func numberLength(text []byte) int {
	for i, c := range text {
		if !strings.ContainsRune("+-.eE0123456789", rune(c)) {
			return i
		}
	}
	return len(text)
}

// spellings gives a secret in every notation that it is looked for in.
func spellings(s string) []string {
	all := []string{s, strings.ToLower(s), strings.ToUpper(s), html.EscapeString(s)}
	for _, n := range notations(s) {
		all = append(all, n, inURL(n), strings.ReplaceAll(url.QueryEscape(n), "+", "%20"), url.QueryEscape(n), url.PathEscape(n))
	}
	for _, n := range all[:len(all):len(all)] {
		all = append(all, notations(n)...)
		all = append(all, escapes.ReplaceAllStringFunc(n, strings.ToLower), strings.ToLower(n))
	}
	digits := hex.EncodeToString([]byte(s))
	all = append(all, digits, strings.ToUpper(digits))
	for _, core := range cores(s) {
		all = append(all, core)
		all = append(all, notations(core)...)
		all = append(all, url.QueryEscape(core))
	}
	return all
}

var escapes = regexp.MustCompile(`%[0-9A-F]{2}`) // of URLs

// inURL escapes every byte but letters and digits.
func inURL(s string) string {
	const upper = "0123456789ABCDEF"
	var out strings.Builder
	for _, c := range []byte(s) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			out.WriteByte(c)
			continue
		}
		out.Write([]byte{'%', upper[c>>4], upper[c&15]})
	}
	return out.String()
}

// cores gives the characters of base64 that are a secret's alone, whatever stands before and behind it: for each place at which it may begin.
func cores(s string) (all []string) {
	for before := range 3 {
		padded := append(make([]byte, before), s...)
		from, to := (before*8+5)/6, len(padded)*8/6
		if to-from < run {
			continue
		}
		for _, coding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			all = append(all, coding.EncodeToString(padded)[from:to])
		}
	}
	return all
}
