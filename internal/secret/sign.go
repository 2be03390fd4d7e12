package secret

import (
	"crypto/ed25519"
)

// Sign signs data for a purpose, with a key that follows from the root and stays the same when master keys are rotated. public is what verifies it, anywhere.
func (k *Keeper) Sign(purpose string, data []byte) (signature, public []byte, err error) {
	seed, err := derive(k.root(), "signature "+purpose, ed25519.SeedSize)
	if err != nil {
		return nil, nil, err
	}
	key := ed25519.NewKeyFromSeed(seed)
	return ed25519.Sign(key, data), []byte(key.Public().(ed25519.PublicKey)), nil
}
