package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
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

// shortened is a text as an index takes it: one of more bytes than most is its beginning and its hash.
func shortened(s string, most int) string {
	if s = Storable(s); len(s) <= most {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	hash := "~" + hex.EncodeToString(sum[:])
	return strings.ToValidUTF8(s[:most-len(hash)], "") + hash
}
