package secret

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
)

// CheckName is the name under which the caller stores Keeper.Check, deployment-wide.
const CheckName = "secret.check"

// Keeper seals and opens with the master key. Safe for concurrent use. It prints as [redacted].
type Keeper struct {
	kek     *box
	check   string
	hash    hidden // key of token hashes
	mac     hidden // key of message codes
	answers hidden // from which those of kept answers follow
	random  io.Reader
}

const badMaster = "this master key (%x) does not belong to these data, which were sealed with another one (%s); start with the master key that belongs to them"

// hidden gives a key; a function is all of which fmt shows nothing, from wherever it is printed.
type hidden func() []byte

// newKeeper makes a keeper. check is what Check gave when the data were new, "" for new data.
func newKeeper(master []byte, check string, random io.Reader) (*Keeper, error) {
	id, err := derive(master, "key id", idSize)
	if err != nil {
		return nil, err
	}
	key, err := derive(master, "kek", keySize)
	if err != nil {
		return nil, err
	}
	kek, err := newBox(id, key)
	if err != nil {
		return nil, err
	}
	k := &Keeper{kek: kek, check: check, random: random}
	return k, k.unlock(master)
}

// unlock takes the root key out of the check value, or makes both. The first root follows from the master key, so that
// two processes that start on new data at once make the same.
func (k *Keeper) unlock(master []byte) error {
	root, err := derive(master, "root", keySize)
	if err != nil {
		return err
	}
	if k.check == "" {
		sealed, err := k.kek.seal(checkPlace(), root)
		if err != nil {
			return err
		}
		k.check = base64.RawURLEncoding.EncodeToString(sealed)
	} else if root, err = k.openCheck(); err != nil {
		return err
	}
	hash, err := derive(root, "token hash", keySize)
	if err != nil {
		return err
	}
	mac, err := derive(root, "message code", keySize)
	if err != nil {
		return err
	}
	answers, err := derive(root, "kept answers", keySize)
	if err != nil {
		return err
	}
	k.hash, k.mac, k.answers = func() []byte { return hash }, func() []byte { return mac }, func() []byte { return answers }
	return nil
}

func (k *Keeper) openCheck() ([]byte, error) {
	sealed, err := base64.RawURLEncoding.DecodeString(k.check)
	if err != nil {
		return nil, fmt.Errorf("the stored check of the master key is damaged; restore the data from a backup")
	}
	root, err := k.kek.open(checkPlace(), sealed)
	if err != nil {
		return nil, fmt.Errorf(badMaster, k.kek.id, checkID(k.check))
	}
	return root, nil
}

// checkID names the master key that a check value belongs to.
func checkID(check string) string {
	sealed, _ := base64.RawURLEncoding.DecodeString(check)
	id, ok := keyID(sealed)
	if !ok {
		return "unknown"
	}
	return fmt.Sprintf("%x", id)
}

// Check gives the value to be stored with the data under CheckName; it tells whether a master key belongs to them.
func (k *Keeper) Check() string { return k.check }

// NewDataKey makes a key for a connection, wrapped by the master key.
func (k *Keeper) NewDataKey(connection string) (wrapped []byte, err error) {
	raw := make([]byte, idSize+keySize)
	if _, err := io.ReadFull(k.random, raw); err != nil {
		return nil, fmt.Errorf("make a data key: %w", err)
	}
	return k.kek.seal(dataKeyPlace(connection), raw)
}

// Seal hides plaintext with a connection's data key, bound to its place.
func (k *Keeper) Seal(wrapped []byte, p Place, plaintext []byte) (sealed []byte, err error) {
	b, err := k.dataBox(wrapped, p.Connection)
	if err != nil {
		return nil, err
	}
	return b.seal(p, plaintext)
}

// Open gives back what Seal hid at that place. ErrNotOpened.
func (k *Keeper) Open(wrapped []byte, p Place, sealed []byte) (plaintext []byte, err error) {
	b, err := k.dataBox(wrapped, p.Connection)
	if err != nil {
		return nil, err
	}
	return b.open(p, sealed)
}

func (k *Keeper) dataBox(wrapped []byte, connection string) (*box, error) {
	raw, err := k.kek.open(dataKeyPlace(connection), wrapped)
	if err != nil {
		return nil, fmt.Errorf("unwrap the data key: %w", err)
	}
	if len(raw) != idSize+keySize {
		return nil, fmt.Errorf("unwrap the data key: %w", ErrNotOpened)
	}
	return newBox(raw[:idSize], raw[idSize:])
}

func checkPlace() Place { return Place{Table: "meta", Column: "value", Row: CheckName} }

func dataKeyPlace(connection string) Place {
	return Place{Table: "connections", Column: "data_key", Row: connection, Connection: connection}
}

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
