package secret

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
)

// Kind is what a token is for; it begins the token.
type Kind string

// The kinds of token.
const (
	ConnectionToken Kind = "bb_con_"
	ProjectKey      Kind = "bb_key_"
	SessionSecret   Kind = "bb_ses_" // of a member's browser
	MemberLink      Kind = "bb_inv_" // to set up, to join, to choose a password
	LinkSecret      Kind = "bb_lnk_" // to connect a system
	LinkCode        Kind = "bb_cod_" // that is exchanged for a connection token
	HookSecret      Kind = "bb_hok_" // in the address of a flow's webhook
)

// kinds lists them.
func kinds() []Kind {
	return []Kind{ConnectionToken, ProjectKey, SessionSecret, MemberLink, LinkSecret, LinkCode, HookSecret}
}

// TokenPattern finds tokens in text: a regular expression for secret scanners.
const TokenPattern = `bb_(con|key|inv|lnk|cod|ses|hok)_[0-9A-Za-z]{38,50}`

const (
	base62  = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	sumSize = 6
)

// size is how many random characters a token has: 32 are 190 bits, 44 are 261.
func (k Kind) size() int {
	if k == SessionSecret {
		return 44
	}
	return 32
}

// NewToken makes a token: its kind, random base62 characters and 6 that check them.
func NewToken(kind Kind, random io.Reader) (string, error) {
	body := make([]byte, 0, kind.size())
	buf := make([]byte, kind.size())
	for len(body) < kind.size() {
		if _, err := io.ReadFull(random, buf); err != nil {
			return "", fmt.Errorf("make a token: %w", err)
		}
		body = appendBase62(body, buf)
	}
	text := string(kind) + string(body)
	return text + checksum(text), nil
}

// appendBase62 adds a character for each byte that favours none: 248 is the largest multiple of 62 below 256.
func appendBase62(body, random []byte) []byte {
	for _, b := range random {
		if b < 248 && len(body) < cap(body) {
			body = append(body, base62[b%62])
		}
	}
	return body
}

// ParseToken tells the kind of a token and whether it is whole: a mistyped one is found without looking anywhere.
func ParseToken(text string) (kind Kind, ok bool) {
	for _, kind := range kinds() {
		body, found := strings.CutPrefix(text, string(kind))
		if !found || len(body) != kind.size()+sumSize {
			continue
		}
		at := len(text) - sumSize
		return kind, checksum(text[:at]) == text[at:]
	}
	return "", false
}

// checksum gives the CRC-32 of text as 6 base62 characters.
func checksum(text string) string {
	sum := crc32.ChecksumIEEE([]byte(text))
	var out [sumSize]byte
	for i := sumSize - 1; i >= 0; i-- {
		out[i] = base62[sum%62]
		sum /= 62
	}
	return string(out[:])
}

// Last4 gives the end of a token, by which people recognise it.
func Last4(text string) string { return text[max(0, len(text)-4):] }

// Hash gives the keyed hash under which a token is stored and looked up.
func (k *Keeper) Hash(text string) []byte {
	h := hmac.New(sha256.New, k.hash())
	h.Write([]byte(text))
	return h.Sum(nil)
}

// MAC gives a code of 32 bytes that only this deployment can make for these data and this purpose.
func (k *Keeper) MAC(purpose string, data []byte) []byte {
	h := hmac.New(sha256.New, k.mac())
	fmt.Fprintf(h, "%d:%s", len(purpose), purpose)
	h.Write(data)
	return h.Sum(nil)
}

// VerifyMAC says whether code is the MAC of these data, in constant time.
func (k *Keeper) VerifyMAC(purpose string, data, code []byte) bool {
	return hmac.Equal(k.MAC(purpose, data), code)
}
