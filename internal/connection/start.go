package connection

import (
	"context"
	"fmt"

	"github.com/busbar-dev/busbar/internal/secret"
	"github.com/busbar-dev/busbar/internal/store"
)

// Unlock makes the keeper of a database: from is given the stored check of its master key ("" for new data) and refuses another key
// (secret.FromFile, secret.FromText). On new data it stores the check.
func Unlock(ctx context.Context, st *store.Store, from func(check string) (*secret.Keeper, error)) (*secret.Keeper, error) {
	check, err := st.Meta(ctx, secret.CheckName)
	if err != nil {
		return nil, fmt.Errorf("read the check of the master key: %w", err)
	}
	keeper, err := from(check)
	if err != nil {
		return nil, err
	}
	if check == "" {
		if err := st.SetMeta(ctx, secret.CheckName, keeper.Check()); err != nil {
			return nil, fmt.Errorf("store the check of the master key: %w", err)
		}
	}
	return keeper, nil
}

// EnsureFirstKey gives the first project, made when there is none, and, when it has never had a key, a first key in plaintext.
// plain is "" otherwise: a key is shown once.
func (s *Service) EnsureFirstKey(ctx context.Context, projectName string) (p store.Project, plain string, err error) {
	p, _, err = s.Store.EnsureProject(ctx, projectName, s.Now())
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
