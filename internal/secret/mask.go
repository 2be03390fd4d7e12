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
	whole  []string
}

// Mask gives the one for the values that are not public.
func (c Credentials) Mask() Mask {
	var m Mask
	var found []string
	for _, s := range c.secrets() {
		for _, s := range []string{s, strings.TrimSpace(s), clean(s)} {
			if s != "" && utf8.RuneCountInString(s) < shortest {
				m.whole = append(m.whole, s)
				continue
			}
			found = append(found, spellings(s)...)
		}
	}
	found = slices.DeleteFunc(found, func(s string) bool { return len(s) < shortest })
	slices.SortFunc(found, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b)) })
	var pairs []string
	for _, s := range slices.Compact(found) {
		pairs = append(pairs, s, masked)
	}
	if len(pairs) > 0 {
		m.inside = strings.NewReplacer(pairs...)
	}
	return m
}

// Text masks a text.
func (m Mask) Text(text string) string {
	if slices.Contains(m.whole, text) {
		return masked
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
	out, names := make([]byte, 0, len(value)), 0
	for i := 0; i < len(value); {
		end := i + 1
		switch c := value[i]; {
		case c == '"':
			end = i + stringLength(value[i:])
			name := strings.HasPrefix(strings.TrimLeft(string(value[end:min(len(value), end+8)]), " \t\r\n"), ":")
			out = m.literal(out, value[i:end], name, &names)
		case c == '-' || c >= '0' && c <= '9':
			end = i + numberLength(value[i:])
			out = m.number(out, value[i:end])
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
	if name {
		if *names++; *names > 1 {
			hidden += " " + strconv.Itoa(*names)
		}
	}
	again, _ := json.Marshal(hidden)
	return append(out, again...)
}

func (m Mask) number(out, digits []byte) []byte {
	if text := string(digits); m.Text(text) != text {
		return append(out, `"`+masked+`"`...)
	}
	return append(out, digits...)
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
