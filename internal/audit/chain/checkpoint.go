package chain

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"
)

// Checkpoint says how far the log was, signed: kept elsewhere, it shows later that nothing before it was changed or cut off.
type Checkpoint struct {
	N         int64     `json:"n" doc:"The number of the last entry; 0 when there is none."`
	Hash      string    `json:"hash" doc:"Of that entry, in hexadecimal digits."`
	At        time.Time `json:"at"`
	PublicKey []byte    `json:"public_key" doc:"Verifies the signature (Ed25519), in base64. Another one later means another server, or another root key."`
	Signature []byte    `json:"signature" doc:"Over the lines busbar audit checkpoint, n, hash and at, in base64."`
}

// Text is what is signed.
func (c Checkpoint) Text() []byte {
	return fmt.Appendf(nil, "busbar audit checkpoint\n%d\n%s\n%s\n", c.N, c.Hash, c.At.UTC().Format(time.RFC3339))
}

// Verify tells whether the checkpoint is as it was signed.
func (c Checkpoint) Verify() error {
	if len(c.PublicKey) != ed25519.PublicKeySize || !ed25519.Verify(c.PublicKey, c.Text(), c.Signature) {
		return errors.New("the checkpoint was changed after it was signed")
	}
	return nil
}
