package secret

import (
	"encoding/base64"
	"encoding/hex"
	"html"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// view is a text as it reads once a notation is undone; byte i stands for the bytes from[i] up to to[i] of the text.
type view struct {
	bytes    []byte
	from, to []int
}

// add appends bytes that stand for v's bytes i up to end.
func (v view) add(out *view, decoded []byte, i, end int) {
	for _, b := range decoded {
		out.bytes, out.from, out.to = append(out.bytes, b), append(out.from, v.from[i]), append(out.to, v.to[end-1])
	}
}

// notation undoes one escape at the start of text: what it means, and how many bytes it takes; 0 when none is there.
type notation func(text string) (meaning []byte, length int)

// packing undoes an encoding of a whole word; nil when it is none.
type packing struct {
	alphabet string
	step     int // characters that can be decoded by themselves; a word is tried from each of them
	decode   func(word string) []byte
}

// viewsOf gives the text as it is, with escapes undone, with escapes within escapes undone, and each of these unpacked.
func viewsOf(text string) []view {
	plain := view{bytes: []byte(text), from: make([]int, len(text)), to: make([]int, len(text))}
	for i := range plain.from {
		plain.from[i], plain.to[i] = i, i+1
	}
	views := []view{plain}
	for level, start := 0, 0; level < 2; level++ {
		end := len(views)
		for _, v := range views[start:end] {
			views = append(views, v.unescaped()...)
		}
		start = end
	}
	for _, v := range views[:len(views):len(views)] {
		views = append(views, v.unpacked()...)
	}
	return views
}

func (v view) unescaped() (out []view) {
	for _, n := range []notation{percent, backslash, entity} {
		if u, changed := v.undo(n); changed {
			out = append(out, u)
		}
	}
	return out
}

func (v view) undo(n notation) (out view, changed bool) {
	text := string(v.bytes)
	for i := 0; i < len(text); {
		meaning, length := n(text[i:])
		if length == 0 {
			meaning, length = v.bytes[i:i+1], 1
		} else {
			changed = true
		}
		v.add(&out, meaning, i, i+length)
		i += length
	}
	return out, changed
}

// percent is that of URLs.
func percent(text string) ([]byte, int) { return digits(text, "%", 2) }

// backslash is that of JSON and of literals in programming languages.
func backslash(text string) ([]byte, int) {
	if len(text) < 2 || text[0] != '\\' {
		return nil, 0
	}
	switch c := text[1]; c {
	case 'x':
		return digits(text, `\x`, 2)
	case 'u':
		return utf16Escape(text)
	case 'U':
		raw, n := digits(text, `\U`, 8)
		return codePoint(raw), n
	case 'n', 'r', 't', 'b', 'f', 'v', 'a':
		return []byte{"\n\r\t\b\f\v\a"[strings.IndexByte("nrtbfva", c)]}, 2
	case '"', '\'', '\\', '/':
		return []byte{c}, 2
	}
	return nil, 0
}

// digits reads n hexadecimal digits behind a prefix.
func digits(text, prefix string, n int) (raw []byte, length int) {
	length = len(prefix) + n
	if len(text) < length || !strings.HasPrefix(text, prefix) {
		return nil, 0
	}
	raw, err := hex.DecodeString(text[len(prefix):length])
	if err != nil {
		return nil, 0
	}
	return raw, length
}

func codePoint(raw []byte) []byte {
	var r rune
	for _, b := range raw {
		r = r<<8 | rune(b)
	}
	return utf8.AppendRune(nil, r)
}

// utf16Escape reads \u and four digits; two of them when they are halves of one character.
func utf16Escape(text string) ([]byte, int) {
	high, n := digits(text, `\u`, 4)
	if n == 0 {
		return nil, 0
	}
	first := rune(high[0])<<8 | rune(high[1])
	if low, m := digits(text[n:], `\u`, 4); m > 0 {
		if r := utf16.DecodeRune(first, rune(low[0])<<8|rune(low[1])); r != utf8.RuneError {
			return utf8.AppendRune(nil, r), n + m
		}
	}
	return utf8.AppendRune(nil, first), n
}

// entity is that of HTML.
func entity(text string) ([]byte, int) {
	end := strings.IndexByte(text[:min(len(text), 12)], ';')
	if text[0] != '&' || end < 0 {
		return nil, 0
	}
	meaning := html.UnescapeString(text[:end+1])
	if meaning == text[:end+1] {
		return nil, 0
	}
	return []byte(meaning), end + 1
}

func packings() []packing {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	standard := strings.NewReplacer("-", "+", "_", "/")
	return []packing{
		{letters + "+/-_", 4, func(word string) []byte {
			word = standard.Replace(word)
			if len(word)%4 == 1 {
				word = word[:len(word)-1]
			}
			raw, _ := base64.RawStdEncoding.DecodeString(word)
			return raw
		}},
		{"0123456789abcdefABCDEF", 2, func(word string) []byte {
			raw, _ := hex.DecodeString(word[:len(word)&^1])
			return raw
		}},
	}
}

// unpacked decodes each word of a packing's alphabet, from each of its first characters; a byte of it stands for the whole word.
func (v view) unpacked() (out []view) {
	for _, p := range packings() {
		for skip := range p.step {
			var u view
			v.words(p.alphabet, func(start, end int) {
				if end-start-skip >= run {
					v.add(&u, append(p.decode(string(v.bytes[start+skip:end])), 0), start, end)
				}
			})
			if len(u.bytes) > 0 {
				out = append(out, u)
			}
		}
	}
	return out
}

// words gives each longest stretch of characters of an alphabet.
func (v view) words(alphabet string, each func(start, end int)) {
	for i := 0; i < len(v.bytes); {
		end := i
		for end < len(v.bytes) && strings.IndexByte(alphabet, v.bytes[end]) >= 0 {
			end++
		}
		if end > i {
			each(i, end)
		}
		i = max(end, i+1)
	}
}
