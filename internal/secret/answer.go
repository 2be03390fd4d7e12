package secret

import "fmt"

// SealAnswer hides an answer that is kept with an idempotency key of an owner. Each has a key of its own.
func (k *Keeper) SealAnswer(owner, name string, plaintext []byte) (sealed []byte, err error) {
	b, err := k.answerBox(owner, name)
	if err != nil {
		return nil, err
	}
	return b.seal(answerPlace(owner, name), plaintext)
}

// OpenAnswer gives back what SealAnswer hid. ErrNotOpened.
func (k *Keeper) OpenAnswer(owner, name string, sealed []byte) (plaintext []byte, err error) {
	b, err := k.answerBox(owner, name)
	if err != nil {
		return nil, err
	}
	return b.open(answerPlace(owner, name), sealed)
}

func (k *Keeper) answerBox(owner, name string) (*box, error) {
	raw, err := derive(k.answers(), fmt.Sprintf("kept answer %q %q", owner, name), idSize+keySize)
	if err != nil {
		return nil, err
	}
	return newBox(raw[:idSize], raw[idSize:])
}

func answerPlace(owner, name string) Place {
	return Place{Table: "idempotency_keys", Column: "answer", Row: name, Connection: owner}
}
