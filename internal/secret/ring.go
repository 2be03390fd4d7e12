package secret

import (
	"encoding/hex"
	"fmt"
	"slices"
	"sync/atomic"
)

// ring are the master keys of a keeper: all open, one seals. It only grows while the process lives, so that what was read
// before a rotation opens after it.
type ring struct{ now atomic.Pointer[keys] }

// keys are never changed, only replaced.
type keys struct {
	all   []*box // in the order in which they were given
	seals *box
}

func newRing(masters [][]byte) (*ring, error) {
	k := new(keys)
	for _, m := range masters {
		b, err := masterBox(m)
		if err != nil {
			return nil, err
		}
		if k.with(b.id) == nil {
			k.all = append(k.all, b)
		}
	}
	k.seals = k.all[0]
	r := new(ring)
	r.now.Store(k)
	return r, nil
}

func masterBox(master []byte) (*box, error) {
	id, err := derive(master, "key id", idSize)
	if err != nil {
		return nil, err
	}
	key, err := derive(master, "kek", keySize)
	if err != nil {
		return nil, err
	}
	return newBox(id, key)
}

// with gives the key with an id, nil when there is none.
func (k *keys) with(id [idSize]byte) *box {
	for _, b := range k.all {
		if b.id == id {
			return b
		}
	}
	return nil
}

func (k *keys) named(id string) *box {
	for _, b := range k.all {
		if b.name() == id {
			return b
		}
	}
	return nil
}

// add takes further keys in, which open and do not seal.
func (r *ring) add(more []*box) {
	for {
		was := r.now.Load()
		next := &keys{all: slices.Clone(was.all), seals: was.seals}
		for _, b := range more {
			if next.with(b.id) == nil {
				next.all = append(next.all, b)
			}
		}
		if len(next.all) == len(was.all) || r.now.CompareAndSwap(was, next) {
			return
		}
	}
}

// sealWith lets another of the keys seal from now on.
func (r *ring) sealWith(id string) error {
	for {
		was := r.now.Load()
		b := was.named(id)
		if b == nil {
			return fmt.Errorf("the master key %s is not among those that this process was given", id)
		}
		if was.seals == b || r.now.CompareAndSwap(was, &keys{all: was.all, seals: b}) {
			return nil
		}
	}
}

func (r *ring) seal(p Place, plaintext []byte) ([]byte, error) {
	return r.now.Load().seals.seal(p, plaintext)
}

func (r *ring) open(p Place, sealed []byte) ([]byte, error) {
	id, ok := keyID(sealed)
	if !ok {
		return nil, ErrNotOpened
	}
	b := r.now.Load().with(id)
	if b == nil {
		return nil, ErrNotOpened
	}
	return b.open(p, sealed)
}

// Sealing names the master key that seals.
func (k *Keeper) Sealing() string { return k.ring.now.Load().seals.name() }

// Holds names the master keys that open, in the order in which they were given.
func (k *Keeper) Holds() []string {
	var names []string
	for _, b := range k.ring.now.Load().all {
		names = append(names, b.name())
	}
	return names
}

// Learn takes the master keys of a text in, which open and do not seal.
func (k *Keeper) Learn(text string) error {
	masters, err := parseMasters(text)
	if err != nil {
		return err
	}
	more, err := newRing(masters)
	if err != nil {
		return err
	}
	k.ring.add(more.now.Load().all)
	return nil
}

// SealWith lets one of the master keys that the keeper holds seal from now on.
func (k *Keeper) SealWith(id string) error { return k.ring.sealWith(id) }

// Rewrap gives the same data key wrapped by the master key that seals. ErrNotOpened.
func (k *Keeper) Rewrap(of Owner, wrapped []byte) ([]byte, error) {
	raw, err := k.unwrap(of, wrapped)
	if err != nil {
		return nil, err
	}
	return k.ring.seal(of.place(), raw)
}

// CheckSealed gives the check value under the master key that seals, to be stored in place of the one there is.
func (k *Keeper) CheckSealed() (string, error) { return sealCheck(k.ring, k.root()) }

// SealedBy names the key that sealed these bytes: of a data key, the master key that wraps it. Empty: they are not sealed.
func SealedBy(sealed []byte) string {
	id, ok := keyID(sealed)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%x", id)
}

// Head gives the bytes that begin whatever a key with this name has sealed. nil: that is no key's name.
func Head(id string) []byte {
	raw, err := hex.DecodeString(id)
	if err != nil || len(raw) != idSize {
		return nil
	}
	return append([]byte{format}, raw...)
}
