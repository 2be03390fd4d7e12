package store

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// Storable gives foreign text as every engine takes it: what is no UTF-8, and NUL, becomes U+FFFD.
func Storable(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// storableBytes is Storable for bytes, which it copies only where it must.
func storableBytes(b []byte) []byte {
	if utf8.Valid(b) && bytes.IndexByte(b, 0) < 0 {
		return b
	}
	return []byte(Storable(string(b)))
}
