package secret

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	run       = 6    // bytes of a secret that are not shown in a row; of a shorter secret: all of it
	shortest  = 4    // characters of a secret that can be told from the words around it
	maxText   = 4096 // bytes of a text that are looked at; the rest is left out
	uncertain = 64   // bytes before such a cut, which may be the beginning of a longer notation
)

// Redact makes a foreign text fit to be shown, logged and stored: one line without control and formatting characters (such as
// those that turn the direction of writing), 4096 bytes at most, with [redacted] in place of every 6 bytes in a row that belong to
// a secret. Secrets are the values that are not public, and those in also (a session's key). They are found as they are and in any
// case, and within base64, hexadecimal digits, URLs, JSON, HTML and escaped literals, also in one within another. When a secret is too
// short to be found for certain (below 4 characters), nothing of the text is left. Clip afterwards.
func (c Credentials) Redact(text string, also ...string) string {
	secrets := slices.Concat(c.secrets(), also)
	if slices.ContainsFunc(secrets, tooShort) {
		return ""
	}
	cut := len(text) > maxText
	if cut {
		text = text[:maxText]
	}
	text = clean(text)
	hidden := make([]bool, len(text))
	if cut {
		cover(hidden, max(0, len(text)-uncertain), len(text))
	}
	if runs := runsOf(secrets); len(runs) > 0 {
		for _, v := range viewsOf(text) {
			runs.mark(v, hidden)
		}
	}
	return replace(text, hidden)
}

// Shows tells whether a text has a whole secret in it, in any case, as it is or as JSON writes it: what Redact finds, at a fraction of its cost, where nobody would have written it in another
// notation.
func (c Credentials) Shows(text string, also ...string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc(slices.Concat(c.secrets(), also), func(s string) bool {
		s = strings.ToLower(strings.TrimSpace(s))
		return s != "" && slices.ContainsFunc(notations(s), func(n string) bool { return strings.Contains(text, n) })
	})
}

// notations gives a text as it is and as JSON writes it: with and without escapes for what is not ASCII, and for a slash.
func notations(s string) []string {
	quoted, err := json.Marshal(s)
	if err != nil || utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII || r < ' ' || strings.ContainsRune(`"\/<>&`, r) }) {
		return []string{s}
	}
	html := string(quoted[1 : len(quoted)-1])
	plain := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(html)
	all := []string{s, html, plain, ascii(plain), ascii(html)}
	for _, one := range all[1:] {
		all = append(all, strings.ReplaceAll(one, "/", `\/`))
	}
	return all
}

// ascii escapes what is not ASCII.
func ascii(s string) string {
	var out strings.Builder
	for _, r := range s {
		if r <= unicode.MaxASCII {
			out.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&out, `\u%04x`, unit)
		}
	}
	return out.String()
}

func tooShort(secret string) bool {
	n := utf8.RuneCountInString(clean(secret))
	return n > 0 && n < shortest
}

// clean makes one line of visible characters: white space and control characters become single spaces, formatting ones vanish.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Cf, r):
			return -1
		case unicode.IsControl(r), unicode.IsSpace(r), r == utf8.RuneError:
			return ' '
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

// runs are the parts of secrets that must not be shown, folded.
type runs map[string]struct{}

func runsOf(secrets []string) runs {
	all := runs{}
	for _, s := range secrets {
		for _, s := range []string{s, strings.TrimSpace(s), clean(s)} {
			b := fold([]byte(s))
			for n := min(run, len(b)); n > 0 && n <= len(b); b = b[1:] {
				all[string(b[:n])] = struct{}{}
			}
		}
	}
	return all
}

// mark hides the places in the text where a view shows a run.
func (r runs) mark(v view, hidden []bool) {
	b := fold(v.bytes)
	for i := range b {
		for n := shortest; n <= run && i+n <= len(b); n++ {
			if _, ok := r[string(b[i:i+n])]; ok {
				cover(hidden, v.from[i], v.to[i+n-1])
			}
		}
	}
}

// fold makes alike what systems change: the case of ASCII letters, and + for a space.
func fold(b []byte) []byte {
	b = bytes.Clone(b)
	for i, c := range b {
		switch {
		case c >= 'A' && c <= 'Z':
			b[i] = c + 'a' - 'A'
		case c == '+':
			b[i] = ' '
		}
	}
	return b
}

func cover(hidden []bool, from, to int) {
	for i := from; i < to; i++ {
		hidden[i] = true
	}
}

// replace writes the text with one [redacted] for each stretch that is hidden; no character is cut in two.
func replace(text string, hidden []bool) string {
	var out strings.Builder
	before := false
	for i, r := range text {
		now := slices.Contains(hidden[i:i+utf8.RuneLen(r)], true)
		switch {
		case !now:
			out.WriteRune(r)
		case !before:
			out.WriteString(redacted)
		}
		before = now
	}
	return out.String()
}
