package connection

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// uses remembers when tokens were last used, until FlushUse stores it.
type uses struct {
	mu   sync.Mutex
	last map[string]time.Time // by hash
}

func newUses() *uses { return &uses{last: map[string]time.Time{}} }

func (u *uses) note(hash []byte, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.last[string(hash)].Before(at) {
		u.last[string(hash)] = at
	}
}

func (u *uses) take() map[string]time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	last := u.last
	u.last = map[string]time.Time{}
	return last
}

// FlushUse stores when tokens and keys were last used. It is called now and then, and before Close.
func (s *Service) FlushUse(ctx context.Context) error {
	last := s.uses.take()
	if len(last) == 0 {
		return nil
	}
	if err := s.Store.TouchTokens(ctx, last); err != nil {
		for hash, at := range last {
			s.uses.note([]byte(hash), at)
		}
		return fmt.Errorf("store when tokens were last used: %w", err)
	}
	return nil
}
