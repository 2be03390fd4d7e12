package secret

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"
)

// Sealed bytes are: format (1 byte, here 1), key id (4 bytes), nonce (12), AES-256-GCM ciphertext and tag (16).
const (
	format    = 1
	idSize    = 4
	keySize   = 32
	headSize  = 1 + idSize
	aadDomain = "busbar sealed value"
)

// ErrNotOpened says that sealed bytes do not open: another key, another place, or changed bytes. It does not say which.
var ErrNotOpened = errors.New("the sealed value does not open here: it was changed, moved, or sealed with another key")

// box seals with one key.
type box struct {
	id   [idSize]byte
	aead *subtle.AESGCM
}

func newBox(id, key []byte) (*box, error) {
	aead, err := subtle.NewAESGCM(key)
	if err != nil {
		return nil, fmt.Errorf("make a cipher: %w", err)
	}
	return &box{id: [idSize]byte(id), aead: aead}, nil
}

func (b *box) seal(p Place, plaintext []byte) ([]byte, error) {
	ciphertext, err := b.aead.Encrypt(plaintext, b.bind(p))
	if err != nil {
		return nil, fmt.Errorf("seal %s.%s: %w", p.Table, p.Column, err)
	}
	head := append([]byte{format}, b.id[:]...)
	return append(head, ciphertext...), nil
}

func (b *box) open(p Place, sealed []byte) ([]byte, error) {
	id, ok := keyID(sealed)
	if !ok || id != b.id {
		return nil, ErrNotOpened
	}
	plaintext, err := b.aead.Decrypt(sealed[headSize:], b.bind(p))
	if err != nil {
		return nil, ErrNotOpened
	}
	return plaintext, nil
}

// name is how a key is called where people read it.
func (b *box) name() string { return fmt.Sprintf("%x", b.id) }

// bind is the associated data: every part with its length, so that no two places give the same bytes. A project is a part only where there is one.
func (b *box) bind(p Place) []byte {
	out, parts := []byte{format}, []string{aadDomain, string(b.id[:]), p.Table, p.Column, p.Row, p.Connection}
	if p.Project != "" {
		parts = append(parts, p.Project)
	}
	for _, part := range parts {
		out = binary.BigEndian.AppendUint32(out, uint32(len(part)))
		out = append(out, part...)
	}
	return out
}

// keyID reads which key sealed these bytes.
func keyID(sealed []byte) (id [idSize]byte, ok bool) {
	if len(sealed) < headSize || sealed[0] != format {
		return id, false
	}
	return [idSize]byte(sealed[1:headSize]), true
}
