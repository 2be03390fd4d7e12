package rawjson

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// The scanning functions take the place of a value's first byte and give the place behind its last. A fault is given as the
// complement of its place, which is negative. room is how many more levels may be opened.

// fault makes the error of a fault.
func fault(text []byte, at int) error {
	at = ^at
	switch {
	case at >= len(text):
		return fmt.Errorf("%w: the text ends too early, at byte %d", ErrSyntax, len(text))
	case text[at] == '{' || text[at] == '[':
		return fmt.Errorf("%w: unexpected or too deep nesting at byte %d", ErrSyntax, at)
	}
	return fmt.Errorf("%w: unexpected text at byte %d", ErrSyntax, at)
}

func is(text []byte, i int, c byte) bool { return i < len(text) && text[i] == c }

func skipSpace(text []byte, i int) int {
	for i < len(text) && text[i] <= ' ' {
		if c := text[i]; c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			return i
		}
		i++
	}
	return i
}

func skipValue(text []byte, i, room int) int {
	if i >= len(text) {
		return ^i
	}
	switch text[i] {
	case '{':
		return skipObject(text, i, room)
	case '[':
		return skipArray(text, i, room)
	case '"':
		return skipString(text, i)
	case 't':
		return skipWord(text, i, "true")
	case 'f':
		return skipWord(text, i, "false")
	case 'n':
		return skipWord(text, i, "null")
	}
	return skipNumber(text, i)
}

func skipObject(text []byte, i, room int) int {
	if room == 0 {
		return ^i
	}
	i = skipSpace(text, i+1)
	if is(text, i, '}') {
		return i + 1
	}
	for i >= 0 {
		if i = skipName(text, i); i < 0 {
			return i
		}
		if i = skipValue(text, i, room-1); i < 0 {
			return i
		}
		var end bool
		if i, end = skipComma(text, i, '}'); end {
			return i
		}
	}
	return i
}

func skipArray(text []byte, i, room int) int {
	if room == 0 {
		return ^i
	}
	i = skipSpace(text, i+1)
	if is(text, i, ']') {
		return i + 1
	}
	for i >= 0 {
		if i = skipValue(text, i, room-1); i < 0 {
			return i
		}
		var end bool
		if i, end = skipComma(text, i, ']'); end {
			return i
		}
	}
	return i
}

// skipComma goes from behind an element to the next one, or behind the closing byte.
func skipComma(text []byte, i int, closing byte) (next int, end bool) {
	i = skipSpace(text, i)
	switch {
	case i >= len(text):
		return ^i, false
	case text[i] == ',':
		return skipSpace(text, i+1), false
	case text[i] == closing:
		return i + 1, true
	}
	return ^i, false
}

// skipName goes from a member's name to its value.
func skipName(text []byte, i int) int {
	if !is(text, i, '"') {
		return ^i
	}
	if i = skipString(text, i); i < 0 {
		return i
	}
	return skipColon(text, i)
}

func skipColon(text []byte, i int) int {
	if i = skipSpace(text, i); !is(text, i, ':') {
		return ^i
	}
	return skipSpace(text, i+1)
}

func skipWord(text []byte, i int, word string) int {
	if end := i + len(word); end <= len(text) && string(text[i:end]) == word {
		return end
	}
	return ^i
}

func skipNumber(text []byte, i int) int {
	if is(text, i, '-') {
		i++
	}
	if is(text, i, '0') {
		i++
	} else if i = skipDigits(text, i); i < 0 {
		return i
	}
	if is(text, i, '.') {
		if i = skipDigits(text, i+1); i < 0 {
			return i
		}
	}
	if !is(text, i, 'e') && !is(text, i, 'E') {
		return i
	}
	if i++; is(text, i, '+') || is(text, i, '-') {
		i++
	}
	return skipDigits(text, i)
}

// skipDigits wants at least one.
func skipDigits(text []byte, i int) int {
	start := i
	for i < len(text) && text[i]-'0' < 10 {
		i++
	}
	if i == start {
		return ^i
	}
	return i
}

func skipString(text []byte, i int) int {
	for i = plain(text, i+1); !is(text, i, '"'); i = plain(text, i) {
		if !is(text, i, '\\') {
			return ^i
		}
		if i = skipEscape(text, i+1); i < 0 {
			return i
		}
	}
	return i + 1
}

// skipEscape goes behind an escape whose backslash has been read.
func skipEscape(text []byte, i int) int {
	if i >= len(text) {
		return ^i
	}
	switch text[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 1
	case 'u':
		for end := i + 4; i < end; {
			if i++; i >= len(text) || !hex(text[i]) {
				return ^i
			}
		}
		return i + 1
	}
	return ^i
}

func hex(c byte) bool { return c-'0' < 10 || (c|0x20)-'a' < 6 }

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// plain gives the place of the first quote, backslash or control character at or after i, eight bytes at a step.
func plain(text []byte, i int) int {
	for ; i+8 <= len(text); i += 8 {
		w := binary.LittleEndian.Uint64(text[i:])
		quote, slash := w^(ones*'"'), w^(ones*'\\')
		stop := ((quote-ones)&^quote | (slash-ones)&^slash | (w-ones*0x20)&^w) & highs
		if stop != 0 {
			return i + bits.TrailingZeros64(stop)/8
		}
	}
	for i < len(text) && text[i] != '"' && text[i] != '\\' && text[i] >= 0x20 {
		i++
	}
	return i
}
