package connection

import (
	"context"
	"fmt"
	"time"

	"github.com/busbar-dev/busbar/internal/store"
)

// What the first project and the keys made at the start are called.
const (
	projectName   = "default"
	firstKeyLabel = "made by busbar serve"
)

// EnsureFirstKey gives the first project, made when there is none, and makes a first key, which may do everything, when the project has never had one, or
// when anew asks for one more. deliver gets the plaintext, which exists nowhere else, before the key is stored: a key is never
// there without having been delivered.
func (s *Service) EnsureFirstKey(ctx context.Context, anew bool, deliver func(plain string) error) (store.Project, error) {
	id, err := s.newID()
	if err != nil {
		return store.Project{}, err
	}
	p, _, err := s.Store.EnsureProject(ctx, id, projectName, s.instant())
	if err != nil {
		return p, fmt.Errorf("make the first project: %w", err)
	}
	keys, err := s.Store.Keys(ctx, p.ID)
	if err != nil {
		return p, fmt.Errorf("list project keys: %w", err)
	}
	if len(keys) > 0 && !anew {
		return p, nil
	}
	key, err := s.makeKey(p.ID, firstKeyLabel, Scopes(), time.Time{})
	if err != nil {
		return p, err
	}
	if err := deliver(key.Plain); err != nil {
		return p, err
	}
	_, err = s.storeKey(ctx, key, nil)
	return p, err
}
