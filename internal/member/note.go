package member

import (
	"context"

	"github.com/busbar-dev/busbar/internal/store"
)

// act is what is noted in the audit log.
type act struct {
	action, target, id string
	fields             []string
}

func (s *Service) note(ctx context.Context, tx *store.Tx, a act) error { return nil }

func (s *Service) as(ctx context.Context, m *store.Member, b Browser) context.Context { return ctx }
