package connection

import (
	"context"
	"fmt"

	"github.com/busbar-dev/busbar/internal/store"
)

// projectName is what the first project is called.
const projectName = "default"

// EnsureFirstKey gives the first project, made when there is none, and, when it has never had a key, a first key in plaintext.
// plain is "" otherwise: a key is shown once.
func (s *Service) EnsureFirstKey(ctx context.Context) (p store.Project, plain string, err error) {
	p, _, err = s.Store.EnsureProject(ctx, projectName, s.instant())
	if err != nil {
		return p, "", fmt.Errorf("make the first project: %w", err)
	}
	keys, err := s.Store.Keys(ctx, p.ID)
	if err != nil {
		return p, "", fmt.Errorf("list project keys: %w", err)
	}
	if len(keys) > 0 {
		return p, "", nil
	}
	plain, _, err = s.IssueKey(ctx, p.ID, "first key")
	return p, plain, err
}
