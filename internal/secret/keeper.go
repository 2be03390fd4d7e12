package secret

import (
	"cmp"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
)

// CheckName is the name under which the caller stores Keeper.Check, deployment-wide.
const CheckName = "secret.check"

// Keeper seals and opens with the master keys that it was given: all open, one seals. Safe for concurrent use. It prints as [redacted].
type Keeper struct {
	ring    *ring
	check   string
	root    hidden // from which the others follow
	hash    hidden // key of token hashes
	mac     hidden // key of message codes
	answers hidden // from which those of kept answers follow
	own     hidden // from which those of the deployment's own values follow
	random  io.Reader
}

const badMaster = "this master key (%s) does not belong to these data, which were sealed with another one (%s); start with the master key that belongs to them"

// hidden gives a key; a function is all of which fmt shows nothing, from wherever it is printed.
type hidden func() []byte

// newKeeper makes a keeper. check is what Check gave when the data were new, "" for new data, which the first master key seals; else the one that sealed check does.
func newKeeper(masters [][]byte, check string, random io.Reader) (*Keeper, error) {
	r, err := newRing(masters)
	if err != nil {
		return nil, err
	}
	k := &Keeper{ring: r, check: check, random: random}
	root, err := k.unlock(masters[0])
	if err != nil {
		return nil, err
	}
	k.root = func() []byte { return root }
	return k, k.derive()
}

// unlock takes the root key out of the check value, or makes both. The first root follows from the master key, so that
// two processes that start on new data at once make the same.
func (k *Keeper) unlock(first []byte) (root []byte, err error) {
	if k.check != "" {
		if root, err = k.openCheck(); err != nil {
			return nil, err
		}
		return root, k.SealWith(checkID(k.check))
	}
	if root, err = derive(first, "root", keySize); err != nil {
		return nil, err
	}
	k.check, err = sealCheck(k.ring, root)
	return root, err
}

// derive makes the keys that follow from the root.
func (k *Keeper) derive() error {
	for _, d := range []struct {
		key     *hidden
		purpose string
	}{{&k.hash, "token hash"}, {&k.mac, "message code"}, {&k.answers, "kept answers"}, {&k.own, "own values"}} {
		key, err := derive(k.root(), d.purpose, keySize)
		if err != nil {
			return err
		}
		*d.key = func() []byte { return key }
	}
	return nil
}

func sealCheck(r *ring, root []byte) (string, error) {
	sealed, err := r.seal(checkPlace(), root)
	return base64.RawURLEncoding.EncodeToString(sealed), err
}

func (k *Keeper) openCheck() ([]byte, error) {
	sealed, err := base64.RawURLEncoding.DecodeString(k.check)
	if err != nil {
		return nil, fmt.Errorf("the stored check of the master key is damaged; restore the data from a backup")
	}
	root, err := k.ring.open(checkPlace(), sealed)
	if err != nil {
		return nil, fmt.Errorf(badMaster, strings.Join(k.Holds(), ", "), checkID(k.check))
	}
	return root, nil
}

// checkID names the master key that a check value belongs to.
func checkID(check string) string {
	sealed, _ := base64.RawURLEncoding.DecodeString(check)
	return cmp.Or(SealedBy(sealed), "unknown")
}

// Check gives the value to be stored with new data under CheckName; it tells whether a master key belongs to them.
func (k *Keeper) Check() string { return k.check }

// NewDataKey makes a key for a connection, wrapped by the master key that seals.
func (k *Keeper) NewDataKey(connection string) (wrapped []byte, err error) {
	return k.NewKey(Owner{Connection: connection})
}

// NewKey makes a data key, wrapped by the master key that seals.
func (k *Keeper) NewKey(of Owner) (wrapped []byte, err error) {
	raw := make([]byte, idSize+keySize)
	if _, err := io.ReadFull(k.random, raw); err != nil {
		return nil, fmt.Errorf("make a data key: %w", err)
	}
	return k.ring.seal(of.place(), raw)
}

// Seal hides plaintext with the data key of the place's owner, bound to the place.
func (k *Keeper) Seal(wrapped []byte, p Place, plaintext []byte) (sealed []byte, err error) {
	b, err := k.dataBox(wrapped, p.owner())
	if err != nil {
		return nil, err
	}
	return b.seal(p, plaintext)
}

// Open gives back what Seal hid at that place. ErrNotOpened.
func (k *Keeper) Open(wrapped []byte, p Place, sealed []byte) (plaintext []byte, err error) {
	b, err := k.dataBox(wrapped, p.owner())
	if err != nil {
		return nil, err
	}
	return b.open(p, sealed)
}

func (k *Keeper) dataBox(wrapped []byte, of Owner) (*box, error) {
	raw, err := k.unwrap(of, wrapped)
	if err != nil {
		return nil, err
	}
	return newBox(raw[:idSize], raw[idSize:])
}

func (k *Keeper) unwrap(of Owner, wrapped []byte) ([]byte, error) {
	raw, err := k.ring.open(of.place(), wrapped)
	if err != nil {
		return nil, fmt.Errorf("unwrap the data key: %w", err)
	}
	if len(raw) != idSize+keySize {
		return nil, fmt.Errorf("unwrap the data key: %w", ErrNotOpened)
	}
	return raw, nil
}

func checkPlace() Place { return Place{Table: "meta", Column: "value", Row: CheckName} }

func derive(key []byte, purpose string, size int) ([]byte, error) {
	out, err := hkdf.Key(sha256.New, key, nil, "busbar "+purpose, size)
	if err != nil {
		return nil, fmt.Errorf("derive the %s key: %w", purpose, err)
	}
	return out, nil
}

// Format implements fmt.Formatter without giving anything away.
func (k Keeper) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalJSON writes the word [redacted].
func (k Keeper) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }
