package secret_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"testing"

	"github.com/busbar-dev/busbar/internal/secret"
)

func TestSignaturesAreOfTheirPurpose(t *testing.T) {
	t.Parallel()
	k, err := secret.FromText(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32)), "", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signature, public, err := k.Sign("a", []byte("text"))
	if err != nil || !ed25519.Verify(public, []byte("text"), signature) || ed25519.Verify(public, []byte("texT"), signature) {
		t.Errorf("signature: %v", err)
	}
	if _, other, _ := k.Sign("b", []byte("text")); bytes.Equal(public, other) {
		t.Error("two purposes have one key")
	}
}
