package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/busbar-dev/busbar/internal/store"
)

// shares are the directories of this machine that connections may use: the project of whoever runs Busbar has the one of --files, any other the one in it that is named like
// the project's id. Safe for concurrent use.
type shares struct {
	root  *os.Root // nil: none
	store *store.Store

	mu    sync.Mutex
	first string
	roots map[string]*os.Root // of other projects
}

// openShares opens the directory of --files; none is named by the empty text.
func openShares(dir string, st *store.Store) (*shares, error) {
	s := &shares{store: st, roots: map[string]*os.Root{}}
	if dir == "" {
		return s, nil
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the directory of --files: %w", err)
	}
	s.root = root
	return s, nil
}

// of gives a project's directory; nil when it has none.
func (s *shares) of(projectID string) *os.Root {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.root == nil || s.isFirst(projectID) {
		return s.root
	}
	root := s.roots[projectID]
	if root == nil {
		var err error
		if root, err = s.root.OpenRoot(projectID); err != nil {
			return nil
		}
		s.roots[projectID] = root
	}
	return root
}

// isFirst tells whether it is the project of whoever runs Busbar; one that cannot be looked up is not.
func (s *shares) isFirst(projectID string) bool {
	if s.first == "" {
		s.first, _ = s.store.FirstProject(context.Background())
	}
	return s.first != "" && s.first == projectID
}

func (s *shares) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, root := range s.roots {
		errs = append(errs, root.Close())
	}
	if s.root != nil {
		errs = append(errs, s.root.Close())
	}
	s.root, s.roots = nil, map[string]*os.Root{}
	return errors.Join(errs...)
}
