package write

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/busbar-dev/busbar/internal/store"
)

func (r *BatchRequest) hash() []byte {
	if r.Key == "" || r.Hash == nil {
		return nil
	}
	return r.Hash()
}

// keyIsKnown says that a request with this key came before: then the items are only read, for what the key stands for.
func (b *batch) keyIsKnown(ctx context.Context) (bool, error) {
	if b.request.Key == "" {
		return false, nil
	}
	_, err := b.Store.Key(ctx, store.KeyOwner(b.request.Connection.ID), b.request.Key)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look up the idempotency key: %w", err)
	}
	return true, nil
}

// replay gives the operation that an earlier request with the same key led to.
func (b *batch) replay(ctx context.Context, hash []byte) (*store.Operation, bool, error) {
	r := b.request
	key, err := b.Store.Key(ctx, store.KeyOwner(r.Connection.ID), r.Key)
	if err != nil {
		return nil, false, fmt.Errorf("look up the idempotency key: %w", err)
	}
	if !bytes.Equal(key.Hash, hash) {
		return nil, false, keyReused()
	}
	o, err := b.Store.Operation(ctx, r.Connection.Scope(), key.Operation)
	if err != nil {
		return nil, false, fmt.Errorf("read operation %s: %w", key.Operation, err)
	}
	return o, true, nil
}
