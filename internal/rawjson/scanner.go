package rawjson

import (
	"encoding/binary"
	"math/bits"
)

// scanner reads one JSON text from left to right. Every method starts at its own first byte and ends behind its last.
type scanner struct {
	text    []byte
	at      int
	room    int  // how many more levels may be opened
	escaped bool // the string read last holds escapes
}

// peek gives the byte at hand, 0 at the end.
func (s *scanner) peek() byte {
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

func (s *scanner) space() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\n', '\r', '\t':
			s.at++
		default:
			return
		}
	}
}

// end checks that nothing follows.
func (s *scanner) end() error {
	if s.space(); s.at < len(s.text) {
		return s.fail("unexpected text behind the value")
	}
	return nil
}

func (s *scanner) value() error {
	switch c := s.peek(); c {
	case '{':
		return s.object()
	case '[':
		return s.array()
	case '"':
		return s.str()
	case 't':
		return s.word("true")
	case 'f':
		return s.word("false")
	case 'n':
		return s.word("null")
	default:
		return s.number()
	}
}

func (s *scanner) object() error {
	if err := s.open(); err != nil {
		return err
	}
	for more := s.peek() != '}'; more; {
		_, _, err := s.member()
		if err == nil {
			err = s.value()
		}
		if err == nil {
			more, err = s.next('}')
		}
		if err != nil {
			return err
		}
	}
	return s.close()
}

func (s *scanner) array() error {
	if err := s.open(); err != nil {
		return err
	}
	for more := s.peek() != ']'; more; {
		err := s.value()
		if err == nil {
			more, err = s.next(']')
		}
		if err != nil {
			return err
		}
	}
	return s.close()
}

// open goes into an array or object, to its first element or its closing byte.
func (s *scanner) open() error {
	if s.room == 0 {
		return s.fail("nested too deeply")
	}
	s.room--
	s.at++
	s.space()
	return nil
}

// next goes to the following element, or to the closing byte.
func (s *scanner) next(closing byte) (more bool, err error) {
	s.space()
	switch s.peek() {
	case ',':
		s.at++
		s.space()
		return true, nil
	case closing:
		return false, nil
	}
	return false, s.fail("a comma or the end of the array or object is expected")
}

// close goes behind the closing byte.
func (s *scanner) close() error {
	s.room++
	s.at++
	return nil
}

// member reads a name and the colon, and stops at the value. The name is given between its quotes.
func (s *scanner) member() (name []byte, escaped bool, err error) {
	start := s.at + 1
	if s.peek() != '"' {
		return nil, false, s.fail("a member name is expected")
	}
	if err := s.str(); err != nil {
		return nil, false, err
	}
	name, escaped = s.text[start:s.at-1], s.escaped
	if s.space(); s.peek() != ':' {
		return nil, false, s.fail("a colon is expected")
	}
	s.at++
	s.space()
	return name, escaped, nil
}

func (s *scanner) word(w string) error {
	if end := s.at + len(w); end <= len(s.text) && string(s.text[s.at:end]) == w {
		s.at = end
		return nil
	}
	return s.fail("a value is expected")
}

func (s *scanner) number() error {
	if s.peek() == '-' {
		s.at++
	}
	if s.peek() == '0' {
		s.at++
	} else if !s.digits() {
		return s.fail("a value is expected")
	}
	if s.peek() == '.' {
		s.at++
		if !s.digits() {
			return s.fail("digits are expected")
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		s.at++
		if c := s.peek(); c == '+' || c == '-' {
			s.at++
		}
		if !s.digits() {
			return s.fail("digits are expected")
		}
	}
	return nil
}

func (s *scanner) digits() bool {
	start := s.at
	for s.at < len(s.text) && s.text[s.at]-'0' < 10 {
		s.at++
	}
	return s.at > start
}

// str reads a string literal and notes whether it holds escapes.
func (s *scanner) str() error {
	s.escaped = false
	s.at++
	for {
		s.at = plain(s.text, s.at)
		switch c := s.peek(); {
		case c == '"':
			s.at++
			return nil
		case c == '\\':
			s.escaped = true
			if err := s.escape(); err != nil {
				return err
			}
		case s.at == len(s.text):
			return s.fail("the text ends within a string")
		default:
			return s.fail("a control character in a string")
		}
	}
}

func (s *scanner) escape() error {
	s.at++
	c := s.peek()
	s.at++
	switch c {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return nil
	case 'u':
		for range 4 {
			if !hex(s.peek()) {
				return s.fail("four hexadecimal digits are expected")
			}
			s.at++
		}
		return nil
	}
	return s.fail("an unknown escape")
}

func hex(c byte) bool { return c-'0' < 10 || c|0x20-'a' < 6 }

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
